//! Postgres and Redis for tests of any crate: one cluster per test process, one database per test, nothing left behind.
//!
//! A cluster is copied from a prepared one under the target directory, because `initdb` costs seconds. A database is
//! copied from a template that the test's own code migrates once. Runs no SQL of ours: migrating is the caller's.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, OnceCell};

use crate::account::Account;
use crate::cluster::Cluster;
use crate::command::{clean, run};
use crate::error::IoContext;
use crate::lock::DirLock;
use crate::place::home;
use crate::provision::{Need, PostgresBin, Programs, provide};
use crate::server::Server;
use crate::services::{Progress, Tuning};
use crate::{Error, Hide, redis};

const LIMIT: Duration = Duration::from_mins(2);
/// Raised whenever `Cluster::create` changes, so that an old prepared cluster is not used.
const TEMPLATE_FORMAT: u32 = 1;

/// A Postgres of this test process. Every test of a binary may share one; a test that breaks it starts its own.
#[derive(Debug)]
pub struct TestPostgres {
    server: Server,
    cluster: Cluster,
    templates: Mutex<HashSet<String>>,
    _run: RunDir,
}

impl TestPostgres {
    /// The one of this process, started on first use, without fsync. It ends with the process.
    pub async fn shared() -> Result<&'static Self, Error> {
        static SHARED: OnceCell<TestPostgres> = OnceCell::const_new();
        SHARED
            .get_or_try_init(|| {
                Self::start(Tuning { shared_buffers_mb: 64, max_connections: 300, fsync: false })
            })
            .await
    }

    /// One for a single test, for example to kill it. It ends when dropped.
    pub async fn start(tuning: Tuning) -> Result<Self, Error> {
        let (programs, lab) = Lab::with(Need { postgres: true, major: None, redis: false }).await?;
        let bin = programs.postgres.ok_or(Error::NotFound { what: "Postgres", tried: Vec::new() })?;
        let template = lab.prepared_cluster(&bin).await?;
        let run_dir = RunDir::create(&lab.dir)?;
        let data = run_dir.path.join("pg");
        run(clean("cp").args(copy_flags()).arg(&template).arg(&data), "", LIMIT).await?;
        let cluster = Cluster::open(bin, data, lab.account)?;
        let server = cluster.start(&tuning, run_dir.path.join("postgres.log")).await?;
        Ok(Self { server, cluster, templates: Mutex::default(), _run: run_dir })
    }

    /// A new database, copied from the template of this name; `prepare` fills the template the first time.
    ///
    /// `prepare` gets the template's URL, and must have closed its connections when it returns.
    pub async fn database<E, F>(
        &self,
        template: &str,
        prepare: impl FnOnce(String) -> F,
    ) -> Result<TestDatabase<'_>, Error>
    where
        F: Future<Output = Result<(), E>>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let source = format!("template_{template}");
        if !template.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')) {
            return Err(Error::Unusable {
                path: template.into(),
                why: "a template's name is a-z, 0-9 and _".into(),
            });
        }
        let mut ready = self.templates.lock().await;
        if !ready.contains(template) {
            // an earlier attempt may have failed half way
            self.cluster.admin("postgres", &format!("DROP DATABASE IF EXISTS {source} WITH (FORCE)")).await?;
            self.create_database(&source, None).await?;
            prepare(self.cluster.url(&source))
                .await
                .map_err(|error| Error::Prepare { template: template.into(), source: error.into() })?;
            let seal = format!(
                "ALTER DATABASE {source} ALLOW_CONNECTIONS false;\n\
                 SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}'"
            );
            self.cluster.admin("postgres", &seal).await?;
            ready.insert(template.into());
        }
        drop(ready);
        self.copy_of(Some(&source)).await
    }

    /// A new database with nothing in it.
    pub async fn empty_database(&self) -> Result<TestDatabase<'_>, Error> {
        self.copy_of(None).await
    }

    /// The server, to kill, stop or wait for.
    pub fn server(&self) -> &Server {
        &self.server
    }

    async fn copy_of(&self, template: Option<&str>) -> Result<TestDatabase<'_>, Error> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.create_database(&name, template).await?;
        Ok(TestDatabase { postgres: self, url: self.cluster.url(&name), name })
    }

    async fn create_database(&self, name: &str, template: Option<&str>) -> Result<(), Error> {
        // copying files forces checkpoints, 20 times slower; version 14 knows no other way
        let strategy = if self.cluster.bin.major >= 15 { "STRATEGY = wal_log" } else { "" };
        let from = template.map_or_else(String::new, |template| format!("TEMPLATE = {template}"));
        let owner = Cluster::owner();
        self.cluster
            .admin("postgres", &format!("CREATE DATABASE {name} OWNER = {owner} {from} {strategy}"))
            .await?;
        Ok(())
    }
}

/// A database of one test, dropped with it.
#[derive(Debug)]
pub struct TestDatabase<'a> {
    postgres: &'a TestPostgres,
    name: String,
    url: String,
}

impl TestDatabase<'_> {
    /// For the role that owns the database, as the service connects.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// For the superuser, whom row-level security does not bind.
    pub fn admin_url(&self) -> String {
        self.postgres.cluster.admin_url(&self.name)
    }

    /// Runs statements through `psql` as the superuser: rows as lines, fields separated by `|`.
    pub async fn sql(&self, sql: &str) -> Result<String, Error> {
        psql(&self.admin_url(), sql).await
    }
}

impl Drop for TestDatabase<'_> {
    /// In the background: nobody waits for it, and the cluster goes away with the process in any case.
    fn drop(&mut self) {
        let mut psql = self.postgres.cluster.psql("postgres").into_std();
        psql.arg("-c").arg(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        psql.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        std::thread::spawn(move || psql.status());
    }
}

/// A Redis of one test or of one test process.
#[derive(Debug)]
pub struct TestRedis {
    server: Server,
    _run: RunDir,
}

impl TestRedis {
    /// The one of this process; none where no Redis can be had.
    pub async fn shared() -> Result<Option<&'static Self>, Error> {
        static SHARED: OnceCell<Option<TestRedis>> = OnceCell::const_new();
        Ok(SHARED.get_or_try_init(Self::start).await?.as_ref())
    }

    /// One for a single test, for example to stop it. It ends when dropped.
    pub async fn start() -> Result<Option<Self>, Error> {
        let (programs, lab) = Lab::with(Need { postgres: false, major: None, redis: true }).await?;
        let Some(binary) = programs.redis else { return Ok(None) };
        let run_dir = RunDir::create(&lab.dir)?;
        let server = redis::start(&binary, &run_dir.path, lab.account).await?;
        Ok(Some(Self { server, _run: run_dir }))
    }

    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// The server, to kill, stop or wait for.
    pub fn server(&self) -> &Server {
        &self.server
    }
}

/// Runs statements through `psql` at a URL of ours: rows as lines, fields separated by `|`. An error carries what
/// Postgres said.
pub async fn psql(url: &str, sql: &str) -> Result<String, Error> {
    let (programs, _) = Lab::with(Need { postgres: true, major: None, redis: false }).await?;
    let bin = programs.postgres.ok_or(Error::NotFound { what: "Postgres", tried: Vec::new() })?;
    let parts = url.strip_prefix("postgres://").and_then(|rest| {
        let (user, rest) = rest.split_once(':')?;
        let (password, rest) = rest.split_once('@')?;
        let (address, database) = rest.split_once('/')?;
        let (host, port) = address.split_once(':')?;
        Some((user, password, host, port, database))
    });
    let Some((user, password, host, port, database)) = parts else {
        return Err(Error::Unusable { path: url.into(), why: "not a full postgres:// URL".into() });
    };
    let mut psql = clean(bin.dir.join("psql"));
    psql.env("PGPASSWORD", password).env("PGCONNECT_TIMEOUT", "10");
    psql.args([
        "-X",
        "-q",
        "-A",
        "-t",
        "-v",
        "ON_ERROR_STOP=1",
        "-h",
        host,
        "-p",
        port,
        "-U",
        user,
        "-d",
        database,
    ]);
    Ok(run(&mut psql, sql, LIMIT).await?.trim_end().to_owned())
}

/// Where all tests of a target directory keep programs and the prepared cluster.
struct Lab {
    dir: PathBuf,
    account: Account,
}

impl Lab {
    async fn with(need: Need) -> Result<(Programs, Self), Error> {
        let dir = target_dir().join("embedded");
        std::fs::create_dir_all(&dir).during("create", &dir)?;
        let account = Account::for_files(Path::new("/nonexistent")).await?;
        let dir = home(&dir, account).await?;
        let progress = Progress::new(|line| eprintln!("embedded: {line}"));
        let programs = provide(need, hide()?, account, &dir.join("packages"), &progress).await?;
        Ok((programs, Self { dir, account }))
    }

    /// A stopped cluster to copy from; made once for every version.
    async fn prepared_cluster(&self, bin: &PostgresBin) -> Result<PathBuf, Error> {
        let parent = self.dir.join(format!("template-{}-{TEMPLATE_FORMAT}", bin.major));
        std::fs::create_dir_all(&parent).during("create", &parent)?;
        let template = parent.join("pg");
        let _lock = DirLock::wait(&parent, LIMIT).await?;
        if !template.exists() {
            Cluster::create(bin, &template, self.account, false).await?;
        }
        Ok(template)
    }
}

/// A directory for one server, removed when dropped, and also when this process dies in any way.
#[derive(Debug)]
struct RunDir {
    path: PathBuf,
    /// Waits for the end of its standard input, which is the end of this process at the latest.
    caretaker: Child,
}

/// Stops what still runs, then removes the directory.
const CARETAKER: &str = r#"
cat >/dev/null
for file in "$1/pg/postmaster.pid" "$1/redis/redis.pid"; do
    tries=0
    while [ -s "$file" ] && pid=$(head -n 1 "$file") && kill -QUIT "$pid" 2>/dev/null && [ $tries -lt 100 ]; do
        tries=$((tries + 1)); sleep 0.05
    done
done
rm -rf -- "$1"
"#;

impl RunDir {
    fn create(lab: &Path) -> Result<Self, Error> {
        use std::os::unix::process::CommandExt;

        static NEXT: AtomicU32 = AtomicU32::new(1);
        let run_name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = lab.join("runs").join(run_name);
        if path.exists() {
            std::fs::remove_dir_all(&path).during("remove", &path)?; // of an earlier process with this id
        }
        std::fs::create_dir_all(&path).during("create", &path)?;
        let mut command = clean("/bin/sh").into_std();
        command.args(["-c", CARETAKER, "sh"]).arg(&path).process_group(0); // ctrl-C must not end it
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let caretaker = command.spawn().during("run", "/bin/sh")?;
        Ok(Self { path, caretaker })
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        drop(self.caretaker.stdin.take());
        let _ = self.caretaker.wait(); // bounded by the loop of the script
    }
}

/// The target directory of this build, found from the test binary in it.
fn target_dir() -> PathBuf {
    let exe = std::env::current_exe().unwrap_or_default();
    let tagged = exe.ancestors().find(|dir| dir.join("CACHEDIR.TAG").is_file());
    tagged.map_or_else(|| std::env::temp_dir().join("reliquary"), Path::to_path_buf)
}

#[expect(clippy::disallowed_methods, reason = "test processes read no configuration file")]
fn hide() -> Result<Hide, Error> {
    let words = std::env::var("RELIQUARY_EMBEDDED_HIDE").unwrap_or_default();
    words.parse().map_err(|why| Error::Unusable { path: "RELIQUARY_EMBEDDED_HIDE".into(), why })
}

/// Shares the blocks where the file system can.
fn copy_flags() -> &'static [&'static str] {
    if cfg!(target_os = "linux") { &["-a", "--reflink=auto"] } else { &["-Rpc"] }
}
