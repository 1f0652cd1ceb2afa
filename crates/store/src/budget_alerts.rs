//! Alerts of budgets: that half, four fifths or all of a cap is taken. Each is told once in a period, and of each limit.
//!
//! It is an event of the job whose hold took the cap there, and so in its project's log and on the way to its webhooks. In the
//! transaction that takes the hold, the payer's row locked: two jobs do not tell the same.

use chrono::{DateTime, Utc};
use protocol::conditions::THRESHOLDS;
use protocol::event::EventType;
use protocol::{AccountId, Rao};
use serde_json::json;
use sqlx::PgConnection;

use crate::Error;
use crate::events::NewEvent;
use crate::spend::{Cap, Payer};

/// What is to be told now that so much of a payer's cap is taken.
pub(crate) async fn passed(
    conn: &mut PgConnection,
    account: AccountId,
    (payer, cap): (Payer, Cap),
    taken: Rao,
    now: DateTime<Utc>,
) -> Result<Vec<NewEvent>, Error> {
    let percent = percent(taken, cap.limit);
    let marks: Vec<i16> =
        THRESHOLDS.into_iter().filter(|mark| *mark <= percent).map(|mark| mark as i16).collect();
    if marks.is_empty() {
        return Ok(Vec::new());
    }
    let mut fresh = sqlx::query_scalar!(
        r#"
        INSERT INTO budget_alerts (scope, payer, since, limit_rao, percent, account_id)
        SELECT $1, $2, $3, $4, percent, $6 FROM UNNEST($5::smallint[]) AS percent
        ON CONFLICT DO NOTHING RETURNING percent
        "#,
        payer.as_str(),
        payer.uuid(),
        cap.since(now).date_naive(),
        cap.limit.get(),
        &marks,
        account.0
    )
    .fetch_all(conn)
    .await?;
    fresh.sort_unstable();
    let resets_at = cap.reset.map(|reset| reset.period(now).1);
    let event = |percent: i16| {
        let data = json!({
            "scope": payer.to_string(),
            "percent": percent,
            "limit_rao": cap.limit,
            "spent_rao": taken,
            "resets_at": resets_at,
        });
        NewEvent::new(EventType::BudgetThresholdReached, data)
    };
    Ok(fresh.into_iter().map(event).collect())
}

/// Whole percent, rounded down. Of a limit of nothing, all is taken.
fn percent(taken: Rao, limit: Rao) -> i64 {
    let (taken, limit) = (taken.get() as i128, limit.get() as i128);
    if limit == 0 { 100 } else { i64::try_from(taken * 100 / limit).unwrap_or(i64::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_when_it_is_reached_and_not_before() {
        let rao = |amount| Rao::new(amount).unwrap();
        assert_eq!(percent(rao(49), rao(99)), 49);
        assert_eq!(percent(rao(50), rao(100)), 50);
        assert_eq!(percent(rao(i64::MAX), rao(i64::MAX)), 100, "products do not wrap");
        assert_eq!(percent(rao(0), rao(0)), 100);
    }
}
