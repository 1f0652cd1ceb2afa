//! An honest miner passes every check, alone and among others.

use miner::Behaviour;
use protocol::wire::Frame;

use crate::checkpoints::EOS;
use crate::client::{Ask, start, start_with};

const ASK: Ask<'static> = Ask { prompts: &[&[5, 9, 70], &[11; 40], &[3]], group_size: 6, max_tokens: 150 };

#[tokio::test]
async fn every_rollout_passes_every_check() {
    let miner = start(Behaviour::Honest).await;
    let request = miner.request(ASK);
    let groups = miner.ask(&request).await.unwrap();
    let mut tasks: Vec<usize> = groups.iter().map(|group| group.task).collect();
    tasks.sort_unstable();
    assert_eq!(tasks, [0, 1, 2]);
    assert_eq!(miner.verify(&request, &groups), [Ok(()); 3]);
    let lengths: Vec<usize> =
        groups.iter().flat_map(|group| &group.commitments).map(|c| c.tokens.len()).collect();
    assert!(lengths.iter().any(|length| *length > 64), "several frames in a rollout: {lengths:?}");
    assert!(lengths.contains(&150) && lengths.iter().any(|length| *length < 150), "both ends: {lengths:?}");
    assert!(groups[0].commitments.iter().any(|c| c.tokens.last() == Some(&EOS)));
    miner.end().await;
}

#[tokio::test]
async fn the_answer_does_not_depend_on_the_company() {
    let miner = start(Behaviour::Honest).await;
    let request = miner.request(ASK);
    let mut alone = miner.ask(&request).await.unwrap();
    let other = miner.request(Ask { prompts: &[&[80, 81], &[1; 20]], group_size: 9, max_tokens: 90 });
    let (beside, others) = tokio::join!(miner.ask(&request), miner.ask(&other));
    let (mut beside, others) = (beside.unwrap(), others.unwrap());
    assert_eq!(miner.verify(&other, &others), [Ok(()); 2]);
    alone.sort_by_key(|group| group.task);
    beside.sort_by_key(|group| group.task);
    for (alone, beside) in alone.iter().zip(&beside) {
        // signatures are randomised; what they sign is not
        assert_eq!(alone.root, beside.root);
    }
    miner.end().await;
}

#[tokio::test]
async fn sampling_settings_are_kept() {
    let miner = start(Behaviour::Honest).await;
    let mut request = miner.request(ASK);
    (request.sampling.temperature, request.sampling.top_p, request.sampling.top_k) = (0.7, 0.9, 20);
    let groups = miner.ask(&request).await.unwrap();
    assert_eq!(miner.verify(&request, &groups), [Ok(()); 3]);
    miner.end().await;
}

#[tokio::test]
async fn many_groups_pass_through_few_rows() {
    let miner = start_with(|config, _| config.max_rows = 4).await;
    let prompts: Vec<[u32; 2]> = (3..13).map(|id| [id, id]).collect();
    let prompts: Vec<&[u32]> = prompts.iter().map(<[u32; 2]>::as_slice).collect();
    let request = miner.request(Ask { prompts: &prompts, group_size: 3, max_tokens: 20 });
    let groups = miner.ask(&request).await.unwrap();
    assert_eq!(miner.verify(&request, &groups), [Ok(()); 10]);
    assert_eq!(miner.status().await.in_flight, 0);
    miner.end().await;
}

#[tokio::test]
async fn the_answer_opens_first_and_says_done_last() {
    let miner = start(Behaviour::Honest).await;
    let request = miner.request(Ask { prompts: &[&[4, 5]], group_size: 2, max_tokens: 70 });
    let mut stream = miner.begin(&request).await;
    let mut frames = Vec::new();
    while let Some(frame) = stream.frame().await.unwrap() {
        frames.push(frame);
    }
    assert!(matches!(frames[..2], [Frame::Open { .. }, Frame::Group { task: 0, .. }]));
    let end = frames.len() - 3;
    assert!(matches!(frames[end..], [Frame::End { .. }, Frame::Root { task: 0, .. }, Frame::Done]));
    miner.end().await;
}
