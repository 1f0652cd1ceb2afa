//! A project's log: the logs of its jobs in one order, which never changes and has no gaps but those of events that are kept no
//! more. docs/adr/0014 says why nothing is
//! lost in it.
//!
//! An append to a job's log is written with its events and has no place yet. Places are given later, by whoever looks, to what
//! is committed by then: under a lock, so that they are seen in their order.

use protocol::ProjectId;
use protocol::event::EventType;
use sqlx::PgConnection;

use crate::Error;
use crate::events::Event;

/// An event, and its place in its project's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub place: i64,
    pub event: Event,
}

/// Whether something was appended that has no place yet.
pub async fn is_waiting(conn: &mut PgConnection, project: ProjectId) -> Result<bool, Error> {
    let waiting = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM project_log WHERE project_id = $1 AND place IS NULL) AS "waiting!""#,
        project.0
    )
    .fetch_one(conn)
    .await?;
    Ok(waiting)
}

/// Gives the next places to appends that have none, at most to so many; says to how many. Nobody may be told of a place before
/// this is committed.
pub async fn place(conn: &mut PgConnection, project: ProjectId, limit: i64) -> Result<u64, Error> {
    sqlx::query!("INSERT INTO project_log_ends (project_id) VALUES ($1) ON CONFLICT DO NOTHING", project.0)
        .execute(&mut *conn)
        .await?;
    // a statement of its own: what follows sees what the holder before has committed
    let end =
        sqlx::query_scalar!("SELECT place FROM project_log_ends WHERE project_id = $1 FOR UPDATE", project.0)
            .fetch_one(&mut *conn)
            .await?;
    let placed = sqlx::query!(
        r#"
        WITH waiting AS MATERIALIZED (
            SELECT id, last - first + 1 AS events FROM project_log
            WHERE project_id = $1 AND place IS NULL ORDER BY id LIMIT $3
        ), placed AS (
            SELECT id, $2 + (sum(events) OVER (ORDER BY id))::bigint AS place FROM waiting
        ), ended AS (
            UPDATE project_log_ends SET place = (SELECT max(p.place) FROM placed p)
            WHERE project_id = $1 AND EXISTS (SELECT 1 FROM placed)
        )
        UPDATE project_log l SET place = p.place FROM placed p WHERE l.id = p.id
        "#,
        project.0,
        end,
        limit
    )
    .execute(conn)
    .await?;
    Ok(placed.rows_affected())
}

/// The last place that was given.
pub async fn end(conn: &mut PgConnection, project: ProjectId) -> Result<i64, Error> {
    let end = sqlx::query_scalar!("SELECT place FROM project_log_ends WHERE project_id = $1", project.0)
        .fetch_optional(conn)
        .await?;
    Ok(end.unwrap_or(0))
}

/// A page of events after the place `after`, in order.
pub async fn page(
    conn: &mut PgConnection,
    project: ProjectId,
    after: i64,
    limit: i64,
) -> Result<Vec<Placed>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT l.place - l.last + e.sequence AS "place!", e.sequence AS "sequence!", e.type AS "type!", e.body AS "body!"
        FROM (
            -- the last events of each append are behind the cursor: all of it, but of one that it stands in. What is before
            -- them in the page says how many fit in
            SELECT job_id, last, place, behind, (sum(behind) OVER (ORDER BY place) - behind)::bigint AS before
            FROM (
                SELECT job_id, last, place, LEAST(last - first + 1, place - $2) AS behind FROM project_log
                WHERE project_id = $1 AND place > $2 ORDER BY place LIMIT $3
            ) appended
        ) l
        -- by the index, append by append: joined as a whole, the planner would read all events there are
        CROSS JOIN LATERAL (
            SELECT sequence, type, body FROM events
            WHERE job_id = l.job_id AND sequence > l.last - l.behind AND sequence <= l.last
                AND sequence <= l.last - l.behind + $3 - l.before
            ORDER BY sequence LIMIT $3
        ) e
        WHERE l.before < $3
        ORDER BY l.place, e.sequence
        "#,
        project.0,
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let event = EventType::parse(&row.r#type).ok_or(Error::Corrupt("event type"))?;
            let event = Event { sequence: row.sequence, event, body: row.body };
            Ok(Placed { place: row.place, event })
        })
        .collect()
}
