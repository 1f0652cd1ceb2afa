//! Postgres and Redis as the service sees them: two URLs, from whichever source, and whether they still live.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::account::Account;
use crate::cluster::{self, Cluster};
use crate::error::IoContext;
use crate::lock::DirLock;
use crate::place::{home, write_private};
use crate::provision::{Hide, Need, provide};
use crate::server::Server;
use crate::{Error, redis};

/// Where Redis comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RedisSource {
    /// Start a private one if the program can be had, else run without.
    #[default]
    Embedded,
    Given(String),
    Off,
}

/// What a private Postgres may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tuning {
    pub shared_buffers_mb: u32,
    pub max_connections: u32,
    /// Off only where losing everything in a power cut is fine: tests.
    pub fsync: bool,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { shared_buffers_mb: 256, max_connections: 200, fsync: true }
    }
}

/// How the services are to be had.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Use this Postgres, and start none.
    pub database_url: Option<String>,
    pub redis: RedisSource,
    pub hide: Hide,
    pub tuning: Tuning,
    /// Where downloaded programs are kept; inside the data directory unless given.
    pub packages: Option<PathBuf>,
    pub progress: Progress,
}

/// Tells a person what is being done, one line each time.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(&str) + Send + Sync>);

impl Progress {
    pub fn new(line: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(line))
    }

    pub(crate) fn say(&self, line: &str) {
        (self.0)(line);
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Progress")
    }
}

/// Running services. Dropping stops what was started; [`Services::stop`] does so without blocking.
#[derive(Debug)]
pub struct Services {
    /// For a role that owns its database and is no superuser.
    pub database_url: String,
    /// None: run without Redis.
    pub redis_url: Option<String>,
    admin_url: Option<String>,
    // dropped in this order: servers first, then the note about them, then the lock
    postgres: Option<Server>,
    redis: Option<Server>,
    _note: Option<Note>,
    _lock: DirLock,
}

impl Services {
    /// Uses what is given, and starts the rest with its files under `dir`.
    ///
    /// Whatever is downloaded, installed or created is told to `options.progress` first. A second start in the same
    /// directory is refused while the first one runs.
    pub async fn start(dir: &Path, options: Options) -> Result<Self, Error> {
        std::fs::create_dir_all(dir).during("create", dir)?;
        let dir = dir.canonicalize().during("find", dir)?;
        let lock = DirLock::take(&dir)?;
        let need_postgres = options.database_url.is_none();
        let need_redis = options.redis == RedisSource::Embedded;

        let mut started = Started::default();
        if need_postgres || need_redis {
            started = start_missing(&dir, need_postgres, need_redis, &options).await?;
        }
        let redis_url = match options.redis {
            RedisSource::Given(url) => Some(url),
            RedisSource::Off => None,
            RedisSource::Embedded => started.redis.as_ref().map(|server| server.url().to_owned()),
        };
        let own_url = started.postgres.as_ref().map(|server| server.url().to_owned());
        let database_url = options.database_url.or(own_url).unwrap_or_default();
        Ok(Self {
            database_url,
            redis_url,
            admin_url: started.admin_url,
            postgres: started.postgres,
            redis: started.redis,
            _note: started.note,
            _lock: lock,
        })
    }

    /// The private Postgres; none if one was given.
    pub fn postgres(&self) -> Option<&Server> {
        self.postgres.as_ref()
    }

    /// The private Redis; none if one was given, or there is none.
    pub fn redis(&self) -> Option<&Server> {
        self.redis.as_ref()
    }

    /// The private Postgres as superuser, for a person who looks into it. Row-level security does not bind this role.
    pub fn admin_url(&self) -> Option<&str> {
        self.admin_url.as_deref()
    }

    /// Resolves when Postgres is down for good; never, if all is well or it was given. Redis may be lost at any time.
    pub async fn failed(&self) -> Error {
        match self.postgres() {
            Some(server) => server.failed().await,
            None => std::future::pending().await,
        }
    }

    /// Stops what was started, and waits for it. The directory stays taken until this is dropped.
    pub async fn stop(&self) -> Result<(), Error> {
        if let Some(redis) = self.redis() {
            redis.stop().await?;
        }
        if let Some(postgres) = self.postgres() {
            postgres.stop().await?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Started {
    postgres: Option<Server>,
    admin_url: Option<String>,
    redis: Option<Server>,
    note: Option<Note>,
}

async fn start_missing(dir: &Path, postgres: bool, redis: bool, options: &Options) -> Result<Started, Error> {
    let progress = &options.progress;
    let account = Account::for_files(&dir.join("pg")).await?;
    let home = home(dir, account).await?;
    if home != dir {
        progress.say(&format!(
            "{} is closed to the servers' account; using {}",
            dir.display(),
            home.display()
        ));
    }
    let account = Account::for_files(&home.join("pg")).await?;
    let data = home.join("pg");
    let packages = options.packages.clone().unwrap_or_else(|| home.join("packages"));
    let need = Need { postgres, major: cluster::major(&data), redis };
    let programs = provide(need, options.hide, account, &packages, progress).await?;

    let mut started = Started::default();
    if let Some(bin) = programs.postgres {
        if cluster::major(&data).is_none() {
            progress.say(&format!("creating a Postgres {} cluster in {}", bin.major, data.display()));
            Cluster::create(&bin, &data, account, options.tuning.fsync).await?;
        }
        progress.say(&format!("starting Postgres {} from {}", bin.major, bin.dir.display()));
        let cluster = Cluster::open(bin, data, account)?;
        let server = cluster.start(&options.tuning, home.join("postgres.log")).await?;
        started.admin_url = Some(cluster.admin_url("reliquary"));
        started.postgres = Some(server);
    }
    if let Some(binary) = programs.redis {
        progress.say(&format!("starting Redis from {}", binary.display()));
        match redis::start(&binary, &home, account).await {
            Ok(server) => started.redis = Some(server),
            Err(error) => progress.say(&format!("WARNING: {error}; running without Redis")), // slower at most
        }
    }
    started.note = Some(Note::write(dir, &started)?);
    Ok(started)
}

/// `env` in the data directory: the URLs of what runs, for a person's other shell (`set -a; . .reliquary/env`).
#[derive(Debug)]
struct Note {
    path: PathBuf,
}

impl Note {
    fn write(dir: &Path, started: &Started) -> Result<Self, Error> {
        let line = |name: &str, server: &Option<Server>| {
            server.as_ref().map_or_else(String::new, |server| format!("{name}={}\n", server.url()))
        };
        let text = line("DATABASE_URL", &started.postgres) + &line("REDIS_URL", &started.redis);
        let path = dir.join("env");
        write_private(&path, &text, Account::Own)?;
        Ok(Self { path })
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path); // a stale note is harmless: the next start replaces it
    }
}
