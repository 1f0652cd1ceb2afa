//! Starts and watches the processes that touch strangers' code: one throw-away child per module that is compiled, and run
//! children that serve one tenant each. The parent only moves bytes; it neither compiles nor runs a guest.
//!
//! What a child does wrong is an error of the machine ([`Error::is_retryable`]) and never a reward. All calls block; call
//! them off the async threads. Not in here: jobs, databases, HTTP.

mod cache;
mod child;
mod compile;
mod error;
mod examine;
mod lint;
mod pipe;
mod pool;
mod settings;
mod supervisor;
pub mod validation;
mod vault;

pub use error::Error;
pub use examine::{
    Determinism, Examination, MAX_REPEAT, MAX_TRIALS, Report, SampleReport, SuggestedLimits, Trial, examine,
};
pub use lint::Lint;
pub use settings::{Cache, Isolation, Programs, Settings};
pub use supervisor::{Confinement, Supervisor, Tenant};
