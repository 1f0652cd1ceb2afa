//! One service without its gateway: a database, objects, a context, and jobs that are written as the gateway writes them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use beacon::{Beacon, LocalBeacon};
use checkpoint::Checkpoint;
use chrono::{DateTime, Utc};
use embedded::testing::{TestDatabase, TestPostgres};
use grail::ids::Randomness;
use grail::keys::{HotkeyPair, ServiceKey};
use grail::profile::Profile;
use grail::standard::Standard;
use protocol::advantage::Advantage;
use protocol::conditions::{Budget, OnExhausted};
use protocol::job::{
    Encoding, GroupTerms, JobSpec, Prompt, PromptContent, SamplingSpec, SelectionTerms, Verification,
};
use protocol::money::Price;
use protocol::reward::{DEFAULT_MAX_ERROR_RATE, OnError, RewardLimits, RewardModule, RewardTerms};
use protocol::rollout::RolloutRecord;
use protocol::selection::{Dedup, GroupFilter};
use protocol::{AccountId, JobId, LedgerEntryId, Mode, Rao};
use sandbox::WasiProfile;
use serde_json::{Value, json};
use store::job_conditions::Conditions;
use store::{Clock, Db, Objects, Tenant, Wake};
use supervisor::{Programs, Settings, Supervisor};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;
use worker::{Audit, Config, Context, Parts, Progress};

use crate::event_data;
use crate::stub::Stub;

pub(crate) const CURRENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/arith-tiny/current");
pub(crate) const CALIBRATION: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../models/arith-tiny/calibration-bf16.json");
pub(crate) const PREVIOUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/arith-tiny/previous");

/// What the keys of webhooks are derived from.
pub(crate) const WEBHOOK_SEED: [u8; 32] = [4; 32];

/// The seed of the local beacon.
pub(crate) const BEACON: [u8; 32] = [3; 32];

pub(crate) fn rao(amount: i64) -> Rao {
    Rao::new(amount).unwrap()
}

/// A selected rollout costs 1000, a filtered one 250, and four fifths of it are the miner's.
pub(crate) fn price() -> Price {
    Price { rollout: rao(1_000), per_1k_tokens: rao(0), filtered_bps: 2_500, miner_share_bps: 8_000 }
}

pub(crate) fn checkpoint() -> Arc<Checkpoint> {
    static OPENED: OnceLock<Arc<Checkpoint>> = OnceLock::new();
    Arc::clone(OPENED.get_or_init(|| Arc::new(Checkpoint::open(Path::new(CURRENT)).unwrap())))
}

/// One for all tests: its children are the same programs that the service starts.
fn supervisor() -> Arc<Supervisor> {
    static MADE: OnceLock<Arc<Supervisor>> = OnceLock::new();
    let start = || Supervisor::start(Settings::new(Programs::beside_this_one().unwrap())).unwrap();
    Arc::clone(MADE.get_or_init(|| Arc::new(start())))
}

pub(crate) struct World {
    pub(crate) cx: Arc<Context>,
    pub(crate) db: Db,
    pub(crate) objects: Objects,
    pub(crate) wake: Wake,
    pub(crate) clock: Clock,
    pub(crate) tracker: TaskTracker,
    pub(crate) stop: CancellationToken,
    pub(crate) account: AccountId,
    pub(crate) standard: Standard,
    database: TestDatabase<'static>,
}

/// Limits that suit a test: nothing waits for long.
pub(crate) fn config() -> Config {
    Config {
        poll_ms: 50,
        backoff_ms: 1,
        max_backoff_ms: 5,
        idle_timeout_ms: 5_000,
        allow_private_miners: true,
        max_attempts: 3,
        verify_threads: 1,
        // a busy machine takes its time
        miner_fresh_ms: 600_000,
        ..Config::default()
    }
}

impl World {
    /// A world whose verifier leaves out the model.
    pub(crate) async fn new() -> Self {
        Self::with(config(), Audit::WithoutModel).await
    }

    pub(crate) async fn with(config: Config, audit: Audit) -> Self {
        Self::ruled(config, audit, audit::Settings::default()).await
    }

    /// A world with audit rules of its own.
    pub(crate) async fn ruled(config: Config, audit: Audit, rules: audit::Settings) -> Self {
        Self::lit(config, audit, rules, Beacon::local(LocalBeacon::from_seed(&BEACON))).await
    }

    /// A world whose miners are judged by this standard, with the model.
    pub(crate) async fn judged_by(standard: Standard, rules: audit::Settings) -> Self {
        let beacon = Beacon::local(LocalBeacon::from_seed(&BEACON));
        Self::made(config(), Audit::Full, rules, beacon, standard).await
    }

    /// A world with a beacon of its own, too.
    pub(crate) async fn lit(config: Config, audit: Audit, rules: audit::Settings, beacon: Beacon) -> Self {
        Self::made(config, audit, rules, beacon, Standard::exact(engine::numerics_id())).await
    }

    async fn made(
        config: Config,
        audit: Audit,
        rules: audit::Settings,
        beacon: Beacon,
        standard: Standard,
    ) -> Self {
        let postgres = TestPostgres::shared().await.unwrap();
        let migrate = async |url: String| {
            let db = Db::connect(&url, 1).await?;
            db.migrate().await?;
            db.close().await;
            Ok::<(), store::Error>(())
        };
        let database = postgres.database("worker", migrate).await.unwrap();
        let db = Db::connect(database.url(), 16).await.unwrap();
        let clock = Clock::manual("2026-11-22T08:00:00Z".parse::<DateTime<Utc>>().unwrap());
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let (objects, wake) = (Objects::in_memory(), Wake::local());
        let previous = Path::new(PREVIOUS);
        let parts = Parts {
            db: db.clone(),
            objects: objects.clone(),
            wake: wake.clone(),
            clock: clock.clone(),
            supervisor: supervisor(),
            checkpoint: checkpoint(),
            registered: Standard::exact(engine::numerics_id()),
            max_open: 2,
            previous: (audit == Audit::Full).then(|| Arc::new(Checkpoint::open(previous).unwrap())),
            service_key: ServiceKey::from_seed(&[1; 32]),
            webhooks: protocol::webhook::Secrets::from_seed(&WEBHOOK_SEED),
            hotkey: Arc::new(HotkeyPair::from_seed(&[2; 32])),
            audit,
            rules,
            beacon,
            standard: standard.clone(),
            config,
            seed: 7,
        };
        let cx = Context::new(parts, tracker.clone(), stop.clone()).unwrap();
        let account = AccountId(Uuid::now_v7());
        let world = Self { cx, db, objects, wake, clock, tracker, stop, account, standard, database };
        world.prepare().await;
        world
    }

    /// Another process on the same data, which may judge otherwise.
    pub(crate) fn beside(&self, config: Config, audit: Audit) -> Arc<Context> {
        self.signing(ServiceKey::from_seed(&[1; 32]), config, audit)
    }

    /// The same with another service key, as after a rotation.
    pub(crate) fn signing(&self, service_key: ServiceKey, config: Config, audit: Audit) -> Arc<Context> {
        let parts = Parts {
            db: self.db.clone(),
            objects: self.objects.clone(),
            wake: self.wake.clone(),
            clock: self.clock.clone(),
            supervisor: supervisor(),
            checkpoint: checkpoint(),
            registered: Standard::exact(engine::numerics_id()),
            max_open: 2,
            previous: None,
            service_key,
            webhooks: protocol::webhook::Secrets::from_seed(&WEBHOOK_SEED),
            hotkey: Arc::new(HotkeyPair::from_seed(&[2; 32])),
            audit,
            rules: audit::Settings::default(),
            beacon: Beacon::local(LocalBeacon::from_seed(&BEACON)),
            standard: self.standard.clone(),
            config,
            seed: 8,
        };
        Context::new(parts, self.tracker.clone(), self.stop.clone()).unwrap()
    }

    async fn prepare(&self) {
        let (now, checkpoint) = (self.clock.now(), checkpoint());
        let mut tx = self.db.begin().await.unwrap();
        store::accounts::create(&mut tx, self.account, "lab", now).await.unwrap();
        let grant = LedgerEntryId(Uuid::now_v7());
        store::ledger::grant(&mut tx, grant, self.account, rao(1_000_000_000), now).await.unwrap();
        store::checkpoints::publish(&mut tx, checkpoint.id, "tiny", None, &json!({}), now).await.unwrap();
        for (name, bytes) in sandbox::BUILTINS {
            let module = supervisor().validate(bytes, WasiProfile::None).unwrap();
            let module = worker::stored(&module);
            store::reward_functions::register_builtin(&mut tx, name, &module, now).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// Runs statements as the superuser: rows as lines.
    pub(crate) async fn sql(&self, sql: &str) -> String {
        self.database.sql(sql).await.unwrap()
    }

    /// The same, where the statement may be refused.
    pub(crate) async fn try_sql(&self, sql: &str) -> Result<String, embedded::Error> {
        self.database.sql(sql).await
    }

    /// Registers a miner and asks it how it is.
    pub(crate) async fn register(&self, hotkey: grail::Hotkey, url: &str) {
        store::miners::register(&mut self.db.acquire().await.unwrap(), hotkey, url).await.unwrap();
        worker::probe::step(&self.cx).await.unwrap();
    }

    /// Registers a stub that is past its trial, as one verified answer makes it.
    pub(crate) async fn stub(&self, stub: &Stub) {
        self.register(stub.hotkey(), stub.url()).await;
        let hotkey = stub.hotkey();
        self.sql(&format!("UPDATE miners SET verified = 1 WHERE encode(hotkey, 'hex') = '{hotkey}'")).await;
    }

    /// Prompts with these texts, as the gateway makes them.
    #[expect(clippy::unused_self, reason = "reads like the other parts of a world")]
    pub(crate) fn prompts(&self, texts: &[String]) -> Vec<Prompt> {
        let prompt = |(index, text): (usize, &String)| Prompt {
            index: index as u32,
            custom_id: format!("prompt-{index}"),
            content: PromptContent::Text { text: text.clone(), encoding: Encoding::Plain },
            messages: None,
            reference: "1".to_owned(),
            metadata: "{}".to_owned(),
        };
        texts.iter().enumerate().map(prompt).collect()
    }

    /// Creates a job as the gateway does. Every prompt has the text `…` and the reference `1`.
    pub(crate) async fn job(&self, job: NewJob) -> JobId {
        self.job_in(Mode::Live, job).await
    }

    /// The same, or of a test key: in the twin of the project, at no cost, under the test profile.
    pub(crate) async fn job_in(&self, mode: Mode, job: NewJob) -> JobId {
        let (price, profile) = match mode {
            Mode::Live => (job.price, self.standard.profile().id()),
            Mode::Test => (job.price.free(), Profile::test().id()),
        };
        let home = self.account.default_project();
        let mut conn = self.db.acquire().await.unwrap();
        let project = store::projects::in_mode(&mut conn, home, mode).await.unwrap();
        drop(conn);
        let id = JobId(Uuid::now_v7());
        let now = self.clock.now();
        let NewJob { spec, mut conditions, prompts, .. } = job;
        let checkpoint = checkpoint();
        let prompts = self.prompts(&prompts);
        let SamplingSpec { n, max_tokens, .. } = spec.sampling;
        let all = spec.selection.refill.maximum(&price, prompts.len() as u32, n, max_tokens).unwrap();
        conditions.budget.max_amount = conditions.budget.max_amount.or(spec.max_amount);
        let hold = conditions.budget.hold(&price, max_tokens, all);
        let new = store::jobs::NewJob {
            id,
            tenant: Tenant { account: self.account, project },
            key: None,
            spec: &spec,
            conditions: &conditions,
            price: &price,
            input: store::jobs::NewInput::Prompts(&prompts),
            checkpoint: checkpoint.id,
            origin: None,
            profile,
            randomness: Randomness([9; 32]),
            traceparent: None,
        };
        let mut tx = self.db.begin().await.unwrap();
        store::jobs::insert(&mut tx, &new, now).await.unwrap();
        store::ledger::hold(&mut tx, self.account, id, hold, now).await.unwrap();
        let queued = store::jobs::job_queued(prompts.len() as u32, n, hold, checkpoint.id);
        store::events::append(&mut tx, id, now, &[queued]).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// As the gateway's cancel does.
    pub(crate) async fn cancel(&self, job: JobId, graceful: bool) {
        let mut tx = self.db.begin().await.unwrap();
        store::jobs::cancel(&mut tx, self.account.default_project(), job, graceful, self.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        self.wake.groups(protocol::job::GroupState::Dispatched);
    }

    /// Sends what can be sent, and sees the answers through.
    pub(crate) async fn dispatch(&self) {
        while worker::dispatch::step(&self.cx).await.unwrap() == Progress::Some {}
        self.quiet().await;
    }

    /// Waits until no request is in flight.
    pub(crate) async fn quiet(&self) {
        self.tracker.close();
        self.tracker.wait().await;
        self.tracker.reopen();
    }

    pub(crate) async fn reward(&self) {
        while worker::reward::step(&self.cx).await.unwrap() == Progress::Some {}
    }

    pub(crate) async fn verify(&self) {
        while worker::verify::step(&self.cx).await.unwrap() == Progress::Some {}
    }

    pub(crate) async fn overdue(&self) {
        while worker::overdue::step(&self.cx).await.unwrap() == Progress::Some {}
    }

    pub(crate) async fn bounds(&self) {
        while worker::bounds::step(&self.cx).await.unwrap() == Progress::Some {}
    }

    pub(crate) async fn settle(&self) {
        while worker::settle::step(&self.cx).await.unwrap() == Progress::Some {}
    }

    pub(crate) async fn rehearse(&self) {
        while worker::rehearse::step(&self.cx).await.unwrap() == Progress::Some {}
    }

    /// All steps once, each until it finds nothing more.
    pub(crate) async fn turn(&self) {
        worker::reap::step(&self.cx).await.unwrap();
        self.rehearse().await;
        self.dispatch().await;
        self.reward().await;
        self.verify().await;
        self.overdue().await;
        self.settle().await;
        self.bounds().await;
    }

    /// Turns until the job has ended.
    pub(crate) async fn finish(&self, job: JobId) {
        for _ in 0..200 {
            self.turn().await;
            if self.sql(&format!("SELECT finished_at IS NOT NULL FROM jobs WHERE id = '{}'", job.0)).await
                == "t"
            {
                return self.check(job).await;
            }
            tokio::time::sleep(Duration::from_millis(5)).await; // a group may wait for its backoff
        }
        panic!("the job does not end: {}", self.groups(job).await);
    }

    /// The laws of money and of standings, over all jobs.
    pub(crate) async fn check_laws(&self) {
        let audit = store::ledger::audit(&mut self.db.acquire().await.unwrap()).await.unwrap();
        assert!(audit.is_clean(), "{audit:?}");
        for miner in store::audit_replay::replay(&self.db).await.unwrap() {
            assert!(miner.agrees(), "{miner:#?}");
        }
    }

    /// The laws that hold at any commit.
    pub(crate) async fn check(&self, job: JobId) {
        self.check_laws().await;
        let events = self.events(job).await;
        let sequences: Vec<i64> = events.iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
        assert_eq!(sequences, (1..=events.len() as i64).collect::<Vec<_>>());
        let terminal = |event: &&Value| {
            matches!(
                event["type"].as_str(),
                Some("job.completed" | "job.failed" | "job.cancelled" | "job.expired")
            )
        };
        let ends: Vec<&Value> = events.iter().filter(terminal).collect();
        assert!(ends.len() <= 1 && ends.first().is_none_or(|end| *end == events.last().unwrap()), "{ends:?}");
        // billed is what was delivered, once each
        let unbilled = self
            .sql(&format!(
                "SELECT (SELECT count(*) FROM rollouts WHERE job_id = '{0}' AND price > 0),
                        (SELECT count(*) FROM transfers WHERE job_id = '{0}' AND code IN ('rollout', 'filtered_rollout')),
                        (SELECT COALESCE(sum(price), 0) FROM rollouts WHERE job_id = '{0}'),
                        (SELECT captured FROM holds WHERE job_id = '{0}')",
                job.0
            ))
            .await;
        let numbers: Vec<&str> = unbilled.split('|').collect();
        assert_eq!((numbers[0], numbers[2]), (numbers[1], numbers[3]), "{unbilled}");
        if !ends.is_empty() {
            let open = format!(
                "SELECT count(*) FROM groups WHERE job_id = '{}' AND (lease_token IS NOT NULL OR state NOT IN
                    ('accepted', 'filtered', 'failed', 'cancelled', 'expired'))",
                job.0
            );
            assert_eq!(self.sql(&open).await, "0");
            self.check_counts(job).await;
        }
    }

    /// What a job that has ended counts is what there is, and its groups are as many as its prompts.
    async fn check_counts(&self, job: JobId) {
        let groups = "accepted filtered failed cancelled expired".split(' ');
        let groups: Vec<String> = groups
            .map(|state| {
                format!("j.groups_{state} = (SELECT count(*) FROM groups WHERE job_id = j.id AND state = '{state}')")
            })
            .collect();
        let all = format!(
            "SELECT {}, j.prompt_count = j.groups_accepted + j.groups_filtered + j.groups_failed + j.groups_cancelled
                    + j.groups_expired,
                j.rollouts_selected = r.selected, j.rollouts_filtered = r.filtered, j.rollouts_duplicate = r.duplicate,
                j.rollouts_reward_error = r.reward_error
             FROM jobs j CROSS JOIN LATERAL (
                SELECT count(*) FILTER (WHERE state = 'selected') AS selected,
                    count(*) FILTER (WHERE state = 'filtered') AS filtered,
                    count(*) FILTER (WHERE state = 'filtered' AND reason LIKE '%duplicate') AS duplicate,
                    count(*) FILTER (WHERE state IN ('selected', 'filtered') AND reward_error IS NOT NULL) AS reward_error
                FROM rollouts WHERE job_id = j.id
             ) r WHERE j.id = '{}'",
            groups.join(", "),
            job.0
        );
        assert_eq!(self.sql(&all).await, "t|t|t|t|t|t|t|t|t|t");
    }

    /// A job's log. Every event of it must be as the document says.
    pub(crate) async fn events(&self, job: JobId) -> Vec<Value> {
        let page = store::events::page(&mut self.db.acquire().await.unwrap(), job, 0, 100_000).await.unwrap();
        let events: Vec<Value> =
            page.iter().map(|event| serde_json::from_str(&event.body).unwrap()).collect();
        events.iter().for_each(event_data::check);
        events
    }

    /// How often each type of event was written.
    pub(crate) async fn event_counts(&self, job: JobId) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for event in self.events(job).await {
            *counts.entry(event["type"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        }
        counts
    }

    /// The states of a job's groups, by prompt.
    pub(crate) async fn groups(&self, job: JobId) -> String {
        let sql = format!("SELECT state FROM groups WHERE job_id = '{}' ORDER BY prompt_index", job.0);
        self.sql(&sql).await.replace('\n', " ")
    }

    pub(crate) async fn status(&self, job: JobId) -> String {
        self.sql(&format!("SELECT status FROM jobs WHERE id = '{}'", job.0)).await
    }

    /// Held, charged, released.
    pub(crate) async fn spend(&self, job: JobId) -> String {
        let sql = format!("SELECT amount, captured, released FROM holds WHERE job_id = '{}'", job.0);
        self.sql(&sql).await
    }

    /// Lets time pass: for the service's clock, and for groups that wait without a lease.
    pub(crate) async fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.sql("UPDATE groups SET lease_until = now() - interval '1 second' WHERE lease_token IS NULL AND lease_until IS NOT NULL")
            .await;
    }

    /// Ends every lease now, as if its worker had died long ago.
    pub(crate) async fn expire_leases(&self) {
        self.sql("UPDATE groups SET lease_until = now() - interval '1 second' WHERE lease_token IS NOT NULL")
            .await;
    }

    pub(crate) async fn records(&self, job: JobId) -> Vec<(i64, RolloutRecord)> {
        store::records::page(self.db.begin().await.unwrap(), &self.objects, job, 0, 10_000).await.unwrap()
    }
}

/// A job to create.
pub(crate) struct NewJob {
    pub(crate) spec: JobSpec,
    pub(crate) conditions: Conditions,
    pub(crate) prompts: Vec<String>,
    pub(crate) price: Price,
}

impl NewJob {
    /// `prompts` different prompts with `n` samples each, scored by the last number.
    pub(crate) fn scored(prompts: usize, n: u32) -> Self {
        Self {
            spec: JobSpec {
                sampling: SamplingSpec { n, temperature: 1.0, top_p: 1.0, top_k: 0, max_tokens: 24 },
                reward: Some(RewardTerms::Module(numeric(OnError::Mask))),
                filter: GroupFilter::None,
                advantage: Advantage::default(),
                dedup: Dedup::None,
                selection: SelectionTerms::default(),
                group: GroupTerms::default(),
                verification: Verification::Full,
                max_amount: None,
                metadata: BTreeMap::new(),
            },
            conditions: Conditions {
                budget: Budget { on_exhausted: OnExhausted::Complete, ..Budget::default() },
                ..Conditions::default()
            },
            prompts: (0..prompts).map(|index| format!("Ana has {index} pens.")).collect(),
            price: price(),
        }
    }

    pub(crate) fn spec(mut self, change: impl FnOnce(&mut JobSpec)) -> Self {
        change(&mut self.spec);
        self
    }

    pub(crate) fn bound(mut self, change: impl FnOnce(&mut Conditions)) -> Self {
        change(&mut self.conditions);
        self
    }
}

pub(crate) fn numeric(on_error: OnError) -> RewardModule {
    let module = supervisor().validate(sandbox::builtin("builtins").unwrap(), WasiProfile::None).unwrap();
    RewardModule {
        name: "builtins".to_owned(),
        component_sha256: *module.info().component_sha256.as_bytes(),
        limits: RewardLimits {
            fuel: sandbox::limits::FUEL_DEFAULT,
            memory_bytes: sandbox::limits::MEMORY_DEFAULT,
        },
        on_error,
        args: Some(protocol::reward_input::single("numeric", None)),
        max_error_rate: DEFAULT_MAX_ERROR_RATE,
    }
}
