//! A gateway of one test, and customers to call it.

use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use api::{Ambient, AppState, Config, Offer};
use checkpoint::{Checkpoint, Shelf};
use embedded::testing::{TestDatabase, TestPostgres};
use grail::keys::ServiceKey;
use grail::standard::Standard;
use protocol::money::Price;
use protocol::{AccountId, KeyId, LedgerEntryId, ProjectId, Rao};
use rand_core::OsRng;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response};
use sandbox::{BUILTINS, WasiProfile};
use serde_json::{Value, json};
use store::api_keys::{KeyText, NewKey, Terms};
use store::projects::NewProject;
use store::reward_functions::Module;
use store::reward_uploads::{self, Verdict};
use store::{Clock, Db, Objects, Rates, Wake};
use supervisor::validation::{self, Specimen, Upload};
use supervisor::{Programs, Settings, Supervisor, Tenant};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::{document, event_data};

/// The price of one rollout in all tests.
pub(crate) const ROLLOUT_RAO: i64 = 1_000;

/// A running gateway with its own database. It stops when dropped.
pub(crate) struct Service {
    pub(crate) url: String,
    pub(crate) db: Db,
    pub(crate) wake: Wake,
    pub(crate) objects: Objects,
    pub(crate) clock: Clock,
    pub(crate) key: ServiceKey,
    pub(crate) database: TestDatabase<'static>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
    pub(crate) state: AppState,
    supervisor: Arc<Supervisor>,
    http: reqwest::Client,
    _checkpoint: TempDir,
}

/// One account and its key.
#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub(crate) account: AccountId,
    pub(crate) key: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// Whatever is answered, an error has a code that the document names.
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let path = response.url().path().to_owned();
        let text = response.text().await.unwrap();
        document::must_name(&path, status, &text);
        Self { status, headers, text }
    }

    /// The body, if the status is the expected one. Events in it must be as the document says.
    pub(crate) fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        let body: Value = serde_json::from_str(&self.text).unwrap();
        let items = body["data"].as_array().into_iter().flatten();
        items.chain([&body]).filter(|one| one["object"] == "event").for_each(event_data::check);
        body
    }

    /// The code of the problem that this must be.
    pub(crate) fn problem(&self, status: u16) -> String {
        let problem = self.json(status);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["request_id"], self.header("request-id"));
        assert_eq!(problem["error"]["code"], problem["code"]);
        problem["code"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) fn quick() -> Config {
    Config {
        threads: 1,
        max_job_body_bytes: 256 << 10,
        max_module_body_bytes: 1 << 20,
        max_samples_body_bytes: 64 << 10,
        max_requests_per_minute: 100_000,
        max_jobs_per_minute: 100_000,
        max_sign_ins_per_minute: 100_000,
        sse_heartbeat_ms: 50,
        shutdown_timeout_ms: 1_000,
        ..Config::default()
    }
}

impl Service {
    pub(crate) async fn start() -> Self {
        Self::with(quick()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::counting(config, Clock::System, Rates::local()).await
    }

    /// With this time, and these counts of what customers ask for.
    pub(crate) async fn counting(config: Config, clock: Clock, rates: Rates) -> Self {
        let postgres = TestPostgres::shared().await.unwrap();
        let migrate = async |url: String| {
            let db = Db::connect(&url, 1).await?;
            db.migrate().await?;
            db.close().await;
            Ok::<_, store::Error>(())
        };
        let database = postgres.database("api", migrate).await.unwrap();
        let db = Db::connect(database.url(), 8).await.unwrap();
        let (dir, checkpoint) = checkpoint();
        let (stop, tasks, key) =
            (CancellationToken::new(), TaskTracker::new(), ServiceKey::from_seed(&[9; 32]));
        let rollout = Rao::new(ROLLOUT_RAO).unwrap();
        let price = Price { rollout, per_1k_tokens: Rao::ZERO, filtered_bps: 2_500, miner_share_bps: 8_000 };
        let supervisor = supervisor();
        publish(&db, &checkpoint, &supervisor, &clock).await;
        let mut conn = db.acquire().await.unwrap();
        store::service_keys::publish(&mut conn, &key.public(), clock.now()).await.unwrap();
        drop(conn);
        let state = AppState {
            db: db.clone(),
            wake: Wake::local(),
            objects: Objects::in_memory(),
            rates,
            supervisor: Arc::clone(&supervisor),
            offer: Arc::new(Offer {
                checkpoint: Arc::new(checkpoint),
                standard: Standard::exact("test/1"),
                registered: Standard::exact("test/1"),
                shelf: Shelf::new(2),
                price,
                sampled_bps: 9_000,
                sampled_p: 0.1,
                service_key: key.public(),
            }),
            webhooks: protocol::webhook::Secrets::from_seed(&[4; 32]),
            sessions: api::SessionSecrets::from_seed(&[5; 32]),
            ambient: Ambient::new(clock.clone(), OsRng),
        };
        let (wake, objects) = (state.wake.clone(), state.objects.clone());
        let url = gateway(state.clone(), config, &stop, &tasks);
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        Self {
            url,
            db,
            wake,
            objects,
            clock,
            key,
            database,
            stop,
            tasks,
            state,
            supervisor,
            http,
            _checkpoint: dir,
        }
    }

    /// Another gateway beside this one; its URL.
    pub(crate) fn beside(&self, config: Config, rates: Rates) -> String {
        self.of(self.state.clone(), config, rates)
    }

    /// The same, with another state.
    pub(crate) fn of(&self, state: AppState, config: Config, rates: Rates) -> String {
        gateway(AppState { rates, ..state }, config, &self.stop, &self.tasks)
    }

    /// An account with so many rao, and a key for it.
    pub(crate) async fn customer(&self, rao: i64) -> Customer {
        let (account, text) = (AccountId(Uuid::now_v7()), KeyText::generate(&mut OsRng));
        let now = self.clock.now();
        let tenant = store::Tenant::default_of(account);
        let mut conn = self.db.acquire().await.unwrap();
        store::accounts::create(&mut conn, account, "test", now).await.unwrap();
        let new = new_key(tenant, &text);
        store::api_keys::create(&mut conn, &NewKey { terms: &Terms::everything(), ..new }, now)
            .await
            .unwrap();
        if rao > 0 {
            let (id, amount) = (LedgerEntryId(Uuid::now_v7()), Rao::new(rao).unwrap());
            store::ledger::grant(&mut conn, id, account, amount, now).await.unwrap();
        }
        Customer { account, key: text.reveal() }
    }

    /// A key of another project of the same account.
    pub(crate) async fn sibling(&self, customer: &Customer) -> Customer {
        let (account, project) = (customer.account, ProjectId(Uuid::now_v7()));
        let (text, now) = (KeyText::generate(&mut OsRng), self.clock.now());
        let mut conn = self.db.acquire().await.unwrap();
        let new = NewProject { id: project, account, name: "second", cap: None };
        store::projects::create(&mut conn, &new, now).await.unwrap();
        let tenant = store::Tenant { account, project };
        let new = new_key(tenant, &text);
        store::api_keys::create(&mut conn, &NewKey { terms: &Terms::of_project(), ..new }, now)
            .await
            .unwrap();
        Customer { account, key: text.reveal() }
    }

    /// Another key of the same account's default project, on these terms.
    pub(crate) async fn another(&self, customer: &Customer, terms: Terms) -> Customer {
        let (text, account) = (KeyText::generate(&mut OsRng), customer.account);
        let new = new_key(store::Tenant::default_of(account), &text);
        let mut conn = self.db.acquire().await.unwrap();
        let new = NewKey { terms: &terms, ..new };
        store::api_keys::create(&mut conn, &new, self.clock.now()).await.unwrap();
        Customer { account, key: text.reveal() }
    }

    /// A request that can be changed before it is sent.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.at(&self.url, method, path)
    }

    /// The same of another gateway.
    pub(crate) fn at(&self, url: &str, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{url}{path}"))
    }

    pub(crate) async fn get(&self, customer: &Customer, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).bearer_auth(&customer.key).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, customer: &Customer, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).bearer_auth(&customer.key).json(body);
        Answer::of(request.send().await.unwrap()).await
    }

    /// Sends a form.
    pub(crate) async fn form(&self, customer: &Customer, path: &str, form: Form) -> Answer {
        let request = self.request(Method::POST, path).bearer_auth(&customer.key).multipart(form);
        Answer::of(request.send().await.unwrap()).await
    }

    /// Does the worker's part: all uploads that wait are validated. Says how many.
    pub(crate) async fn validate(&self) -> usize {
        let mut count = 0;
        loop {
            let mut tx = self.db.begin().await.unwrap();
            let leased = reward_uploads::lease(&mut tx, Duration::from_mins(1)).await.unwrap();
            let Some(leased) = leased else { return count };
            let specimens: Vec<Specimen> = serde_json::from_str(&leased.samples).unwrap();
            let wasi = WasiProfile::parse(&leased.wasi).unwrap();
            let upload = Upload { tenant: Tenant::SELF, module: &leased.module, wasi, specimens: &specimens };
            let found = validation::validate(&self.supervisor, &upload).unwrap();
            let verdict = match &found.verdict {
                Ok(module) => Verdict::Ready(stored(module)),
                Err(code) => Verdict::Rejected { code: (*code).to_owned() },
            };
            let report = serde_json::to_string(&found.report).unwrap();
            reward_uploads::conclude(&mut tx, &leased, &verdict, &report, self.clock.now()).await.unwrap();
            tx.commit().await.unwrap();
            self.wake.versions(leased.function);
            count += 1;
        }
    }

    /// Does the gateway's part in the background: all files of batches that wait are read.
    pub(crate) async fn read_batches(&self) {
        while api::read_batch(&self.state).await.unwrap() {}
    }

    /// A miner of the service's own checkpoint, heard of a moment ago and for the rest of the test.
    pub(crate) async fn miner(&self) {
        let offer = &self.state.offer;
        let (checkpoint, profile) = (offer.checkpoint.id, offer.standard.profile().id());
        self.sql(&format!(
            "INSERT INTO miners (hotkey, url, checkpoint_id, profile_id, capacity, last_seen_at)
             VALUES (decode(repeat('07', 32), 'hex'), 'http://m', decode('{}', 'hex'), decode('{}', 'hex'), 64,
                now() + interval '1 hour')",
            hex(checkpoint.as_bytes()),
            hex(profile.as_bytes())
        ))
        .await;
    }

    /// A queued job of so many prompts with two samples each; its id.
    pub(crate) async fn job(&self, customer: &Customer, prompts: usize) -> String {
        let job = self.post(customer, "/v1/jobs", &job_body(prompts)).await.json(201);
        job["id"].as_str().unwrap().to_owned()
    }

    /// One value from the database.
    pub(crate) async fn sql(&self, sql: &str) -> String {
        self.database.sql(sql).await.unwrap()
    }

    /// Nothing of a refused job is left, and no money is lost.
    pub(crate) async fn assert_nothing_stored(&self) {
        let counts = "SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM prompts), (SELECT count(*) FROM groups), \
            (SELECT count(*) FROM holds), (SELECT count(*) FROM events), (SELECT count(*) FROM idempotency_keys), \
            (SELECT sum(held) FROM accounts)";
        assert_eq!(self.sql(counts).await, "0|0|0|0|0|0|0");
        self.assert_ledger_clean().await;
    }

    pub(crate) async fn assert_ledger_clean(&self) {
        let audit = store::ledger::audit(&mut self.db.acquire().await.unwrap()).await.unwrap();
        assert!(audit.is_clean(), "{audit:?}");
    }
}

pub(crate) fn new_key(tenant: store::Tenant, text: &KeyText) -> NewKey<'_> {
    static TERMS: LazyLock<Terms> = LazyLock::new(Terms::of_project);
    NewKey {
        id: KeyId(Uuid::now_v7()),
        tenant,
        name: "test",
        terms: &TERMS,
        made_by: &[],
        api_version: None,
        text,
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

/// Starts a gateway; its URL.
fn gateway(state: AppState, config: Config, stop: &CancellationToken, tasks: &TaskTracker) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tasks.spawn(api::server(state, config, listener, stop.clone()).unwrap());
    url
}

/// A job that nothing is wrong with.
pub(crate) fn job_body(prompts: usize) -> Value {
    let prompts: Vec<Value> = (0..prompts)
        .map(|index| json!({ "text": format!("What is {index} + 2?"), "reference": (index + 2).to_string() }))
        .collect();
    json!({
        "prompts": prompts,
        "sampling": { "n": 2, "max_tokens": 16 },
        "reward": { "mode": "builtin", "name": "numeric" },
    })
}

/// The engine's smallest fixture, with a chat template beside it.
fn checkpoint() -> (TempDir, Checkpoint) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/engine/tests/fixtures/llama");
    let dir = tempfile::tempdir().unwrap();
    for name in [
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ] {
        std::fs::copy(source.join(name), dir.path().join(name)).unwrap();
    }
    let template = "{% for m in messages %}{% if m.role == 'robot' %}{{ raise_exception('robots may not speak') }}{% endif %}\
        {{ m.role }}: {{ m.content }}\n{% endfor %}assistant:";
    std::fs::write(dir.path().join("chat_template.jinja"), template).unwrap();
    let checkpoint = Checkpoint::open(dir.path()).unwrap();
    (dir, checkpoint)
}

/// One for all tests: its children are the same programs that the service starts.
fn supervisor() -> Arc<Supervisor> {
    static SUPERVISOR: LazyLock<Arc<Supervisor>> = LazyLock::new(|| {
        let programs = Programs::beside_this_one().expect("this program's own path");
        Arc::new(Supervisor::start(Settings::new(programs)).expect("the children start"))
    });
    Arc::clone(&SUPERVISOR)
}

/// What the binary does when it starts.
async fn publish(db: &Db, checkpoint: &Checkpoint, supervisor: &Supervisor, clock: &Clock) {
    let config = json!({ "context_length": checkpoint.config.max_position_embeddings });
    let mut tx = db.begin().await.unwrap();
    store::checkpoints::publish(&mut tx, checkpoint.id, "tiny", None, &config, clock.now()).await.unwrap();
    for (name, upload) in BUILTINS {
        let module = stored(&supervisor.validate(upload, WasiProfile::None).unwrap());
        store::reward_functions::register_builtin(&mut tx, name, &module, clock.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
}

fn stored(module: &sandbox::Module) -> Module {
    let info = module.info();
    Module {
        component_sha256: *info.component_sha256.as_bytes(),
        upload_sha256: *info.upload_sha256.as_bytes(),
        world: info.world.as_str().to_owned(),
        wasi: info.wasi.as_str().to_owned(),
        component: module.component().to_vec(),
    }
}

/// A form with this module.
pub(crate) fn module_form(module: &[u8]) -> Form {
    Form::new().part("module", Part::bytes(module.to_vec()).file_name("reward.wasm"))
}
