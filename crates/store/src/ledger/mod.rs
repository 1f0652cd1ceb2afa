//! Money: holds when a job is created, captures per rollout while it runs, one posting when it ends.
//!
//! While a job runs only its own hold row moves, so that no account is a hot row. When it ends, its transfers are
//! posted to the accounts in one go, in id order. At every commit: the sum over all accounts of credits minus debits
//! is 0, a hold's `captured` is the sum of its job's charges, and an account's `held` the sum of its open holds.

mod audit;
mod balance;
mod charges;
mod entries;
mod holds;
mod postings;

use protocol::AccountId;
use uuid::Uuid;

pub use audit::{Audit, audit};
pub use balance::{Balance, balance, grant};
pub use charges::{Charge, Share, capture, miner_account};
pub use entries::{Entry, entries};
pub use holds::{Settlement, adjust, close, hold, lock_to_close, uncaptured};
pub(crate) use postings::post;

pub const HOUSE: AccountId = AccountId(Uuid::from_u128(1));
pub const ISSUANCE: AccountId = AccountId(Uuid::from_u128(2));
