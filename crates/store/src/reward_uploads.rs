//! Uploads that wait for their validation: a queue under leases, like `groups`. A row lives while its version is
//! `validating`, and goes in the transaction that says what was found.

use std::time::Duration;

use chrono::{DateTime, Utc};
use protocol::{AccountId, RewardFunctionId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::reward_functions::{Module, keep};

/// One upload in the hands of one worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    pub function: RewardFunctionId,
    pub version: i32,
    pub account: AccountId,
    /// Name of the WASI profile that was asked for.
    pub wasi: String,
    pub module: Vec<u8>,
    /// JSON text, as it was added.
    pub samples: String,
    /// How often this was begun, this time included.
    pub tries: u32,
    token: Uuid,
}

/// What a validation found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Ready(Module),
    Rejected { code: String },
}

/// Leases an upload that nobody works on: the oldest of those whose accounts have the fewest in work. A lease that has
/// expired is taken over.
pub async fn lease(conn: &mut PgConnection, hold: Duration) -> Result<Option<Leased>, Error> {
    let row = sqlx::query!(
        r#"
        -- a row that another worker is taking right now is skipped, not waited for
        WITH free AS MATERIALIZED (
            SELECT u.function_id, u.version FROM reward_uploads u
            WHERE u.lease_until IS NULL OR u.lease_until < now()
            ORDER BY (SELECT count(*) FROM reward_uploads o
                      WHERE o.account_id = u.account_id AND o.lease_until >= now() AND o.lease_token IS NOT NULL),
                u.created_at, u.function_id, u.version
            LIMIT 1
            FOR NO KEY UPDATE OF u SKIP LOCKED
        )
        UPDATE reward_uploads u
        SET lease_token = gen_random_uuid(), lease_until = now() + make_interval(secs => $1), tries = u.tries + 1
        FROM free, reward_versions v
        WHERE u.function_id = free.function_id AND u.version = free.version
            AND v.function_id = u.function_id AND v.version = u.version
        RETURNING u.function_id, u.version, u.account_id, u.module, u.samples, u.tries,
            u.lease_token AS "lease_token!", v.wasi
        "#,
        hold.as_secs_f64()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Leased {
        function: RewardFunctionId(row.function_id),
        version: row.version,
        account: AccountId(row.account_id),
        wasi: row.wasi,
        module: row.module,
        samples: row.samples,
        tries: row.tries as u32,
        token: row.lease_token,
    }))
}

/// Renews the lease; false when it is lost.
pub async fn renew(conn: &mut PgConnection, leased: &Leased, hold: Duration) -> Result<bool, Error> {
    let updated = sqlx::query!(
        r#"
        UPDATE reward_uploads SET lease_until = now() + make_interval(secs => $4)
        WHERE function_id = $1 AND version = $2 AND lease_token = $3
        "#,
        leased.function.0,
        leased.version,
        leased.token,
        hold.as_secs_f64()
    )
    .execute(conn)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Gives the upload back, for another try `after` this time. Nothing happens when the lease is lost.
pub async fn give_back(conn: &mut PgConnection, leased: &Leased, after: Duration) -> Result<(), Error> {
    sqlx::query!(
        r#"
        UPDATE reward_uploads
        SET lease_token = NULL, lease_until = now() + make_interval(secs => $4),
            -- who gives it back at once was stopped: that was no try
            tries = tries - CASE WHEN $4 > 0 THEN 0 ELSE 1 END
        WHERE function_id = $1 AND version = $2 AND lease_token = $3
        "#,
        leased.function.0,
        leased.version,
        leased.token,
        after.as_secs_f64()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes what was found, and lets go of the bytes. Fails with [`Error::StaleLease`] when the lease is lost.
pub async fn conclude(
    conn: &mut PgConnection,
    leased: &Leased,
    verdict: &Verdict,
    report: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let deleted = sqlx::query!(
        "DELETE FROM reward_uploads WHERE function_id = $1 AND version = $2 AND lease_token = $3",
        leased.function.0,
        leased.version,
        leased.token
    )
    .execute(&mut *conn)
    .await?;
    if deleted.rows_affected() != 1 {
        return Err(Error::StaleLease);
    }
    let (state, component, rejection) = match verdict {
        Verdict::Ready(module) => {
            keep(conn, module, now).await?;
            ("ready", Some(module.component_sha256.as_slice()), None)
        }
        Verdict::Rejected { code } => ("rejected", None, Some(&**code)),
    };
    sqlx::query!(
        r#"
        UPDATE reward_versions
        SET state = $3, component_sha256 = $4, rejection = $5, report = $6, validated_at = $7
        WHERE function_id = $1 AND version = $2
        "#,
        leased.function.0,
        leased.version,
        state,
        component,
        rejection,
        report,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
