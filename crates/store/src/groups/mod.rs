//! Groups: the queue. One narrow row per prompt, moved from step to step under leases.
//!
//! A lease is a token and an expiry by the database's clock; every write of a step demands the token, so that whoever
//! lost its lease writes nothing. A transaction that touches a job's row and its groups locks the job first
//! (`job_progress::lock`); statements that lease or renew skip locked rows. So no two ever wait for each other in a ring.

mod ends;
mod leases;
mod steps;
mod waiting;

use protocol::GroupId;
use uuid::Uuid;

pub use ends::{Finished, cancel, finish};
pub use leases::{Lease, Leased, TakenIn, give_back, held, lease, put_off, renew};
pub(crate) use leases::{Row, leased};
pub use steps::{Received, advance, receive, reopen, verify};
pub use waiting::{Stranded, any_pending, open, strand};

use crate::Error;

/// Fences every write back of a step; the same for all groups leased together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token(pub(crate) Uuid);

/// A statement that demands a token must reach every row that it was meant for.
fn all(reached: u64, wanted: usize) -> Result<(), Error> {
    if reached == wanted as u64 { Ok(()) } else { Err(Error::StaleLease) }
}

pub(crate) fn uuids(ids: &[GroupId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}
