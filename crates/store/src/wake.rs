//! Hints that something waits: a step's queue, events of a job, an upload, an input file. Never the truth: whoever waits also
//! polls.
//!
//! Inside a process hints go through watch channels; with a Redis URL they also reach the other processes by pub/sub.
//! Losing Redis costs latency, never data: sending never blocks and never fails, and the connection comes back by itself.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use protocol::job::GroupState;
use protocol::{JobId, RewardFunctionId};
use redis::aio::ConnectionManagerConfig;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::Error;

const CHANNEL: &str = "reliquary:wake";
/// Hints on their way to Redis; more are dropped.
const OUTBOX: usize = 1024;
const TIMEOUT: Duration = Duration::from_secs(2);
const RECONNECT: Duration = Duration::from_secs(1);

/// Sends hints and hands out waits. Cheap to clone.
#[derive(Clone)]
pub struct Wake(Arc<Inner>);

struct Inner {
    /// One per [`GroupState`], in the order of `GroupState::ALL`.
    groups: Vec<watch::Sender<()>>,
    uploads: watch::Sender<()>,
    inputs: watch::Sender<()>,
    /// The log of some job.
    logs: watch::Sender<()>,
    /// Those that somebody waits for.
    topics: Mutex<HashMap<Topic, watch::Sender<()>>>,
    outbox: Option<mpsc::Sender<Hint>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hint {
    Groups(GroupState),
    Uploads,
    Inputs,
    Topic(Topic),
}

/// What some wait for and most do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Topic {
    /// The log of a job.
    Events(JobId),
    /// The state of a function's versions.
    Versions(RewardFunctionId),
}

impl Wake {
    /// Hints stay inside this process.
    pub fn local() -> Self {
        Self::new(None)
    }

    /// Hints also go to, and come from, every process on this Redis. Fails only on a URL that is none.
    pub fn redis(url: &str, tracker: &TaskTracker, stop: &CancellationToken) -> Result<Self, Error> {
        let client = redis::Client::open(url)?;
        let (outbox, hints) = mpsc::channel(OUTBOX);
        let wake = Self::new(Some(outbox));
        // so that a process does not take its own hints twice
        let origin = Uuid::new_v4();
        let publisher = publish(client.clone(), origin, hints);
        let subscriber = subscribe(client, origin, wake.clone());
        for task in
            [futures_util::future::Either::Left(publisher), futures_util::future::Either::Right(subscriber)]
        {
            let stop = stop.clone();
            tracker.spawn(async move { stop.run_until_cancelled(task).await });
        }
        Ok(wake)
    }

    fn new(outbox: Option<mpsc::Sender<Hint>>) -> Self {
        let groups = GroupState::ALL.iter().map(|_| watch::Sender::new(())).collect();
        let logs = watch::Sender::new(());
        let (uploads, inputs) = (watch::Sender::new(()), watch::Sender::new(()));
        Self(Arc::new(Inner { groups, uploads, inputs, logs, topics: Mutex::default(), outbox }))
    }

    /// Groups have come to wait in this state.
    pub fn groups(&self, state: GroupState) {
        self.send(Hint::Groups(state));
    }

    /// The log of this job has grown.
    pub fn events(&self, job: JobId) {
        self.send(Hint::Topic(Topic::Events(job)));
    }

    /// An upload has come to wait for its validation.
    pub fn uploads(&self) {
        self.send(Hint::Uploads);
    }

    /// A job's input file has come to wait for its reading.
    pub fn inputs(&self) {
        self.send(Hint::Inputs);
    }

    /// A version of this function was validated.
    pub fn versions(&self, function: RewardFunctionId) {
        self.send(Hint::Topic(Topic::Versions(function)));
    }

    /// To be called before the queue is read, so that no hint falls between reading and waiting.
    pub fn subscribe_groups(&self, state: GroupState) -> Woken {
        Woken { receiver: self.sender_of(state).subscribe(), topic: None }
    }

    /// As [`Wake::subscribe_groups`].
    pub fn subscribe_uploads(&self) -> Woken {
        Woken { receiver: self.0.uploads.subscribe(), topic: None }
    }

    /// As [`Wake::subscribe_groups`].
    pub fn subscribe_inputs(&self) -> Woken {
        Woken { receiver: self.0.inputs.subscribe(), topic: None }
    }

    /// To be called before the log is read, so that no hint falls between reading and waiting.
    pub fn subscribe_events(&self, job: JobId) -> Woken {
        self.subscribe(Topic::Events(job))
    }

    /// Of the logs of all jobs, whoever's: to be called before they are read. These hints may be many.
    pub fn subscribe_logs(&self) -> Woken {
        Woken { receiver: self.0.logs.subscribe(), topic: None }
    }

    /// To be called before the version is read, so that no hint falls between reading and waiting.
    pub fn subscribe_versions(&self, function: RewardFunctionId) -> Woken {
        self.subscribe(Topic::Versions(function))
    }

    fn subscribe(&self, topic: Topic) -> Woken {
        let mut topics = self.0.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = topics.entry(topic).or_insert_with(|| watch::Sender::new(())).subscribe();
        Woken { receiver, topic: Some((topic, self.clone())) }
    }

    fn send(&self, hint: Hint) {
        self.deliver(hint);
        if let Some(outbox) = &self.0.outbox {
            let _ = outbox.try_send(hint); // full: Redis is slow or away, and the others poll
        }
    }

    /// Wakes whoever waits in this process.
    fn deliver(&self, hint: Hint) {
        match hint {
            Hint::Groups(state) => {
                self.sender_of(state).send_replace(());
            }
            Hint::Inputs => {
                self.0.inputs.send_replace(());
            }
            Hint::Uploads => {
                self.0.uploads.send_replace(());
            }
            Hint::Topic(topic) => {
                if matches!(topic, Topic::Events(_)) {
                    self.0.logs.send_replace(());
                }
                let topics = self.0.topics.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(sender) = topics.get(&topic) {
                    sender.send_replace(());
                }
            }
        }
    }

    /// Wakes everybody: hints may have been missed.
    fn deliver_all(&self) {
        self.0.groups.iter().for_each(|sender| sender.send_replace(()));
        self.0.uploads.send_replace(());
        self.0.inputs.send_replace(());
        self.0.logs.send_replace(());
        let topics = self.0.topics.lock().unwrap_or_else(PoisonError::into_inner);
        topics.values().for_each(|sender| sender.send_replace(()));
    }

    fn sender_of(&self, state: GroupState) -> &watch::Sender<()> {
        &self.0.groups[state as usize]
    }
}

impl fmt::Debug for Wake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wake").field("redis", &self.0.outbox.is_some()).finish_non_exhaustive()
    }
}

/// A wait for hints. Hints that came since the last look count as one.
#[derive(Debug)]
pub struct Woken {
    receiver: watch::Receiver<()>,
    topic: Option<(Topic, Wake)>,
}

impl Woken {
    /// Returns when a hint has come since this was made, or since it returned last. Safe to cancel.
    pub async fn hint(&mut self) {
        if self.receiver.changed().await.is_err() {
            // nobody can send any more: leave it to the caller's poll
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Woken {
    fn drop(&mut self) {
        if let Some((topic, wake)) = &self.topic {
            let mut topics = wake.0.topics.lock().unwrap_or_else(PoisonError::into_inner);
            if topics.get(topic).is_some_and(|sender| sender.receiver_count() <= 1) {
                topics.remove(topic);
            }
        }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Groups(state) => write!(f, "groups {}", state.as_str()),
            Self::Uploads => f.write_str("uploads -"),
            Self::Inputs => f.write_str("inputs -"),
            Self::Topic(Topic::Events(job)) => write!(f, "events {job}"),
            Self::Topic(Topic::Versions(function)) => write!(f, "versions {function}"),
        }
    }
}

impl FromStr for Hint {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once(' ') {
            Some(("groups", state)) => GroupState::parse(state).map(Self::Groups).ok_or(()),
            Some(("uploads", _)) => Ok(Self::Uploads),
            Some(("inputs", _)) => Ok(Self::Inputs),
            Some(("events", job)) => job.parse().map(|job| Self::Topic(Topic::Events(job))).map_err(|_| ()),
            Some(("versions", function)) => {
                function.parse().map(|function| Self::Topic(Topic::Versions(function))).map_err(|_| ())
            }
            _ => Err(()),
        }
    }
}

async fn publish(client: redis::Client, origin: Uuid, mut hints: mpsc::Receiver<Hint>) {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(TIMEOUT))
        .set_response_timeout(Some(TIMEOUT))
        .set_number_of_retries(1);
    let Ok(mut connection) = client.get_connection_manager_lazy(config) else { return };
    while let Some(hint) = hints.recv().await {
        let message = format!("{origin} {hint}");
        let sent: Result<(), redis::RedisError> =
            redis::cmd("PUBLISH").arg(CHANNEL).arg(message).query_async(&mut connection).await;
        if let Err(error) = sent {
            tracing::debug!(error = &error as &dyn std::error::Error, "a wake-up was not published");
        }
    }
}

async fn subscribe(client: redis::Client, origin: Uuid, wake: Wake) {
    let mut connected = true;
    loop {
        match listen(&client, origin, &wake).await {
            Ok(()) => tracing::warn!("Redis has closed the wake-up channel; polling until it is back"),
            Err(error) if connected => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "no wake-ups through Redis; polling until it is back");
            }
            Err(_) => {}
        }
        connected = false;
        tokio::time::sleep(RECONNECT).await;
    }
}

/// Hands hints on until the connection ends.
async fn listen(client: &redis::Client, origin: Uuid, wake: &Wake) -> Result<(), redis::RedisError> {
    let away = |_| redis::RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
    let connection = async {
        let mut connection = client.get_async_pubsub().await?;
        connection.subscribe(CHANNEL).await?;
        Ok::<_, redis::RedisError>(connection)
    };
    let connection = tokio::time::timeout(TIMEOUT, connection).await.map_err(away)??;
    wake.deliver_all();
    let mut messages = connection.into_on_message();
    let origin = origin.to_string();
    while let Some(message) = messages.next().await {
        let Ok(text) = message.get_payload::<String>() else { continue };
        if let Some((sender, hint)) = text.split_once(' ')
            && sender != origin
            && let Ok(hint) = hint.parse()
        {
            wake.deliver(hint);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn woken(woken: &mut Woken) -> bool {
        tokio::time::timeout(Duration::from_millis(20), woken.hint()).await.is_ok()
    }

    #[tokio::test]
    async fn a_hint_after_subscribing_is_kept_and_others_do_not_wake() {
        let wake = Wake::local();
        let mut pending = wake.subscribe_groups(GroupState::Pending);
        let mut scored = wake.subscribe_groups(GroupState::Scored);
        assert!(!woken(&mut pending).await);
        wake.groups(GroupState::Pending);
        wake.groups(GroupState::Pending);
        assert!(woken(&mut pending).await);
        assert!(!woken(&mut pending).await, "two hints count as one");
        assert!(!woken(&mut scored).await);
    }

    #[tokio::test]
    async fn topics_that_nobody_waits_for_are_forgotten() {
        let wake = Wake::local();
        let job = JobId(Uuid::from_u128(7));
        let (mut first, second) = (wake.subscribe_events(job), wake.subscribe_events(job));
        drop(second);
        wake.events(JobId(Uuid::from_u128(8)));
        assert!(!woken(&mut first).await);
        wake.events(job);
        assert!(woken(&mut first).await);
        drop(first);
        assert!(wake.0.topics.lock().unwrap().is_empty());
    }

    #[test]
    fn hints_survive_their_text() {
        let topics =
            [Topic::Events(JobId(Uuid::from_u128(7))), Topic::Versions(RewardFunctionId(Uuid::from_u128(7)))];
        let others = topics.into_iter().map(Hint::Topic).chain([Hint::Uploads, Hint::Inputs]);
        for hint in GroupState::ALL.iter().map(|state| Hint::Groups(*state)).chain(others) {
            assert_eq!(hint.to_string().parse(), Ok(hint));
        }
        assert_eq!("groups none".parse::<Hint>(), Err(()));
        assert_eq!(GroupState::ALL.iter().position(|state| *state == GroupState::Cancelled), Some(9));
    }
}
