//! Webhook endpoints: where a customer wants to hear of its jobs. No secret is here: they are derived (`protocol::webhook`).

use chrono::{DateTime, Utc};
use protocol::{ProjectId, WebhookEndpointId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::keyset::{Found, Page, Span};

/// The customer has switched it off.
pub const BY_CUSTOMER: &str = "customer";
/// It has answered that it is gone.
pub const GONE: &str = "gone";

/// What a customer says of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub url: String,
    pub description: String,
    /// `None`: every type that webhooks carry.
    pub event_types: Option<Vec<String>>,
    pub enabled: bool,
}

/// One endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub id: WebhookEndpointId,
    pub settings: Settings,
    pub disabled_reason: Option<String>,
    /// How often its secret was rotated.
    pub generation: u32,
    /// Until when the secret before signs, too.
    pub overlap_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// Adds an endpoint, unless the project has `most` already.
pub async fn create(
    conn: &mut PgConnection,
    project: ProjectId,
    id: WebhookEndpointId,
    settings: &Settings,
    most: i64,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    // endpoints of one project are added one after the other
    sqlx::query!("SELECT id FROM projects WHERE id = $1 FOR NO KEY UPDATE", project.0)
        .fetch_optional(&mut *conn)
        .await?;
    let inserted = sqlx::query!(
        r#"
        INSERT INTO webhook_endpoints (id, project_id, url, description, event_types, disabled_reason, created_at)
        SELECT $1, $2, $3, $4, $5, $6, $7
        WHERE (SELECT count(*) FROM webhook_endpoints WHERE project_id = $2 AND deleted_at IS NULL) < $8
        "#,
        id.0,
        project.0,
        settings.url,
        settings.description,
        settings.event_types.as_deref(),
        (!settings.enabled).then_some(BY_CUSTOMER),
        now,
        most
    )
    .execute(conn)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub async fn find(
    conn: &mut PgConnection,
    project: ProjectId,
    id: WebhookEndpointId,
) -> Result<Option<Endpoint>, Error> {
    Ok(between(conn, project, Span::only(id.0)).await?.pop())
}

/// A project's endpoints, newest first.
pub async fn list(
    conn: &mut PgConnection,
    project: ProjectId,
    page: Page<WebhookEndpointId>,
) -> Result<Found<Endpoint>, Error> {
    Ok(page.cut(between(conn, project, Span::newest_first(page.map(|id| id.0))).await?))
}

async fn between(
    conn: &mut PgConnection,
    project: ProjectId,
    span: Span<Uuid>,
) -> Result<Vec<Endpoint>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT id, url, description, event_types, disabled_reason, generation, overlap_until, created_at
        FROM webhook_endpoints
        WHERE project_id = $1 AND id BETWEEN $2 AND $3 AND deleted_at IS NULL
        ORDER BY CASE WHEN $4 THEN id END, id DESC LIMIT $5
        "#,
        project.0,
        span.low,
        span.high,
        span.upwards,
        span.rows
    )
    .fetch_all(conn)
    .await?;
    let endpoints = rows.into_iter().map(|row| Endpoint {
        id: WebhookEndpointId(row.id),
        settings: Settings {
            url: row.url,
            description: row.description,
            event_types: row.event_types,
            enabled: row.disabled_reason.is_none(),
        },
        disabled_reason: row.disabled_reason,
        generation: row.generation.unsigned_abs(),
        overlap_until: row.overlap_until,
        created_at: row.created_at,
    });
    Ok(endpoints.collect())
}

/// Changes an endpoint; false if the project has no such one. One that is switched on again gets what still waits for it.
pub async fn update(
    conn: &mut PgConnection,
    project: ProjectId,
    id: WebhookEndpointId,
    settings: &Settings,
) -> Result<bool, Error> {
    let updated = sqlx::query!(
        r#"
        UPDATE webhook_endpoints SET url = $3, description = $4, event_types = $5,
            disabled_reason = CASE WHEN $6 THEN NULL ELSE COALESCE(disabled_reason, $7) END
        WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL
        "#,
        project.0,
        id.0,
        settings.url,
        settings.description,
        settings.event_types.as_deref(),
        settings.enabled,
        BY_CUSTOMER
    )
    .execute(conn)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Gives it new keys; those it has sign beside them until `overlap_until`. False if the project has no such endpoint.
pub async fn rotate(
    conn: &mut PgConnection,
    project: ProjectId,
    id: WebhookEndpointId,
    overlap_until: DateTime<Utc>,
) -> Result<bool, Error> {
    let updated = sqlx::query!(
        r#"
        UPDATE webhook_endpoints SET generation = generation + 1, overlap_until = $3
        WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL
        "#,
        project.0,
        id.0,
        overlap_until
    )
    .execute(conn)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Takes it away: nothing more is sent there. False if the project has no such endpoint.
pub async fn delete(
    conn: &mut PgConnection,
    project: ProjectId,
    id: WebhookEndpointId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let deleted = sqlx::query!(
        "UPDATE webhook_endpoints SET deleted_at = $3 WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL",
        project.0,
        id.0,
        now
    )
    .execute(&mut *conn)
    .await?;
    if deleted.rows_affected() == 0 {
        return Ok(false);
    }
    give_up(conn, id, "endpoint_deleted", now).await?;
    Ok(true)
}

/// The endpoint says that it is gone: it is switched off, and what waits for it has failed.
pub async fn gone(conn: &mut PgConnection, id: WebhookEndpointId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE webhook_endpoints SET disabled_reason = COALESCE(disabled_reason, $2) WHERE id = $1",
        id.0,
        GONE
    )
    .execute(&mut *conn)
    .await?;
    give_up(conn, id, "endpoint_gone", now).await
}

async fn give_up(
    conn: &mut PgConnection,
    id: WebhookEndpointId,
    problem: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        UPDATE webhook_deliveries SET state = 'failed', problem = $2, ended_at = $3, lease_token = NULL, lease_until = NULL
        WHERE endpoint_id = $1 AND state = 'pending'
        "#,
        id.0,
        problem,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
