//! What the tests of other crates stand on: databases from templates.

use std::sync::atomic::{AtomicU32, Ordering};

use embedded::testing::{TestPostgres, psql};

#[tokio::test]
async fn a_template_is_prepared_once_and_its_copies_are_separate() {
    static PREPARED: AtomicU32 = AtomicU32::new(0);
    let postgres = TestPostgres::shared().await.unwrap();
    let prepare = async |url: String| {
        PREPARED.fetch_add(1, Ordering::Relaxed);
        psql(&url, "CREATE TABLE jobs (n int); INSERT INTO jobs VALUES (1)").await.map(drop)
    };
    let (one, other) =
        tokio::join!(postgres.database("migrated", prepare), postgres.database("migrated", prepare));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(PREPARED.load(Ordering::Relaxed), 1);

    // as the service's own role, which owns what the template's owner made
    psql(one.url(), "INSERT INTO jobs VALUES (2)").await.unwrap();
    assert_eq!(psql(one.url(), "SELECT count(*) FROM jobs").await.unwrap(), "2");
    assert_eq!(psql(other.url(), "SELECT count(*) FROM jobs").await.unwrap(), "1");
}

#[tokio::test]
async fn a_template_that_failed_is_prepared_again() {
    let postgres = TestPostgres::shared().await.unwrap();
    let broken = async |url: String| psql(&url, "CREATE TABLE half (n int); SELECT nonsense").await.map(drop);
    let error = postgres.database("second_try", broken).await.unwrap_err();
    let reason = std::error::Error::source(&error).unwrap().to_string();
    assert!(error.to_string().contains("second_try") && reason.contains("nonsense"), "{error}: {reason}");

    let whole = async |url: String| psql(&url, "CREATE TABLE half (n int)").await.map(drop);
    let database = postgres.database("second_try", whole).await.unwrap();
    assert_eq!(database.sql("SELECT count(*) FROM half").await.unwrap(), "0");
}

#[tokio::test]
async fn names_that_are_not_plain_words_are_refused() {
    let postgres = TestPostgres::shared().await.unwrap();
    let nothing = async |_: String| Ok::<(), std::io::Error>(());
    assert!(postgres.database("x; DROP DATABASE postgres", nothing).await.is_err());
}

#[tokio::test]
async fn a_database_goes_with_its_test() {
    let postgres = TestPostgres::shared().await.unwrap();
    let watcher = postgres.empty_database().await.unwrap();
    let gone = postgres.empty_database().await.unwrap();
    let name = gone.url().rsplit('/').next().unwrap().to_owned();
    drop(gone);
    let began = std::time::Instant::now();
    let count = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    while watcher.sql(&count).await.unwrap() != "0" {
        assert!(began.elapsed().as_secs() < 30, "{name} is still there");
    }
}
