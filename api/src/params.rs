//! Ids in paths, parameters in queries, headers with rules, and the list that pages come in.

use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::http::header::{ACCEPT, HeaderName};
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::keyset::{Cursor, Found, Page};
use utoipa::ToSchema;

use crate::error::ApiError;

/// The id of a resource in the path. One that cannot be an id names nothing.
pub(crate) fn id<T: FromStr>(text: &str, what: &'static str) -> Result<T, ApiError> {
    text.parse().map_err(|_| ApiError::NotFound(what))
}

/// The query of a request, in which every parameter is known.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(query(request.query_string()).map(Self))
    }
}

/// A query in which every parameter is known.
pub(crate) fn query<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    // names are checked before: every parameter that the document does not know is refused at once
    let pairs = form_urlencoded::parse(text.as_bytes());
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(|error| {
        let path = error.path().to_string();
        let detail = error.into_inner().to_string();
        let name = match detail.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`')) {
            Some(name) => name.to_owned(),
            None if path == "." => "query".to_owned(),
            None => path,
        };
        ApiError::InvalidQuery { name, detail }
    })
}

/// `limit` within its bounds.
pub(crate) fn limit(given: Option<i64>, default: i64, most: i64) -> Result<i64, ApiError> {
    let limit = given.unwrap_or(default);
    if (1..=most).contains(&limit) {
        return Ok(limit);
    }
    Err(ApiError::InvalidParameter { name: "limit", detail: format!("{limit} is not from 1 to {most}") })
}

/// An id that a page starts after.
pub(crate) fn cursor<T: FromStr>(given: Option<&str>, name: &'static str) -> Result<Option<T>, ApiError> {
    let parse = |text: &str| {
        text.parse()
            .map_err(|_| ApiError::InvalidParameter { name, detail: "not an id of this list".to_owned() })
    };
    given.map(parse).transpose()
}

/// The page that `after` or `before` names.
pub(crate) fn page<T: FromStr>(
    limit: i64,
    after: Option<&str>,
    before: Option<&str>,
) -> Result<Page<T>, ApiError> {
    let cursor = match (cursor(after, "after")?, cursor(before, "before")?) {
        (None, None) => Cursor::Start,
        (Some(id), None) => Cursor::After(id),
        (None, Some(id)) => Cursor::Before(id),
        (Some(_), Some(_)) => {
            let detail = "a page has one cursor: give this or `after`".to_owned();
            return Err(ApiError::InvalidParameter { name: "before", detail });
        }
    };
    Ok(Page { cursor, limit })
}

/// The page with what is `found` of its cursor in the cursor's place; one that nothing is found of is refused.
pub(crate) async fn placed<T, S>(
    page: Page<T>,
    unknown: &str,
    found: impl AsyncFnOnce(T) -> Result<Option<S>, ApiError>,
) -> Result<Page<S>, ApiError> {
    let unknown = |name| ApiError::InvalidParameter { name, detail: unknown.to_owned() };
    let cursor = match page.cursor {
        Cursor::Start => Cursor::Start,
        Cursor::After(at) => Cursor::After(found(at).await?.ok_or_else(|| unknown("after"))?),
        Cursor::Before(at) => Cursor::Before(found(at).await?.ok_or_else(|| unknown("before"))?),
    };
    Ok(Page { cursor, limit: page.limit })
}

/// Where a page starts and how long it is.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// At most so many, from 1 to 100; 20 if not given.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(crate) limit: Option<i64>,
    /// The page that follows this id: `last_id` of the page before.
    pub(crate) after: Option<String>,
    /// The page that ends before this id: `first_id` of the page after. Not together with `after`.
    pub(crate) before: Option<String>,
}

impl PageParams {
    pub(crate) fn read<T: FromStr>(&self) -> Result<Page<T>, ApiError> {
        page(limit(self.limit, 20, 100)?, self.after.as_deref(), self.before.as_deref())
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    #[schema(example = "list")]
    pub(crate) object: &'static str,
    pub(crate) data: Vec<T>,
    /// More follow after `last_id`; of a page that was asked for with `before`: more stand before `first_id`.
    pub(crate) has_more: bool,
    /// Pass it as `before` to get the page before.
    pub(crate) first_id: Option<String>,
    /// Pass it as `after` to get the next page.
    pub(crate) last_id: Option<String>,
}

impl<T> List<T> {
    /// The page that was found.
    pub(crate) fn page<R: Into<T>>(Found { rows, has_more }: Found<R>, id: impl Fn(&R) -> String) -> Self {
        let (first_id, last_id) = (rows.first().map(&id), rows.last().map(&id));
        let data = rows.into_iter().map(Into::into).collect();
        Self { object: "list", data, has_more, first_id, last_id }
    }
}

/// Whether the client asks for this media type by name.
pub(crate) fn accepts(request: &HttpRequest, media_type: &str) -> bool {
    let mut values = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    values.any(|value| {
        value.split(',').any(|one| {
            let essence = one.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case(media_type)
        })
    })
}

/// A header's text; an error if it is there and no plain text.
pub(crate) fn header<'a>(
    request: &'a HttpRequest,
    name: &HeaderName,
    shown: &'static str,
) -> Result<Option<&'a str>, ApiError> {
    let Some(value) = request.headers().get(name) else { return Ok(None) };
    let refused = |_| ApiError::InvalidHeader { name: shown, detail: "not plain text".to_owned() };
    value.to_str().map(Some).map_err(refused)
}
