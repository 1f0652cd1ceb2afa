//! `GET /v1/audit_log`: who did what, in a chain that shows every later change.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use protocol::{KeyId, MemberId, ProjectId};
use serde::Serialize;
use serde_json::value::RawValue;
use store::audit_log::Entry;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{List, PageParams, Query};
use crate::state::AppState;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditLogEntry)]
pub(crate) struct AuditEntryView {
    #[schema(example = "audit_log.entry")]
    object: &'static str,
    /// 1, 2, 3, … within the organisation.
    #[schema(example = "12")]
    id: String,
    at: DateTime<Utc>,
    #[schema(value_type = Option<String>)]
    project_id: Option<ProjectId>,
    /// The key that did it, a member's own where it was a person; `null`: the operator of the service.
    #[schema(value_type = Option<String>)]
    key_id: Option<KeyId>,
    /// The member who did it; `null`: nobody who was signed in.
    #[schema(value_type = Option<String>)]
    member_id: Option<MemberId>,
    #[schema(example = "job.created")]
    action: String,
    /// What it was done to.
    #[schema(example = "job_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    subject: String,
    /// More about it, by action.
    #[schema(value_type = Object)]
    detail: Box<RawValue>,
    /// Hash of the entry before, in hex; zeros in the first.
    previous_hash: String,
    /// Over `previous_hash` and this entry.
    hash: String,
}

impl TryFrom<Entry> for AuditEntryView {
    type Error = ApiError;

    fn try_from(entry: Entry) -> Result<Self, ApiError> {
        Ok(Self {
            object: "audit_log.entry",
            id: entry.sequence.to_string(),
            at: entry.at,
            project_id: entry.project,
            key_id: entry.key,
            member_id: None,
            action: entry.action,
            subject: entry.subject,
            detail: RawValue::from_string(entry.detail)?,
            previous_hash: hex::encode(entry.previous_hash),
            hash: hex::encode(entry.hash),
        })
    }
}

/// What was done in your organisation, newest first; a key of one project sees what was done in that one.
///
/// Entries are never changed or deleted, and each is bound to the one before by its hash.
#[utoipa::path(get, path = "/v1/audit_log", tag = "organizations", params(PageParams), responses(
    (status = 200, description = "A page of it.", body = List<AuditEntryView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.organizations.audit_log", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_audit_log(
    caller: Caller,
    page: Query<PageParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let page = page.0.read::<i64>()?;
    let project = caller.must_reach_organization().is_err().then_some(caller.home);
    let mut conn = state.tenant(caller).await?;
    let found = store::audit_log::page(&mut conn, caller.account, project, page).await?;
    let keys: Vec<KeyId> = found.rows.iter().filter_map(|row| row.key).collect();
    let members = store::members::among(&mut conn, caller.account, &keys).await?;
    let mut found = found.try_map(AuditEntryView::try_from)?;
    for row in &mut found.rows {
        row.member_id = row.key_id.filter(|key| members.contains(key)).map(|key| MemberId(key.0));
    }
    let list: List<AuditEntryView> = List::page(found, |row| row.id.clone());
    Ok(HttpResponse::Ok().json(list))
}
