//! What the steps run with: put together once by the binary, shared by all tasks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use ::audit::Settings as AuditSettings;
use beacon::Beacon;
use checkpoint::Checkpoint;
use grail::keys::{HotkeyPair, ServiceKey};
use grail::standard::Standard;
use protocol::webhook::Secrets;
use sandbox::Module;
use store::audits::{Court, Rules as AuditRules};
use store::{Clock, Db, Objects, Wake};
use supervisor::Supervisor;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audit::Models;
use crate::axon::Axons;
use crate::chance::Chance;
use crate::pulse::Pulse;
use crate::served::{Library, Served};
use crate::webhooks::Webhooks;
use crate::{Config, Error};

/// How much of the proof a verifier checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audit {
    /// Every token is recomputed.
    Full,
    /// For the pipeline bench alone: everything but the model.
    WithoutModel,
}

/// What the binary brings.
#[derive(Debug)]
pub struct Parts {
    pub db: Db,
    pub objects: Objects,
    pub wake: Wake,
    pub clock: Clock,
    pub supervisor: Arc<Supervisor>,
    /// The service's own checkpoint.
    pub checkpoint: Arc<Checkpoint>,
    /// The one before it: tells a stale miner from one with foreign weights.
    pub previous: Option<Arc<Checkpoint>>,
    /// Signs receipts.
    pub service_key: ServiceKey,
    /// What the keys of webhooks are derived from.
    pub webhooks: Secrets,
    /// Signs requests to miners.
    pub hotkey: Arc<HotkeyPair>,
    pub audit: Audit,
    /// Who is audited when, and what follows.
    pub rules: AuditSettings,
    /// Where the audit's randomness comes from.
    pub beacon: Beacon,
    /// What miners prove by, and how they are judged.
    pub standard: Standard,
    /// What those of customers' checkpoints prove by, and how many of these are kept open.
    pub registered: Standard,
    pub max_open: usize,
    pub config: Config,
    /// For jitter and the pick among miners.
    pub seed: u64,
}

/// What every step gets.
#[derive(Debug)]
pub struct Context {
    pub(crate) db: Db,
    pub(crate) objects: Objects,
    pub(crate) wake: Wake,
    pub(crate) clock: Clock,
    pub(crate) supervisor: Arc<Supervisor>,
    /// The service's own checkpoint.
    pub(crate) own: Arc<Served>,
    /// Customers'.
    pub(crate) library: Library,
    pub(crate) service_key: ServiceKey,
    pub(crate) rules: AuditRules,
    pub(crate) beacon: Beacon,
    /// This process, as the rows of its audits name it.
    pub(crate) verifier: String,
    pub(crate) config: Config,
    pub(crate) axons: Axons,
    pub(crate) webhooks: Webhooks,
    /// Reward modules of late, by component.
    pub(crate) rewards: Mutex<HashMap<[u8; 32], Arc<Module>>>,
    /// One for each request to a miner that may be in flight.
    pub(crate) requests: Arc<Semaphore>,
    pub(crate) chance: Chance,
    /// What `GET /v1/status` hears of this process.
    pub(crate) pulse: Pulse,
    pub(crate) tracker: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl Context {
    /// Tasks are spawned on `tracker`, and end when `stop` is cancelled.
    pub fn new(parts: Parts, tracker: TaskTracker, stop: CancellationToken) -> Result<Arc<Self>, Error> {
        let threads = parts.config.verify_threads;
        let models = Models::new(
            Arc::clone(&parts.checkpoint),
            parts.previous,
            parts.audit,
            parts.standard.clone(),
            threads,
        );
        let own = Served { checkpoint: parts.checkpoint, standard: parts.standard, models };
        Ok(Arc::new(Self {
            axons: Axons::new(parts.hotkey, &parts.config)?,
            webhooks: Webhooks::new(parts.webhooks, &parts.config),
            requests: Arc::new(Semaphore::new(parts.config.max_requests.max(1))),
            chance: Chance::new(parts.seed),
            pulse: Pulse::default(),
            rewards: Mutex::default(),
            own: Arc::new(own),
            library: Library::new(parts.registered, parts.audit, threads, parts.max_open),
            db: parts.db,
            objects: parts.objects,
            wake: parts.wake,
            clock: parts.clock,
            supervisor: parts.supervisor,
            service_key: parts.service_key,
            rules: AuditRules::new(parts.rules),
            beacon: parts.beacon,
            verifier: format!("verifier-{:016x}", parts.seed),
            config: parts.config,
            tracker,
            stop,
        }))
    }

    /// The time as beacons count it.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0)
    }

    /// Under whose name, and by which rules, audits are written now.
    pub(crate) fn court(&self) -> Court<'_> {
        Court { verifier: &self.verifier, rules: &self.rules, now: self.clock.now() }
    }
}
