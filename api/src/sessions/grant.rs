//! What whoever signs in or refreshes is given.

use chrono::{DateTime, Utc};
use protocol::{AccountId, MemberId, Role, Scopes, SessionId};
use serde::Serialize;
use store::members::Member;
use store::session_keys::SessionKey;
use store::sessions::Session;
use utoipa::ToSchema;

use super::{Token, access};
use crate::config::Config;
use crate::error::ApiError;
use crate::state::AppState;

/// A session with its tokens, which no other answer shows.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionGrant {
    #[schema(example = "session")]
    object: &'static str,
    #[schema(value_type = String, example = "ses_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: SessionId,
    #[schema(value_type = String, example = "mem_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    member_id: MemberId,
    #[schema(value_type = String, example = "org_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    organization_id: AccountId,
    #[schema(value_type = String, example = "developer")]
    role: Role,
    /// What it may do.
    #[schema(value_type = Vec<String>, example = json!(["jobs:read", "jobs:write"]))]
    scopes: Scopes,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// A JWT: send it as `Authorization: Bearer …`.
    access_token: String,
    /// How long the access token holds, in seconds.
    #[schema(example = 900)]
    expires_in: i64,
    /// Good once, for the next pair of tokens. Keep it where no script reads it.
    #[schema(example = "rk_refresh_…")]
    refresh_token: String,
    /// When the session ends unless it is refreshed before.
    expires_at: DateTime<Utc>,
    /// When it ends whatever happens.
    ends_at: DateTime<Utc>,
}

impl SessionGrant {
    pub(super) fn new(
        (state, config): (&AppState, &Config),
        key: &SessionKey,
        (session, member): (&Session, &Member),
        refresh: Token,
    ) -> Result<Self, ApiError> {
        let scopes = member.role.scopes();
        Ok(Self {
            object: "session",
            id: session.id,
            member_id: member.id,
            organization_id: session.account,
            role: member.role,
            scopes,
            token_type: "Bearer",
            access_token: access::issue((state, config), key, session, scopes)?,
            expires_in: config.session_access().num_seconds(),
            refresh_token: refresh.reveal(),
            expires_at: session.expires_at,
            ends_at: session.ends_at,
        })
    }
}
