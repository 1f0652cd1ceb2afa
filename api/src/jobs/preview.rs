//! `POST /v1/jobs?dry_run=true`: what a job would cost. The same figures stand in a quote.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use chrono::TimeDelta;
use grail::CheckpointId;
use protocol::Rao;
use protocol::job::PromptContent;
use protocol::money::Price;
use serde::Serialize;
use store::history::History;
use utoipa::ToSchema;

use super::create::Priced;
use super::estimate::{Asked, Estimate, estimate};
use super::input_file;
use super::parse::Input;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;

/// Jobs that ended longer ago say nothing about the next one.
const HISTORY: TimeDelta = TimeDelta::days(30);

/// What a job would be. Nothing of it was written.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobPreview)]
pub(crate) struct PreviewView {
    #[schema(example = "job.preview")]
    object: &'static str,
    #[serde(flatten)]
    figures: FiguresView,
}

/// What a job costs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobFigures)]
pub(crate) struct FiguresView {
    #[schema(value_type = String)]
    checkpoint_id: CheckpointId,
    prompts: u32,
    /// Tokens of all prompts. Null of a file: what is in its lines is known once a job has read them.
    prompt_tokens: Option<usize>,
    /// Completions of each prompt.
    samples: u32,
    unit_prices: UnitPrices,
    /// Every rollout at its full price, with all tokens that it may have.
    #[schema(value_type = String, example = "61440000")]
    maximum_rao: Rao,
    /// What is held when the job is queued: the maximum, or what the budget leaves of it.
    #[schema(value_type = String, example = "61440000")]
    hold_rao: Rao,
    estimate: Estimate,
    /// What you may want to know before you create it.
    warnings: Vec<Warning>,
}

/// For one rollout, in rao.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the unit is part of every amount's name")]
pub(crate) struct UnitPrices {
    /// Verified and selected, however long its completion is.
    #[schema(value_type = String, example = "120000")]
    verified_rollout_rao: Rao,
    /// For a thousand tokens of its completion, on top of that; the sum is rounded down for each rollout.
    #[schema(value_type = String, example = "0")]
    per_1k_tokens_rao: Rao,
    /// Honest, but kept back by the job's own group filter: a share of the price, and the same share of that of its tokens.
    #[schema(value_type = String, example = "30000")]
    filtered_rollout_rao: Rao,
    /// Refused by the proof, a repeat, or without a reward by the service's fault.
    #[schema(value_type = String, example = "0")]
    rejected_rollout_rao: Rao,
}

impl From<Price> for UnitPrices {
    fn from(price: Price) -> Self {
        Self {
            verified_rollout_rao: price.rollout,
            per_1k_tokens_rao: price.per_1k_tokens,
            filtered_rollout_rao: price.filtered(0),
            rejected_rollout_rao: Rao::ZERO,
        }
    }
}

/// Something that is allowed, and may surprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = JobWarning)]
pub(crate) struct Warning {
    #[schema(example = "no_history")]
    pub(super) code: &'static str,
    pub(super) detail: String,
}

impl Priced {
    pub(crate) fn price(&self) -> &Price {
        &self.price
    }
}

/// Prompts that will likely be generated: with a target, no more than it takes.
fn generated(priced: &Priced, prompts: u32, history: Option<&History>) -> u64 {
    let Some(target) = priced.spec.selection.refill.target() else { return prompts.into() };
    let accepted = history.map_or(1.0, |history| history.selected as f64 / history.asked.max(1) as f64);
    target.expected(prompts, accepted).into()
}

/// Tokens are only counted for those who ask what a job would cost.
async fn prompt_tokens(priced: &Priced) -> Result<Option<usize>, ApiError> {
    if matches!(priced.input, Input::File(_)) {
        return Ok(None);
    }
    let contents: Vec<PromptContent> = priced.prompts().iter().map(|prompt| prompt.content.clone()).collect();
    let checkpoint = Arc::clone(&priced.checkpoint);
    let count = move || {
        let counts =
            contents.into_iter().map(|content| Ok(intake::tokens(&checkpoint.tokenizer, content)?.len()));
        counts.sum::<Result<usize, checkpoint::Error>>()
    };
    web::block(count).await?.map(Some).map_err(|error| ApiError::Internal(Box::new(error)))
}

/// What a job costs, and what it will likely come to.
pub(crate) async fn figures(
    state: &AppState,
    caller: Caller,
    priced: &Priced,
) -> Result<FiguresView, ApiError> {
    let prompts = priced.count().ok_or_else(input_file::uncounted)?;
    let now = state.ambient.now();
    let filter = serde_json::to_value(priced.spec.filter)?;
    let mut conn = state.tenant(caller).await?;
    let since = now - HISTORY;
    let history = store::history::of_checkpoint(&mut conn, priced.checkpoint.id, &filter, since).await?;
    let available = store::ledger::balance(&mut conn, caller.account).await?.available;
    drop(conn);
    let samples = priced.spec.sampling.n;
    let asked = Asked {
        prompts: generated(priced, prompts, history.as_ref()),
        samples,
        maximum: priced.maximum,
        hold: priced.hold,
        available,
        deadline: priced.conditions.deadline_at.map(|deadline| deadline - now),
    };
    let (estimate, warnings) = estimate(&asked, history.as_ref());
    Ok(FiguresView {
        checkpoint_id: priced.checkpoint.id,
        prompts,
        prompt_tokens: prompt_tokens(priced).await?,
        samples,
        unit_prices: priced.price.into(),
        maximum_rao: priced.maximum,
        hold_rao: priced.hold,
        estimate,
        warnings,
    })
}

pub(super) async fn answer(
    state: &AppState,
    caller: Caller,
    priced: &Priced,
) -> Result<HttpResponse, ApiError> {
    let figures = figures(state, caller, priced).await?;
    Ok(HttpResponse::Ok().json(PreviewView { object: "job.preview", figures }))
}
