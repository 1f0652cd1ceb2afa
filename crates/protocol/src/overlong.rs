//! Completions that were cut off or came near it: what a job does with them. Lengths are in completion tokens.

use grail::chain::Finish;
use serde::{Deserialize, Serialize};

/// What happens to them. `cut off` means that a completion ended by its limit (`finish_reason: length`).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Overlong {
    /// Nothing.
    #[default]
    Keep,
    /// What was cut off keeps its reward and its part in the group, but its `loss_mask` is 0.
    Mask,
    /// The last tokens before the limit cost reward.
    SoftPenalty(SoftPenalty),
    /// What was cut off is filtered; its reward still counts in its group.
    Drop,
}

/// DAPO's soft punishment (arXiv 2503.14476, eq. 13): nothing up to `max_tokens - buffer`, then in proportion, `factor` at
/// the limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoftPenalty {
    pub buffer: u32,
    pub factor: f64,
}

impl SoftPenalty {
    /// What a completion of this length loses: 0 or negative.
    pub fn of(&self, tokens: u32, max_tokens: u32) -> f64 {
        let exceeded = tokens.saturating_sub(max_tokens.saturating_sub(self.buffer)).min(self.buffer);
        if exceeded == 0 { 0.0 } else { -f64::from(exceeded) / f64::from(self.buffer) * self.factor }
    }
}

impl Overlong {
    pub fn soft_penalty(&self) -> Option<SoftPenalty> {
        if let Self::SoftPenalty(penalty) = self { Some(*penalty) } else { None }
    }

    /// The reward that advantages rest on.
    pub fn shaped(&self, reward: Option<f64>, tokens: u32, max_tokens: u32) -> Option<f64> {
        let penalty = self.soft_penalty().map_or(0.0, |penalty| penalty.of(tokens, max_tokens));
        reward.map(|reward| reward + penalty)
    }

    pub fn masks(&self, finish: Finish) -> bool {
        *self == Self::Mask && finish == Finish::Length
    }

    pub fn drops(&self, finish: Finish) -> bool {
        *self == Self::Drop && finish == Finish::Length
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_penalty_is_dapos() {
        // L_max 20480, L_cache 4096, as in the paper
        let penalty = SoftPenalty { buffer: 4096, factor: 1.0 };
        for (tokens, expected) in
            [(0, 0.0), (16_384, 0.0), (16_385, -1.0 / 4096.0), (18_432, -0.5), (20_480, -1.0), (30_000, -1.0)]
        {
            assert_eq!(penalty.of(tokens, 20_480), expected, "{tokens}");
        }
        assert_eq!(SoftPenalty { buffer: 0, factor: 1.0 }.of(9, 9), 0.0);
        let whole = SoftPenalty { buffer: 10, factor: 0.5 };
        assert_eq!((whole.of(4, 10), whole.of(4, 8)), (-0.2, -0.2));
    }

    #[test]
    fn only_what_was_cut_off_is_masked_or_dropped() {
        let modes = [Overlong::Keep, Overlong::Mask, Overlong::Drop];
        assert_eq!(modes.map(|mode| mode.masks(Finish::Length)), [false, true, false]);
        assert_eq!(modes.map(|mode| mode.drops(Finish::Length)), [false, false, true]);
        assert!(!Overlong::Mask.masks(Finish::Stop) && !Overlong::Drop.drops(Finish::Stop));
        let soft = Overlong::SoftPenalty(SoftPenalty { buffer: 4, factor: 2.0 });
        assert_eq!(soft.shaped(Some(1.0), 8, 8), Some(-1.0));
        assert_eq!((soft.shaped(None, 8, 8), Overlong::Mask.shaped(Some(1.0), 8, 8)), (None, Some(1.0)));
        let spelled = json!({ "mode": "soft_penalty", "buffer": 4, "factor": 2.0 });
        assert_eq!(serde_json::to_value(soft).unwrap(), spelled);
        assert_eq!(serde_json::from_value::<Overlong>(spelled).unwrap(), soft);
    }
}
