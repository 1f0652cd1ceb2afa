//! The composition root: turns settings into running roles. Each role is the same whether it is alone or inside `up`.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use beacon::{Beacon, Kind, LocalBeacon};
use chain::KeyFile;
use checkpoint::{Checkpoint, Shelf};
use grail::keys::{HotkeyPair, ServiceKey};
use grail::standard::Standard;
use miner::Behaviour;
use protocol::Rao;
use protocol::money::Price;
use protocol::webhook::Secrets;
use rand_core::{OsRng, RngCore as _};
use sandbox::WasiProfile;
use store::{Clock, Db, Objects, Rates, Wake};
use supervisor::{Cache, Programs, Supervisor};
use worker::{Audit, Parts, Role};

use crate::checkpoints;
use crate::config::{self, BeaconSource, Config};
use crate::lifecycle::Lifecycle;
use crate::seed_file;

/// What the roles of one process share: handles on the outside world.
#[derive(Debug, Clone)]
pub(crate) struct Platform {
    pub(crate) db: Db,
    pub(crate) wake: Wake,
    pub(crate) objects: Objects,
    pub(crate) rates: Rates,
    /// Runs customers' code.
    pub(crate) supervisor: Arc<Supervisor>,
}

impl Platform {
    /// Connects, and applies missing migrations.
    pub(crate) async fn connect(
        config: &Config,
        lifecycle: &Lifecycle,
        database_url: &str,
        redis_url: Option<&str>,
    ) -> anyhow::Result<Self> {
        let db = Db::connect(database_url, config.postgres.max_connections).await.context("postgres.url")?;
        db.migrate().await?;
        let (wake, rates) = match redis_url {
            Some(url) => {
                let wake = Wake::redis(url, lifecycle.tasks(), lifecycle.stop()).context("redis.url")?;
                (wake, Rates::redis(url).context("redis.url")?)
            }
            None => (Wake::local(), Rates::local()),
        };
        let settings = config.clone();
        let supervisor = tokio::task::spawn_blocking(move || supervisor(&settings)).await??;
        let objects = objects(config)?;
        Ok(Self { db, wake, objects, rates, supervisor: Arc::new(supervisor) })
    }

    async fn alone(config: &Config, lifecycle: &Lifecycle) -> anyhow::Result<Self> {
        let redis = config.redis.url.reveal().filter(|_| !config.redis.is_off());
        Self::connect(config, lifecycle, database_url(config)?, redis).await
    }
}

fn database_url(config: &Config) -> anyhow::Result<&str> {
    config.postgres.url.reveal().context("this role needs a database: set DATABASE_URL (or use `up`)")
}

pub(crate) async fn database(config: &Config) -> anyhow::Result<Db> {
    Ok(Db::connect(database_url(config)?, 2).await?)
}

pub(crate) fn objects(config: &Config) -> anyhow::Result<Objects> {
    Ok(Objects::local(&config.data.dir.join("objects"))?)
}

pub(crate) async fn api_alone(config: &Config, lifecycle: &Lifecycle) -> anyhow::Result<()> {
    let platform = Platform::alone(config, lifecycle).await?;
    let listener = listen(config.gateway.listen, "gateway.listen")?;
    start_api(config, &platform, listener, lifecycle).await
}

pub(crate) async fn worker_alone(config: &Config, role: Role, lifecycle: &Lifecycle) -> anyhow::Result<()> {
    let platform = Platform::alone(config, lifecycle).await?;
    start_worker(config, &platform, role, Audit::Full, lifecycle).await
}

pub(crate) fn miner_alone(
    config: &Config,
    behaviour: Behaviour,
    lifecycle: &Lifecycle,
) -> anyhow::Result<()> {
    let section = &config.miner;
    let key = section.key_file.clone().unwrap_or_else(|| key_path(config, "miner"));
    let settings = miner_settings(config, &key, behaviour)?;
    start_miner(settings, listen(section.listen, "miner.listen")?, lifecycle);
    Ok(())
}

pub(crate) fn listen(address: std::net::SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).with_context(|| format!("{setting} = {address}"))
}

/// Where the keys that this machine makes for itself lie.
fn key_path(config: &Config, name: &str) -> PathBuf {
    config.data.dir.join("keys").join(format!("{name}.json"))
}

/// Signs receipts.
fn receipt_key(config: &Config) -> anyhow::Result<ServiceKey> {
    let seed = seed_file::load_or_create(&config.data.dir.join("keys/receipt.key"), OsRng)?;
    Ok(ServiceKey::from_seed(&seed))
}

/// What the keys of webhooks are derived from: gateways and workers have the same.
fn webhook_secrets(config: &Config) -> anyhow::Result<Secrets> {
    let seed = seed_file::load_or_create(&config.data.dir.join("keys/webhook.key"), OsRng)?;
    Ok(Secrets::from_seed(&seed))
}

/// What the keys and tokens of sessions are derived from: all gateways have the same.
fn session_secrets(config: &Config) -> anyhow::Result<api::SessionSecrets> {
    let seed = seed_file::load_or_create(&config.data.dir.join("keys/session.key"), OsRng)?;
    Ok(api::SessionSecrets::from_seed(&seed))
}

/// Where audits take their randomness from.
pub(crate) fn beacon(config: &Config) -> anyhow::Result<Beacon> {
    let section = &config.beacon;
    Ok(match section.source {
        BeaconSource::Local => {
            let seed = seed_file::load_or_create(&config.data.dir.join("keys/beacon.key"), OsRng)?;
            Beacon::local(LocalBeacon::from_seed(&seed))
        }
        BeaconSource::Relays => Beacon::relays(&section.relays, Duration::from_millis(section.patience_ms))
            .context("beacon.relays")?,
        BeaconSource::File => {
            Beacon::file(section.file.clone().context("beacon.source is \"file\": set beacon.file")?)
        }
    })
}

/// The key in a file, which is made if it is missing.
fn hotkey(path: &Path) -> anyhow::Result<HotkeyPair> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    }
    Ok(KeyFile::at(path).load_or_create(OsRng)?)
}

/// Publishes checkpoint and built-in rewards, then serves.
pub(crate) async fn start_api(
    config: &Config,
    platform: &Platform,
    listener: TcpListener,
    lifecycle: &Lifecycle,
) -> anyhow::Result<()> {
    let checkpoint = open_checkpoint(&config.checkpoint.dir).await?;
    let previous = match &config.checkpoint.previous_dir {
        Some(dir) => Some(open_checkpoint(dir).await?.id),
        None => None,
    };
    let service_key = receipt_key(config)?;
    publish(platform, &checkpoint, previous, config).await?;
    let mut tx = platform.db.begin().await?;
    store::service_keys::publish(&mut tx, &service_key.public(), Clock::System.now()).await?;
    tx.commit().await?;
    let state = api::AppState {
        db: platform.db.clone(),
        wake: platform.wake.clone(),
        objects: platform.objects.clone(),
        rates: platform.rates.clone(),
        supervisor: Arc::clone(&platform.supervisor),
        offer: Arc::new(api::Offer {
            standard: standard_for(config, &checkpoint)?,
            registered: Standard::exact(engine::numerics_id()),
            shelf: Shelf::new(config.checkpoint.max_open),
            checkpoint: Arc::new(checkpoint),
            price: price(&config.pricing)?,
            sampled_bps: config.pricing.sampled_bps,
            sampled_p: config.audit.policy.p,
            service_key: service_key.public(),
        }),
        webhooks: webhook_secrets(config)?,
        sessions: session_secrets(config)?,
        ambient: api::Ambient::system(),
    };
    lifecycle.spawn("batches", api::read_batches(state.clone(), lifecycle.stop().clone()));
    let server = api::server(state, config.api.clone(), listener, lifecycle.stop().clone())?;
    lifecycle.spawn("api", server);
    Ok(())
}

async fn publish(
    platform: &Platform,
    checkpoint: &Checkpoint,
    previous: Option<grail::CheckpointId>,
    config: &Config,
) -> anyhow::Result<()> {
    let now = Clock::System.now();
    let shown = checkpoints::description(checkpoint);
    let name = config.checkpoint.name.clone();
    let mut tx = platform.db.begin().await?;
    store::checkpoints::publish(&mut tx, checkpoint.id, &name, previous, &shown, now).await?;
    for (name, bytes) in sandbox::BUILTINS {
        let supervisor = Arc::clone(&platform.supervisor);
        let validating = tokio::task::spawn_blocking(move || supervisor.validate(bytes, WasiProfile::None));
        let module = validating.await?.with_context(|| format!("built-in reward {name}"))?;
        store::reward_functions::register_builtin(&mut tx, name, &worker::stored(&module), now).await?;
    }
    tx.commit().await?;
    Ok(())
}

pub(crate) async fn start_worker(
    config: &Config,
    platform: &Platform,
    role: Role,
    audit: Audit,
    lifecycle: &Lifecycle,
) -> anyhow::Result<()> {
    let parts = worker_parts(config, platform, audit).await?;
    let kind = parts.beacon.trust().kind();
    if kind == Kind::Local {
        tracing::warn!(
            beacon = kind.as_str(),
            "audits are drawn by a key of this machine: good for one machine, but proof of nothing to others"
        );
    } else {
        tracing::info!(beacon = kind.as_str(), "audits are drawn by a public beacon");
    }
    if matches!(role, Role::Worker | Role::Both) {
        let mut conn = platform.db.acquire().await?;
        for address in &config.miners.addresses {
            let hotkey = chain::ss58::decode(&address.hotkey)
                .with_context(|| format!("miners.addresses: {}", address.hotkey))?;
            store::miners::register(&mut conn, hotkey, &address.url).await?;
        }
    }
    let context = worker::Context::new(parts, lifecycle.tasks().clone(), lifecycle.stop().clone())?;
    lifecycle.spawn("worker", worker::run(context, role));
    Ok(())
}

async fn worker_parts(config: &Config, platform: &Platform, audit: Audit) -> anyhow::Result<Parts> {
    let checkpoint = open_checkpoint(&config.checkpoint.dir).await?;
    let standard = standard_for(config, &checkpoint)?;
    let previous = match &config.checkpoint.previous_dir {
        Some(dir) => Some(open_checkpoint(dir).await?),
        None => None,
    };
    let caller = hotkey(&key_path(config, "service"))?;
    Ok(Parts {
        db: platform.db.clone(),
        objects: platform.objects.clone(),
        wake: platform.wake.clone(),
        clock: Clock::System,
        supervisor: Arc::clone(&platform.supervisor),
        checkpoint: Arc::new(checkpoint),
        registered: Standard::exact(engine::numerics_id()),
        max_open: config.checkpoint.max_open,
        previous: previous.map(Arc::new),
        service_key: receipt_key(config)?,
        webhooks: webhook_secrets(config)?,
        hotkey: Arc::new(caller),
        audit,
        rules: config.audit,
        beacon: beacon(config)?,
        standard,
        config: config.worker.clone(),
        seed: OsRng.next_u64(),
    })
}

/// What miners prove by and are judged by.
pub(crate) fn standard(config: &Config) -> anyhow::Result<Standard> {
    let Some(path) = &config.checkpoint.calibration else {
        return Ok(Standard::exact(engine::numerics_id()));
    };
    let document = std::fs::read(path).with_context(|| format!("{}", path.display()))?;
    Standard::calibrated(&document).with_context(|| format!("{}", path.display()))
}

/// A standard for another checkpoint or engine would refuse every honest miner.
fn standard_for(config: &Config, checkpoint: &Checkpoint) -> anyhow::Result<Standard> {
    let standard = standard(config)?;
    let fits = standard.fits(&checkpoint.id, checkpoint.config.hidden_size, engine::numerics_id());
    ensure!(fits, "checkpoint.calibration is for another checkpoint or another engine");
    Ok(standard)
}

/// Hashing and reading a checkpoint takes a while: off the async threads.
pub(crate) async fn open_checkpoint(dir: &Path) -> anyhow::Result<Checkpoint> {
    let dir = dir.to_owned();
    tokio::task::spawn_blocking(move || {
        Checkpoint::open(&dir).with_context(|| format!("checkpoint {}", dir.display()))
    })
    .await?
}

/// Where the children's programs lie.
pub(crate) fn programs(config: &Config) -> anyhow::Result<Programs> {
    Ok(match &config.sandbox.programs_dir {
        Some(folder) => Programs::in_folder(folder),
        None => Programs::beside_this_one()?,
    })
}

/// Starts the supervisor, and says how far this machine can confine its children.
pub(crate) fn supervisor(config: &Config) -> anyhow::Result<Supervisor> {
    let (section, programs) = (&config.sandbox, programs(config)?);
    let mac_key = seed_file::load_or_create(&config.data.dir.join("keys/native.key"), OsRng)?;
    let settings = supervisor::Settings {
        isolation: section.isolation,
        run_children: section.run_children,
        compile_children: section.compile_children,
        cache: Cache {
            memory_bytes: section.cache_memory_bytes,
            folder: Some((config.data.dir.join("native"), section.cache_disk_bytes, mac_key)),
        },
        ..supervisor::Settings::new(programs)
    };
    let supervisor = Supervisor::start(settings).context("reward functions cannot be run here")?;
    let confinement = supervisor.confinement();
    if confinement.is_complete() {
        tracing::info!(%confinement, "reward functions are confined");
    } else {
        tracing::warn!(%confinement, "reward functions are confined only in part: this kernel offers no more");
    }
    Ok(supervisor)
}

pub(crate) fn price(pricing: &config::Pricing) -> anyhow::Result<Price> {
    let rao = |amount: u64| i64::try_from(amount).ok().and_then(Rao::new);
    Ok(Price {
        rollout: rao(pricing.rollout_rao).context("pricing.rollout_rao is more rao than exist")?,
        per_1k_tokens: rao(pricing.per_1k_tokens_rao)
            .context("pricing.per_1k_tokens_rao is more rao than exist")?,
        filtered_bps: pricing.filtered_bps,
        miner_share_bps: pricing.miner_share_bps,
    })
}

/// A miner's settings with the key in `key`, which is made if it is missing.
pub(crate) fn miner_settings(
    config: &Config,
    key: &Path,
    behaviour: Behaviour,
) -> anyhow::Result<miner::Config> {
    let section = &config.miner;
    let pair = hotkey(key)?;
    let now_ns: miner::NowNs = Arc::new(|| {
        Clock::System.now().timestamp_nanos_opt().and_then(|ns| u64::try_from(ns).ok()).unwrap_or(0)
    });
    let rng: miner::RngFactory = Arc::new(|| Box::new(OsRng));
    let checkpoint = section.checkpoint_dir.clone().unwrap_or_else(|| config.checkpoint.dir.clone());
    let mut settings = miner::Config::new(pair, checkpoint, now_ns, rng);
    settings.standard = standard(config)?;
    settings.threads = section.threads.max(1);
    settings.max_rows = section.max_rows;
    settings.kv_tokens = section.kv_tokens;
    settings.max_queue = section.max_queue;
    settings.callers = section
        .callers
        .iter()
        .map(|text| chain::ss58::decode(text).with_context(|| format!("miner.callers: {text}")))
        .collect::<anyhow::Result<_>>()?;
    settings.heartbeat = Duration::from_millis(section.heartbeat_ms);
    settings.drain = Duration::from_millis(section.drain_ms);
    settings.behaviour = behaviour;
    ensure!(settings.max_rows > 0, "miner.max_rows is 0");
    Ok(settings)
}

pub(crate) fn start_miner(settings: miner::Config, listener: TcpListener, lifecycle: &Lifecycle) {
    lifecycle.spawn("miner", miner::serve(settings, listener, lifecycle.stop().clone()));
}

/// The path of a named miner's key below the data folder, for `up` and `demo`.
pub(crate) fn miner_key_path(config: &Config, name: &str) -> PathBuf {
    key_path(config, &format!("miner-{name}"))
}
