//! What a job runs on: from what its body names to an opened checkpoint, whose tokenizer reads its prompts. That is the
//! service's own, or one that the caller's project has registered and the operator has allowed (docs/adr/0016).

use std::sync::Arc;

use actix_web::web;
use checkpoint::Checkpoint;
use grail::CheckpointId;
use grail::standard::Standard;
use protocol::RegisteredCheckpointId;
use store::registered_checkpoints::{self, RegisteredCheckpoint, Status, Which};

use super::source;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::jobs::input::ModelInput;
use crate::jobs::parse::Faults;
use crate::state::{AppState, Offer};

/// An opened checkpoint that jobs may run on.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) checkpoint: Arc<Checkpoint>,
    /// A customer's.
    is_registered: bool,
    /// Repository and commit by which the project has registered it, where it was named as registered.
    pub(crate) origin: Option<(String, String)>,
}

impl Model {
    /// The service's own.
    pub(crate) fn offered(offer: &Offer) -> Self {
        Self { checkpoint: Arc::clone(&offer.checkpoint), is_registered: false, origin: None }
    }

    fn registered(self, found: &RegisteredCheckpoint) -> Self {
        Self { origin: Some((found.hf_repo.clone(), found.revision.clone())), ..self }
    }

    /// What miners of it prove by.
    pub(crate) fn standard<'o>(&self, offer: &'o Offer) -> &'o Standard {
        if self.is_registered { &offer.registered } else { &offer.standard }
    }
}

/// What a body names, where that is not the current checkpoint.
#[derive(Debug)]
enum Named<'a> {
    Weights(CheckpointId),
    Registered(RegisteredCheckpointId),
    Repo { hf_repo: &'a str, revision: &'a str },
}

impl Named<'_> {
    fn pointer(&self) -> &'static str {
        if matches!(self, Self::Repo { .. }) { "#/model/hf_repo" } else { CHECKPOINT }
    }
}

const CHECKPOINT: &str = "#/model/checkpoint";
const UNKNOWN: &str = "unknown_checkpoint";

/// Finds and opens what the body names. Beside a fault it is the current one, so that all else can be checked.
pub(crate) async fn resolve(
    state: &AppState,
    caller: Caller,
    given: &ModelInput,
    faults: &mut Faults,
) -> Result<Model, ApiError> {
    let (offer, served) = (&*state.offer, state.offer.checkpoint.id);
    let named = match read(given, faults) {
        None => return Ok(Model::offered(offer)),
        Some(Named::Weights(id)) if id == served => return Ok(Model::offered(offer)),
        Some(named) => named,
    };
    let mut conn = state.tenant(caller).await?;
    let which = match named {
        Named::Weights(id) => Which::Weights(id),
        Named::Registered(id) => Which::Id(id),
        Named::Repo { hf_repo, revision } => Which::Repo { hf_repo, revision },
    };
    let Some(found) = registered_checkpoints::find(&mut conn, caller.project, which).await? else {
        let is_old = match named {
            Named::Weights(id) => store::checkpoints::find(&mut conn, id).await?.is_some(),
            _ => false,
        };
        let detail = if is_old {
            format!("this checkpoint takes no jobs any more; the current one is {served}")
        } else {
            "there is no such checkpoint".to_owned()
        };
        faults.add(named.pointer(), UNKNOWN, detail);
        return Ok(Model::offered(offer));
    };
    drop(conn);
    match found.available() {
        Some(weights) => Ok(open(state, weights).await?.registered(&found)),
        None => Err(not_allowed(&found, named.pointer())),
    }
}

fn not_allowed(found: &RegisteredCheckpoint, pointer: &'static str) -> ApiError {
    let why = match (found.status, &found.reason) {
        (Status::Unsupported, Some(reason)) => format!("it is unsupported ({reason})"),
        _ => "the operator has not allowed it yet".to_owned(),
    };
    ApiError::ModelNotAllowed { name: found.name(), why, pointer }
}

/// The model of what a job of the caller's project has run on; `None` where it takes no jobs any more.
pub(crate) async fn of_weights(
    state: &AppState,
    caller: Caller,
    weights: CheckpointId,
) -> Result<Option<Model>, ApiError> {
    if weights == state.offer.checkpoint.id {
        return Ok(Some(Model::offered(&state.offer)));
    }
    let mut conn = state.tenant(caller).await?;
    let found = registered_checkpoints::find(&mut conn, caller.project, Which::Weights(weights)).await?;
    drop(conn);
    match found {
        Some(found) => Ok(Some(open(state, weights).await?.registered(&found))),
        None => Ok(None),
    }
}

/// Opens allowed weights, as far as a gateway needs them: the files are the operator's, and the verifier hashes them.
async fn open(state: &AppState, weights: CheckpointId) -> Result<Model, ApiError> {
    if weights == state.offer.checkpoint.id {
        return Ok(Model::offered(&state.offer));
    }
    // where they lie is no tenant's business, and behind the wall it is not seen
    let mut conn = state.db.acquire().await?;
    let path = store::checkpoints::folder_of(&mut conn, weights).await?;
    drop(conn);
    let path = path.ok_or_else(|| ApiError::Internal("an allowed checkpoint without its folder".into()))?;
    let offer = Arc::clone(&state.offer);
    let opened =
        web::block(move || offer.shelf.take(weights, || Checkpoint::open_without_weights(&path, weights)));
    let checkpoint = opened.await?.map_err(|error| ApiError::Internal(error.into()))?;
    Ok(Model { checkpoint, is_registered: true, origin: None })
}

/// `None` for the current checkpoint, and beside a fault.
fn read<'a>(given: &'a ModelInput, faults: &mut Faults) -> Option<Named<'a>> {
    let ModelInput { checkpoint, hf_repo, revision } = given;
    match (checkpoint.as_deref(), hf_repo.as_deref(), revision.as_deref()) {
        (None | Some("current"), None, None) => None,
        (Some(text), None, None) => {
            let weights = text.parse().map(Named::Weights).ok();
            let named = weights.or_else(|| text.parse().map(Named::Registered).ok());
            if named.is_none() {
                let detail = "neither `current` nor the id of a checkpoint (64 lower-case hexadecimal digits, or `ckpt_…`)";
                faults.add(CHECKPOINT, UNKNOWN, detail);
            }
            named
        }
        (None, Some(hf_repo), Some(revision)) => {
            let before = faults.0.len();
            source::check(hf_repo, revision, "#/model", faults);
            (faults.0.len() == before).then_some(Named::Repo { hf_repo, revision })
        }
        (None, Some(_), None) => {
            faults.add("#/model/revision", "required", "say which commit: 40 hexadecimal digits");
            None
        }
        (None, None, Some(_)) => {
            faults.add("#/model/hf_repo", "required", "say of which repository");
            None
        }
        (Some(_), ..) => {
            faults.add("#/model", "model_form", "give either `checkpoint`, or `hf_repo` and `revision`");
            None
        }
    }
}
