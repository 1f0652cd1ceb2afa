//! Queues, slow and vanished readers, heartbeats and a graceful end.

use std::net::TcpListener;
use std::time::Duration;

use miner::Behaviour;
use protocol::wire::Frame;
use protocol::work::WorkRequest;
use tokio_util::sync::CancellationToken;

use crate::client::{Ask, Miner, PATIENCE, config, start, start_with};

/// More than any machine generates while a test runs.
fn endless(miner: &Miner) -> WorkRequest {
    let prompts: [&[u32]; 256] = [&[7, 8]; 256];
    miner.request(Ask { prompts: &prompts, group_size: 64, max_tokens: 500 })
}

fn small(miner: &Miner) -> WorkRequest {
    miner.request(Ask { prompts: &[&[7, 8]], group_size: 2, max_tokens: 10 })
}

/// Waits until the miner holds exactly so many rollouts.
async fn holds(miner: &Miner, rollouts: u32) {
    let reached = async {
        while miner.status().await.in_flight != rollouts {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.expect("the miner gets there");
}

#[tokio::test]
async fn a_caller_that_hangs_up_cancels_its_work() {
    let miner = start(Behaviour::Honest).await;
    let request = endless(&miner);
    let mut stream = miner.begin(&request).await;
    while !matches!(stream.frame().await, Ok(Some(Frame::Tokens { .. }))) {}
    assert!(miner.status().await.in_flight > 0);
    drop(stream);
    holds(&miner, 0).await;
    let request = small(&miner);
    let groups = miner.ask(&request).await.unwrap();
    assert_eq!(miner.verify(&request, &groups), [Ok(())]);
    miner.end().await;
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_again() {
    let miner = start_with(|config, _| (config.max_queue, config.max_rows) = (100, 64)).await;
    let request = endless(&miner);
    let stream = miner.begin(&request).await;
    let response = miner.post(serde_json::to_vec(&small(&miner)).unwrap()).await;
    assert_eq!(response.status(), 429);
    let seconds: u32 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(seconds > 0);
    drop(stream);
    holds(&miner, 0).await;
    assert!(miner.ask(&small(&miner)).await.is_ok());
    miner.end().await;
}

/// Waits until the miner has stopped starting groups, and returns what it still holds.
async fn stalls(miner: &Miner) -> u32 {
    let stalled = async {
        let mut last = (u32::MAX, 0);
        while last.1 < 10 {
            let in_flight = miner.status().await.in_flight;
            last = if in_flight == last.0 { (in_flight, last.1 + 1) } else { (in_flight, 0) };
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        last.0
    };
    tokio::time::timeout(PATIENCE, stalled).await.expect("a reader that does not read stops its own work")
}

#[tokio::test]
async fn a_reader_that_does_not_read_stops_its_own_work_and_no_other() {
    let miner = start_with(|config, _| config.max_queue = u32::MAX).await;
    let prompts: [&[u32]; 160] = [&[7, 8]; 160];
    let request = miner.request(Ask { prompts: &prompts, group_size: 64, max_tokens: 100 });
    let mut unread = miner.begin(&request).await;
    let left = stalls(&miner).await;
    assert!((1..160 * 64).contains(&left), "{left}");
    let other = small(&miner);
    let groups = miner.ask(&other).await.unwrap();
    assert_eq!(miner.verify(&other, &groups), [Ok(())]);
    assert_eq!(miner.status().await.in_flight, left);
    tokio::time::timeout(PATIENCE, unread.rest()).await.unwrap().unwrap();
    assert_eq!(unread.groups.len(), 160, "once read, it goes on to its end");
    miner.end().await;
}

#[tokio::test]
async fn work_that_waits_gets_signs_of_life() {
    let miner = start_with(|config, _| {
        (config.max_rows, config.max_queue) = (64, u32::MAX);
        config.heartbeat = Duration::from_millis(20);
    })
    .await;
    let blocking = endless(&miner);
    let mut first = miner.begin(&blocking).await;
    while !matches!(first.frame().await, Ok(Some(Frame::Tokens { .. }))) {}
    // a group of 64 waits until all 64 rows are free
    let request = miner.request(Ask { prompts: &[&[9]], group_size: 64, max_tokens: 5 });
    let mut second = miner.begin(&request).await;
    assert!(matches!(second.frame().await, Ok(Some(Frame::Open { .. }))));
    assert!(matches!(second.frame().await, Ok(Some(Frame::Heartbeat))));
    drop(first);
    tokio::time::timeout(PATIENCE, second.rest()).await.unwrap().unwrap();
    assert_eq!(miner.verify(&request, &second.groups), [Ok(())]);
    miner.end().await;
}

#[tokio::test]
async fn a_stop_lets_the_group_in_flight_finish_and_starts_no_other() {
    let miner = start_with(|config, _| config.max_rows = 8).await;
    let prompts: [&[u32]; 50] = [&[7, 8]; 50];
    let request = miner.request(Ask { prompts: &prompts, group_size: 8, max_tokens: 200 });
    let mut stream = miner.begin(&request).await;
    while !matches!(stream.frame().await, Ok(Some(Frame::Tokens { .. }))) {}
    miner.stop.cancel();
    let ended = tokio::time::timeout(PATIENCE, stream.rest()).await.unwrap();
    assert_eq!(ended, Err(grail::RejectReason::TruncatedStream), "the other groups never come");
    let groups = std::mem::take(&mut stream.groups);
    assert!((1..5).contains(&groups.len()), "{}", groups.len());
    assert!(miner.verify(&request, &groups).iter().all(Result::is_ok));
    drop(stream);
    miner.end().await;
}

#[tokio::test]
async fn a_stop_ends_a_hanging_answer_too() {
    let miner = start(Behaviour::Hang).await;
    let request = small(&miner);
    let mut stream = miner.begin(&request).await;
    assert!(matches!(stream.frame().await, Ok(Some(Frame::Open { .. }))));
    miner.end().await;
    assert!(matches!(stream.frame().await, Ok(None)));
}

#[tokio::test]
async fn a_folder_that_is_no_checkpoint_is_an_error_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ended = miner::serve(config(dir.path().to_owned()), listener, CancellationToken::new()).await;
    assert!(matches!(ended, Err(miner::Error::Checkpoint(_))), "{ended:?}");
}
