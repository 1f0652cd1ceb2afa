//! `PATCH /v1/api_keys/{id}`: another name, other terms.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use protocol::KeyId;
use serde::Deserialize;
use serde_json::json;
use store::api_keys;
use utoipa::ToSchema;

use super::KeyView;
use super::input::{self, Change, Draft};
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, FieldError, Problem};
use crate::state::AppState;
use crate::version::{Version, Versions};
use crate::{budgets, params};

/// What is left out stays; `null` takes a limit, an end or a list of addresses away.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = UpdateApiKey)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "trainer-2", "allowed_cidrs": ["203.0.113.0/24"] }))]
pub(crate) struct UpdateKey {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    reach: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Change<DateTime<Utc>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    allowed_cidrs: Change<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    limit_rao: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    limit_reset: Change<String>,
    /// A newer version of this interface than the one that it is pinned to.
    #[serde(default)]
    api_version: Option<String>,
}

/// Change a key. What you change counts within a few seconds.
#[utoipa::path(patch, path = "/v1/api_keys/{id}", tag = "keys", request_body = UpdateKey,
    params(("id" = String, Path, description = "The key.")), responses(
    (status = 200, description = "The key as it is now.", body = KeyView),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "The project has no such key.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The key was revoked.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.keys.update", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn update_api_key(
    caller: Caller,
    path: web::Path<String>,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let id: KeyId = params::id(&path, "API key")?;
    let bytes = body.read(body::JSON, config.max_body_bytes).await?;
    let parsed = body::parse::<UpdateKey>(&bytes);
    let now = state.ambient.now();
    let mut tx = state.tenant(caller).await?;
    let (own, key) = super::rotate::both(&mut tx, caller, id).await?;
    let wish = parsed?; // only now: whoever does not own the key learns nothing of it
    let name = wish.name.unwrap_or(key.name);
    let mut faults = Vec::new();
    input::name(&name, &mut faults);
    let draft = Draft {
        scopes: wish.scopes,
        reach: wish.reach,
        expires_at: wish.expires_at,
        allowed_cidrs: wish.allowed_cidrs,
        limit_rao: wish.limit_rao,
        limit_reset: wish.limit_reset,
    };
    let terms = input::terms(draft, &key.terms, now, &mut faults);
    faults.extend(input::beyond(&own.terms, &terms));
    if terms.cap != key.terms.cap && id != caller.key && own.lineage.contains(&id) {
        // of a key that the caller comes from: it holds for the caller, too
        budgets::must_be_unlimited(&mut tx, caller).await?;
    }
    let version =
        wish.api_version.map(|text| newer(&text, key.api_version.as_deref(), config.versions, &mut faults));
    let version = version.flatten();
    input::testable(key.mode, &terms, &mut faults);
    if !faults.is_empty() {
        return Err(ApiError::Validation(faults));
    }
    api_keys::update(&mut tx, id, &name, &terms).await?;
    let mut detail = json!({ "name": name, "scopes": terms.scopes, "reach": terms.reach.as_str(),
        "limit_rao": terms.cap.map(|cap| cap.limit) });
    if let Some(version) = version {
        api_keys::pin(&mut tx, id, version.as_str()).await?;
        detail["api_version"] = json!(version.as_str());
    }
    store::audit_log::append(&mut tx, &caller.did("api_key.updated", &id, detail), now).await?;
    let key =
        api_keys::of_account(&mut tx, caller.account, id).await?.ok_or(ApiError::NotFound("API key"))?;
    let view = KeyView::of(&mut tx, key, now).await?;
    tx.commit().await.map_err(store::Error::from)?;
    Ok(HttpResponse::Ok().json(view))
}

/// The version that a key moves to: one that there is, and not before its own.
fn newer(text: &str, own: Option<&str>, versions: Versions, faults: &mut Vec<FieldError>) -> Option<Version> {
    let pointer = "#/api_version".to_owned();
    let Some(version) = versions.parse(text) else {
        let detail = format!("there is {}", versions.names().join(", "));
        faults.push(FieldError { pointer, code: "unknown_version", detail });
        return None;
    };
    let least = own.unwrap_or(versions.newest().as_str());
    if version.as_str() < least {
        let detail = format!("a key moves to newer versions only, and this one has {least}");
        faults.push(FieldError { pointer, code: "older_version", detail });
        return None;
    }
    Some(version)
}
