//! Events: how logs are streamed, whichever they are, and the log of a whole project. A job's own is in `jobs`.

pub(crate) mod catalogue;
mod data;
pub(crate) mod follow;
pub(crate) mod page;
mod project;
mod schema;
pub(crate) mod tail;
mod token;
mod types;

pub(crate) mod create_token;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod stream;

use actix_web::HttpResponse;
pub(crate) use data::EventDataByType;
pub(crate) use follow::Streams;
pub(crate) use schema::{Event as EventSchema, EventList, JobProgress};
pub(crate) use token::{LIFE as STREAM_TOKEN_LIFE, StreamClaims, StreamToken};
pub(crate) use types::{PROGRESS, Types};

use crate::body;

/// A page as JSON: the bodies as they are stored, without reading and writing them again. `first` is where its first event
/// is, `read_to` how far it has read: with a filter it may end behind its last event.
pub(crate) fn json_page(bodies: &[&str], first: Option<i64>, has_more: bool, read_to: i64) -> HttpResponse {
    let first = first.map_or_else(|| "null".to_owned(), |first| format!("\"{first}\""));
    let text = format!(
        r#"{{"object":"list","data":[{}],"has_more":{has_more},"first_id":{first},"last_id":"{read_to}"}}"#,
        bodies.join(",")
    );
    HttpResponse::Ok().content_type(body::JSON).body(text)
}
