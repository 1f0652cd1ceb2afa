//! `jsonl`: whole records, as the API delivers them.

use protocol::rollout::RolloutRecord;

use crate::error::Error;
use crate::lines::Lines;

pub(crate) fn rows(group: &[RolloutRecord], lines: &mut Lines) -> Result<(), Error> {
    group.iter().try_for_each(|record| lines.json(record))
}
