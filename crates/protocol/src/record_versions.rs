//! What each version of a delivered record says: a record has all of its version and nothing of a later one.

use grail::chain::Finish;

use crate::logprob_spec::LogprobSpec;
use crate::rollout::RolloutRecord;

pub const SCHEMA_VERSION: u32 = 4;
/// Records of version 3 name no policy, and do not say what follows from their own fields.
pub const UNTOLD_SCHEMA: u32 = 3;
/// Records of version 2 said nothing of how advantages came about.
pub const OLDEST_SCHEMA: u32 = 2;

impl RolloutRecord {
    /// The same as an earlier version says it: without what came later. A version that is not known changes nothing.
    #[must_use]
    pub fn as_of(mut self, version: u32) -> Self {
        if !(OLDEST_SCHEMA..SCHEMA_VERSION).contains(&version) {
            return self;
        }
        self.schema_version = version;
        (self.policy, self.logprob_spec, self.truncated, self.reward_valid) = (None, None, None, None);
        (self.group.n_verified, self.group.filter_reason) = (None, None);
        if version < UNTOLD_SCHEMA {
            (self.advantage_method, self.advantage_terms) = (None, None);
        }
        self
    }

    /// A version that is known here, with what it has and nothing of what it has not.
    pub(crate) fn is_of_its_version(&self) -> bool {
        let says_how = (self.advantage_method.is_some(), self.advantage_terms.is_some());
        let says_what = [
            self.policy.is_some(),
            self.truncated.is_some(),
            self.reward_valid.is_some(),
            self.group.n_verified.is_some(),
        ];
        let says_nothing =
            says_what == [false; 4] && self.group.filter_reason.is_none() && self.logprob_spec.is_none();
        match self.schema_version {
            SCHEMA_VERSION => says_how == (true, true) && says_what == [true; 4],
            UNTOLD_SCHEMA => says_how == (true, true) && says_nothing,
            OLDEST_SCHEMA => says_how == (false, false) && says_nothing,
            _ => false,
        }
    }

    /// What version 4 says again in other words.
    pub(crate) fn restatements_agree(&self) -> bool {
        let Some(policy) = &self.policy else { return true }; // of a version before
        policy.checkpoint_id == self.proof.checkpoint_id
            && policy.is_sound()
            && self.truncated == Some(self.finish_reason == Finish::Length)
            && self.reward_valid == Some(self.reward.is_some() && self.reward_error.is_none())
            && self.group.n_verified == Some(self.group.size)
            && (self.group.filter_reason.is_none() || self.group.n_selected == Some(0))
            && self.logprob_spec == LogprobSpec::of(&self.proof.profile, &self.sampling)
    }
}
