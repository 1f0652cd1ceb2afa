//! `GET /v1/sessions`: where one is signed in.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use protocol::{MemberId, Scope, SessionId};
use serde::{Deserialize, Serialize};
use store::keyset::Page;
use store::sessions::{self, Session};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{self, List, Query};
use crate::state::AppState;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SessionListParams {
    /// Of this member; your own if not given, and everybody's where a key asks.
    member_id: Option<String>,
    /// At most so many, from 1 to 100; 20 if not given.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<i64>,
    /// The page that follows this id: `last_id` of the page before.
    after: Option<String>,
    /// The page that ends before this id: `first_id` of the page after. Not together with `after`.
    before: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionView {
    #[schema(example = "session")]
    object: &'static str,
    #[schema(value_type = String, example = "ses_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: SessionId,
    #[schema(value_type = String, example = "mem_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    member_id: MemberId,
    /// What the client said it is.
    user_agent: Option<String>,
    created_at: DateTime<Utc>,
    refreshed_at: DateTime<Utc>,
    /// When it ends unless it is refreshed before.
    expires_at: DateTime<Utc>,
    /// When it ends whatever happens.
    ends_at: DateTime<Utc>,
    /// It is the one that asks.
    is_current: bool,
}

/// Sessions that are not over, newest first: your own, or with `members:read` those of others.
#[utoipa::path(get, path = "/v1/sessions", tag = "sessions", params(SessionListParams), responses(
    (status = 200, description = "A page of them.", body = List<SessionView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.sessions.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_sessions(
    caller: Caller,
    query: Query<SessionListParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SessionListParams { member_id, limit, after, before } = query.0;
    let page: Page<SessionId> =
        params::page(params::limit(limit, 20, 100)?, after.as_deref(), before.as_deref())?;
    let named: Option<MemberId> = params::cursor(member_id.as_deref(), "member_id")?;
    let member = named.or(caller.member());
    if member.is_none() || member != caller.member() {
        caller.must_have(Scope::MembersRead)?;
        caller.must_reach_organization()?;
    }
    let mut conn = state.tenant(caller).await?;
    let now = state.ambient.now();
    let found = sessions::list(&mut conn, (caller.account, member), page, now).await?;
    let found = found.map(|row| view(row, &caller));
    let list: List<SessionView> = List::page(found, |row: &SessionView| row.id.to_string());
    Ok(HttpResponse::Ok().json(list))
}

fn view(session: Session, caller: &Caller) -> SessionView {
    SessionView {
        object: "session",
        id: session.id,
        member_id: session.member,
        user_agent: session.user_agent,
        created_at: session.created_at,
        refreshed_at: session.refreshed_at,
        expires_at: session.expires_at,
        ends_at: session.ends_at,
        is_current: caller.session == Some(session.id),
    }
}
