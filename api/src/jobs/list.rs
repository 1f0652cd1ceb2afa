//! `GET /v1/jobs`: the account's jobs, newest first.

use std::collections::BTreeMap;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use protocol::job::{JobStatus, MAX_METADATA_ENTRIES};
use serde::Deserialize;
use store::jobs::Wanted;
use utoipa::IntoParams;

use super::view::JobView;
use crate::auth::Caller;
use crate::error::{ApiError, Problem};
use crate::params::{self, List};
use crate::state::AppState;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobListParams {
    /// At most so many, from 1 to 100; 20 if not given.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<i64>,
    /// The page that follows this id: `last_id` of the page before.
    after: Option<String>,
    /// The page that ends before this id: `first_id` of the page after. Not together with `after`.
    before: Option<String>,
    /// Only jobs in this state.
    #[param(example = "in_progress")]
    status: Option<String>,
    /// Only jobs that were created after this time.
    created_after: Option<DateTime<Utc>>,
}

/// The query: its known parameters, and the metadata that is asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    params: JobListParams,
    metadata: BTreeMap<String, String>,
}

impl FromRequest for Asked {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request.query_string()))
    }
}

impl Asked {
    fn read(query: &str) -> Result<Self, ApiError> {
        let (mut metadata, mut rest) = (BTreeMap::new(), Vec::new());
        for pair in query.split('&') {
            let read = web::Query::<Vec<(String, String)>>::from_query(pair)
                .ok()
                .and_then(|pairs| pairs.into_inner().pop());
            match read {
                Some((name, value)) if name.starts_with("metadata[") && name.ends_with(']') => {
                    metadata.insert(name["metadata[".len()..name.len() - 1].to_owned(), value);
                }
                _ => rest.push(pair),
            }
        }
        if metadata.len() > MAX_METADATA_ENTRIES
            || metadata.iter().any(|(key, value)| key.contains('\0') || value.contains('\0'))
        {
            let detail = format!("at most {MAX_METADATA_ENTRIES} entries, none with U+0000");
            return Err(ApiError::InvalidParameter { name: "metadata", detail });
        }
        Ok(Self { params: params::query(&rest.join("&"))?, metadata })
    }
}

/// Your jobs, newest first.
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", params(JobListParams,
    ("metadata" = Option<BTreeMap<String, String>>, Query, style = DeepObject, explode,
        description = "Only jobs whose metadata has these values: `metadata[key]=value`.")), responses(
    (status = 200, description = "A page of them.", body = List<JobView>),
    (status = 400, description = "A parameter is not valid.", body = Problem, content_type = "application/problem+json")))]
#[tracing::instrument(name = "api.jobs.list", skip_all, fields(account.id = %caller.account))]
pub(crate) async fn list_jobs(
    caller: Caller,
    query: Asked,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let Asked { params: JobListParams { limit, after, before, status, created_after }, metadata } = query;
    let page = params::page(params::limit(limit, 20, 100)?, after.as_deref(), before.as_deref())?;
    let status = status.map(|text| {
        let detail = format!("`{text}` is no state of a job");
        JobStatus::parse(&text).ok_or(ApiError::InvalidParameter { name: "status", detail })
    });
    let status = status.transpose()?;
    let mut conn = state.tenant(caller).await?;
    let wanted = Wanted { status, metadata, created_after };
    let found = store::jobs::list(&mut conn, caller.project, page, &wanted).await?;
    let list: List<JobView> = List::page(found, |row| row.id.to_string());
    Ok(HttpResponse::Ok().json(list))
}
