//! `POST /v1/verifications`: look at delivered rollouts again.

use std::collections::HashMap;

use actix_web::{HttpResponse, web};
use grail::CheckpointId;
use protocol::recheck::{Level, MAX_OPEN, MAX_ROLLOUTS, Verdict};
use protocol::rollout::RolloutRecord;
use protocol::{RolloutId, VerificationId};
use serde::Deserialize;
use serde_json::Value;
use store::verifications::{self, Verification};
use utoipa::ToSchema;

use super::file;
use super::look::{self, Sent};
use super::view::VerificationView;
use crate::auth::Caller;
use crate::body::{self, Body};
use crate::checkpoints::model::{self, Model};
use crate::config::Config;
use crate::error::{ApiError, FieldError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::state::AppState;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "rollouts": ["rol_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4"] }))]
pub(crate) struct CreateVerification {
    /// `signatures` (at once), `reward` (the function runs again) or `full` (every token is recomputed).
    #[schema(example = "full")]
    #[serde(default = "full")]
    level: String,
    /// From 1 to 64: ids of rollouts that were delivered to you or that you have paid for, or whole records as somebody has
    /// them. Or give `file_id`.
    #[schema(min_items = 1, max_items = 64, example = json!(["rol_6Q8N4ZJ0V7Y5T2R9M3K1B8C5D4"]))]
    rollouts: Option<Vec<Value>>,
    /// A file of purpose `verification`, with as many of them as NDJSON: what `GET /v1/jobs/{id}/rollouts` writes. At most
    /// 8 MiB are looked at.
    #[schema(example = "file_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    file_id: Option<String>,
}

const ROLLOUTS: &str = "#/rollouts";

fn full() -> String {
    Level::Full.as_str().to_owned()
}

/// Have rollouts checked again.
///
/// A whole record is compared with what was delivered to you under its id, and its signatures are checked; what differs is named.
/// A filtered one that you have paid for counts as delivered; any other gets the second alone. `reward` and `full` take their time: follow `Location`. It
/// costs nothing, changes nothing, and says nothing of the miner to the service.
#[utoipa::path(post, path = "/v1/verifications", tag = "verification", request_body = CreateVerification,
    params(("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each re-check.")),
    responses(
    (status = 201, description = "Done, or on its way.", body = VerificationView,
        headers(("Location" = String), ("Idempotency-Replayed" = String, description = "`true` on an answer given before."))),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "Something in the body is not valid.", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "You have as many under way as you can.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.verifications.create", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn create_verification(
    caller: Caller,
    once: Idempotency,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let bytes = body.read(body::JSON, config.max_job_body_bytes).await?;
    let (once, parsed) =
        web::block(move || (once.of(&bytes), body::parse::<CreateVerification>(&bytes))).await?;
    if let Some(answer) = once.answered(&state, caller).await? {
        return Ok(answer);
    }
    let CreateVerification { level, rollouts, file_id } = parsed?;
    let (sent, pointer) = match (rollouts, file_id) {
        (Some(rollouts), None) => (rollouts.iter().map(Sent::read).collect(), ROLLOUTS),
        (None, Some(id)) => {
            (file::read(&state, caller, &id, config.max_job_body_bytes).await?, file::POINTER)
        }
        (None, None) => (Vec::new(), ROLLOUTS),
        (Some(_), Some(_)) => {
            let detail = "give `rollouts` or `file_id`, not both".to_owned();
            let fault = FieldError { pointer: file::POINTER.to_owned(), code: "not_allowed", detail };
            return Err(ApiError::Validation(vec![fault]));
        }
    };
    let level = checked(&level, sent.len(), pointer)?;
    let own = bought(&state, caller, &sent).await?;
    let keys = store::service_keys::all(&mut *state.db.acquire().await?).await?;
    let keys: Vec<[u8; 32]> = keys.iter().map(|key| key.public_key).collect();
    let mut known: HashMap<CheckpointId, Model> = HashMap::new();
    for weights in own.iter().map(|own| own.proof.checkpoint_id).chain([state.offer.checkpoint.id]) {
        if !known.contains_key(&weights)
            && let Some(model) = model::of_weights(&state, caller, weights).await?
        {
            known.insert(weights, model);
        }
    }
    let looking = web::block(move || {
        let mut items = Vec::with_capacity(sent.len());
        for sent in &sent {
            let own = sent.id().and_then(|id| own.iter().find(|own| own.id == id));
            items.push(look::at(&known, (&keys, caller.mode), sent, own, level > Level::Signatures));
        }
        items
    });
    let (items, now) = (looking.await?, state.ambient.now());
    let completed = items.iter().all(|item| item.verdict != Verdict::Pending);
    let id = VerificationId(state.ambient.id());
    let new =
        Verification { id, level, completed, items, created_at: now, finished_at: completed.then_some(now) };
    let done = once.run(&state, caller, async |tx| {
        if !verifications::create(tx, caller.project, &new, MAX_OPEN as i64).await? {
            return Err(ApiError::TooManyAtOnce { what: "verifications", limit: MAX_OPEN });
        }
        Reply::created(format!("/v1/verifications/{id}"), &VerificationView::from(new.clone()))
    });
    Ok(done.await?.response)
}

fn checked(level: &str, count: usize, counted: &str) -> Result<Level, ApiError> {
    let fault =
        |pointer: &str, code, detail: String| FieldError { pointer: pointer.to_owned(), code, detail };
    let known = Level::parse(level);
    let mut faults = Vec::new();
    if known.is_none() {
        let detail = "`signatures`, `reward` or `full`".to_owned();
        faults.push(fault("#/level", "invalid_level", detail));
    }
    if !(1..=MAX_ROLLOUTS).contains(&count) {
        faults.push(fault(counted, "invalid_count", format!("from 1 to {MAX_ROLLOUTS}")));
    }
    known.filter(|_| faults.is_empty()).ok_or(ApiError::Validation(faults))
}

/// What the caller was given, or has paid for, under the ids that were sent.
async fn bought(state: &AppState, caller: Caller, sent: &[Sent]) -> Result<Vec<RolloutRecord>, ApiError> {
    let mut ids: Vec<RolloutId> = sent.iter().filter_map(Sent::id).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(store::records::of_rollouts(state.tenant(caller).await?, &state.objects, caller.project, &ids).await?)
}
