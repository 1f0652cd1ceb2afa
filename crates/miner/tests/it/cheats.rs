//! Every dishonest mode is caught, by name.

use std::path::PathBuf;
use std::time::Duration;

use grail::RejectReason;
use miner::Behaviour;
use protocol::wire::Frame;

use crate::client::{Ask, start, start_with};

const ASK: Ask<'static> = Ask { prompts: &[&[5, 9, 70], &[11; 40]], group_size: 4, max_tokens: 100 };

/// The verdict on each group of a whole answer.
async fn verdicts(behaviour: Behaviour) -> Vec<Result<(), RejectReason>> {
    let miner = start(behaviour).await;
    let request = miner.request(ASK);
    let groups = miner.ask(&request).await.expect("a whole answer");
    for group in &groups {
        assert_eq!(miner.verify_without_model(&request, group), Ok(()), "only the model can tell");
    }
    let verdicts = miner.verify(&request, &groups);
    miner.end().await;
    verdicts
}

#[tokio::test]
async fn other_weights() {
    assert_eq!(verdicts(Behaviour::OtherWeights).await, [Err(RejectReason::WrongWeights); 2]);
}

#[tokio::test]
async fn previous_checkpoint() {
    // a worker that also holds the previous checkpoint refines this to `stale_checkpoint`
    let behaviour = Behaviour::PreviousCheckpoint(PathBuf::new());
    assert_eq!(verdicts(behaviour).await, [Err(RejectReason::WrongWeights); 2]);
}

#[tokio::test]
async fn ignored_seeds() {
    assert_eq!(verdicts(Behaviour::IgnoreSeeds).await, [Err(RejectReason::SeedMismatch); 2]);
}

#[tokio::test]
async fn edited_tokens() {
    assert_eq!(verdicts(Behaviour::EditTokens).await, [Err(RejectReason::TamperedTokens); 2]);
}

#[tokio::test]
async fn edited_logprobs() {
    assert_eq!(verdicts(Behaviour::EditLogprobs).await, [Err(RejectReason::EditedLogprobs); 2]);
}

#[tokio::test]
async fn instant() {
    assert_eq!(verdicts(Behaviour::Instant).await, [Err(RejectReason::WrongWeights); 2]);
}

#[tokio::test]
async fn a_cut_stream() {
    let miner = start(Behaviour::Truncate).await;
    let request = miner.request(ASK);
    let mut stream = miner.begin(&request).await;
    assert_eq!(stream.rest().await, Err(RejectReason::TruncatedStream));
    assert_eq!(stream.groups.len(), 1, "all but the last group came whole");
    miner.end().await;
}

#[tokio::test]
async fn a_replayed_prompt() {
    let miner = start(Behaviour::ReplayPrompt).await;
    let first = miner.request(Ask { prompts: &[&[5, 9, 70]], ..ASK });
    let groups = miner.ask(&first).await.unwrap();
    assert_eq!(miner.verify(&first, &groups), [Ok(())], "there is nothing to replay yet");
    let second = miner.request(Ask { prompts: &[&[11; 40]], ..ASK });
    assert_eq!(miner.ask(&second).await.unwrap_err(), RejectReason::ReplayedPrompt);
    miner.end().await;
}

#[tokio::test]
async fn garbage() {
    let miner = start(Behaviour::Garbage).await;
    assert_eq!(miner.ask(&miner.request(ASK)).await.unwrap_err(), RejectReason::MalformedFrame);
    miner.end().await;
}

#[tokio::test]
async fn silence() {
    let miner = start_with(|config, _| {
        config.behaviour = Behaviour::Hang;
        config.heartbeat = Duration::from_millis(20);
    })
    .await;
    let request = miner.request(ASK);
    let mut stream = miner.begin(&request).await;
    assert!(matches!(stream.frame().await, Ok(Some(Frame::Open { .. }))));
    // an honest miner would have given many signs of life
    let silent = tokio::time::timeout(Duration::from_secs(1), stream.frame()).await;
    assert!(silent.is_err(), "{silent:?}");
    drop(stream);
    miner.end().await;
}
