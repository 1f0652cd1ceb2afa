//! Faults of single servers, and how they come back.

use std::time::{Duration, Instant};

use embedded::testing::{TestPostgres, TestRedis, psql};
use embedded::{State, Tuning};

use crate::alive;
use crate::services::redis_says;

fn tuning() -> Tuning {
    Tuning { shared_buffers_mb: 32, max_connections: 20, fsync: true }
}

#[tokio::test]
async fn postgres_killed_in_mid_write_returns_on_its_port_with_every_acknowledged_row() {
    let postgres = TestPostgres::start(tuning()).await.unwrap();
    let database = postgres.empty_database().await.unwrap();
    database.sql("CREATE TABLE rows (n int PRIMARY KEY)").await.unwrap();
    let url = database.url().to_owned(); // stays valid across restarts
    psql(&database.admin_url(), "GRANT ALL ON rows TO reliquary").await.unwrap();

    let mut acknowledged = Vec::new();
    let mut next = 0;
    for _ in 0..3 {
        let write_on = async {
            loop {
                next += 1;
                match psql(&url, &format!("INSERT INTO rows VALUES ({next})")).await {
                    Ok(_) => acknowledged.push(next),
                    Err(_) => break, // the connection was cut: this one may or may not be there
                }
            }
        };
        let fault = async {
            tokio::time::sleep(Duration::from_millis(300)).await; // let it write
            postgres.server().crash().unwrap()
        };
        let ((), old) = tokio::join!(write_on, fault);
        let new = postgres.server().restarted(old).await.unwrap();
        assert_ne!(new, old);
    }
    assert!(acknowledged.len() >= 3, "{acknowledged:?}");
    let stored = database.sql("SELECT n FROM rows ORDER BY n").await.unwrap();
    let stored: Vec<i32> = stored.lines().map(|line| line.parse().unwrap()).collect();
    let lost: Vec<_> = acknowledged.iter().filter(|n| !stored.contains(n)).collect();
    assert_eq!(lost, Vec::<&i32>::new());
    assert!(
        matches!(postgres.server().state(), State::Ready { starts: 4, .. }),
        "{:?}",
        postgres.server().state()
    );
}

#[tokio::test]
async fn an_outage_lasts_until_it_is_ended() {
    let postgres = TestPostgres::start(tuning()).await.unwrap();
    let database = postgres.empty_database().await.unwrap();
    let old = postgres.server().pid().unwrap();
    postgres.server().halt().await.unwrap();
    assert_eq!((postgres.server().pid(), alive(old)), (None, false));
    assert!(psql(database.url(), "SELECT 1").await.is_err());

    let new = postgres.server().resume().await.unwrap();
    assert_ne!(new, old);
    assert_eq!(psql(database.url(), "SELECT 1").await.unwrap(), "1");
}

#[tokio::test]
async fn resuming_a_running_server_leaves_it_alone() {
    let redis = TestRedis::start().await.unwrap().expect("this machine can have a Redis");
    let pid = redis.server().pid().unwrap();
    assert_eq!(redis.server().resume().await.unwrap(), pid);
    assert!(redis_says(redis.url(), "PING").await.contains("+PONG"));
    assert_eq!(redis.server().pid(), Some(pid));
}

#[tokio::test]
async fn redis_killed_returns_empty_on_its_port() {
    let redis = TestRedis::start().await.unwrap().expect("this machine can have a Redis");
    assert!(redis_says(redis.url(), "SET word here").await.contains("+OK"));
    let old = redis.server().crash().unwrap();
    redis.server().restarted(old).await.unwrap();
    let answer = redis_says(redis.url(), "GET word").await;
    assert!(answer.contains("$-1"), "a restart empties it: {answer}");
}

#[tokio::test]
async fn failure_is_reported_only_when_it_is_for_good() {
    let redis = TestRedis::start().await.unwrap().expect("this machine can have a Redis");
    let old = redis.server().crash().unwrap();
    let failed = tokio::time::timeout(Duration::from_millis(500), redis.server().failed());
    assert!(failed.await.is_err(), "a crash is mended, and no failure");
    redis.server().restarted(old).await.unwrap();
    redis.server().stop().await.unwrap();
    assert!(redis.server().failed().await.to_string().contains("stopped"));
    assert!(redis.server().ready().await.is_err());
}

#[tokio::test]
async fn stopping_is_quick_with_idle_connections_open() {
    let postgres = TestPostgres::start(tuning()).await.unwrap();
    let database = postgres.empty_database().await.unwrap();
    let url = database.url().to_owned();
    let sleeper = async { psql(&url, "SELECT pg_sleep(60)").await };
    let stop = async {
        let busy =
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'";
        while database.sql(busy).await.unwrap() != "1" {}
        let began = Instant::now();
        postgres.server().stop().await.unwrap();
        began.elapsed()
    };
    let (cut, took) = tokio::join!(sleeper, stop);
    assert!(cut.unwrap_err().to_string().contains("terminating connection"));
    assert!(took < Duration::from_secs(10), "{took:?}");
}
