//! Keeps a lease alive while its work runs.

use protocol::GroupId;
use protocol::job::GroupState;
use store::groups::Token;
use store::wake::Woken;

use crate::Context;
use crate::driver::hint;

/// Runs `work` and renews the lease on `ids` meanwhile. `None` when nothing of it is held any more: the work is dropped,
/// since nobody would take its result. A hint on `dispatched` says that leases were taken away: then it looks at once.
pub(crate) async fn keep<T>(
    cx: &Context,
    token: Token,
    ids: &[GroupId],
    work: impl Future<Output = T>,
) -> Option<T> {
    let taken_away = cx.wake.subscribe_groups(GroupState::Dispatched);
    while_held(cx, Some(taken_away), || renew(cx, token, ids), Box::pin(work)).await
}

/// Runs `work` as long as `renew` says that its lease is held; asks it in good time, and whenever `woken`.
pub(crate) async fn while_held<T, F>(
    cx: &Context,
    mut woken: Option<Woken>,
    mut renew: impl FnMut() -> F,
    mut work: impl Future<Output = T> + Unpin,
) -> Option<T>
where
    F: Future<Output = Result<bool, store::Error>>,
{
    let mut ticks = tokio::time::interval(cx.config.lease() / 3);
    ticks.tick().await; // the first is at once
    loop {
        tokio::select! {
            biased;
            done = &mut work => return Some(done),
            _ = ticks.tick() => {}
            () = hint(woken.as_mut()) => {}
        }
        // the work goes on while the database answers
        let renewed = tokio::select! {
            biased;
            done = &mut work => return Some(done),
            renewed = renew() => renewed,
        };
        match renewed {
            Ok(false) => return None,
            Ok(true) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a lease could not be renewed");
            }
        }
    }
}

async fn renew(cx: &Context, token: Token, ids: &[GroupId]) -> Result<bool, store::Error> {
    let held = store::groups::renew(&mut *cx.db.acquire().await?, token, ids, cx.config.lease()).await?;
    Ok(held > 0)
}
