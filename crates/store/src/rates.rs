//! How much a customer may ask for in a while: the generic cell rate algorithm, one number per customer and quota.
//!
//! With Redis the numbers are shared by all gateways; without it, and while it is away, each gateway counts for itself,
//! from where the shared count was. So a lost Redis never closes the service, and never opens it further than by the
//! number of gateways.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use crate::Error;

/// A request waits this long for Redis and no longer.
const PATIENCE: Duration = Duration::from_millis(100);
/// After a failure Redis is not asked again for this long.
const PAUSE_MICROS: i64 = 1_000_000;
/// Numbers that a gateway keeps; those that have run out make room.
const MOST: usize = 100_000;

/// Takes all that is wanted, or nothing of it. Answers with how far each number was ahead of the time before.
const SCRIPT: &str = "
local now, levels, fits = tonumber(ARGV[1]), {}, 1
for i = 1, #KEYS do
  local gap, burst, cost = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
  local ahead = tonumber(redis.call('GET', KEYS[i]) or now) - now
  levels[i] = math.max(0, math.min(ahead, burst))
  if cost > 0 and levels[i] + cost * gap > burst then fits = 0 end
end
for i = 1, #KEYS do
  local gap, cost = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i + 1])
  if fits == 1 and cost > 0 then
    local ahead = levels[i] + cost * gap
    redis.call('SET', KEYS[i], string.format('%.0f', now + ahead), 'PX', math.ceil(ahead / 1000) + 1000)
  end
end
levels[#KEYS + 1] = fits
return levels";

/// So much in a window, and all of it at once where nothing was taken for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    limit: i64,
    window: Duration,
    /// Microseconds that one unit takes.
    gap: i64,
}

impl Quota {
    /// At least one, and at most one each microsecond.
    pub fn new(limit: u32, window: Duration) -> Self {
        let micros = i64::try_from(window.as_micros()).unwrap_or(i64::MAX / 4).max(1);
        let limit = i64::from(limit).clamp(1, micros);
        Self { limit, window, gap: micros / limit }
    }

    pub fn limit(&self) -> i64 {
        self.limit
    }

    pub fn window(&self) -> Duration {
        self.window
    }

    fn burst(&self) -> i64 {
        self.gap * self.limit
    }

    /// What costs more than the whole quota takes all of it.
    fn cost(&self, units: u32) -> i64 {
        i64::from(units).min(self.limit)
    }
}

/// What is asked for under one quota.
#[derive(Debug, Clone)]
pub struct Want {
    /// Whose number: customer and quota. What stands in braces in it keeps the numbers of one customer together.
    pub key: String,
    pub quota: Quota,
    /// 0 only looks.
    pub units: u32,
}

/// Where a customer stands under one quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub quota: Quota,
    pub remaining: i64,
    /// Until all of the quota is there again.
    pub reset: Duration,
    /// Set where this quota refuses: until it would not.
    pub retry: Option<Duration>,
}

/// Counts what customers ask for. Cheap to clone.
#[derive(Clone)]
pub struct Rates(Arc<Inner>);

struct Inner {
    redis: Option<ConnectionManager>,
    /// Until when Redis is left alone, in microseconds of the caller's clock.
    away_until: AtomicI64,
    /// When each number runs out, in microseconds: all there is without Redis, and a copy of what it said with it.
    local: Mutex<HashMap<String, i64>>,
}

impl fmt::Debug for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rates").field("redis", &self.0.redis.is_some()).finish_non_exhaustive()
    }
}

impl Rates {
    /// This process counts for itself.
    pub fn local() -> Self {
        Self::new(None)
    }

    /// All processes on this Redis count together. Fails only on a URL that is none; call it inside a runtime.
    pub fn redis(url: &str) -> Result<Self, Error> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(1);
        Ok(Self::new(Some(redis::Client::open(url)?.get_connection_manager_lazy(config)?)))
    }

    fn new(redis: Option<ConnectionManager>) -> Self {
        Self(Arc::new(Inner { redis, away_until: AtomicI64::new(i64::MIN), local: Mutex::default() }))
    }

    /// Takes all that is wanted, or nothing where any quota refuses. The standings are in the order of the wants.
    pub async fn take(&self, wants: &[Want], now: DateTime<Utc>) -> Vec<Standing> {
        let now = now.timestamp_micros();
        if let Some(redis) = &self.0.redis
            && now >= self.0.away_until.load(Ordering::Relaxed)
        {
            match ask(redis.clone(), wants, now).await {
                Ok((levels, fits)) => {
                    self.copy(wants, &levels, fits, now);
                    return standings(wants, &levels, fits);
                }
                Err(error) => {
                    self.0.away_until.store(now + PAUSE_MICROS, Ordering::Relaxed);
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "no Redis: this process counts requests for itself");
                }
            }
        }
        let (levels, fits) = self.count(wants, now);
        standings(wants, &levels, fits)
    }

    /// The script's work, on this process's own numbers.
    fn count(&self, wants: &[Want], now: i64) -> (Vec<i64>, bool) {
        let mut local = self.0.local.lock().unwrap_or_else(PoisonError::into_inner);
        let level = |want: &Want| {
            let ahead = local.get(&want.key).map_or(0, |ends| ends - now);
            ahead.clamp(0, want.quota.burst())
        };
        let levels: Vec<i64> = wants.iter().map(level).collect();
        let fits = wants.iter().zip(&levels).all(|(want, level)| want.fits(*level));
        write(&mut local, wants, &levels, fits, now);
        (levels, fits)
    }

    fn copy(&self, wants: &[Want], levels: &[i64], fits: bool, now: i64) {
        let mut local = self.0.local.lock().unwrap_or_else(PoisonError::into_inner);
        write(&mut local, wants, levels, fits, now);
    }
}

impl Want {
    fn fits(&self, level: i64) -> bool {
        self.units == 0 || level + self.taken() <= self.quota.burst()
    }

    fn taken(&self) -> i64 {
        self.quota.cost(self.units) * self.quota.gap
    }
}

fn write(local: &mut HashMap<String, i64>, wants: &[Want], levels: &[i64], fits: bool, now: i64) {
    if local.len() >= MOST {
        local.retain(|_, ends| *ends > now);
        if local.len() >= MOST {
            local.clear(); // more customers at once than a gateway has ever met: memory comes first
        }
    }
    for (want, level) in wants.iter().zip(levels) {
        let ahead = if fits { level + want.taken() } else { *level };
        local.insert(want.key.clone(), now + ahead);
    }
}

async fn ask(
    mut redis: ConnectionManager,
    wants: &[Want],
    now: i64,
) -> Result<(Vec<i64>, bool), redis::RedisError> {
    let mut command = redis::cmd("EVAL");
    command.arg(SCRIPT).arg(wants.len());
    for want in wants {
        command.arg(&want.key);
    }
    command.arg(now);
    for Want { quota, units, .. } in wants {
        command.arg(quota.gap).arg(quota.burst()).arg(quota.cost(*units));
    }
    let late = |_| redis::RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
    let answer = tokio::time::timeout(PATIENCE, command.query_async::<Vec<i64>>(&mut redis));
    let mut levels = answer.await.map_err(late)??;
    let fits = levels.pop() == Some(1);
    if levels.len() == wants.len() {
        Ok((levels, fits))
    } else {
        Err(redis::RedisError::from(std::io::Error::from(std::io::ErrorKind::InvalidData)))
    }
}

fn standings(wants: &[Want], levels: &[i64], fits: bool) -> Vec<Standing> {
    let micros = |micros: i64| Duration::from_micros(u64::try_from(micros).unwrap_or(0));
    let standing = |(want, level): (&Want, &i64)| {
        let (quota, burst) = (want.quota, want.quota.burst());
        let ahead = if fits { level + want.taken() } else { *level };
        let retry = (!want.fits(*level)).then(|| micros(level + want.taken() - burst));
        Standing { quota, remaining: (burst - ahead) / quota.gap, reset: micros(ahead), retry }
    };
    wants.iter().zip(levels).map(standing).collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn want(limit: u32, units: u32) -> Want {
        Want { key: format!("q{limit}"), quota: Quota::new(limit, Duration::from_mins(1)), units }
    }

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::milliseconds(millis)
    }

    async fn one(rates: &Rates, limit: u32, units: u32, millis: i64) -> (i64, u64, Option<u64>) {
        let standing = rates.take(&[want(limit, units)], at(millis)).await[0];
        let millis = |time: Duration| time.as_millis() as u64;
        (standing.remaining, millis(standing.reset), standing.retry.map(millis))
    }

    #[tokio::test]
    async fn a_quota_is_there_at_once_and_comes_back_evenly() {
        let rates = Rates::local();
        assert_eq!(one(&rates, 60, 0, 0).await, (60, 0, None));
        assert_eq!(one(&rates, 60, 59, 0).await, (1, 59_000, None));
        assert_eq!(one(&rates, 60, 1, 0).await, (0, 60_000, None));
        assert_eq!(one(&rates, 60, 1, 0).await, (0, 60_000, Some(1_000)));
        assert_eq!(one(&rates, 60, 1, 999).await, (0, 59_001, Some(1)));
        assert_eq!(one(&rates, 60, 1, 1_000).await, (0, 60_000, None));
        assert_eq!(one(&rates, 60, 0, 31_000).await, (30, 30_000, None));
        // what can never fit takes all there is, once it is there
        assert_eq!(one(&rates, 60, 1_000, 31_000).await, (30, 30_000, Some(30_000)));
        assert_eq!(one(&rates, 60, 1_000, 61_000).await, (0, 60_000, None));
        // a clock that is set back gives nothing away and takes nothing
        assert_eq!(one(&rates, 60, 1, 0).await, (0, 60_000, Some(1_000)));
    }

    #[tokio::test]
    async fn all_that_is_wanted_is_taken_or_nothing() {
        let rates = Rates::local();
        let both = async |prompts| rates.take(&[want(2, 1), want(100, prompts)], at(0)).await;
        assert!(both(100).await.iter().all(|standing| standing.retry.is_none()));
        let refused = both(1).await;
        assert_eq!((refused[0].retry, refused[1].retry), (None, Some(Duration::from_millis(600))));
        assert_eq!((refused[0].remaining, refused[1].remaining), (1, 0), "the other quota is not touched");
    }

    #[test]
    fn quotas_are_never_zero_nor_faster_than_the_clock() {
        let quota = |limit| Quota::new(limit, Duration::from_mins(1));
        assert_eq!((quota(0).limit, quota(0).gap), (1, 60_000_000));
        assert_eq!((quota(u32::MAX).limit, quota(u32::MAX).gap), (60_000_000, 1));
        assert_eq!((quota(100_000).limit, quota(100_000).gap), (100_000, 600));
        assert_eq!(quota(7).burst(), 59_999_996);
    }

    #[tokio::test]
    async fn a_redis_that_never_answers_is_not_waited_for() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let rates = Rates::redis(&format!("redis://{}", listener.local_addr().unwrap())).unwrap();
        let started = tokio::time::Instant::now();
        assert_eq!(one(&rates, 2, 1, 0).await.0, 1);
        assert_eq!(one(&rates, 2, 1, 1).await.0, 0, "counted by this process");
        assert!(one(&rates, 2, 1, 2).await.2.is_some());
        assert!(started.elapsed() < PATIENCE * 10, "only the first has waited");
    }
}
