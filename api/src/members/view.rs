//! A member as their organisation sees them, and the link that signs them in.

use chrono::{DateTime, Utc};
use protocol::{AccountId, MemberId, Role, Scopes};
use serde::Serialize;
use store::members::Member;
use utoipa::ToSchema;

use crate::sessions::Token;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
pub(crate) struct MemberView {
    #[schema(example = "member")]
    object: &'static str,
    #[schema(value_type = String, example = "mem_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    pub(super) id: MemberId,
    #[schema(value_type = String, example = "org_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    organization_id: AccountId,
    #[schema(example = "ada@example.com")]
    email: String,
    /// `owner`, `admin`, `developer`, `billing` or `viewer`.
    #[schema(value_type = String, example = "developer")]
    role: Role,
    /// What their sessions may do.
    #[schema(value_type = Vec<String>, example = json!(["jobs:read", "jobs:write"]))]
    scopes: Scopes,
    /// `invited`, `active` from the first sign-in on, `removed`.
    #[schema(example = "active")]
    status: &'static str,
    invited_at: DateTime<Utc>,
    joined_at: Option<DateTime<Utc>>,
    removed_at: Option<DateTime<Utc>>,
    /// Not newer than a minute.
    last_used_at: Option<DateTime<Utc>>,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        let status = match (member.removed_at, member.joined_at) {
            (Some(_), _) => "removed",
            (None, Some(_)) => "active",
            (None, None) => "invited",
        };
        Self {
            object: "member",
            id: member.id,
            organization_id: member.account,
            email: member.email,
            role: member.role,
            scopes: member.role.scopes(),
            status,
            invited_at: member.invited_at,
            joined_at: member.joined_at,
            removed_at: member.removed_at,
            last_used_at: member.last_used_at,
        }
    }
}

/// What signs a member in, once.
#[derive(Serialize, ToSchema)]
#[schema(as = SignInLink)]
pub(crate) struct SignInLinkView {
    #[schema(example = "sign_in_link")]
    object: &'static str,
    #[schema(value_type = String, example = "mem_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    member_id: MemberId,
    expires_at: DateTime<Utc>,
    /// For `POST /v1/sessions`; in the one answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "rk_link_…")]
    token: Option<String>,
}

impl SignInLinkView {
    pub(super) fn new(member_id: MemberId, expires_at: DateTime<Utc>) -> Self {
        Self { object: "sign_in_link", member_id, expires_at, token: None }
    }

    /// With its token: for the answer to whoever made it, and never kept.
    pub(super) fn revealing(self, token: Token) -> Self {
        Self { token: Some(token.reveal()), ..self }
    }
}

/// A member who was invited a moment ago, and the link for them.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(crate) struct InvitationView {
    #[serde(flatten)]
    pub(super) member: MemberView,
    /// Hand it to them on a way that you trust: nothing is sent by us.
    pub(super) sign_in_link: SignInLinkView,
}
