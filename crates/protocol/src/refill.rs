//! What a job does about prompts whose groups are filtered or fail: nothing, other prompts, or others of its groups again.

use serde::{Deserialize, Serialize};

use crate::money::{Price, Rao};

/// How the place of a filtered group is filled.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Refill {
    /// It is not.
    #[default]
    Drop,
    /// By prompts of the job that are kept in reserve until then.
    ResampleNewPrompts(Target),
    /// By an accepted group of the same batch, which then counts for more (`sample_weight`).
    ReplaceWithGood,
}

/// How many groups are wanted, and how many may be generated for them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub groups: u32,
    pub max_generation_multiplier: f64,
}

impl Target {
    /// The most groups that are ever sent to miners, of a job with so many prompts.
    pub fn most(&self, prompts: u32) -> u32 {
        let most = (f64::from(self.groups) * self.max_generation_multiplier).floor();
        prompts.min((most as u32).max(self.groups))
    }
}

impl Target {
    /// How many groups it will likely take, if this share of what is generated is accepted.
    pub fn expected(&self, prompts: u32, accepted: f64) -> u32 {
        let groups = (f64::from(self.groups) / accepted.clamp(1e-6, 1.0)).ceil();
        self.most(prompts).min(groups as u32)
    }
}

impl Refill {
    pub fn target(&self) -> Option<Target> {
        if let Self::ResampleNewPrompts(target) = self { Some(*target) } else { None }
    }

    /// The most that a job can cost: with a target, so many groups whole, and all others that may be generated filtered.
    /// `None` when that is more rao than exist.
    pub fn maximum(&self, price: &Price, prompts: u32, samples: u32, max_tokens: u32) -> Option<Rao> {
        let all = |groups: u32| u64::from(groups).checked_mul(u64::from(samples));
        let Some(target) = self.target() else { return price.maximum(all(prompts)?, max_tokens) };
        let wanted = target.groups.min(prompts);
        let beyond = price.maximum_filtered(all(target.most(prompts) - wanted)?, max_tokens)?;
        price.maximum(all(wanted)?, max_tokens)?.checked_add(beyond)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_target_bounds_what_is_generated_and_what_it_costs() {
        let price = Price {
            rollout: Rao::new(1_000).unwrap(),
            per_1k_tokens: Rao::ZERO,
            filtered_bps: 2_500,
            miner_share_bps: 0,
        };
        let target = |groups, max_generation_multiplier| Target { groups, max_generation_multiplier };
        assert_eq!(target(4, 3.0).most(100), 12);
        assert_eq!(target(4, 3.0).most(10), 10);
        assert_eq!(target(4, 1.0).most(10), 4);
        assert_eq!(target(3, 1.5).most(10), 4);
        assert_eq!(target(4, 1e300).most(10), 10);
        assert_eq!([1.0, 0.5, 0.3, 0.0].map(|share| target(4, 3.0).expected(100, share)), [4, 8, 12, 12]);
        let of = |refill: Refill, prompts| refill.maximum(&price, prompts, 8, 500).unwrap().get();
        assert_eq!(of(Refill::Drop, 10), 80_000);
        // 4 groups at the full price and 6 at a quarter
        assert_eq!(of(Refill::ResampleNewPrompts(target(4, 3.0)), 10), 32_000 + 12_000);
        assert_eq!(of(Refill::ResampleNewPrompts(target(4, 1.0)), 10), 32_000);
        assert_eq!(of(Refill::ResampleNewPrompts(target(40, 3.0)), 10), 80_000);
        // 8 rollouts of 500 tokens at 1000 and 500; of 4 groups beyond, a quarter of that
        let tokens = Price { per_1k_tokens: Rao::new(1_000).unwrap(), ..price };
        let refill = Refill::ResampleNewPrompts(target(1, 5.0));
        assert_eq!(refill.maximum(&tokens, 10, 8, 500).unwrap().get(), 12_000 + 12_000);
        assert_eq!(
            Refill::Drop.maximum(&Price { rollout: Rao::new(i64::MAX).unwrap(), ..price }, 2, 1, 500),
            None
        );
    }

    #[test]
    fn a_mode_has_one_spelling() {
        let resample = Refill::ResampleNewPrompts(Target { groups: 2, max_generation_multiplier: 3.0 });
        let spelled =
            json!({ "mode": "resample_new_prompts", "groups": 2, "max_generation_multiplier": 3.0 });
        assert_eq!(serde_json::to_value(resample).unwrap(), spelled);
        assert_eq!(serde_json::from_value::<Refill>(spelled).unwrap(), resample);
        assert_eq!(serde_json::to_value(Refill::Drop).unwrap(), json!({ "mode": "drop" }));
    }
}
