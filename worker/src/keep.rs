//! Keeps a lease alive while its work runs.

use protocol::GroupId;
use protocol::job::GroupState;
use store::groups::Token;

use crate::Context;

/// Runs `work` and renews the lease on `ids` meanwhile. `None` when nothing of it is held any more: the work is dropped,
/// since nobody would take its result. A hint on `dispatched` says that leases were taken away: then it looks at once.
pub(crate) async fn keep<T>(
    cx: &Context,
    token: Token,
    ids: &[GroupId],
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = std::pin::pin!(work);
    let mut taken_away = cx.wake.subscribe_groups(GroupState::Dispatched);
    let mut ticks = tokio::time::interval(cx.config.lease() / 3);
    ticks.tick().await; // the first is at once
    loop {
        tokio::select! {
            biased;
            done = &mut work => return Some(done),
            _ = ticks.tick() => {}
            () = taken_away.hint() => {}
        }
        // the work goes on while the database answers
        let renewed = tokio::select! {
            biased;
            done = &mut work => return Some(done),
            renewed = renew(cx, token, ids) => renewed,
        };
        match renewed {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a lease could not be renewed");
            }
        }
    }
}

async fn renew(cx: &Context, token: Token, ids: &[GroupId]) -> Result<i64, store::Error> {
    store::groups::renew(&mut *cx.db.acquire().await?, token, ids, cx.config.lease()).await
}
