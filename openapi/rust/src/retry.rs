//! When to try again: exponential, with full jitter, so that many clients do not come back together.

use std::time::Duration;

use uuid::Uuid;

use crate::error::Error;

const BASE: Duration = Duration::from_millis(500);
const CAP: Duration = Duration::from_secs(8);
/// Who asks for a longer wait than this is left to the caller.
const LONGEST: Duration = Duration::from_mins(1);

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
    fn waits_grow_up_to_a_limit() {
        assert_eq!([0, 1, 4, 5, 60].map(|attempt| most(attempt).as_millis()), [500, 1000, 8000, 8000, 8000]);
        assert!((0..100).all(|attempt| backoff(attempt) <= CAP));
    }
}
