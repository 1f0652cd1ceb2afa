//! For `reliquary bench api` only: groups that wait for a step without having been through the pipeline, so that the queue
//! is measured by the statements that the steps use, and by nothing else.

use std::time::Duration;

use protocol::Mode;
use protocol::job::GroupState;
use sqlx::{Postgres, Transaction};

use crate::groups::{self, Lease};
use crate::{Db, Error};

/// Long enough for a trial.
const HOLD: Duration = Duration::from_mins(5);

/// Puts the first `count` groups of the database in front of the step that scores, and tidies the table. Returns how many
/// there are.
pub async fn line_up(db: &Db, count: i64) -> Result<u64, Error> {
    let mut conn = db.acquire().await?;
    sqlx::query("UPDATE groups SET state = 'pending', lease_token = NULL, lease_until = NULL")
        .execute(&mut *conn)
        .await?;
    let lined_up = sqlx::query(
        r"
        UPDATE groups SET state = 'received', hotkey = decode(repeat('00', 32), 'hex'), object_key = '',
            group_root = decode(repeat('00', 32), 'hex'), receipt = '{}'
        WHERE id IN (SELECT id FROM groups ORDER BY vtime, id LIMIT $1)
        ",
    )
    .bind(count)
    .execute(&mut *conn)
    .await?;
    sqlx::query("VACUUM ANALYZE groups").execute(&mut *conn).await?;
    Ok(lined_up.rows_affected())
}

/// One turn of a step that has nothing to do: leases up to `batch` groups, and moves them on. Two commits, as in the
/// pipeline. Returns how many it moved.
pub async fn turn(db: &Db, batch: i64) -> Result<usize, Error> {
    let Lease { token, groups } =
        groups::lease(db, (GroupState::Received, Mode::Live), None, batch, HOLD).await?;
    let ids: Vec<_> = groups.iter().map(|group| group.id).collect();
    if !ids.is_empty() {
        groups::advance(&mut *db.acquire().await?, token, &ids, GroupState::Scored).await?;
    }
    Ok(ids.len())
}

/// A transaction that does nothing, and keeps every row version from being cleaned up until it is dropped.
pub async fn hold_snapshot(db: &Db) -> Result<Transaction<'static, Postgres>, Error> {
    let mut tx = db.begin().await?;
    sqlx::query("SET LOCAL idle_in_transaction_session_timeout = 0").execute(&mut *tx).await?;
    sqlx::query("SELECT pg_current_xact_id()").execute(&mut *tx).await?;
    Ok(tx)
}
