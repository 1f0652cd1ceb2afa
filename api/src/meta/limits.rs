//! `GET /v1/limits`: how much a customer may ask for, and how much of it is left.

use actix_web::{HttpRequest, HttpResponse, web};
use protocol::job::{MAX_CUSTOM_ID_CHARS, MAX_INLINE_PROMPTS, max_prompts};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::config::Config;
use crate::error::ApiError;
use crate::limits::{Standings, seconds};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limits)]
pub(crate) struct LimitsView {
    #[schema(example = "limits")]
    object: &'static str,
    rates: Vec<RateView>,
    body_bytes: BodyLimits,
    prompts: PromptLimits,
}

/// A quota that is there at once and comes back evenly.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RateLimit)]
struct RateView {
    /// What is counted: `jobs` and `prompts` that are created, and `requests` of any kind.
    #[schema(example = "jobs")]
    name: &'static str,
    #[schema(example = 60)]
    limit: i64,
    #[schema(example = 60)]
    window_s: u64,
    #[schema(example = 59)]
    remaining: i64,
    /// Until all of it is there again.
    #[schema(example = 1)]
    reset_s: u64,
}

/// The most bytes that a request's body may have.
#[derive(Debug, Serialize, ToSchema)]
struct BodyLimits {
    /// Of `POST /v1/jobs`.
    job: usize,
    /// Of the part `module` of an upload.
    module: usize,
    /// Of a list of samples.
    samples: usize,
    /// Of any other.
    other: usize,
}

#[derive(Debug, Serialize, ToSchema)]
struct PromptLimits {
    /// In the body of one job.
    inline: usize,
    /// Of one job, however they come.
    job: usize,
    custom_id_chars: usize,
}

/// Your limits, and what is left of them.
///
/// Every answer says the same of the rates in `RateLimit-Policy` and `RateLimit`.
#[utoipa::path(get, path = "/v1/limits", tag = "meta", operation_id = "retrieve_limits", responses(
    (status = 200, description = "Your limits.", body = LimitsView)))]
#[tracing::instrument(name = "api.limits", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn show_limits(
    request: HttpRequest,
    caller: Caller,
    config: web::Data<Config>,
) -> Result<HttpResponse, ApiError> {
    let standings =
        Standings::of(&request).ok_or(ApiError::Internal("a caller who was not counted".into()))?;
    let rates = standings.each().map(|(class, standing)| RateView {
        name: class.as_str(),
        limit: standing.quota.limit(),
        window_s: standing.quota.window().as_secs(),
        remaining: standing.remaining,
        reset_s: seconds(standing.reset),
    });
    let most = max_prompts(caller.mode);
    Ok(HttpResponse::Ok().json(LimitsView {
        object: "limits",
        rates: rates.collect(),
        body_bytes: BodyLimits {
            job: config.max_job_body_bytes,
            module: config.max_module_body_bytes,
            samples: config.max_samples_body_bytes,
            other: config.max_body_bytes,
        },
        prompts: PromptLimits {
            inline: MAX_INLINE_PROMPTS.min(most),
            job: most,
            custom_id_chars: MAX_CUSTOM_ID_CHARS,
        },
    }))
}
