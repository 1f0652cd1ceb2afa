//! How often a customer may call: three quotas a minute, and what every answer says of them.
//!
//! `requests` counts every authenticated request, `jobs` and `prompts` what is created. The counting is the store's.

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage as _, HttpRequest, web};
use protocol::Mode;
use protocol::job::MAX_TEST_PROMPTS;
use store::rates::{Quota, Standing, Want};

use crate::auth::Caller;
use crate::config::Config;
use crate::error::ApiError;
use crate::state::AppState;
use crate::{address, backlog};

const WINDOW: Duration = Duration::from_mins(1);
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// The quotas that OpenAI's clients look for, too, by the name they have there.
const MIRRORED: [(Class, [HeaderName; 3]); 2] = [
    (
        Class::Requests,
        [
            HeaderName::from_static("x-ratelimit-limit-requests"),
            HeaderName::from_static("x-ratelimit-remaining-requests"),
            HeaderName::from_static("x-ratelimit-reset-requests"),
        ],
    ),
    (
        Class::Prompts,
        [
            HeaderName::from_static("x-ratelimit-limit-prompts"),
            HeaderName::from_static("x-ratelimit-remaining-prompts"),
            HeaderName::from_static("x-ratelimit-reset-prompts"),
        ],
    ),
];

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Jobs,
    Prompts,
    Requests,
}

impl Class {
    const ALL: [Self; 3] = [Self::Jobs, Self::Prompts, Self::Requests];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Jobs => "jobs",
            Self::Prompts => "prompts",
            Self::Requests => "requests",
        }
    }

    fn quota(self, config: &Config, mode: Mode) -> Quota {
        let limit = match (self, mode) {
            (Self::Jobs, Mode::Live) => config.max_jobs_per_minute,
            (Self::Jobs, Mode::Test) => config.max_test_jobs_per_minute,
            (Self::Prompts, Mode::Live) => config.max_prompts_per_minute,
            // as many as so many jobs may have
            (Self::Prompts, Mode::Test) => {
                config.max_test_jobs_per_minute.saturating_mul(MAX_TEST_PROMPTS as u32)
            }
            (Self::Requests, _) => config.max_requests_per_minute,
        };
        Quota::new(limit, WINDOW)
    }
}

/// Where the caller of this request stands, in the order of [`Class::ALL`]. In the request's extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standings([Standing; 3]);

impl Standings {
    /// Of the request that is being answered.
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().copied()
    }

    pub(crate) fn each(&self) -> impl Iterator<Item = (Class, &Standing)> {
        Class::ALL.into_iter().zip(&self.0)
    }
}

/// Counts an authenticated request, once.
pub(crate) async fn admit(request: &HttpRequest, caller: Caller) -> Result<(), ApiError> {
    if Standings::of(request).is_some() { Ok(()) } else { take(request, caller, [0, 0, 1]).await }
}

/// Counts a job of so many prompts, before it is written. What is refused is not counted.
pub(crate) async fn admit_job(request: &HttpRequest, caller: Caller, prompts: usize) -> Result<(), ApiError> {
    admit_jobs(request, caller, 1, prompts).await
}

/// The same for several jobs that are written together.
pub(crate) async fn admit_jobs(
    request: &HttpRequest,
    caller: Caller,
    jobs: usize,
    prompts: usize,
) -> Result<(), ApiError> {
    let (state, config) = parts(request)?;
    backlog::admit(state, config, caller, prompts).await?;
    take(request, caller, [jobs, prompts, 0].map(|count| u32::try_from(count).unwrap_or(u32::MAX))).await
}

/// Counts prompts that are appended to a job, before they are written.
pub(crate) async fn admit_prompts(
    request: &HttpRequest,
    caller: Caller,
    prompts: usize,
) -> Result<(), ApiError> {
    admit_jobs(request, caller, 0, prompts).await
}

/// Counts the prompt of a request that is answered at once: the job behind it is our way of doing it, and none of those
/// that its sender makes. With a test key it is one all the same: nobody pays for it.
pub(crate) async fn admit_prompt(request: &HttpRequest, caller: Caller) -> Result<(), ApiError> {
    admit_jobs(request, caller, usize::from(!caller.mode.is_live()), 1).await
}

/// Counts a try to sign in or to refresh, by the address that it comes from: nobody is known yet.
pub(crate) async fn admit_sign_in(request: &HttpRequest) -> Result<(), ApiError> {
    const CLASS: &str = "sign_ins";
    let (state, config) = parts(request)?;
    let from = address::client(request, &config.trusted_proxies).map(address::neighbourhood);
    let want = Want {
        key: format!("reliquary:rate:{{{}}}:{CLASS}", from.map_or_else(String::new, |from| from.to_string())),
        quota: Quota::new(config.max_sign_ins_per_minute, WINDOW),
        units: 1,
    };
    let quota = want.quota;
    let taken = state.rates.take(&[want], state.ambient.now()).await;
    match taken.first().and_then(|standing| standing.retry) {
        None => Ok(()),
        Some(retry) => Err(ApiError::RateLimited {
            class: CLASS,
            limit: quota.limit(),
            window_s: quota.window().as_secs(),
            retry_s: seconds(retry),
        }),
    }
}

fn parts(request: &HttpRequest) -> Result<(&web::Data<AppState>, &web::Data<Config>), ApiError> {
    let found = (request.app_data::<web::Data<AppState>>(), request.app_data::<web::Data<Config>>());
    match found {
        (Some(state), Some(config)) => Ok((state, config)),
        _ => Err(ApiError::Internal("the server lacks its state".into())),
    }
}

async fn take(request: &HttpRequest, caller: Caller, units: [u32; 3]) -> Result<(), ApiError> {
    let (state, config) = parts(request)?;
    // projects are free to make: what test keys may do is counted for all of an organisation's together
    let whose = match caller.mode {
        Mode::Live => caller.project.to_string(),
        Mode::Test => format!("{}:test", caller.account),
    };
    let want = |(class, units): (Class, u32)| Want {
        key: format!("reliquary:rate:{{{whose}}}:{}", class.as_str()),
        quota: class.quota(config, caller.mode),
        units,
    };
    let wants: Vec<Want> = Class::ALL.into_iter().zip(units).map(want).collect();
    let taken = state.rates.take(&wants, state.ambient.now()).await;
    let standings: [Standing; 3] =
        taken.try_into().map_err(|_| ApiError::Internal("a quota without a standing".into()))?;
    request.extensions_mut().insert(Standings(standings));
    // the one that takes longest: before it, nothing is admitted
    let refused = Standings(standings)
        .each()
        .filter_map(|(class, s)| Some((s.retry?, class, s.quota)))
        .max_by_key(|r| r.0);
    match refused {
        None => Ok(()),
        Some((retry, class, quota)) => Err(ApiError::RateLimited {
            class: class.as_str(),
            limit: quota.limit(),
            window_s: quota.window().as_secs(),
            retry_s: seconds(retry),
        }),
    }
}

/// Rounded up: what comes back then is there.
pub(crate) fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// Tells the caller where they stand: `RateLimit-Policy` and `RateLimit` (structured fields), and OpenAI's headers.
pub(crate) fn write(standings: &Standings, headers: &mut HeaderMap) {
    let list = |each: &dyn Fn(Class, &Standing) -> String| {
        standings.each().map(|(class, standing)| each(class, standing)).collect::<Vec<_>>().join(", ")
    };
    let policy = list(&|class, Standing { quota, .. }| {
        format!("\"{}\";q={};w={}", class.as_str(), quota.limit(), quota.window().as_secs())
    });
    let limit = list(&|class, Standing { remaining, reset, .. }| {
        format!("\"{}\";r={remaining};t={}", class.as_str(), seconds(*reset))
    });
    let mut insert = |name: &HeaderName, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name.clone(), value);
        }
    };
    insert(&POLICY, &policy);
    insert(&LIMIT, &limit);
    for (mirrored, [limit, remaining, reset]) in &MIRRORED {
        for (_, standing) in standings.each().filter(|(class, _)| class == mirrored) {
            insert(limit, &standing.quota.limit().to_string());
            insert(remaining, &standing.remaining.to_string());
            insert(reset, &format!("{}s", seconds(standing.reset)));
        }
    }
}
