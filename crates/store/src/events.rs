//! The event log: gap-free per job, since the sequence only moves in the transaction that writes the event. How long it is kept
//! is `event_retention`'s affair.

use chrono::{DateTime, SecondsFormat, Utc};
use protocol::event::EventType;
use protocol::{EventId, JobId, ProjectId};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Error, webhook_deliveries};

/// One event to write.
#[derive(Debug, Clone)]
pub struct NewEvent {
    pub event: EventType,
    /// The part of the body that is the event's own.
    pub data: Value,
}

impl NewEvent {
    pub fn new(event: EventType, data: Value) -> Self {
        Self { event, data }
    }
}

/// One event as every reader gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub sequence: i64,
    pub event: EventType,
    /// The exact JSON text.
    pub body: String,
}

/// Appends events in order and returns the sequence of the first.
///
/// Locks the job's row until the transaction ends: commit order is sequence order. Call it late.
pub async fn append(
    conn: &mut PgConnection,
    job: JobId,
    now: DateTime<Utc>,
    events: &[NewEvent],
) -> Result<i64, Error> {
    let count = events.len() as i64;
    let row = sqlx::query!(
        r#"
        UPDATE jobs SET last_sequence = last_sequence + $2, oldest_sequence = COALESCE(oldest_sequence, last_sequence + 1)
        WHERE id = $1
        RETURNING last_sequence, traceparent, livemode, project_id
        "#,
        job.0,
        count
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound)?;
    let first = row.last_sequence - count + 1;
    let of_job =
        OfJob { id: job, livemode: row.livemode, trace_id: row.traceparent.as_deref().and_then(trace_id) };
    let sequences: Vec<i64> = (first..=row.last_sequence).collect();
    let ids: Vec<Uuid> = sequences.iter().map(|sequence| job.event(*sequence).0).collect();
    let types: Vec<String> = events.iter().map(|event| event.event.as_str().to_owned()).collect();
    let bodies: Vec<String> = events
        .iter()
        .zip(&sequences)
        .map(|(event, sequence)| body(&of_job, *sequence, event, now).to_string())
        .collect();
    sqlx::query!(
        r#"
        WITH logged AS (
            -- under the lock of the job's row: in its order in the job's log
            INSERT INTO project_log (project_id, job_id, first, last) SELECT $6, $1, $7::bigint, $8::bigint WHERE $8::bigint >= $7::bigint
        )
        INSERT INTO events (job_id, sequence, id, type, body, created_at)
        SELECT $1, e.sequence, e.id, e.type, e.body, $5
        FROM UNNEST($2::bigint[], $9::uuid[], $3::text[], $4::text[]) AS e (sequence, id, type, body)
        "#,
        job.0,
        &sequences,
        &types,
        &bodies,
        now,
        row.project_id,
        first,
        row.last_sequence,
        &ids
    )
    .execute(&mut *conn)
    .await?;
    let named: Vec<(i64, EventType)> =
        sequences.into_iter().zip(events.iter().map(|event| event.event)).collect();
    webhook_deliveries::enqueue(conn, job, &named).await?;
    Ok(first)
}

/// What every event of a job says of it.
struct OfJob<'a> {
    id: JobId,
    livemode: bool,
    trace_id: Option<&'a str>,
}

fn body(job: &OfJob<'_>, sequence: i64, event: &NewEvent, now: DateTime<Utc>) -> Value {
    json!({
        "object": "event",
        "id": job.id.event(sequence),
        "sequence": sequence,
        "type": event.event.as_str(),
        "livemode": job.livemode,
        "job_id": job.id,
        "created_at": now.to_rfc3339_opts(SecondsFormat::Millis, true),
        "trace_id": job.trace_id,
        "data": event.data,
    })
}

/// The trace id inside a W3C traceparent (`00-<trace id>-<span id>-<flags>`).
pub(crate) fn trace_id(traceparent: &str) -> Option<&str> {
    traceparent.split('-').nth(1).filter(|id| id.len() == 32)
}

/// A page of events after `after`, in order.
pub async fn page(conn: &mut PgConnection, job: JobId, after: i64, limit: i64) -> Result<Vec<Event>, Error> {
    let rows = sqlx::query!(
        "SELECT sequence, type, body FROM events WHERE job_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
        job.0,
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let event = EventType::parse(&row.r#type).ok_or(Error::Corrupt("event type"))?;
            Ok(Event { sequence: row.sequence, event, body: row.body })
        })
        .collect()
}

/// The exact text of an event of a job of this project, as long as it is kept.
pub async fn find(conn: &mut PgConnection, project: ProjectId, id: EventId) -> Result<Option<String>, Error> {
    let body = sqlx::query_scalar!(
        "SELECT e.body FROM events e JOIN jobs j ON j.id = e.job_id WHERE j.project_id = $1 AND e.id = $2",
        project.0,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(body)
}
