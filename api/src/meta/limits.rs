//! `GET /v1/limits`: how much a customer may ask for, and how much of it is left.

use actix_web::{HttpRequest, HttpResponse, web};
use intake::MAX_PROMPT_METADATA_BYTES;
use protocol::job::{
    MAX_CUSTOM_ID_CHARS, MAX_INLINE_PROMPTS, MAX_METADATA_CHARS, MAX_METADATA_ENTRIES, MAX_SAMPLES,
    MAX_TEST_SAMPLES, max_prompts,
};
use protocol::webhook::MAX_ENDPOINTS;
use protocol::{Mode, recheck};
use serde::Serialize;
use store::registered_checkpoints::MAX_REGISTERED;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::config::Config;
use crate::error::ApiError;
use crate::exports;
use crate::jobs::parse::MAX_EXPORTS;
use crate::limits::{Standings, seconds};
use crate::uploads::{self, add_part};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limits)]
pub(crate) struct LimitsView {
    #[schema(example = "limits")]
    object: &'static str,
    rates: Vec<RateView>,
    body_bytes: BodyLimits,
    prompts: PromptLimits,
    metadata: MetadataLimits,
    files: FileLimits,
    exports: ExportLimits,
    verifications: VerificationLimits,
    /// Of a project.
    webhook_endpoints: usize,
    /// That a project may register.
    checkpoints: usize,
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
    /// Of the metadata of one prompt.
    metadata_bytes: usize,
    /// Completions of each: the most that `sampling.n` may be.
    n: u32,
    /// Of all jobs of the organisation that have not ended: what would be above it is refused as `queue_full`. `null` of test
    /// jobs, which have no such bound.
    waiting: Option<u32>,
}

/// Of `metadata` of a job or a batch.
#[derive(Debug, Serialize, ToSchema)]
struct MetadataLimits {
    entries: usize,
    /// Of a key, and of a value.
    chars: usize,
}

#[derive(Debug, Serialize, ToSchema)]
struct FileLimits {
    /// Of one file, in one piece or in parts.
    file_bytes: usize,
    /// Of all files of a project together.
    project_bytes: usize,
    /// Of one part of an upload.
    part_bytes: usize,
    /// Of one upload, those that were sent twice included.
    parts: i64,
    /// Uploads in parts of a project that are under way.
    uploads: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct ExportLimits {
    /// That one job may ask for when it is created.
    job: usize,
    /// Of a project that are not written yet; those that wait for their job's end do not count.
    open: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct VerificationLimits {
    /// In one request.
    rollouts: usize,
    /// Of a project that are under way.
    open: usize,
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
    let rates = rates.collect();
    Ok(HttpResponse::Ok().json(LimitsView::new(rates, caller.mode, &config)))
}

impl LimitsView {
    fn new(rates: Vec<RateView>, mode: Mode, config: &Config) -> Self {
        let most = max_prompts(mode);
        Self {
            object: "limits",
            rates,
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
                metadata_bytes: MAX_PROMPT_METADATA_BYTES,
                n: if mode.is_live() { MAX_SAMPLES } else { MAX_TEST_SAMPLES },
                waiting: mode.is_live().then_some(config.max_waiting_prompts_per_account),
            },
            metadata: MetadataLimits { entries: MAX_METADATA_ENTRIES, chars: MAX_METADATA_CHARS },
            files: FileLimits {
                file_bytes: config.max_file_bytes,
                project_bytes: config.max_project_file_bytes,
                part_bytes: config.max_part_bytes,
                parts: add_part::MOST_PARTS,
                uploads: uploads::create::MOST_AT_ONCE,
            },
            exports: ExportLimits { job: MAX_EXPORTS, open: exports::create::MAX_OPEN },
            verifications: VerificationLimits { rollouts: recheck::MAX_ROLLOUTS, open: recheck::MAX_OPEN },
            webhook_endpoints: MAX_ENDPOINTS,
            checkpoints: MAX_REGISTERED,
        }
    }
}
