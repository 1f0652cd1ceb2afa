//! `POST /v1/quotes`: what a job would cost, and its price for the next quarter of an hour.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, TimeDelta, Utc};
use protocol::QuoteId;
use serde::Serialize;
use store::quotes::NewQuote;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::body::{self, Body};
use crate::config::Config;
use crate::error::{ApiError, Problem};
use crate::idempotency::{Idempotency, Reply};
use crate::jobs::input::CreateJob;
use crate::jobs::preview::{self, FiguresView};
use crate::jobs::{create, parse};
use crate::state::AppState;

/// How long a price is promised.
const HOLDS: TimeDelta = TimeDelta::minutes(15);

/// A price that is promised to jobs with these terms and prompts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Quote)]
pub(crate) struct QuoteView {
    #[schema(example = "quote")]
    object: &'static str,
    #[schema(value_type = String, example = "qte_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: QuoteId,
    created_at: DateTime<Utc>,
    /// Until then a job that names it has its prices.
    expires_at: DateTime<Utc>,
    #[serde(flatten)]
    figures: FiguresView,
}

/// Get a quote.
///
/// The body is that of `POST /v1/jobs`, and is checked as it is there. Nothing is held. Name the quote in the job (`quote`)
/// to get its prices, whatever they are by then; the job's terms and prompts must be the same, its budget, deadline and
/// metadata need not. Prompts of a file are the same if its bytes are; its lines are counted, and looked at when the job
/// reads them: at the quoted prices its hold is taken then.
#[utoipa::path(post, path = "/v1/quotes", tag = "quotes", request_body = CreateJob,
    params(("Idempotency-Key" = Option<String>, Header, description = "At most 255 characters, new for each quote.")),
    responses(
    (status = 201, description = "What the job would cost.", body = QuoteView, headers(("Location" = String))),
    (status = 400, description = "The body is not understood.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`errors` lists everything that is wrong.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.quotes.create", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn create_quote(
    caller: Caller,
    once: Idempotency,
    body: Body,
    config: web::Data<Config>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let bytes = body.read(body::JSON, config.max_job_body_bytes).await?;
    let (once, body) = web::block(move || (once.of(&bytes), body::parse::<CreateJob>(&bytes))).await?;
    if let Some(answer) = once.answered(&state, caller).await? {
        return Ok(answer);
    }
    let (draft, mut faults) = parse::read(&state, caller, body?).await?;
    if draft.conditions.quote.is_some() {
        faults.add("#/quote", "not_allowed", "a quote is not made from another");
    }
    let priced = create::price(&state, caller, draft, faults).await?;
    let figures = preview::figures(&state, caller, &priced).await?;
    let now = state.ambient.now();
    let (id, expires_at) = (QuoteId(state.ambient.id()), now + HOLDS);
    let view = QuoteView { object: "quote", id, created_at: now, expires_at, figures };
    let text = serde_json::to_string(&view)?;
    let quote = NewQuote {
        id,
        tenant: caller.tenant(),
        digest: priced.digest()?,
        price: priced.price(),
        body: &text,
        expires_at,
    };
    let done = once.run(&state, caller, async |tx| {
        store::quotes::insert(tx, &quote, now).await?;
        Reply::created(format!("/v1/quotes/{id}"), &view)
    });
    Ok(done.await?.response)
}
