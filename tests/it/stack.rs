//! The service for one test: Postgres, Redis, gateway, worker, verifier and miners, each a process, on free loopback ports.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use chain::KeyFile;
use embedded::Tuning;
use embedded::testing::{TestDatabase, TestPostgres, TestRedis, psql};
use grail::keys::HotkeyPair;
use rand_core::OsRng;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::customer::{Customer, PATIENCE};
use crate::roles::{Role, reliquary};

pub(crate) const CHECKPOINT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/arith-tiny/current");
pub(crate) const PREVIOUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/arith-tiny/previous");
/// As `lifecycle.drain_ms` is set below, with time to start and end on a busy machine.
pub(crate) const DRAIN: Duration = Duration::from_secs(25);
/// More than any test spends.
const CREDITS: &str = "1000000000000";

/// Each stack runs a model on both cores: more than two at once only get in each other's way.
static PLACES: Semaphore = Semaphore::const_new(2);

/// Which servers a stack has, and which miners.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// A Postgres of its own, durable, to be crashed.
    pub(crate) own_postgres: bool,
    /// A Redis of its own, to be flushed and stopped.
    pub(crate) own_redis: bool,
    /// Name and `--dishonest` mode. They are known to the worker, but not started.
    pub(crate) miners: Vec<(String, Option<String>)>,
}

impl Plan {
    /// Miners that do what they should.
    pub(crate) fn honest(count: usize) -> Self {
        Self {
            miners: (0..count).map(|number| (format!("honest-{number}"), None)).collect(),
            ..Self::default()
        }
    }
}

/// A Postgres and a database in it: its own for a test that crashes it, else one of the process'.
struct Postgres {
    own: Option<Box<TestPostgres>>,
    /// Dropped with the stack.
    _database: Option<TestDatabase<'static>>,
    url: String,
    admin_url: String,
}

pub(crate) struct Stack {
    // dropped in this order: the roles before what they use
    roles: Vec<Role>,
    hotkeys: Vec<(String, grail::Hotkey)>,
    postgres: Postgres,
    own_redis: Option<TestRedis>,
    settings: Vec<(String, String)>,
    base: String,
    dir: TempDir,
    _place: SemaphorePermit<'static>,
}

impl Stack {
    /// Servers, a migrated database, and the roles; none of them runs yet.
    pub(crate) async fn prepare(plan: Plan) -> Self {
        let place = PLACES.acquire().await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let postgres = postgres(plan.own_postgres).await;
        let own_redis = if plan.own_redis { TestRedis::start().await.unwrap() } else { None };
        let redis_url = match &own_redis {
            Some(redis) => redis.url().to_owned(),
            None => {
                TestRedis::shared().await.unwrap().map_or_else(|| "off".into(), |redis| redis.url().into())
            }
        };
        let base = format!("http://127.0.0.1:{}", free_port());
        let mut stack = Self {
            roles: Vec::new(),
            hotkeys: Vec::new(),
            settings: settings(&postgres.url, &redis_url, &base, dir.path()),
            postgres,
            own_redis,
            base,
            dir,
            _place: place,
        };
        stack.add_miners(&plan.miners);
        for name in ["api", "worker", "verifier"] {
            let role = Role::new(name, &[name], stack.settings.clone(), stack.dir.path());
            let ready = format!("{}/readyz", stack.base);
            stack.roles.push(if name == "api" { role.ready_at(ready) } else { role });
        }
        stack.cli(&["migrate"]);
        stack
    }

    /// A stack whose gateway, worker and verifier run; its miners do not yet.
    pub(crate) async fn start(plan: Plan) -> Self {
        let mut stack = Self::prepare(plan).await;
        for role in ["api", "worker", "verifier"] {
            stack.up(role).await;
        }
        stack
    }

    /// A stack of which everything runs.
    pub(crate) async fn start_all(plan: Plan) -> Self {
        let miners: Vec<String> = plan.miners.iter().map(|(name, _)| name.clone()).collect();
        let mut stack = Self::start(plan).await;
        for miner in &miners {
            stack.up(miner).await;
        }
        stack
    }

    fn add_miners(&mut self, miners: &[(String, Option<String>)]) {
        let mut addresses = Vec::new();
        for (name, mode) in miners {
            let key_file = self.key_file(name);
            let hotkey = KeyFile::at(&key_file).create(OsRng).unwrap().hotkey();
            let listen = format!("127.0.0.1:{}", free_port());
            addresses.push(format!("{}@http://{listen}", chain::ss58::encode(&hotkey)));
            let mut settings = self.settings.clone();
            settings.extend([
                ("RELIQUARY__MINER__LISTEN".to_owned(), listen.clone()),
                ("RELIQUARY__MINER__KEY_FILE".to_owned(), key_file.display().to_string()),
            ]);
            let mut arguments = vec!["miner"];
            arguments.extend(mode.iter().flat_map(|mode| ["--dishonest", mode.as_str()]));
            let role = Role::new(name, &arguments, settings, self.dir.path());
            self.roles.push(role.ready_at(format!("http://{listen}/v1/status")));
            self.hotkeys.push((name.clone(), hotkey));
        }
        self.settings.push(("RELIQUARY__MINERS__ADDRESSES".to_owned(), addresses.join(",")));
    }

    pub(crate) async fn up(&mut self, role: &str) {
        self.role(role).start().await;
    }

    pub(crate) fn kill9(&mut self, role: &str) {
        self.role(role).kill9();
    }

    /// SIGTERM; the exit status, within the drain time.
    pub(crate) async fn terminate(&mut self, role: &str) -> ExitStatus {
        self.role(role).terminate(DRAIN).await
    }

    /// The most memory that a running role has had.
    pub(crate) fn peak_mb(&mut self, role: &str) -> u64 {
        self.role(role).peak_mb()
    }

    fn role(&mut self, name: &str) -> &mut Role {
        let found = self.roles.iter_mut().find(|role| role.name == name);
        found.unwrap_or_else(|| panic!("there is no role {name}"))
    }

    /// Every role that was started and not stopped must still run.
    pub(crate) fn assert_alive(&mut self) {
        for role in &mut self.roles {
            let died = role.died();
            assert!(died.is_none(), "{} ended by itself: {died:?}", role.name);
        }
    }

    pub(crate) fn hotkey(&self, miner: &str) -> grail::Hotkey {
        self.hotkeys.iter().find(|(name, _)| name == miner).unwrap().1
    }

    /// The miner's signing key, for tests that forge.
    pub(crate) fn key(&self, miner: &str) -> HotkeyPair {
        KeyFile::at(self.key_file(miner)).load().unwrap()
    }

    fn key_file(&self, miner: &str) -> PathBuf {
        self.dir.path().join(format!("{miner}.json"))
    }

    /// A new account with credits, and a customer with its key.
    pub(crate) fn customer(&self) -> Customer {
        self.customer_with(CREDITS)
    }

    pub(crate) fn customer_with(&self, credits: &str) -> Customer {
        self.customer_with_key(&self.new_key(credits))
    }

    /// The key of a new account, for programs that are customers.
    pub(crate) fn new_key(&self, credits: &str) -> String {
        let printed = self.cli(&["keys", "create", "--name", "test", "--grant-rao", credits]);
        let key: Value = serde_json::from_str(&printed).unwrap();
        key["api_key"].as_str().unwrap().to_owned()
    }

    /// Where the gateway is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn customer_with_key(&self, key: &str) -> Customer {
        Customer::new(&self.base, key)
    }

    /// Changes a setting of a role that does not run.
    pub(crate) fn set(&mut self, role: &str, name: &str, value: &str) {
        self.role(role).set(name, value);
    }

    /// Runs a command of the binary to its end; what it printed.
    pub(crate) fn cli(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "reliquary {arguments:?}: {}\n{said}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command of the binary to its end, whatever that is.
    pub(crate) fn output(&self, arguments: &[&str]) -> Output {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        reliquary(&arguments, &self.settings, self.dir.path()).output().unwrap()
    }

    pub(crate) fn url(&self) -> &str {
        &self.postgres.url
    }

    /// Rows as lines, fields separated by `|`.
    pub(crate) async fn sql(&self, sql: &str) -> String {
        psql(&self.postgres.admin_url, sql).await.unwrap()
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.sql(sql).await.parse().unwrap()
    }

    /// Waits until a count is what it must become.
    pub(crate) async fn until(&self, sql: &str, expected: i64) {
        let began = Instant::now();
        loop {
            let found = self.count(sql).await;
            if found == expected {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{sql}: {found}, not {expected}");
            tokio::time::sleep(Duration::from_millis(50)).await; // nobody tells this test of a row
        }
    }

    /// The Postgres that is this stack's own.
    pub(crate) fn own_postgres(&self) -> &TestPostgres {
        self.postgres.own.as_ref().expect("other tests use this Postgres too")
    }

    /// The Redis that is this stack's own; none where Redis cannot be had.
    pub(crate) fn own_redis(&self) -> Option<&TestRedis> {
        self.own_redis.as_ref()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for role in &self.roles {
                let said = role.said();
                if !said.is_empty() {
                    eprintln!(
                        "---- {} ({}) ----\n{said}",
                        role.name,
                        if role.runs() { "up" } else { "down" }
                    );
                }
            }
        }
    }
}

/// A database; a shared server's is migrated once and copied, `migrate` does the rest.
async fn postgres(own: bool) -> Postgres {
    if own {
        let tuning = Tuning { shared_buffers_mb: 64, max_connections: 120, fsync: true };
        let postgres = Box::new(TestPostgres::start(tuning).await.unwrap());
        let database = postgres.empty_database().await.unwrap();
        let (url, admin_url) = (database.url().to_owned(), database.admin_url());
        std::mem::forget(database); // it goes away with its cluster
        return Postgres { own: Some(postgres), _database: None, url, admin_url };
    }
    let migrated = async |url: String| {
        let db = store::Db::connect(&url, 1).await?;
        db.migrate().await?;
        db.close().await;
        Ok::<(), store::Error>(())
    };
    let database = TestPostgres::shared().await.unwrap().database("it", migrated).await.unwrap();
    let (url, admin_url) = (database.url().to_owned(), database.admin_url());
    Postgres { own: None, _database: Some(database), url, admin_url }
}

/// What all roles are told. Short leases and deadlines: a test must not wait long for what a fault left behind.
fn settings(database: &str, redis: &str, base: &str, dir: &Path) -> Vec<(String, String)> {
    let data: PathBuf = dir.join("data");
    let listen = base.trim_start_matches("http://");
    [
        ("DATABASE_URL", database),
        ("RELIQUARY__REDIS__URL", redis),
        ("RELIQUARY__DATA__DIR", &data.display().to_string()),
        ("RELIQUARY__CHECKPOINT__DIR", CHECKPOINT),
        ("RELIQUARY__CHECKPOINT__PREVIOUS_DIR", PREVIOUS),
        // no round number, and a rollout has few tokens: what is rounded wrongly somewhere shows
        ("RELIQUARY__PRICING__PER_1K_TOKENS_RAO", "25001"),
        ("RELIQUARY__GATEWAY__LISTEN", listen),
        ("RELIQUARY__API__THREADS", "1"),
        ("RELIQUARY__API__SSE_HEARTBEAT_MS", "1000"),
        ("RELIQUARY__WORKER__ALLOW_PRIVATE_MINERS", "true"),
        ("RELIQUARY__API__SSE_POLL_MS", "100"),
        ("RELIQUARY__WORKER__POLL_MS", "100"),
        ("RELIQUARY__WORKER__LEASE_MS", "4000"),
        ("RELIQUARY__WORKER__MAX_BACKOFF_MS", "1000"),
        ("RELIQUARY__WORKER__MAX_GROUPS_PER_REQUEST", "3"),
        ("RELIQUARY__WORKER__MAX_ATTEMPTS", "20"),
        ("RELIQUARY__WORKER__PROBE_EVERY_MS", "500"),
        ("RELIQUARY__WORKER__MINER_FRESH_MS", "5000"),
        ("RELIQUARY__WORKER__CONNECT_TIMEOUT_MS", "1000"),
        ("RELIQUARY__WORKER__IDLE_TIMEOUT_MS", "3000"),
        ("RELIQUARY__WORKER__VERIFY_THREADS", "1"),
        ("RELIQUARY__MINER__THREADS", "1"),
        ("RELIQUARY__MINER__HEARTBEAT_MS", "500"),
        ("RELIQUARY__LIFECYCLE__DRAIN_MS", "15000"),
        ("RELIQUARY__TELEMETRY__FILTER", "info"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// A port that nobody listens on, and that the kernel gives to no outgoing connection while its role is down.
fn free_port() -> u16 {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 10_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(131);
    loop {
        let port = (FIRST + start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
