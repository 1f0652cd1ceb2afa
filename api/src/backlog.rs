//! What is refused because too much waits already. Work is queued, and not refused, up to bounds that an operator sets; only
//! who waits for an answer on an open connection is told at once that no miner would give it.

use actix_web::web;
use store::backlog;

use crate::auth::Caller;
use crate::config::Config;
use crate::error::ApiError;
use crate::jobs::create::Priced;
use crate::state::AppState;

/// Whether so many prompts more may wait. Those of test keys wait for nobody.
pub(crate) async fn admit(
    state: &AppState,
    config: &web::Data<Config>,
    caller: Caller,
    prompts: usize,
) -> Result<(), ApiError> {
    if !caller.mode.is_live() || prompts == 0 {
        return Ok(());
    }
    let prompts = i64::try_from(prompts).unwrap_or(i64::MAX);
    let own = i64::from(config.max_waiting_prompts_per_account);
    let all = i64::from(config.max_waiting_prompts);
    let unverified = i64::from(config.max_unverified_groups);
    // of everyone's rows, and what is told of them is yes or no
    let mut conn = state.db.acquire().await?;
    let found = backlog::of_account(&mut conn, caller.account, unverified).await?;
    if found.account.saturating_add(prompts) > own {
        return Err(ApiError::QueueFull { waiting: found.account, prompts, limit: own });
    }
    if found.all.saturating_add(prompts) > all {
        return Err(ApiError::NoMinerCapacity("more prompts wait for miners than the service takes on"));
    }
    if found.unverified > unverified {
        return Err(ApiError::VerificationBacklog);
    }
    Ok(())
}

/// Whether somebody would answer at once: for clients that wait.
pub(crate) async fn must_be_served(
    state: &AppState,
    caller: Caller,
    priced: &Priced,
) -> Result<(), ApiError> {
    let is_served = !caller.mode.is_live() || {
        let mut conn = state.db.acquire().await?;
        backlog::is_served(&mut conn, priced.checkpoint.id, priced.profile).await?
    };
    if is_served {
        Ok(())
    } else {
        Err(ApiError::NoMinerCapacity("no miner serves this model at the moment"))
    }
}
