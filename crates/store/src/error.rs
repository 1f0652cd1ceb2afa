//! What a caller of the store can do something about.

use protocol::Rao;

use crate::spend::{Exceeded, InFlight};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The lease was lost: another worker has the row. Drop the result.
    #[error("the lease was lost")]
    StaleLease,
    #[error("the account has {available} rao available, {required} are needed")]
    InsufficientCredits { required: Rao, available: Rao },
    /// A key, a project or an organisation may not spend that much.
    #[error("the {}'s limit is {} rao, {} are spent and {} needed", .0.source.as_str(), .0.limit, .0.spent, .0.required)]
    SpendCap(Exceeded),
    /// Not so much may be held at once.
    #[error("the {}'s limit is {} rao held at once, {} are held and {} needed", .0.source.as_str(), .0.limit, .0.held, .0.required)]
    InFlight(InFlight),
    /// The job's prompts and completions were deleted, or their retention has ended; or that of an event.
    #[error("the data was deleted")]
    Purged,
    #[error("not found")]
    NotFound,
    /// A row that our own code cannot have written.
    #[error("corrupt row: {0}")]
    Corrupt(&'static str),
    #[error("object store")]
    Objects(#[from] object_store::Error),
    #[error("object key")]
    ObjectKey(#[from] object_store::path::Error),
    #[error("stored segment")]
    Segment(#[from] protocol::segment::InvalidSegment),
    #[error("redis")]
    Redis(#[from] redis::RedisError),
    #[error("database")]
    Database(#[from] sqlx::Error),
    #[error("migration")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

impl Error {
    /// The name of the violated constraint, where the database named one.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.constraint(),
            _ => None,
        }
    }

    /// True when the same call may go through later: the connection broke, or a lock order lost.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => {
                // deadlock, serialisation, shutdown, cannot connect now, too many connections, read-only
                matches!(
                    error.code().as_deref(),
                    Some("40P01" | "40001" | "57P01" | "57P02" | "57P03" | "53300" | "25006")
                )
            }
            Self::Database(
                sqlx::Error::Io(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::Protocol(_),
            ) => true,
            _ => false,
        }
    }
}
