//! `GET /v1/status`: how the service is, part by part, with the figures behind it. Public, so it tells of all customers together
//! and of none alone; and looked at once in a few seconds, however often it is asked for.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Serialize;
use store::status::{Figures, Waiting};
use tokio::sync::Mutex;
use tracing::Instrument as _;
use utoipa::ToSchema;

use crate::error::{ApiError, Problem};
use crate::state::AppState;

/// An answer is good for so long.
const FRESH: TimeDelta = TimeDelta::seconds(5);
/// So long nobody looks again after it was out of reach: to find that out takes long, and others wait behind whoever does.
const OUT_OF_REACH: TimeDelta = TimeDelta::seconds(2);
/// A step that has said nothing for longer is gone: it says something every five seconds.
const GONE: TimeDelta = TimeDelta::minutes(1);
/// What waits longer than this for a step of ours waits too long.
const LONG: TimeDelta = TimeDelta::minutes(10);

/// In the order of how bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ComponentStatus {
    /// It works.
    Operational,
    /// It was never seen at work, so nothing can be said.
    Unknown,
    /// It works, but not as it should: what waits for it waits long, or no miner is there.
    Degraded,
    /// It was not seen at work for a minute.
    Down,
}

/// A part of the service.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StatusComponent {
    /// `api`, `queue` (asking miners), `rewards`, `verification`, `delivery` (settling and streaming), `webhooks`, `files`
    /// (reading input files), `exports`. There may be more in time.
    #[schema(example = "verification")]
    name: &'static str,
    status: ComponentStatus,
    /// When it was last seen at work; `null`: never.
    last_seen_at: Option<String>,
    /// What waits for it, up to 100000: prompts, groups, deliveries or files. `null`: nothing can wait for it.
    #[schema(example = 12)]
    waiting: Option<i64>,
    /// How long the oldest of that waits; `null`: nothing does.
    #[schema(example = 3)]
    oldest_waiting_s: Option<i64>,
}

/// How the service is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Status)]
pub(crate) struct StatusView {
    #[schema(example = "status")]
    object: &'static str,
    /// The worst of its parts.
    status: ComponentStatus,
    checked_at: String,
    components: Vec<StatusComponent>,
    miners: StatusMiners,
}

/// Miners that were heard of within a minute.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
struct StatusMiners {
    #[schema(example = 14)]
    seen: i64,
    /// Rollouts that they say they take side by side.
    #[schema(example = 896)]
    capacity: i64,
}

/// The last look, for all threads of this process.
#[derive(Debug, Default)]
pub(crate) struct Looked(Mutex<Option<Look>>);

#[derive(Debug)]
struct Look {
    at: DateTime<Utc>,
    /// `None`: the data was out of reach.
    view: Option<StatusView>,
}

/// How the service is.
///
/// Each part with the figures behind its status, over all customers. At most five seconds old.
#[utoipa::path(get, path = "/v1/status", tag = "meta", operation_id = "retrieve_status", security(()), responses(
    (status = 200, description = "How it is.", body = StatusView, headers(("Cache-Control" = String))),
    (status = 503, description = "It cannot tell: its data is out of reach.", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn show_status(
    looked: web::Data<Looked>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    // on a task of its own: who does not wait for the answer leaves what is found to those behind
    let looking = async move { looked.look(&state).await };
    let seen = actix_web::rt::spawn(looking.in_current_span()).await;
    let view = seen.map_err(|error| ApiError::Internal(error.into()))??;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=5")).json(view))
}

impl Looked {
    async fn look(&self, state: &AppState) -> Result<StatusView, ApiError> {
        // whoever comes while somebody looks waits for what they see
        let mut last = self.0.lock().await;
        let now = state.ambient.now();
        match last.as_ref().filter(|look| look.holds(now)) {
            Some(Look { view: Some(view), .. }) => return Ok(view.clone()),
            Some(_) => return Err(ApiError::Unavailable(store::status::out_of_reach())),
            None => {}
        }
        let seen = see(state, now).await;
        *last = Some(match &seen {
            Ok(view) => Look { at: now, view: Some(view.clone()) },
            Err(_) => Look { at: state.ambient.now(), view: None },
        });
        seen
    }
}

impl Look {
    fn holds(&self, now: DateTime<Utc>) -> bool {
        let good_for = if self.view.is_some() { FRESH } else { OUT_OF_REACH };
        self.at <= now && now - self.at < good_for
    }
}

async fn see(state: &AppState, now: DateTime<Utc>) -> Result<StatusView, ApiError> {
    let mut conn = state.db.acquire().await.map_err(ApiError::Unavailable)?;
    let figures = store::status::figures(&mut conn, now).await.map_err(ApiError::Unavailable)?;
    Ok(StatusView::of(&figures, now))
}

impl StatusView {
    fn of(figures: &Figures, now: DateTime<Utc>) -> Self {
        let api = StatusComponent {
            name: "api",
            status: ComponentStatus::Operational, // it answers
            last_seen_at: Some(text(now)),
            waiting: None,
            oldest_waiting_s: None,
        };
        let part =
            |name, step: &str, waiting, is_slow| component(name, figures.beat(step), waiting, is_slow, now);
        let is_old = |waiting: Waiting| waiting.since.is_some_and(|since| now - since > LONG);
        let late = |name, step, waiting| part(name, step, waiting, is_old(waiting));
        let components = vec![
            api,
            // a large job may wait for long and all is well; without miners nothing is
            part("queue", "dispatch", figures.pending, figures.miners_seen == 0),
            late("rewards", "reward", figures.received),
            late("verification", "verify", figures.scored),
            late("delivery", "settle", figures.verified),
            late("webhooks", "webhooks", figures.webhooks),
            late("files", "intake", figures.inputs),
            late("exports", "export", figures.exports),
        ];
        Self {
            object: "status",
            status: components.iter().map(|part| part.status).max().unwrap_or(ComponentStatus::Unknown),
            checked_at: text(now),
            components,
            miners: StatusMiners { seen: figures.miners_seen, capacity: figures.capacity },
        }
    }
}

fn component(
    name: &'static str,
    beat: Option<DateTime<Utc>>,
    waiting: Waiting,
    is_slow: bool,
    now: DateTime<Utc>,
) -> StatusComponent {
    let status = match beat {
        None => ComponentStatus::Unknown,
        Some(beat) if now - beat > GONE => ComponentStatus::Down,
        Some(_) if is_slow => ComponentStatus::Degraded,
        Some(_) => ComponentStatus::Operational,
    };
    StatusComponent {
        name,
        status,
        last_seen_at: beat.map(text),
        waiting: Some(waiting.count),
        // the clocks of two machines may differ a little
        oldest_waiting_s: waiting.since.map(|since| (now - since).num_seconds().max(0)),
    }
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(beats: &[(&str, DateTime<Utc>)]) -> Figures {
        let none = Waiting::default();
        Figures {
            pending: none,
            received: none,
            scored: none,
            verified: none,
            webhooks: none,
            inputs: none,
            exports: none,
            miners_seen: 1,
            capacity: 8,
            beats: beats.iter().map(|(step, at)| ((*step).to_owned(), *at)).collect(),
        }
    }

    #[test]
    fn a_part_is_as_well_as_what_is_known_of_it() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let of = |figures: &Figures, name: &str| {
            let view = StatusView::of(figures, now);
            view.components.into_iter().find(|part| part.name == name).unwrap()
        };
        let unknown = of(&figures(&[]), "verification");
        assert_eq!((unknown.status, unknown.last_seen_at), (ComponentStatus::Unknown, None));
        let fresh = figures(&[("verify", now - GONE), ("dispatch", now)]);
        assert_eq!(of(&fresh, "verification").status, ComponentStatus::Operational);
        assert_eq!(of(&fresh, "verification").oldest_waiting_s, None);
        let slow = Waiting { count: 3, since: Some(now - LONG - TimeDelta::seconds(1)) };
        let slow = of(&Figures { scored: slow, ..fresh.clone() }, "verification");
        assert_eq!(
            (slow.status, slow.waiting, slow.oldest_waiting_s),
            (ComponentStatus::Degraded, Some(3), Some(601))
        );
        let gone = figures(&[("verify", now - GONE - TimeDelta::seconds(1))]);
        assert_eq!(of(&gone, "verification").status, ComponentStatus::Down);
        assert_eq!(
            of(&Figures { miners_seen: 0, ..fresh.clone() }, "queue").status,
            ComponentStatus::Degraded
        );
        assert_eq!(of(&fresh, "queue").status, ComponentStatus::Operational);
        assert_eq!(StatusView::of(&fresh, now).status, ComponentStatus::Unknown, "others never ran");
        let both = figures(&[("verify", now - TimeDelta::hours(1))]);
        assert_eq!(StatusView::of(&both, now).status, ComponentStatus::Down, "the worst");
    }
}
