//! Everything in one process tree: private Postgres and Redis, gateway, worker, verifier and miners.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use embedded::{Options, Progress, RedisSource, Services, Tuning};
use grail::Hotkey;
use miner::Behaviour;
use protocol::Rao;
use store::Clock;
use worker::{Audit, Role};

use crate::config::Config;
use crate::lifecycle::{Ending, Lifecycle};
use crate::roles::{self, Platform};
use crate::{cli, keys};

/// A miner to start beside the service.
#[derive(Debug, Clone)]
pub(crate) struct MinerPlan {
    pub(crate) name: &'static str,
    pub(crate) behaviour: Behaviour,
    /// A new hotkey at every start: nobody knows it yet.
    pub(crate) newcomer: bool,
}

/// A started service.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) platform: Platform,
    pub(crate) url: String,
    pub(crate) miners: Vec<(&'static str, Hotkey)>,
    services: Arc<Services>,
}

/// `reliquary up`: starts all of it, says how to reach it, and stays.
pub(crate) async fn run(
    config: &Config,
    lifecycle: &Lifecycle,
    mut ending: Ending,
) -> anyhow::Result<ExitCode> {
    let plans =
        ["alice", "bob"].map(|name| MinerPlan { name, behaviour: Behaviour::Honest, newcomer: false });
    let running = tokio::select! {
        running = start(config, lifecycle, &plans, Some(Audit::Full)) => running?,
        () = ending.signalled() => return Ok(ExitCode::FAILURE),
    };
    let credits = Rao::new(10_000_000_000).context("ten TAO is an amount")?;
    let key = keys::create(&running.platform.db, &Clock::System, "up", None, credits).await?;
    cli::print(&welcome(&running, &key.key));
    let code = ending.wait().await;
    running.stop().await?; // last: draining still writes
    Ok(code)
}

fn welcome(running: &Running, key: &str) -> String {
    let url = &running.url;
    format!(
        "\nReliquary is up at {url}  (API description: {url}/openapi.json)\n\n  export RELIQUARY_API_KEY={key}   # 10 TAO of credits\n  \
         curl {url}/v1/jobs -H \"Authorization: Bearer $RELIQUARY_API_KEY\" -H 'Content-Type: application/json' -d '{{\n    \
         \"prompts\": [{{\"text\": \"Tom has 17 apples and buys 25 more. How many apples does Tom have?\\n\", \"reference\": \"42\"}}],\n    \
         \"sampling\": {{\"n\": 8, \"max_tokens\": 64}}, \"reward\": {{\"mode\": \"builtin\", \"name\": \"numeric\"}}}}'\n\nctrl-C stops it."
    )
}

pub(crate) fn say(line: &str) {
    eprintln!("  {line}");
}

/// Runs `work` beside a started service (without `audit`: a gateway alone), then drains and stops it all. A signal or the failure of a part ends it early.
pub(crate) async fn during<T>(
    config: &Config,
    lifecycle: &Lifecycle,
    mut ending: Ending,
    plans: &[MinerPlan],
    audit: Option<Audit>,
    work: impl AsyncFnOnce(&Running) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let both = async {
        let running = start(config, lifecycle, plans, audit).await?;
        let result = work(&running).await;
        anyhow::Ok((running, result))
    };
    let (running, result) = tokio::select! {
        done = both => done?,
        () = ending.signalled() => bail!("interrupted"),
        () = lifecycle.stop().cancelled() => bail!("a part of the service failed; see the log above"),
    };
    lifecycle.stop().cancel();
    ending.wait().await;
    running.stop().await?;
    result
}

/// Starts services, miners and roles, in that order.
async fn start(
    config: &Config,
    lifecycle: &Lifecycle,
    plans: &[MinerPlan],
    audit: Option<Audit>,
) -> anyhow::Result<Running> {
    let services = Services::start(&config.data.dir, options(config)?).await.context("private services")?;
    let services = Arc::new(services);
    watch(&services, lifecycle);
    let platform =
        Platform::connect(config, lifecycle, &services.database_url, services.redis_url.as_deref()).await?;
    let mut miners = Vec::new();
    let mut conn = platform.db.acquire().await?;
    let known = store::miners::list(&mut conn).await?;
    for plan in plans {
        let key = roles::miner_key_path(config, plan.name);
        if plan.newcomer && key.exists() {
            std::fs::remove_file(&key)?;
        }
        let settings = roles::miner_settings(config, &key, plan.behaviour.clone())?;
        let listener = roles::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), "a miner's port")?;
        let url = format!("http://{}", listener.local_addr()?);
        let hotkey = settings.key.hotkey();
        roles::start_miner(settings, listener, lifecycle);
        store::miners::register(&mut conn, hotkey, &url).await?;
        miners.push((plan.name, hotkey));
    }
    // miners of an earlier run are not there any more
    for gone in known.iter().filter(|known| !miners.iter().any(|(_, hotkey)| *hotkey == known.hotkey)) {
        store::miners::remove(&mut conn, gone.hotkey).await?;
    }
    drop(conn);
    let mut config = config.clone();
    config.worker.allow_private_miners = true; // they are on this machine
    let listener = roles::listen(config.gateway.listen, "gateway.listen")?;
    let url = format!("http://{}", listener.local_addr()?);
    roles::start_api(&config, &platform, listener, lifecycle).await?;
    if let Some(audit) = audit {
        roles::start_worker(&config, &platform, Role::Both, audit, lifecycle).await?;
    }
    Ok(Running { platform, url, miners, services })
}

/// A database that cannot be brought back takes the process down.
fn watch(services: &Arc<Services>, lifecycle: &Lifecycle) {
    let (stop, watched) = (lifecycle.stop().clone(), Arc::clone(services));
    lifecycle.spawn("services", async move {
        tokio::select! {
            error = watched.failed() => Err(error),
            () = stop.cancelled() => Ok(()),
        }
    });
}

impl Running {
    /// Where the database is.
    pub(crate) fn database_url(&self) -> &str {
        &self.services.database_url
    }

    /// Where the gateway listens.
    pub(crate) fn port(&self) -> anyhow::Result<u16> {
        let port = self.url.rsplit(':').next().and_then(|port| port.parse().ok());
        port.context("a gateway without a port")
    }

    /// To be called when all tasks have ended.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.platform.db.close().await;
        self.services.stop().await.context("private services")
    }
}

/// How the private Postgres and Redis are to be had.
fn options(config: &Config) -> anyhow::Result<Options> {
    let redis = match config.redis.url.reveal() {
        _ if config.redis.is_off() => RedisSource::Off,
        Some(url) => RedisSource::Given(url.into()),
        None => RedisSource::Embedded,
    };
    Ok(Options {
        database_url: config.postgres.url.reveal().map(str::to_owned),
        redis,
        hide: config.embedded.hide.parse().map_err(anyhow::Error::msg).context("embedded.hide")?,
        tuning: Tuning {
            shared_buffers_mb: config.embedded.shared_buffers_mb,
            max_connections: config.embedded.max_connections,
            fsync: true,
        },
        packages: None,
        progress: Progress::new(say),
    })
}
