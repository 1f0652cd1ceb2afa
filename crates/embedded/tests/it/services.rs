//! `Services`: what `up` and `demo` start.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use embedded::testing::psql;
use embedded::{Error, Options, RedisSource, Services, Tuning};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{alive, is_root, open_dir};

pub(crate) fn small() -> Options {
    Options {
        tuning: Tuning { shared_buffers_mb: 32, max_connections: 20, fsync: true },
        ..Options::default()
    }
}

fn without_redis() -> Options {
    Options { redis: RedisSource::Off, ..small() }
}

/// One command to a Redis URL of ours, after the password.
pub(crate) async fn redis_says(url: &str, command: &str) -> String {
    let (password, address) = url.strip_prefix("redis://:").unwrap().split_once('@').unwrap();
    let mut stream = tokio::net::TcpStream::connect(address.trim_end_matches("/0")).await.unwrap();
    stream.write_all(format!("AUTH {password}\r\n{command}\r\nQUIT\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn both_servers_serve_and_a_second_start_is_refused_and_data_stays() {
    let dir = open_dir();
    let services = Services::start(dir.path(), small()).await.unwrap();
    let url = services.database_url.clone();

    psql(&url, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)").await.unwrap();
    // row-level security must bind the role that the service runs as
    assert_eq!(
        psql(&url, "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user").await.unwrap(),
        "f|f"
    );
    let settings = "SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings WHERE name IN \
                    ('fsync', 'max_wal_size', 'idle_in_transaction_session_timeout', 'max_connections', 'data_checksums')";
    assert_eq!(
        psql(&url, settings).await.unwrap(),
        "data_checksums=on fsync=on idle_in_transaction_session_timeout=30000 max_connections=20 max_wal_size=1024"
    );

    let redis_url = services.redis_url.clone().expect("this machine can have a Redis");
    assert!(redis_says(&redis_url, "PING").await.contains("+PONG"));
    let wrong = redis_url.replace("redis://:", "redis://:wrong");
    assert!(redis_says(&wrong, "PING").await.contains("-WRONGPASS"));

    let note = dir.path().join("env");
    assert_eq!(std::fs::metadata(&note).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(
        std::fs::read_to_string(&note).unwrap(),
        format!("DATABASE_URL={url}\nREDIS_URL={redis_url}\n")
    );

    let second = Services::start(dir.path(), small()).await.unwrap_err();
    let Error::AlreadyRunning { pid, .. } = &second else { panic!("{second}") };
    assert_eq!(*pid, std::process::id().to_string());
    assert!(second.to_string().contains("already running"), "{second}");

    let pids = [services.postgres(), services.redis()].map(|server| server.unwrap().pid().unwrap());
    services.stop().await.unwrap();
    assert_eq!(pids.map(alive), [false, false]);
    drop(services);
    assert!(!note.exists());

    let again = Services::start(dir.path(), without_redis()).await.unwrap();
    assert_eq!(again.database_url, url, "same port and password, so that open shells go on working");
    assert_eq!(psql(&url, "SELECT n FROM kept").await.unwrap(), "7");
    let pid = again.postgres().unwrap().pid().unwrap();
    drop(again);
    assert!(!alive(pid), "dropping stops too");
}

#[tokio::test]
async fn given_urls_are_used_and_nothing_is_started() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        database_url: Some("postgres://db.example/x".into()),
        redis: RedisSource::Given("redis://cache.example".into()),
        hide: "system,apt,pip".parse().unwrap(),
        ..Options::default()
    };
    let services = Services::start(dir.path(), options).await.unwrap();
    assert_eq!(services.database_url, "postgres://db.example/x");
    assert_eq!(services.redis_url.as_deref(), Some("redis://cache.example"));
    assert!(services.postgres().is_none() && services.redis().is_none());
    let left: Vec<_> =
        std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["lock"]);
}

#[tokio::test]
async fn passwords_guard_the_cluster_and_its_files() {
    let dir = open_dir();
    let services = Services::start(dir.path(), without_redis()).await.unwrap();
    let (front, rest) = services.database_url.split_once("reliquary:").unwrap();
    let wrong = format!("{front}reliquary:0{rest}");
    let refused = psql(&wrong, "SELECT 1").await.unwrap_err().to_string();
    assert!(refused.contains("password authentication failed"), "{refused}");

    let data = dir.path().join("pg");
    assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(std::fs::metadata(data.join("reliquary.secret")).unwrap().permissions().mode() & 0o777, 0o600);
    let admin = services.admin_url().unwrap();
    assert_eq!(psql(admin, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user").await.unwrap(), "t");
}

#[tokio::test]
async fn a_directory_closed_to_the_servers_account_is_left_for_one_that_is_open() {
    let closed = tempfile::tempdir().unwrap();
    std::fs::set_permissions(closed.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let dir = closed.path().join("checkout/.reliquary");
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let tell = told.clone();
    let progress = embedded::Progress::new(move |line| tell.lock().unwrap().push(line.to_owned()));
    let services = Services::start(&dir, Options { progress, ..without_redis() }).await.unwrap();
    let at = psql(services.admin_url().unwrap(), "SHOW data_directory").await.unwrap();
    if is_root() {
        let home = Path::new(&at).parent().unwrap();
        assert!(home.starts_with("/var/tmp"), "{at}");
        assert_eq!(home.metadata().unwrap().uid(), 0);
        assert_eq!(home.metadata().unwrap().permissions().mode() & 0o022, 0);
        assert_ne!(Path::new(&at).metadata().unwrap().uid(), 0, "Postgres refuses to run as root");
        assert!(told.lock().unwrap().iter().any(|line| line.contains(home.to_str().unwrap())), "{told:?}");
        services.stop().await.unwrap();
        std::fs::remove_dir_all(home).unwrap();
    } else {
        assert_eq!(Path::new(&at), dir.canonicalize().unwrap().join("pg"));
        services.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_cluster_that_cannot_start_says_why_and_soon() {
    let dir = open_dir();
    Services::start(dir.path(), without_redis()).await.unwrap().stop().await.unwrap();
    let main = dir.path().join("pg/postgresql.conf");
    let text = std::fs::read_to_string(&main).unwrap();
    std::fs::write(&main, text + "shared_preload_libraries = 'no_such_library'\n").unwrap();

    let began = std::time::Instant::now();
    let error = Services::start(dir.path(), without_redis()).await.unwrap_err().to_string();
    assert!(error.contains("no_such_library"), "{error}");
    assert!(began.elapsed().as_secs() < 40, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_redis_that_cannot_start_costs_only_itself() {
    let dir = open_dir();
    std::fs::write(dir.path().join("redis"), "in the way").unwrap();
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let tell = told.clone();
    let progress = embedded::Progress::new(move |line| tell.lock().unwrap().push(line.to_owned()));
    let services = Services::start(dir.path(), Options { progress, ..small() }).await.unwrap();
    assert_eq!(services.redis_url, None);
    assert_eq!(psql(&services.database_url, "SELECT 1").await.unwrap(), "1");
    let told = told.lock().unwrap();
    assert!(
        told.iter().any(|line| line.starts_with("WARNING") && line.contains("without Redis")),
        "{told:?}"
    );
}

#[tokio::test]
async fn with_every_way_closed_the_error_lists_them() {
    let dir = tempfile::tempdir().unwrap();
    let hide = "apt,pip".parse().unwrap();
    let error = Services::start(dir.path(), Options { hide, ..small() }).await.unwrap_err().to_string();
    for way in ["Postgres", "system's own programs: hidden", "apt-get: hidden", "pip: hidden"] {
        assert!(error.contains(way), "{error}");
    }
    // Redis alone may be missing
    let given = Options { database_url: Some("postgres://db.example/x".into()), hide, ..Options::default() };
    let services = Services::start(dir.path(), given).await.unwrap();
    assert_eq!(services.redis_url, None);
}
