//! A project's log, read in bounded batches: the logs of all its jobs in one order (docs/adr/0014).

use actix_web::web::Data;
use store::project_log::{self, Placed};
use store::{Postgres, Transaction};

use super::types::Types;
use crate::auth::Caller;
use crate::state::AppState;

/// Appends that get their places in one transaction.
const PLACED_AT_ONCE: u64 = 5_000;

/// A reader of its project's log, and how far it has got.
#[derive(Debug)]
pub(super) struct ProjectLog {
    pub(super) state: Data<AppState>,
    pub(super) caller: Caller,
    /// The last place read.
    pub(super) after: i64,
    /// The last place that was given when the reader came.
    pub(super) end: i64,
    pub(super) types: Types,
    /// The last look found something.
    pub(super) is_busy: bool,
}

/// What one look at the log gave.
#[derive(Debug)]
pub(super) struct Batch {
    /// Of all types: a stream's reader has those behind it, too, that it does not want.
    pub(super) events: Vec<Placed>,
    /// More may be there already.
    pub(super) is_full: bool,
}

impl ProjectLog {
    /// Where the log ends now, with all that is committed in it.
    pub(super) async fn end(state: &AppState, caller: Caller) -> Result<i64, store::Error> {
        loop {
            let (mut tx, is_more) = placed(state, caller).await?;
            if !is_more {
                return project_log::end(&mut tx, caller.project).await;
            }
        }
    }

    /// Reads on, at most `limit` events.
    pub(super) async fn next(&mut self, limit: i64) -> Result<Batch, store::Error> {
        let (events, is_more) = {
            let (mut tx, is_more) = placed(&self.state, self.caller).await?;
            (project_log::page(&mut tx, self.caller.project, self.after, limit).await?, is_more)
        };
        self.is_busy = !events.is_empty();
        let is_full = is_more || events.len() as i64 >= limit;
        // nothing where there was something: it is kept no more
        self.after = events.last().map_or(self.after.max(self.end), |last| last.place);
        Ok(Batch { events, is_full })
    }
}

/// A transaction in which all that is committed has its place, or a good part of it has and more may be waiting. Places are
/// given in a transaction before it: who reads one must read it as it is kept.
async fn placed(
    state: &AppState,
    caller: Caller,
) -> Result<(Transaction<'static, Postgres>, bool), store::Error> {
    let mut tx = state.tenant(caller).await?;
    if !project_log::is_waiting(&mut tx, caller.project).await? {
        return Ok((tx, false));
    }
    let placed = project_log::place(&mut tx, caller.project, PLACED_AT_ONCE as i64).await?;
    tx.commit().await?;
    Ok((state.tenant(caller).await?, placed >= PLACED_AT_ONCE))
}
