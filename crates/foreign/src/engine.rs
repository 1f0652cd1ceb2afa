//! The engine: takes many sequences through the model in lock step, forced or free.

use checkpoint::ModelConfig;

use crate::{
    cache::Cache,
    forward::{Model, Scratch, Sequence},
    numerics::Numerics,
    weights::Weights,
};

/// Sequences per thread that take a step together.
const ROWS: usize = 64;

/// A loaded model with its numerics. It holds no state of any sequence.
#[derive(Debug)]
pub struct Engine {
    model: Model,
    threads: usize,
}

/// What the model says where a token is due.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The state after the final norm.
    pub hidden: &'a [f32],
    /// Raw, at temperature 1; one for each token of the vocabulary.
    pub logits: &'a [f32],
}

/// Says which token comes next, if any, as `(which, t, seen)`.
type Next<'a> = dyn FnMut(usize, usize, Seen<'_>) -> Option<u32> + 'a;

impl Engine {
    /// A model whose tensors come from `source`, which is asked for each by its Hugging Face name and shape.
    /// 0 `threads` count as 1; their number changes no result.
    pub fn from_source<E>(
        config: &ModelConfig,
        numerics: Numerics,
        threads: usize,
        source: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let weights = Weights::from_source(config, numerics.weights, source)?;
        let model = Model { config: config.clone(), numerics, weights };
        Ok(Self { model, threads: threads.max(1) })
    }

    pub fn config(&self) -> &ModelConfig {
        &self.model.config
    }

    pub fn numerics(&self) -> Numerics {
        self.model.numerics
    }

    /// Takes given completions and visits each of their tokens, as `(which, t, seen)`, with the state that it is
    /// drawn from: in ascending `t` for each completion, the completions interleaved. Prompts must not be empty.
    pub fn force(
        &self,
        prompts_and_completions: &[(&[u32], &[u32])],
        visit: &mut dyn FnMut(usize, usize, Seen<'_>),
    ) {
        let sequences = prompts_and_completions.iter();
        let sequences: Vec<_> = sequences.map(|(prompt, completion)| (*prompt, completion.len())).collect();
        self.run(&sequences, &mut |which, t, seen| {
            visit(which, t, seen);
            Some(prompts_and_completions[which].1[t])
        });
    }

    /// Generates a completion of each prompt: `choose(which, t, seen)` says the tokens. A completion ends with a
    /// token in `eos` or with `max_tokens`. Prompts must not be empty, and tokens be in the vocabulary.
    pub fn generate(
        &self,
        prompts: &[&[u32]],
        max_tokens: usize,
        eos: &[u32],
        choose: &mut dyn FnMut(usize, usize, Seen<'_>) -> u32,
    ) -> Vec<Vec<u32>> {
        let sequences: Vec<_> = prompts.iter().map(|prompt| (*prompt, max_tokens)).collect();
        let mut completions = vec![Vec::new(); prompts.len()];
        self.run(&sequences, &mut |which, t, seen| {
            let token = choose(which, t, seen);
            completions[which].push(token);
            (!eos.contains(&token)).then_some(token)
        });
        completions
    }

    /// Takes prompts and then up to a number of tokens each; a slot that becomes free is filled at once.
    fn run(&self, sequences: &[(&[u32], usize)], next: &mut Next<'_>) {
        let mut waiting = sequences.iter().enumerate().filter(|(_, (_, tokens))| *tokens > 0);
        let mut batch: Vec<Sequence<'_>> = Vec::new();
        let mut scratches: Vec<Scratch> = (0..self.threads).map(|_| Scratch::default()).collect();
        loop {
            let free = ROWS * self.threads - batch.len();
            let started = waiting.by_ref().take(free);
            batch.extend(started.map(|(which, (prompt, tokens))| self.start(which, prompt, *tokens)));
            if batch.is_empty() {
                return;
            }
            self.step(&mut batch, &mut scratches);
            let mut seen = scratches.iter().flat_map(|scratch| self.seen(scratch));
            batch.retain_mut(|sequence| {
                let Some(t) = sequence.due() else { return true };
                let seen = seen.next().expect("a row whose token is due has a result");
                let token = next(sequence.which, t, seen);
                sequence.last = token.unwrap_or_default();
                token.is_some() && t + 1 < sequences[sequence.which].1
            });
        }
    }

    fn start<'p>(&self, which: usize, prompt: &'p [u32], tokens: usize) -> Sequence<'p> {
        assert!(!prompt.is_empty(), "a prompt must not be empty");
        // The last token of a completion is never taken.
        let cache = Cache::new(self.model.cache_shape(), prompt.len() + tokens - 1);
        Sequence { which, prompt, cache, length: 0, last: 0 }
    }

    /// One step of the whole batch, cut evenly over the threads.
    fn step(&self, batch: &mut [Sequence<'_>], scratches: &mut [Scratch]) {
        let share = batch.len().div_ceil(self.threads);
        for scratch in &mut *scratches {
            scratch.hidden.clear();
            scratch.logits.clear();
        }
        std::thread::scope(|scope| {
            let mut parts = batch.chunks_mut(share).zip(scratches);
            let own = parts.next();
            for (sequences, scratch) in parts {
                scope.spawn(move || self.model.step(sequences, scratch));
            }
            if let Some((sequences, scratch)) = own {
                self.model.step(sequences, scratch);
            }
        });
    }

    fn seen<'s>(&self, scratch: &'s Scratch) -> impl Iterator<Item = Seen<'s>> + use<'s> {
        let states = scratch.hidden.chunks_exact(self.model.config.hidden_size);
        let logits = scratch.logits.chunks_exact(self.model.config.vocab_size);
        states.zip(logits).map(|(hidden, logits)| Seen { hidden, logits })
    }
}
