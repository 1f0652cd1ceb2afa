//! A key as its owner sees it: never its text, but once.

use chrono::{DateTime, Utc};
use protocol::{KeyId, ProjectId, Rao, Scopes};
use serde::Serialize;
use store::PgConnection;
use store::api_keys::{ApiKey, prefix};
use store::spend::{self, Cap, Payer};
use utoipa::ToSchema;

/// How far a limit is used up; all `null` where there is none.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SpendingLimit)]
pub(crate) struct SpendView {
    /// What jobs may cost together in one period.
    #[schema(value_type = Option<String>, example = "5000000000")]
    limit_rao: Option<Rao>,
    /// When the limit begins anew, in UTC: `daily`, `weekly` (Mondays), `monthly`, or never.
    #[schema(example = "monthly")]
    limit_reset: Option<&'static str>,
    /// What they hold and were charged in this period.
    #[schema(value_type = Option<String>)]
    spent_rao: Option<Rao>,
    #[schema(value_type = Option<String>)]
    remaining_rao: Option<Rao>,
    resets_at: Option<DateTime<Utc>>,
}

impl SpendView {
    pub(crate) fn of(cap: Option<Cap>, spent: Rao, now: DateTime<Utc>) -> Self {
        let reset = cap.and_then(|cap| cap.reset);
        Self {
            limit_rao: cap.map(|cap| cap.limit),
            limit_reset: reset.map(spend::Reset::as_str),
            spent_rao: cap.map(|_| spent),
            // a limit that was lowered below what is spent leaves nothing
            remaining_rao: cap.map(|cap| cap.limit.checked_sub(spent).unwrap_or(Rao::ZERO)),
            resets_at: reset.map(|reset| reset.period(now).1),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(crate) struct KeyView {
    #[schema(example = "api_key")]
    object: &'static str,
    #[schema(value_type = String, example = "key_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: KeyId,
    #[schema(value_type = String, example = "proj_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    project_id: ProjectId,
    /// False: a test key. What it makes is seen by test keys only, costs nothing and proves nothing.
    livemode: bool,
    name: String,
    /// What its text begins with.
    #[schema(example = "rk_live_aB3dE5fG")]
    prefix: String,
    /// What its text ends with; `null` for keys from before this was kept.
    #[schema(example = "x9Yz")]
    last4: Option<String>,
    #[schema(value_type = Vec<String>, example = json!(["jobs:read", "jobs:write"]))]
    scopes: Scopes,
    /// `project`, or `organization`: any of its projects, named by the header `Reliquary-Project`.
    #[schema(example = "project")]
    reach: &'static str,
    expires_at: Option<DateTime<Utc>>,
    /// The addresses that it may be used from; `null`: any.
    #[schema(example = json!(["203.0.113.0/24"]))]
    allowed_cidrs: Option<Vec<String>>,
    #[serde(flatten)]
    spend: SpendView,
    /// Not newer than a minute.
    last_used_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    /// After a rotation: until when the text from before opens the door, too.
    previous_expires_at: Option<DateTime<Utc>>,
    /// The dated version that its requests are answered by unless they name one with `Reliquary-Version`; `null`: always the
    /// newest.
    #[schema(example = "2026-11-22")]
    api_version: Option<String>,
    /// The key itself, in the one answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "rk_live_aB3dE5fG_…")]
    key: Option<String>,
}

impl KeyView {
    pub(crate) async fn of(
        conn: &mut PgConnection,
        key: ApiKey,
        now: DateTime<Utc>,
    ) -> Result<Self, store::Error> {
        let spent = match key.terms.cap {
            Some(cap) => spend::since(conn, Payer::Key(key.id), cap.since(now)).await?,
            None => Rao::ZERO,
        };
        let cidrs = key.terms.allowed_cidrs.as_ref();
        Ok(Self {
            object: "api_key",
            id: key.id,
            project_id: key.home,
            livemode: key.mode.is_live(),
            name: key.name,
            prefix: format!("{}{}", prefix(key.mode), key.lookup),
            last4: key.last4,
            scopes: key.terms.scopes,
            reach: key.terms.reach.as_str(),
            expires_at: key.terms.expires_at,
            allowed_cidrs: cidrs.map(|nets| nets.iter().map(ToString::to_string).collect()),
            spend: SpendView::of(key.terms.cap, spent, now),
            last_used_at: key.last_used_at,
            created_at: key.created_at,
            revoked_at: key.revoked_at,
            previous_expires_at: key.previous_until.filter(|end| now < *end),
            api_version: key.api_version,
            key: None,
        })
    }

    /// With its text: for the answer to whoever made it, and never kept.
    pub(crate) fn revealing(self, text: String) -> Self {
        Self { key: Some(text), ..self }
    }
}
