//! Prompt and completion as one sequence, with what belongs to each token. Records hold these per completion token only.

use protocol::rollout::RolloutRecord;

/// Views of one rollout over all its tokens. All have one entry per token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sequence<'a>(pub(crate) &'a RolloutRecord);

impl Sequence<'_> {
    pub(crate) fn len(self) -> usize {
        self.0.prompt_ids.len() + self.0.completion_ids.len()
    }

    pub(crate) fn tokens(self) -> Vec<u32> {
        [self.0.prompt_ids.as_slice(), &self.0.completion_ids].concat()
    }

    /// `prompt` for every token of the prompt, then these.
    pub(crate) fn spread<T: Clone>(self, prompt: T, completion: impl IntoIterator<Item = T>) -> Vec<T> {
        let mut values = vec![prompt; self.0.prompt_ids.len()];
        values.extend(completion);
        values
    }

    /// 1 where a trainer learns.
    pub(crate) fn mask(self) -> Vec<u8> {
        self.spread(0, self.0.loss_mask.iter().copied())
    }

    pub(crate) fn logprobs(self) -> Vec<f32> {
        self.spread(0.0, self.0.behavior_logprobs.iter().copied())
    }

    /// The rollout's advantage where a trainer learns, 0 elsewhere: a trainer that drops the mask learns nothing wrong.
    pub(crate) fn advantages(self) -> Vec<f32> {
        let advantage = self.0.advantage.unwrap_or(0.0) as f32;
        self.spread(0.0, self.0.loss_mask.iter().map(|mask| if *mask == 1 { advantage } else { 0.0 }))
    }

    /// Nothing of it is learned.
    pub(crate) fn is_masked(self) -> bool {
        !self.0.loss_mask.contains(&1)
    }

    /// A format with advantages can hold it: it has one, or needs none.
    pub(crate) fn has_advantage(self) -> bool {
        self.0.advantage.is_some() || self.is_masked()
    }
}
