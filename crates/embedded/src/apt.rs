//! Installs Debian packages as root, and nothing more: no system cluster is made and no system service is started.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use crate::command::run;
use crate::error::IoContext;
use crate::services::Progress;
use crate::{Error, sys};

const CLUSTER_CONFIG: &str = "/etc/postgresql-common/createcluster.conf";
const SERVICE_POLICY: &str = "/usr/sbin/policy-rc.d";
const INSTALL_LIMIT: Duration = Duration::from_mins(10);
const DISABLE_LIMIT: Duration = Duration::from_secs(30);

/// Installs what is named. An error says why this way is closed.
pub(crate) async fn install(packages: &[&str], progress: &Progress) -> Result<(), Error> {
    let closed = |why: &str| Err(Error::NotFound { what: "apt-get", tried: vec![why.into()] });
    if !sys::is_root() {
        return closed("needs root");
    }
    if !Path::new("/usr/bin/apt-get").exists() {
        return closed("not a Debian system");
    }
    progress.say(&format!(
        "installing {} with apt-get (no system cluster, no system service)",
        packages.join(" and ")
    ));
    no_main_cluster()?;
    let policy = ServicesStayDown::begin()?;
    let mut installed = apt_get(&[&["install", "-y", "--no-install-recommends"], packages].concat()).await;
    if installed.is_err() {
        progress.say("refreshing apt's package lists");
        apt_get(&["update"]).await?;
        installed = apt_get(&[&["install", "-y", "--no-install-recommends"], packages].concat()).await;
    }
    drop(policy);
    installed?;
    // the packages enable their units for the next boot; a machine without systemd has none
    for package in packages {
        let _ = run(Command::new("systemctl").args(["--quiet", "disable", package]), "", DISABLE_LIMIT).await;
    }
    Ok(())
}

/// Keeps the environment, where a proxy may be configured.
async fn apt_get(arguments: &[&str]) -> Result<(), Error> {
    let mut command = Command::new("/usr/bin/apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").env("UCF_FORCE_CONFFOLD", "1");
    command.args(["-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Options::=--force-confold"]).args(arguments);
    run(&mut command, "", INSTALL_LIMIT).await.map(drop)
}

/// Tells Debian's Postgres packages, before they are installed, not to make and start a cluster of their own.
fn no_main_cluster() -> Result<(), Error> {
    let path = Path::new(CLUSTER_CONFIG);
    let present = std::fs::read_to_string(path).unwrap_or_default();
    if present.lines().any(|line| line.replace(' ', "").starts_with("create_main_cluster=")) {
        return Ok(()); // the administrator's choice stands
    }
    let dir = path.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(dir).during("create", dir)?;
    std::fs::write(path, format!("{present}create_main_cluster = false\n")).during("write", path)
}

/// While this lives, package scripts may not start services. Afterwards the policy is what it was.
struct ServicesStayDown {
    before: Option<Vec<u8>>,
}

impl ServicesStayDown {
    fn begin() -> Result<Self, Error> {
        let before = std::fs::read(SERVICE_POLICY).ok();
        std::fs::write(SERVICE_POLICY, "#!/bin/sh\nexit 101\n").during("write", SERVICE_POLICY)?;
        let guard = Self { before };
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(SERVICE_POLICY, executable).during("write", SERVICE_POLICY)?;
        Ok(guard)
    }
}

impl Drop for ServicesStayDown {
    fn drop(&mut self) {
        let restored = match &self.before {
            Some(text) => std::fs::write(SERVICE_POLICY, text),
            None => std::fs::remove_file(SERVICE_POLICY),
        };
        if let Err(error) = restored {
            tracing::warn!(%error, "cannot restore {SERVICE_POLICY}");
        }
    }
}
