//! Whether to try again, and when: exponential, with full jitter, so that many clients do not come back together.

use std::time::Duration;

use reqwest::Method;
use uuid::Uuid;

use crate::error::Error;
use crate::routes::KEYED;

const BASE: Duration = Duration::from_millis(500);
const CAP: Duration = Duration::from_secs(8);
/// Who asks for a longer wait than this is left to the caller.
const LONGEST: Duration = Duration::from_mins(1);

/// POSTs that take no key and do, sent twice, what they do sent once; by the last word of their path. `parts`, too: a part that
/// was sent twice is two parts, of which one is named when the upload is completed, and the other is dropped then.
const REPEATABLE: &[&str] =
    &["archive", "cancel", "close", "complete", "parts", "pause", "resume", "rewards", "test", "validate"];

/// Whether the document has an `Idempotency-Key` for a POST to this path, which may have a query.
pub(crate) fn takes_key(path: &str) -> bool {
    let said = parts(path);
    let is_at = |route: &&str| {
        let named = parts(route);
        let is_same = |(named, said): (&&str, &&str)| named.starts_with('{') || named == said;
        named.len() == said.len() && named.iter().zip(&said).all(is_same)
    };
    KEYED.iter().any(is_at)
}

/// Whether it may be sent again when nobody knows what became of the first.
pub(crate) fn may_repeat(method: &Method, path: &str) -> bool {
    let is_repeatable = || parts(path).last().is_some_and(|word| REPEATABLE.contains(word));
    *method != Method::POST || takes_key(path) || is_repeatable()
}

fn parts(path: &str) -> Vec<&str> {
    path.split_once('?').map_or(path, |(path, _)| path).split('/').collect()
}

/// Before try `attempt + 1`, attempts counted from 0.
pub(crate) fn backoff(attempt: u32) -> Duration {
    most(attempt).mul_f64(chance())
}

fn most(attempt: u32) -> Duration {
    BASE.saturating_mul(1 << attempt.min(10)).min(CAP)
}

/// From 0 to 1: the random bits of a UUID are as good as any here.
fn chance() -> f64 {
    f64::from(Uuid::new_v4().as_u128() as u32) / f64::from(u32::MAX)
}

/// Before the next try after this error; `None`: there should be none.
pub(crate) fn pause(error: &Error, attempt: u32) -> Option<Duration> {
    if !error.is_retryable() {
        return None;
    }
    let asked = match error {
        Error::Refused(refusal) => Duration::from_secs(refusal.retry_after_s.unwrap_or(0)),
        _ => Duration::ZERO,
    };
    // not before it was asked for, and not all at once
    (asked <= LONGEST).then(|| asked + backoff(attempt))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_says_what_takes_a_key() {
        for path in
            ["/v1/jobs", "/v1/jobs?dry_run=true", "/v1/jobs/job_1/prompts", "/v1/webhook_endpoints/we_1/test"]
        {
            assert!(takes_key(path), "{path}");
        }
        for path in
            ["/v1/sessions", "/v1/stream_tokens", "/v1/jobs/job_1/pause", "/v1/uploads/upload_1/parts"]
        {
            assert!(!takes_key(path), "{path}");
        }
        let is_repeated = |path| may_repeat(&Method::POST, path);
        assert!(is_repeated("/v1/jobs/job_1/pause") && is_repeated("/v1/uploads/upload_1/parts"));
        assert!(!is_repeated("/v1/sessions/refresh") && !is_repeated("/v1/stream_tokens"));
        assert!(may_repeat(&Method::DELETE, "/v1/sessions/ses_1"));
    }

    #[test]
    fn waits_grow_up_to_a_limit() {
        assert_eq!([0, 1, 4, 5, 60].map(|attempt| most(attempt).as_millis()), [500, 1000, 8000, 8000, 8000]);
        assert!((0..100).all(|attempt| backoff(attempt) <= CAP));
    }
}
