//! `POST /v1/api_keys`: a key that may do as much as the one that makes it, or less.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use protocol::{KeyId, Mode};
use serde::Deserialize;
use serde_json::json;
use store::api_keys::{self, MAX_LINEAGE, NewKey, Reach, Terms};
use store::{Tenant, projects};
use utoipa::ToSchema;

use super::KeyView;
use super::input::{self, Change, Draft};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, FieldError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::state::AppState;

/// What is left out, or `null`, is as in your own key.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CreateApiKey)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "trainer", "scopes": ["jobs:read", "jobs:write", "rollouts:read", "events:read"] }))]
pub(crate) struct CreateKey {
    /// For you to tell it from others; 1 to 128 characters.
    #[schema(example = "trainer")]
    name: String,
    /// `false`: a test key, `rk_test_…`. Its jobs run on answers that the service makes up, and cost nothing. As in your own key
    /// if not given; a test key makes test keys.
    #[serde(default)]
    livemode: Option<bool>,
    /// What it may do.
    #[schema(example = json!(["jobs:read", "jobs:write", "rollouts:read", "events:read"]))]
    scopes: Vec<String>,
    /// `project` if not given: the project of this request. `organization`: any of them.
    #[schema(example = "project")]
    #[serde(default)]
    reach: Option<String>,
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
    /// Addresses and ranges that it may be used from.
    #[schema(example = json!(["203.0.113.0/24"]))]
    #[serde(default)]
    allowed_cidrs: Option<Vec<String>>,
    /// What its jobs, and those of keys that it makes, may cost together in one period.
    #[schema(example = "5000000000")]
    #[serde(default)]
    limit_rao: Option<String>,
    /// When the limit begins anew: `daily`, `weekly`, `monthly`.
    #[schema(example = "monthly")]
    #[serde(default)]
    limit_reset: Option<String>,
}

/// Make an API key.
///
/// The answer holds its text, this once: a repeated request with the same `Idempotency-Key` gets the same key without it.
/// It is pinned to the newest version of this interface (`api_version`).
/// A key cannot make one that may do, reach or spend more than itself, and what the new key spends counts for both.
#[utoipa::path(post, path = "/v1/api_keys", tag = "keys", request_body = CreateKey,
    params(("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each key."),
        ("Reliquary-Project" = Option<String>, Header, description = "The project of the key, where yours reaches several.")),
    responses(
    (status = 201, description = "Made. `key` is shown here and nowhere else.", body = KeyView,
        headers(("Location" = String), ("Idempotency-Replayed" = String, description = "`true` on an answer given before."))),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong; `exceeds_your_key` where it is more than yours.",
        body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.keys.create", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn create_api_key(
    caller: Caller,
    once: Idempotency,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let once = once.of(&bytes);
    if let Some(answer) = once.answered(&state, caller).await? {
        return Ok(answer);
    }
    let wish: CreateKey = body::parse(&bytes)?;
    let (now, id, text) = (state.ambient.now(), KeyId(state.ambient.id()), state.ambient.key_text());
    let mode = wish.livemode.map_or(caller.mode, Mode::of);
    let text = text.in_mode(mode);
    let mut made = None;
    let done = once.run(&state, caller, async |tx| {
        let own = api_keys::of_account(tx, caller.account, caller.key).await?;
        let own = own.ok_or(ApiError::InvalidApiKey)?;
        let (name, terms) = wanted(wish, (&own.terms, caller.mode), own.lineage.len(), now)?;
        let project = if mode == caller.mode {
            caller.project
        } else {
            projects::in_mode(tx, caller.home, mode).await?
        };
        let new = NewKey {
            id,
            tenant: Tenant { account: caller.account, project },
            name: &name,
            terms: &terms,
            made_by: &own.lineage,
            api_version: Some(config.versions.newest().as_str()),
            text: &text,
        };
        api_keys::create(tx, &new, now).await?;
        let detail = json!({ "name": name, "scopes": terms.scopes, "reach": terms.reach.as_str(),
            "limit_rao": terms.cap.map(|cap| cap.limit), "livemode": mode.is_live() });
        store::audit_log::append(tx, &caller.did("api_key.created", &id, detail), now).await?;
        let key = api_keys::of_account(tx, caller.account, id).await?.ok_or(ApiError::NotFound("API key"))?;
        let view = KeyView::of(tx, key, now).await?;
        let reply = Reply::created(format!("/v1/api_keys/{id}"), &view);
        made = Some(view);
        reply
    });
    let done = done.await?;
    Ok(match made.filter(|_| done.fresh) {
        // what is kept for repetitions has no text
        Some(view) => HttpResponse::Created()
            .insert_header((LOCATION, format!("/v1/api_keys/{id}")))
            .json(view.revealing(text.reveal())),
        None => done.response,
    })
}

fn wanted(
    wish: CreateKey,
    (own, own_mode): (&Terms, Mode),
    generations: usize,
    now: DateTime<Utc>,
) -> Result<(String, Terms), ApiError> {
    let mut faults = Vec::new();
    let mode = wish.livemode.map_or(own_mode, Mode::of);
    input::name(&wish.name, &mut faults);
    if mode.is_live() && !own_mode.is_live() {
        let detail = "a test key makes test keys".to_owned();
        faults.push(FieldError { pointer: "#/livemode".to_owned(), code: "exceeds_your_key", detail });
    }
    let draft = Draft {
        scopes: Some(wish.scopes),
        reach: Some(wish.reach.unwrap_or_else(|| Reach::Project.as_str().to_owned())),
        expires_at: Change::unless_null(wish.expires_at),
        allowed_cidrs: Change::unless_null(wish.allowed_cidrs),
        limit_rao: Change::unless_null(wish.limit_rao),
        limit_reset: Change::unless_null(wish.limit_reset),
    };
    let terms = input::terms(draft, own, now, &mut faults);
    input::testable(mode, &terms, &mut faults);
    faults.extend(input::beyond(own, &terms));
    if generations >= MAX_LINEAGE {
        let detail = format!("keys make keys for {MAX_LINEAGE} generations at most");
        faults.push(FieldError { pointer: "#".to_owned(), code: "exceeds_your_key", detail });
    }
    if faults.is_empty() { Ok((wish.name, terms)) } else { Err(ApiError::Validation(faults)) }
}
