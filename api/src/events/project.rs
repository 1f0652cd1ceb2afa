//! A project's log, read in bounded batches: the logs of all its jobs in one order (docs/adr/0014).

use actix_web::web::Data;
use protocol::event::EventType;
use store::project_log::{self, Placed};

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
    /// Only these types; all if empty.
    pub(super) types: Vec<EventType>,
}

/// What one look at the log gave.
#[derive(Debug)]
pub(super) struct Batch {
    /// Those of the wanted types.
    pub(super) events: Vec<Placed>,
    /// More may be there already.
    pub(super) is_full: bool,
    /// What the reader wanted first is kept no more: the log goes on here.
    pub(super) reset: Option<i64>,
}

impl ProjectLog {
    /// Where the log ends now, with all that is committed in it.
    pub(super) async fn end(state: &AppState, caller: Caller) -> Result<i64, store::Error> {
        while place(state, caller).await? {}
        project_log::end(&mut *state.tenant(caller).await?, caller.project).await
    }

    /// Reads on, at most `limit` events.
    pub(super) async fn next(&mut self, limit: i64) -> Result<Batch, store::Error> {
        let is_more = place(&self.state, self.caller).await?;
        let mut events = {
            let mut conn = self.state.tenant(self.caller).await?;
            project_log::page(&mut conn, self.caller.project, self.after, limit).await?
        };
        let is_full = is_more || events.len() as i64 >= limit;
        // places have no gaps, either
        let reset = events.first().map(|first| first.place).filter(|first| *first > self.after + 1);
        if let Some(last) = events.last() {
            self.after = last.place;
        }
        if !self.types.is_empty() {
            events.retain(|placed| self.types.contains(&placed.event.event));
        }
        Ok(Batch { events, is_full, reset })
    }
}

/// Gives places to what has none yet, in a transaction of its own: who reads a place must read it as it is kept. Says whether
/// more may be waiting.
async fn place(state: &AppState, caller: Caller) -> Result<bool, store::Error> {
    let mut tx = state.tenant(caller).await?;
    if !project_log::is_waiting(&mut tx, caller.project).await? {
        return Ok(false);
    }
    let placed = project_log::place(&mut tx, caller.project, PLACED_AT_ONCE as i64).await?;
    tx.commit().await?;
    Ok(placed >= PLACED_AT_ONCE)
}
