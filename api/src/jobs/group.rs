//! What a job asks of each of its groups: how short one may be, and how long one may take. Parsed and shown; what follows
//! from it is `protocol::selection`'s and `store::group_deadlines`' (docs/adr/0015).

use protocol::job::GroupTerms;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::parse::Faults;

const TIMEOUT_S: std::ops::RangeInclusive<i64> = 10..=604_800;

/// A group always has all of its completions, from one miner: one that a miner answers in part is asked of another.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = JobGroupInput)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupInput {
    /// How many rollouts of a group must have a reward. With fewer it is filtered as `group_too_small`: those with a reward
    /// at the filtered price, the others for nothing. 1 to `sampling.n`; any number is enough if not given.
    #[schema(example = 8, minimum = 1, maximum = 64)]
    pub(crate) min_size: Option<i64>,
    /// How long after a miner was first asked for a group another may be, in seconds. When it is over and no answer is
    /// there, the group fails as `timeout` and costs nothing; one that was answered goes on. A pause of the job does not
    /// count.
    #[schema(example = 900, minimum = 10, maximum = 604_800)]
    pub(crate) timeout_s: Option<i64>,
}

/// What a job asks of each of its groups; null where it asks nothing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobGroup)]
pub(super) struct GroupTermsView {
    min_size: Option<u32>,
    timeout_s: Option<u32>,
}

impl From<GroupTerms> for GroupTermsView {
    fn from(GroupTerms { min_size, timeout_s }: GroupTerms) -> Self {
        Self { min_size, timeout_s }
    }
}

/// `n`: completions of a prompt.
pub(super) fn parse(given: &GroupInput, n: u32, faults: &mut Faults) -> GroupTerms {
    GroupTerms {
        min_size: given.min_size.and_then(|size| faults.whole(size, 1..=i64::from(n), "#/group/min_size")),
        timeout_s: given.timeout_s.and_then(|timeout| faults.whole(timeout, TIMEOUT_S, "#/group/timeout_s")),
    }
}
