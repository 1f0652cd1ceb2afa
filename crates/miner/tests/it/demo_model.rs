//! The committed, trained demo model: the same promises on real weights.

use std::path::{Path, PathBuf};
use std::time::Instant;

use checkpoint::Checkpoint;
use grail::RejectReason;
use grail::ids::PromptId;
use miner::Behaviour;
use protocol::work::{WorkRequest, WorkTask};

use crate::client::{Ask, Miner, start_with};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/arith-tiny").join(name)
}

async fn start(behaviour: Behaviour) -> Miner {
    start_with(|config, _| {
        config.checkpoint_dir = folder("current");
        config.behaviour = behaviour;
    })
    .await
}

/// The first prompts of the demo.
fn work(miner: &Miner, prompts: usize) -> WorkRequest {
    let text = std::fs::read_to_string(folder("prompts.jsonl")).unwrap();
    let mut request = miner.request(Ask { prompts: &[], group_size: 8, max_tokens: 128 });
    let task = |(index, line): (usize, &str)| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let tokens = miner.claimed.tokenizer.encode(line["text"].as_str().unwrap()).unwrap();
        WorkTask { prompt: PromptId([index as u8; 32]), group_size: 8, tokens }
    };
    request.tasks = text.lines().take(prompts).enumerate().map(task).collect();
    assert_eq!(request.tasks.len(), prompts);
    request
}

#[tokio::test]
async fn an_honest_miner_passes_and_its_text_reads() {
    let miner = start(Behaviour::Honest).await;
    let request = work(&miner, 8);
    let began = Instant::now();
    let groups = miner.ask(&request).await.unwrap();
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(miner.verify(&request, &groups), [Ok(()); 8]);
    let tokens: usize = groups.iter().flat_map(|group| &group.commitments).map(|c| c.tokens.len()).sum();
    println!("{tokens} tokens, {:.0} a second", tokens as f64 / seconds);
    for group in &groups {
        let text = miner.claimed.tokenizer.decode(&group.commitments[0].tokens).unwrap();
        println!("{text:?}");
        assert!(text.chars().any(char::is_alphanumeric), "{text:?}");
    }
    miner.end().await;
}

#[tokio::test]
async fn other_and_previous_weights_are_caught_at_the_first_token() {
    assert_ne!(
        Checkpoint::open(&folder("previous")).unwrap().id,
        Checkpoint::open(&folder("current")).unwrap().id
    );
    for behaviour in [Behaviour::OtherWeights, Behaviour::PreviousCheckpoint(folder("previous"))] {
        let miner = start(behaviour).await;
        let request = work(&miner, 2);
        let groups = miner.ask(&request).await.unwrap();
        assert_eq!(miner.verify(&request, &groups), [Err(RejectReason::WrongWeights); 2]);
        miner.end().await;
    }
}
