//! `GET /v1/jobs/{id}/rollouts`: what the job has delivered, as a list, as lines or as columns; and what it has not
//! delivered, with the reasons.

use actix_web::http::header::{CONTENT_ENCODING, ContentEncoding};
use actix_web::{HttpRequest, HttpResponse, web};
use bundle::{Format, Parts};
use futures_util::{StreamExt as _, TryStreamExt as _};
use protocol::{BundledModule, JobId, RolloutId};
use serde::Deserialize;
use store::keyset::{Cursor, Page};
use store::undelivered::Undelivered;
use utoipa::IntoParams;

use super::pages::{DeliveredPages, Pages as _, Part, UndeliveredPages, as_list};
use super::{bulk, manifest};
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{self, List, Query};
use crate::rollouts::{RolloutItem, RolloutLine};
use crate::state::AppState;

const NDJSON: &str = "application/x-ndjson";
/// Bulk formats, in the order in which they are looked for.
const BULK: &[(&str, Format)] = &[
    (NDJSON, Format::Ndjson),
    ("application/vnd.apache.arrow.stream", Format::Arrow),
    ("application/vnd.apache.parquet", Format::Parquet),
];

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RolloutListParams {
    /// Go on after this rollout; of delivered ones also after this sequence of the job's log.
    after: Option<String>,
    /// End before this rollout, or this sequence: the last `limit` ones that stand before it; in bulk formats without a
    /// `limit` all of them. Not together with `after`.
    before: Option<String>,
    /// At most so many, from 1 to 1000. A list has 20 if not given, bulk formats have no limit.
    limit: Option<i64>,
    /// `verified`, if not given: the delivered ones. `filtered`, `rejected`, `failed`: what was not delivered and why, by
    /// prompt and sample; as long as the job runs more may come anywhere between.
    #[param(example = "verified")]
    status: Option<String>,
    /// Which heavy parts the records have: `tokens`, `logprobs`, `proof`, separated by commas, or `summary` for none of
    /// them; all if none is named. Only whole records can be verified. And with bulk formats `reward_module`: the
    /// WebAssembly module that gave the rewards comes with them, so that they can be computed again from the file alone. With
    /// lines `manifest`: the signed manifest of a job that has ended comes first, with the hashes of all its leaves.
    #[param(example = "tokens,logprobs")]
    include: Option<String>,
}

/// A job's rollouts.
///
/// The delivered ones come in the order of the job's log: a list, or, as `Accept` asks, in bulk: one a line
/// (`application/x-ndjson`), as Arrow's IPC stream (`application/vnd.apache.arrow.stream`) or as a Parquet file
/// (`application/vnd.apache.parquet`), both in zstd. Text can be compressed with zstd or gzip, as `Accept-Encoding` asks.
/// A whole record holds its proof, its receipts and what its reward function was given, and can be verified without this
/// service; a reward function of your own runs again there with `include=reward_module`, and `include=manifest` shows that
/// nothing is missing.
///
/// Of what was not delivered a list or lines tell the reasons; a filtered rollout that you have paid for (a group without
/// variance) brings its record, too.
#[utoipa::path(get, path = "/v1/jobs/{id}/rollouts", tag = "rollouts",
    params(("id" = String, Path, description = "The job."), RolloutListParams), responses(
    (status = 200, description = "Rollouts.", content(
        (List<RolloutItem> = "application/json"), (RolloutLine = "application/x-ndjson"),
        (String = "application/vnd.apache.arrow.stream"), (String = "application/vnd.apache.parquet"))),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "You have no such job.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The manifest was asked for, and is not signed yet.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.jobs.rollouts", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_rollouts(
    request: HttpRequest,
    caller: Caller,
    path: web::Path<String>,
    query: Query<RolloutListParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let job: JobId = params::id(&path, "job")?;
    let RolloutListParams { after, before, limit, status, include } = query.0;
    let format = BULK.iter().find(|(name, _)| params::accepts(&request, name)).map(|(_, format)| *format);
    let wanted = match limit {
        None if format.is_some() => i64::MAX,
        limit => params::limit(limit, 20, 1000)?,
    };
    let page: Page<String> = params::page(wanted, after.as_deref(), before.as_deref())?;
    let included = Included::parse(include.as_deref())?;
    if let Some(kind) = undelivered(status.as_deref())? {
        let lines = match format {
            None | Some(Format::Ndjson) => format.is_some(),
            Some(_) => return Err(invalid("status", "only `verified` rollouts come as columns")),
        };
        if included.module || included.manifest {
            return Err(invalid("include", "a module or a manifest comes with `verified` rollouts only"));
        }
        let part = outlines(&state, caller, (job, kind), page).await?;
        let mut pages = UndeliveredPages { state, caller, job, kind, part, parts: included.parts };
        let first = pages.next().await?; // what fails before the first byte is still an answer
        return Ok(if lines {
            HttpResponse::Ok().content_type(NDJSON).streaming(bulk::undelivered_lines(first, pages))
        } else {
            HttpResponse::Ok().content_type("application/json").streaming(as_list(first, pages))
        });
    }
    let part = delivered(&state, caller, job, page).await?;
    let parts = included.parts;
    let Some(format) = format else {
        if included.module || included.manifest {
            let detail = "a module or a manifest comes with bulk formats: ask for one with `Accept`";
            return Err(invalid("include", detail));
        }
        let mut pages = DeliveredPages { state, caller, job, part, parts };
        let first = pages.next().await?;
        return Ok(HttpResponse::Ok().content_type("application/json").streaming(as_list(first, pages)));
    };
    if included.manifest && format != Format::Ndjson {
        return Err(invalid("include", "a manifest comes with lines only"));
    }
    let module = if included.module { module(&state, caller, job).await? } else { None };
    let manifest = if included.manifest { Some(manifest::signed(&state, caller, job).await?) } else { None };
    let manifest = manifest.map(|signed| manifest::lines(state.clone(), caller, job, signed));
    let head = futures_util::stream::iter(manifest).flatten().map_err(bulk::Broken::Store);
    let mut pages = DeliveredPages { state, caller, job, part, parts };
    let first = pages.read().await?;
    Ok(in_bulk(format, head.chain(bulk::stream(format, module, first, pages)?)))
}

fn in_bulk(
    format: Format,
    body: impl futures_util::Stream<Item = Result<web::Bytes, bulk::Broken>> + 'static,
) -> HttpResponse {
    let name = BULK.iter().find(|(_, known)| *known == format).map_or(NDJSON, |(name, _)| name);
    let mut response = HttpResponse::Ok();
    response.content_type(name);
    if format != Format::Ndjson {
        // compressed inside: a second time would only cost
        response.insert_header((CONTENT_ENCODING, ContentEncoding::Identity));
    }
    response.streaming(body)
}

/// What `include` asks for.
struct Included {
    parts: Parts,
    module: bool,
    manifest: bool,
}

impl Included {
    fn parse(given: Option<&str>) -> Result<Self, ApiError> {
        let (mut parts, mut trimmed) = (Parts::NONE, false);
        let (mut module, mut manifest) = (false, false);
        for name in given.into_iter().flat_map(|text| text.split(',')) {
            trimmed |= !matches!(name, "reward_module" | "manifest");
            match name {
                "tokens" => parts.tokens = true,
                "logprobs" => parts.logprobs = true,
                "proof" => parts.proof = true,
                "summary" => {}
                "reward_module" => module = true,
                "manifest" => manifest = true,
                _ => {
                    let detail = "`tokens`, `logprobs`, `proof`, `summary`, `reward_module` and `manifest` can be included";
                    return Err(invalid("include", detail));
                }
            }
        }
        Ok(Self { parts: if trimmed { parts } else { Parts::ALL }, module, manifest })
    }
}

fn invalid(name: &'static str, detail: &str) -> ApiError {
    ApiError::InvalidParameter { name, detail: detail.to_owned() }
}

/// `None`: the delivered ones.
fn undelivered(status: Option<&str>) -> Result<Option<Undelivered>, ApiError> {
    let Some(status) = status.filter(|status| *status != "verified") else { return Ok(None) };
    let found = Undelivered::ALL.into_iter().find(|kind| kind.as_str() == status);
    let detail = "`verified`, `filtered`, `rejected` and `failed` can be listed";
    found.map(Some).ok_or_else(|| invalid("status", detail))
}

/// Whose job it is, and which of its delivered rollouts are read.
async fn delivered(
    state: &AppState,
    caller: Caller,
    job: JobId,
    page: Page<String>,
) -> Result<Part<i64>, ApiError> {
    let mut conn = state.tenant(caller).await?;
    store::jobs::log_state(&mut conn, caller.project, job).await?.ok_or(ApiError::NotFound("job"))?;
    let sequence = async |text: String| match text.parse::<RolloutId>() {
        Ok(rollout) => Ok(store::jobs::sequence_of(&mut conn, caller.project, job, rollout).await?),
        Err(_) => Ok(text.parse().ok().filter(|sequence| *sequence >= 0)),
    };
    let unknown = "neither a delivered rollout of this job nor a sequence";
    let page = params::placed(page, unknown, sequence).await?;
    Ok(match page.cursor {
        Cursor::Start => Part::after(None, page.limit),
        Cursor::After(sequence) => Part::after(Some(sequence), page.limit),
        Cursor::Before(sequence) => {
            let stretch = store::records::before(&mut conn, job, sequence, page.limit).await?;
            Part::found(stretch)
        }
    })
}

/// Whose job it is, and which of its rollouts of this kind are read.
async fn outlines(
    state: &AppState,
    caller: Caller,
    (job, kind): (JobId, Undelivered),
    page: Page<String>,
) -> Result<Part<RolloutId>, ApiError> {
    let mut conn = state.tenant(caller).await?;
    store::jobs::log_state(&mut conn, caller.project, job).await?.ok_or(ApiError::NotFound("job"))?;
    let known = async |text: String| {
        let Ok(id) = text.parse() else { return Ok(None) };
        Ok(store::undelivered::is_of_job(&mut conn, job, id).await?.then_some(id))
    };
    let page = params::placed(page, "no rollout of this job", known).await?;
    Ok(match page.cursor {
        Cursor::Start => Part::after(None, page.limit),
        Cursor::After(id) => Part::after(Some(id), page.limit),
        Cursor::Before(id) => {
            let stretch = store::undelivered::before(&mut conn, job, kind, id, page.limit).await?;
            Part::up_to(id, stretch)
        }
    })
}

/// The job's module, if it has one.
async fn module(state: &AppState, caller: Caller, job: JobId) -> Result<Option<BundledModule>, ApiError> {
    Ok(store::reward_modules::of_job(&mut *state.tenant(caller).await?, job).await?)
}
