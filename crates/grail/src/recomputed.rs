//! What a verifier's own engine says about one committed token: the input of every check against the model.

/// One position, recomputed.
#[derive(Debug, Clone, Copy)]
pub struct Recomputed<'a> {
    /// The post-final-norm state that gives the logits of this position's token.
    pub hidden: &'a [f32],
    /// The raw full-softmax log-prob of the committed token.
    pub logprob: f32,
    /// The token that the draw `u(i, t)` dictates.
    pub picked: u32,
    /// How far the draw lies outside the committed token's interval of the CDF ([`crate::sampler::miss`]).
    pub miss: f64,
}
