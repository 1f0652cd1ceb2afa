//! `GET /v1/jobs/{id}/rollouts`: what the job has delivered, as a list or as lines. Records are large: they are read and
//! sent a few at a time, however many are asked for.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::{Stream, StreamExt as _};
use protocol::rollout::RolloutRecord;
use protocol::{JobId, RolloutId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::manifest;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{self, List, Query};
use crate::rollouts::{RolloutLine, RolloutSchema};
use crate::state::AppState;

const NDJSON: &str = "application/x-ndjson";
/// Records in memory at once.
const PAGE: i64 = 32;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RolloutListParams {
    /// Go on after this rollout, or after this sequence of the job's log.
    after: Option<String>,
    /// At most so many, from 1 to 1000. A list has 20 if not given, lines have no limit.
    limit: Option<i64>,
    /// `selected`: the delivered ones, which are all that is listed for now.
    #[param(example = "selected")]
    status: Option<String>,
    /// `reward_module`: the WebAssembly module that gave the rewards comes first, as a line of its own, so that they can be
    /// computed again from the file alone. `manifest`: the signed manifest of a job that has ended comes before the rollouts,
    /// with the hashes of all its leaves. Both, with a comma between. With lines only.
    #[param(example = "reward_module,manifest")]
    include: Option<String>,
}

/// What a job has delivered so far, in the order of its log.
///
/// With `Accept: application/x-ndjson` one rollout a line, all of them; else a list. Both can be compressed with zstd or
/// gzip. Every record holds its proof, its receipts and what its reward function was given, and can be verified without this
/// service; a reward function of your own runs again there with `include=reward_module`, and `include=manifest` shows that nothing
/// is missing.
#[utoipa::path(get, path = "/v1/jobs/{id}/rollouts", tag = "rollouts",
    params(("id" = String, Path, description = "The job."), RolloutListParams), responses(
    (status = 200, description = "Delivered rollouts.", content(
        (List<RolloutSchema> = "application/json"), (RolloutLine = "application/x-ndjson"))),
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
    let RolloutListParams { after, limit, status, include } = query.0;
    if status.as_deref().is_some_and(|status| status != "selected") {
        let detail = "only `selected` rollouts are listed for now".to_owned();
        return Err(ApiError::InvalidParameter { name: "status", detail });
    }
    let lines = params::accepts(&request, NDJSON);
    let wanted = included(include.as_deref(), lines)?;
    let after = start(&state, caller, job, after.as_deref()).await?;
    let limit = match limit {
        None if lines => i64::MAX,
        limit => params::limit(limit, 20, 1000)?,
    };
    let module = if wanted.module { module(&state, caller, job).await? } else { None };
    let manifest = if wanted.manifest { Some(manifest::signed(&state, caller, job).await?) } else { None };
    let manifest = manifest.map(|signed| manifest::lines(state.clone(), caller, job, signed));
    let mut pages = Pages { state, caller, job, after, wanted: limit };
    let first = pages.next().await?; // what fails before the first byte is still an answer
    let mut response = HttpResponse::Ok();
    Ok(if lines {
        let before =
            futures_util::stream::iter(module.map(Ok)).chain(futures_util::stream::iter(manifest).flatten());
        response.content_type(NDJSON).streaming(before.chain(as_lines(first, pages)))
    } else {
        response.content_type("application/json").streaming(as_list(first, pages))
    })
}

/// What comes before the rollouts.
#[derive(Default)]
struct Included {
    module: bool,
    manifest: bool,
}

fn included(include: Option<&str>, lines: bool) -> Result<Included, ApiError> {
    let refused = |detail: String| Err(ApiError::InvalidParameter { name: "include", detail });
    let mut included = Included::default();
    for name in include.into_iter().flat_map(|names| names.split(',')) {
        match name {
            "reward_module" => included.module = true,
            "manifest" => included.manifest = true,
            _ => return refused("only `reward_module` and `manifest` can be included".to_owned()),
        }
    }
    if (included.module || included.manifest) && !lines {
        return refused(format!("what is included is lines of `{NDJSON}`: ask for that with `Accept`"));
    }
    Ok(included)
}

/// Whose job it is, and the sequence to go on after.
async fn start(state: &AppState, caller: Caller, job: JobId, after: Option<&str>) -> Result<i64, ApiError> {
    let mut conn = state.tenant(caller).await?;
    store::jobs::log_state(&mut conn, caller.project, job).await?.ok_or(ApiError::NotFound("job"))?;
    let Some(text) = after else { return Ok(0) };
    let sequence = match text.parse::<RolloutId>() {
        Ok(rollout) => store::jobs::sequence_of(&mut conn, caller.project, job, rollout).await?,
        Err(_) => text.parse().ok().filter(|sequence| *sequence >= 0),
    };
    let detail = "neither a delivered rollout of this job nor a sequence".to_owned();
    sequence.ok_or(ApiError::InvalidParameter { name: "after", detail })
}

/// The line of the job's module, if it has one.
async fn module(state: &AppState, caller: Caller, job: JobId) -> Result<Option<Bytes>, ApiError> {
    let module = store::reward_modules::of_job(&mut *state.tenant(caller).await?, job).await?;
    Ok(module.map(|module| Bytes::from(module.line() + "\n")))
}

/// Reads records a few at a time, and one more than is wanted: it tells whether more follow.
struct Pages {
    state: Data<AppState>,
    caller: Caller,
    job: JobId,
    after: i64,
    wanted: i64,
}

/// Records of one read; `is_last` when nothing is to be read after them.
struct Page {
    records: Vec<RolloutRecord>,
    has_more: bool,
    is_last: bool,
}

impl Pages {
    async fn next(&mut self) -> Result<Page, store::Error> {
        let size = PAGE.min(self.wanted.saturating_add(1));
        let tx = self.state.tenant(self.caller).await?;
        let rows = store::records::page(tx, &self.state.objects, self.job, self.after, size).await?;
        let is_short = (rows.len() as i64) < size;
        if let Some((sequence, _)) = rows.last() {
            self.after = *sequence;
        }
        let mut records: Vec<RolloutRecord> = rows.into_iter().map(|(_, record)| record).collect();
        let has_more = records.len() as i64 > self.wanted;
        if has_more {
            records.pop();
        }
        self.wanted -= records.len() as i64;
        Ok(Page { records, has_more, is_last: has_more || is_short })
    }
}

/// One record a line. An error cuts the connection: a body that ends well is complete.
fn as_lines(first: Page, mut pages: Pages) -> impl Stream<Item = Result<Bytes, store::Error>> {
    async_stream::try_stream! {
        let mut page = first;
        loop {
            for record in &page.records {
                let mut line = text(record)?;
                line.push('\n');
                yield Bytes::from(line);
            }
            if page.is_last {
                break;
            }
            page = pages.next().await?;
        }
    }
}

fn as_list(first: Page, mut pages: Pages) -> impl Stream<Item = Result<Bytes, store::Error>> {
    async_stream::try_stream! {
        yield Bytes::from_static(br#"{"object":"list","data":["#);
        let (mut page, mut first_id, mut last_id) = (first, None, None);
        loop {
            for record in &page.records {
                let mut item = text(record)?;
                if first_id.is_some() {
                    item.insert(0, ',');
                }
                yield Bytes::from(item);
                first_id = first_id.or(Some(record.id));
                last_id = Some(record.id);
            }
            if page.is_last {
                break;
            }
            page = pages.next().await?;
        }
        let quoted = |id: Option<RolloutId>| id.map_or_else(|| "null".to_owned(), |id| format!("\"{id}\""));
        let (has_more, first_id, last_id) = (page.has_more, quoted(first_id), quoted(last_id));
        yield Bytes::from(format!(r#"],"has_more":{has_more},"first_id":{first_id},"last_id":{last_id}}}"#));
    }
}

fn text(record: &RolloutRecord) -> Result<String, store::Error> {
    serde_json::to_string(record).map_err(|_| store::Error::Corrupt("rollout record"))
}
