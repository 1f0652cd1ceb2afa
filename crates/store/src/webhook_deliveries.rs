//! Events on their way to webhook endpoints: a queue under leases, written in the transaction that writes the event. Rows stay
//! as the log of what was sent.

use std::time::Duration;

use chrono::{DateTime, Utc};
use protocol::event::EventType;
use protocol::{EventId, JobId, ProjectId, WebhookDeliveryId, WebhookEndpointId, webhook};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::keyset::{Found, Page, Span};

/// Puts events that were just appended on their way to the endpoints of their job's project.
pub(crate) async fn enqueue(
    conn: &mut PgConnection,
    job: JobId,
    events: &[(i64, EventType)],
) -> Result<(), Error> {
    let carried: Vec<&(i64, EventType)> =
        events.iter().filter(|(_, event)| webhook::carries(*event)).collect();
    if carried.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = carried.iter().map(|(sequence, _)| job.event(*sequence).0).collect();
    let sequences: Vec<i64> = carried.iter().map(|(sequence, _)| *sequence).collect();
    let types: Vec<String> = carried.iter().map(|(_, event)| event.as_str().to_owned()).collect();
    sqlx::query!(
        r#"
        WITH e AS (
            SELECT * FROM UNNEST($2::uuid[], $3::bigint[], $4::text[]) AS e (id, sequence, type)
        )
        INSERT INTO webhook_deliveries (endpoint_id, project_id, event_id, type, job_id, sequence)
        SELECT w.id, w.project_id, e.id, e.type, $1, e.sequence
        FROM jobs j JOIN webhook_endpoints w ON w.project_id = j.project_id, e
        WHERE j.id = $1 AND w.deleted_at IS NULL AND w.disabled_reason IS NULL
            AND (w.event_types IS NULL OR e.type = ANY(w.event_types))
        ORDER BY e.sequence
        "#,
        job.0,
        &ids,
        &sequences,
        &types
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A test, which is in no log.
pub async fn enqueue_test(
    conn: &mut PgConnection,
    id: WebhookDeliveryId,
    endpoint: WebhookEndpointId,
    event: EventId,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        INSERT INTO webhook_deliveries (id, endpoint_id, project_id, event_id, type)
        SELECT $1, w.id, w.project_id, $3, $4 FROM webhook_endpoints w WHERE w.id = $2
        "#,
        id.0,
        endpoint.0,
        event.0,
        webhook::TEST_TYPE
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One delivery in the hands of one worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub id: WebhookDeliveryId,
    pub endpoint: WebhookEndpointId,
    pub url: String,
    /// Generations whose keys sign, the newest first.
    pub generations: Vec<u32>,
    pub event: EventId,
    /// The log's text; `None`: a test.
    pub body: Option<String>,
    pub created_at: DateTime<Utc>,
    /// How many tries have failed.
    pub tries: u32,
    token: Uuid,
}

/// Leases what is due, the oldest first, and of one endpoint no more than `each`: a slow one holds up only itself. A lease that
/// has expired is taken over.
pub async fn lease(
    conn: &mut PgConnection,
    limit: i64,
    each: i64,
    hold: Duration,
) -> Result<Vec<Due>, Error> {
    let rows = sqlx::query!(
        r#"
        WITH waiting AS MATERIALIZED (
            SELECT next.id, next.due_at FROM webhook_endpoints w
            CROSS JOIN LATERAL (
                SELECT count(*) AS count FROM webhook_deliveries o
                WHERE o.endpoint_id = w.id AND o.state = 'pending' AND o.lease_until IS NOT NULL AND o.lease_until >= now()
            ) AS leased
            CROSS JOIN LATERAL (
                SELECT d.id, d.due_at FROM webhook_deliveries d
                WHERE d.endpoint_id = w.id AND d.state = 'pending' AND d.due_at <= now()
                    AND (d.lease_until IS NULL OR d.lease_until < now())
                ORDER BY d.due_at, d.position LIMIT GREATEST($2 - leased.count, 0)
            ) AS next
            WHERE w.disabled_reason IS NULL AND w.deleted_at IS NULL
        ), free AS MATERIALIZED (
            SELECT d.id FROM webhook_deliveries d JOIN waiting w ON w.id = d.id
            WHERE d.state = 'pending' AND (d.lease_until IS NULL OR d.lease_until < now())
            ORDER BY w.due_at LIMIT $1 FOR NO KEY UPDATE OF d SKIP LOCKED
        ), token AS MATERIALIZED (SELECT gen_random_uuid() AS token)
        UPDATE webhook_deliveries d
        SET lease_token = token.token, lease_until = now() + make_interval(secs => $3)
        FROM free, token, webhook_endpoints w
        WHERE d.id = free.id AND w.id = d.endpoint_id
        RETURNING d.id, d.endpoint_id, w.url, w.generation, w.overlap_until > now() AS "overlaps?", d.event_id,
            d.created_at, d.tries, token.token AS "token!",
            (SELECT e.body FROM events e WHERE e.job_id = d.job_id AND e.sequence = d.sequence) AS body
        "#,
        limit,
        each,
        hold.as_secs_f64()
    )
    .fetch_all(conn)
    .await?;
    let due = rows.into_iter().map(|row| {
        let generation = row.generation.unsigned_abs();
        let before = generation.checked_sub(1).filter(|_| row.overlaps == Some(true));
        Due {
            id: WebhookDeliveryId(row.id),
            endpoint: WebhookEndpointId(row.endpoint_id),
            url: row.url,
            generations: [Some(generation), before].into_iter().flatten().collect(),
            event: EventId(row.event_id),
            body: row.body,
            created_at: row.created_at,
            tries: row.tries.unsigned_abs(),
            token: row.token,
        }
    });
    Ok(due.collect())
}

/// How one try went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Delivered {
        status: u16,
    },
    /// It is tried again after this time.
    Again {
        status: Option<u16>,
        problem: String,
        after: Duration,
    },
    /// There is no other try.
    Failed {
        status: Option<u16>,
        problem: String,
    },
}

/// Writes how a try went. Fails with [`Error::StaleLease`] when the lease is lost: then somebody else has sent it, too.
pub async fn conclude(
    conn: &mut PgConnection,
    due: &Due,
    outcome: &Outcome,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (state, status, problem, after) = match outcome {
        Outcome::Delivered { status } => ("delivered", Some(*status), None, Duration::ZERO),
        Outcome::Again { status, problem, after } => ("pending", *status, Some(problem.as_str()), *after),
        Outcome::Failed { status, problem } => ("failed", *status, Some(problem.as_str()), Duration::ZERO),
    };
    let updated = sqlx::query!(
        r#"
        UPDATE webhook_deliveries
        SET state = $3, status = $4, problem = $5, due_at = now() + make_interval(secs => $6),
            tries = tries + CASE WHEN $3 = 'delivered' THEN 0 ELSE 1 END,
            ended_at = CASE WHEN $3 = 'pending' THEN NULL ELSE $7::timestamptz END,
            lease_token = NULL, lease_until = NULL
        WHERE id = $1 AND lease_token = $2 AND state = 'pending'
        "#,
        due.id.0,
        due.token,
        state,
        status.map(i32::from),
        problem,
        after.as_secs_f64(),
        now
    )
    .execute(conn)
    .await?;
    if updated.rows_affected() == 1 { Ok(()) } else { Err(Error::StaleLease) }
}

/// A delivery as its customer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: WebhookDeliveryId,
    pub endpoint: WebhookEndpointId,
    pub event: EventId,
    pub r#type: String,
    pub job: Option<JobId>,
    pub state: String,
    pub tries: u32,
    pub status: Option<u16>,
    pub problem: Option<String>,
    pub due_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// Which deliveries are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    pub endpoint: Option<WebhookEndpointId>,
    pub state: Option<&'a str>,
}

/// The place of a delivery in its project's list; `None` if the project has none such.
pub async fn place(
    conn: &mut PgConnection,
    project: ProjectId,
    id: WebhookDeliveryId,
) -> Result<Option<i64>, Error> {
    let position = sqlx::query_scalar!(
        "SELECT position FROM webhook_deliveries WHERE project_id = $1 AND id = $2",
        project.0,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(position)
}

pub async fn find(
    conn: &mut PgConnection,
    project: ProjectId,
    id: WebhookDeliveryId,
) -> Result<Option<Delivery>, Error> {
    let Some(place) = place(conn, project, id).await? else { return Ok(None) };
    Ok(between(conn, project, Wanted::default(), Span::only(place)).await?.pop())
}

/// A project's deliveries, newest first, by their places.
pub async fn list(
    conn: &mut PgConnection,
    project: ProjectId,
    wanted: Wanted<'_>,
    page: Page<i64>,
) -> Result<Found<Delivery>, Error> {
    Ok(page.cut(between(conn, project, wanted, Span::newest_first(page)).await?))
}

async fn between(
    conn: &mut PgConnection,
    project: ProjectId,
    wanted: Wanted<'_>,
    span: Span<i64>,
) -> Result<Vec<Delivery>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT d.id, d.endpoint_id, d.event_id, d.type, d.job_id, d.state, d.tries, d.status, d.problem, d.due_at,
            d.created_at, d.ended_at
        FROM webhook_deliveries d
        WHERE d.project_id = $1 AND d.position BETWEEN $2 AND $3 AND ($4::uuid IS NULL OR d.endpoint_id = $4)
            AND ($5::text IS NULL OR d.state = $5)
        ORDER BY CASE WHEN $6 THEN d.position END, d.position DESC LIMIT $7
        "#,
        project.0,
        span.low,
        span.high,
        wanted.endpoint.map(|id| id.0),
        wanted.state,
        span.upwards,
        span.rows
    )
    .fetch_all(conn)
    .await?;
    let deliveries = rows.into_iter().map(|row| Delivery {
        id: WebhookDeliveryId(row.id),
        endpoint: WebhookEndpointId(row.endpoint_id),
        event: EventId(row.event_id),
        r#type: row.r#type,
        job: row.job_id.map(JobId),
        state: row.state,
        tries: row.tries.unsigned_abs(),
        status: row.status.and_then(|status| u16::try_from(status).ok()),
        problem: row.problem,
        due_at: row.due_at,
        created_at: row.created_at,
        ended_at: row.ended_at,
    });
    Ok(deliveries.collect())
}

/// Sends a delivery once more, from its first try on; false if the project has none such, or its endpoint is gone. Fails with
/// [`Error::Purged`] where the event is kept no more.
pub async fn redeliver(
    conn: &mut PgConnection,
    project: ProjectId,
    id: WebhookDeliveryId,
) -> Result<bool, Error> {
    let updated = sqlx::query!(
        r#"
        UPDATE webhook_deliveries d
        SET state = 'pending', tries = 0, due_at = now(), ended_at = NULL, problem = NULL, status = NULL,
            lease_token = NULL, lease_until = NULL
        FROM webhook_endpoints w
        WHERE d.id = $2 AND w.id = d.endpoint_id AND d.project_id = $1 AND w.deleted_at IS NULL
            AND (d.job_id IS NULL OR d.sequence IS NOT NULL)
        "#,
        project.0,
        id.0
    )
    .execute(&mut *conn)
    .await?;
    if updated.rows_affected() == 1 {
        return Ok(true);
    }
    let is_gone = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT 1 FROM webhook_deliveries
            WHERE project_id = $1 AND id = $2 AND job_id IS NOT NULL AND sequence IS NULL
        ) AS "gone!"
        "#,
        project.0,
        id.0
    )
    .fetch_one(conn)
    .await?;
    if is_gone { Err(Error::Purged) } else { Ok(false) }
}
