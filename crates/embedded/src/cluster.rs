//! One Postgres data directory: made once, configured at every start. Not the process: see `server`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use tokio::process::Command;

use crate::account::Account;
use crate::command::{clean, run};
use crate::error::IoContext;
use crate::place::{free_port, password, private_dir, write_private};
use crate::provision::PostgresBin;
use crate::server::{Probe, Program, Server};
use crate::services::Tuning;
use crate::{Error, sys};

/// The superuser is for making databases only: row-level security does not bind it.
const ADMIN: &str = "postgres";
const APP: &str = "reliquary";
/// What the service becomes for a tenant (migration 0013): the service's own role may not make roles.
const TENANT: &str = "reliquary_tenant";
/// Ours inside the data directory: the settings, and the two passwords.
const SETTINGS: &str = "reliquary.conf";
const SECRET: &str = "reliquary.secret";

const INITDB_LIMIT: Duration = Duration::from_mins(2);
const SQL_LIMIT: Duration = Duration::from_mins(1);
const LEFTOVER_LIMIT: Duration = Duration::from_secs(40);

/// A data directory, the programs that can serve it, and the account that owns it.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    pub bin: PostgresBin,
    pub data: PathBuf,
    pub account: Account,
    port: u16,
    admin_password: String,
    app_password: String,
}

impl Cluster {
    /// Makes `data`, whole or not at all: it is built beside its place, then renamed.
    pub(crate) async fn create(
        bin: &PostgresBin,
        data: &Path,
        account: Account,
        durable: bool,
    ) -> Result<(), Error> {
        let new = data.with_extension("new");
        if new.exists() {
            std::fs::remove_dir_all(&new).during("remove", &new)?;
        }
        private_dir(&new, account)?;
        let mut initdb = clean(bin.dir.join("initdb"));
        initdb.args([
            "--username",
            ADMIN,
            "--encoding",
            "UTF8",
            "--locale",
            "C",
            "--auth",
            "trust",
            "--data-checksums",
        ]);
        if !durable {
            initdb.arg("--no-sync");
        }
        initdb.arg("--pgdata").arg(&new);
        account.apply(&mut initdb);
        run(&mut initdb, "", INITDB_LIMIT).await?;

        let (admin, app) = (password()?, password()?);
        write_private(&new.join("pg_hba.conf"), "host all all 127.0.0.1/32 scram-sha-256\n", account)?;
        write_private(&new.join(SECRET), &format!("{admin}\n{app}\n"), account)?;
        let main = new.join("postgresql.conf");
        std::fs::File::options()
            .append(true)
            .open(&main)
            .and_then(|mut file| {
                std::io::Write::write_all(&mut file, format!("include '{SETTINGS}'\n").as_bytes())
            })
            .during("write", &main)?;
        write_private(&new.join(SETTINGS), "", account)?;

        // before any server runs, so that none ever listens without passwords
        let mut single = clean(bin.dir.join("postgres"));
        single.args(["--single", "-c", "exit_on_error=on", "-D"]).arg(&new).arg("postgres");
        account.apply(&mut single);
        let setup = [
            format!("ALTER ROLE {ADMIN} PASSWORD '{admin}'"),
            format!("CREATE ROLE {APP} LOGIN PASSWORD '{app}'"),
            format!("GRANT pg_monitor TO {APP}"), // queue health gauges read the statistics views
            format!("CREATE DATABASE {APP} OWNER {APP}"),
        ];
        run(&mut single, &(setup.join("\n") + "\n"), SQL_LIMIT).await?;
        std::fs::rename(&new, data).during("rename", &new)
    }

    /// Opens a directory that [`Cluster::create`] made, and takes a port for it.
    pub(crate) fn open(bin: PostgresBin, data: PathBuf, account: Account) -> Result<Self, Error> {
        let secret = data.join(SECRET);
        let text = std::fs::read_to_string(&secret).during("read", &secret)?;
        let mut lines = text.lines().map(str::to_owned);
        let (Some(admin_password), Some(app_password)) = (lines.next(), lines.next()) else {
            return Err(Error::Unusable { path: secret, why: "it should hold two passwords".into() });
        };
        let port = free_port(last_port(&data))?;
        Ok(Self { bin, data, account, port, admin_password, app_password })
    }

    /// Writes the settings and starts the server.
    pub(crate) async fn start(&self, tuning: &Tuning, log: PathBuf) -> Result<Server, Error> {
        stop_leftover(&self.data).await?;
        write_private(&self.data.join(SETTINGS), &self.settings(tuning).await, self.account)?;
        let program = Program {
            name: "postgres",
            binary: self.bin.dir.join("postgres"),
            args: vec!["-D".into(), self.data.clone().into()],
            account: self.account,
            log,
            stop: if tuning.fsync { Signal::INT } else { Signal::QUIT }, // nothing to keep: no last checkpoint
            probe: Probe::PidFile(self.data.join("postmaster.pid")),
        };
        let server = Server::start(program, self.url(APP)).await?;
        // not only where a directory is made: there are older ones
        self.admin("postgres", &tenant_role()).await?;
        Ok(server)
    }

    /// The address of a database, for the role that the service runs as.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://{APP}:{}@127.0.0.1:{}/{database}", self.app_password, self.port)
    }

    /// The address of a database, for the superuser.
    pub(crate) fn admin_url(&self, database: &str) -> String {
        format!("postgres://{ADMIN}:{}@127.0.0.1:{}/{database}", self.admin_password, self.port)
    }

    /// Runs statements as the superuser through `psql`, one transaction each; answers what they print.
    pub(crate) async fn admin(&self, database: &str, sql: &str) -> Result<String, Error> {
        run(&mut self.psql(database), sql, SQL_LIMIT).await
    }

    pub(crate) fn psql(&self, database: &str) -> Command {
        let mut psql = clean(self.bin.dir.join("psql"));
        psql.env("PGPASSWORD", &self.admin_password).env("PGCONNECT_TIMEOUT", "10");
        psql.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-U",
            ADMIN,
            "-d",
            database,
        ]);
        psql.args(["-p", &self.port.to_string()]);
        psql
    }

    pub(crate) fn owner() -> &'static str {
        APP
    }

    async fn settings(&self, tuning: &Tuning) -> String {
        let on = |yes: bool| if yes { "on" } else { "off" };
        let mut text = format!(
            "# written at every start; edit postgresql.conf below its include line instead\n\
             port = {}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n\
             max_connections = {}\nshared_buffers = '{}MB'\nfsync = {}\nfull_page_writes = {}\n\
             max_wal_size = '1GB'\ncheckpoint_timeout = '5min'\n\
             idle_in_transaction_session_timeout = '30s'\npassword_encryption = 'scram-sha-256'\n\
             timezone = 'UTC'\nlog_timezone = 'UTC'\nlogging_collector = off\nlog_line_prefix = '%m [%p] %u@%d '\n",
            self.port,
            tuning.max_connections,
            tuning.shared_buffers_mb,
            on(tuning.fsync),
            on(tuning.fsync),
        );
        if self.accepts("wal_compression=lz4").await {
            let _ = writeln!(text, "wal_compression = 'lz4'");
        }
        text
    }

    /// Whether this build knows the value: lz4 is a choice of whoever compiled it.
    async fn accepts(&self, setting: &str) -> bool {
        let name = setting.split('=').next().unwrap_or(setting);
        let mut ask = clean(self.bin.dir.join("postgres"));
        ask.arg("-D").arg(&self.data).args(["-C", name, "-c", setting]);
        self.account.apply(&mut ask);
        run(&mut ask, "", SQL_LIMIT).await.is_ok()
    }
}

/// The major version that made the directory; none if there is no cluster.
pub(crate) fn major(data: &Path) -> Option<u32> {
    std::fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Makes the role if it is not there.
fn tenant_role() -> String {
    format!(
        "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{TENANT}') THEN \
         CREATE ROLE {TENANT} NOLOGIN; GRANT {TENANT} TO {APP}; END IF; END $$;\n"
    )
}

/// The port of the last start: a person's `psql` keeps working.
fn last_port(data: &Path) -> Option<u16> {
    let text = std::fs::read_to_string(data.join(SETTINGS)).ok()?;
    text.lines().find_map(|line| line.strip_prefix("port = "))?.parse().ok()
}

/// Stops a server that outlived its supervisor. The caller holds the directory's lock, so nobody watches that server.
async fn stop_leftover(data: &Path) -> Result<(), Error> {
    let began = std::time::Instant::now();
    let mut asked = false;
    while let Some(pid) = leftover(data).await {
        if !asked {
            tracing::warn!(pid, data = %data.display(), "stopping a Postgres left over from an earlier run");
            sys::signal(pid, Signal::INT);
            asked = true;
        } else if began.elapsed() > LEFTOVER_LIMIT {
            let detail =
                format!("process {pid} of an earlier run still serves {} and does not stop", data.display());
            return Err(Error::Down { server: "postgres", detail });
        }
        tokio::time::sleep(Duration::from_millis(50)).await; // not our child: its end sends us no signal
    }
    Ok(())
}

/// The live process named by `postmaster.pid`, if it really serves this directory: process ids are used again.
async fn leftover(data: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let pid: u32 = text.lines().next()?.trim().parse().ok()?;
    let arguments = match std::fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).replace('\0', " "),
        Err(_) if Path::new("/proc/self").exists() => return None,
        Err(_) => {
            run(clean("ps").args(["-o", "command=", "-p", &pid.to_string()]), "", SQL_LIMIT).await.ok()?
        }
    };
    arguments.contains(&*data.to_string_lossy()).then_some(pid)
}
