//! The whole pipeline with the reference miner and the verifier, on a real checkpoint.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use grail::Hotkey;
use grail::check::Rules;
use grail::keys::{HotkeyPair, ServiceKey};
use miner::Behaviour;
use rand_core::OsRng;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use worker::Audit;

use crate::world::{CURRENT, NewJob, PREVIOUS, World, checkpoint, config};

pub(crate) struct Miner {
    pub(crate) hotkey: Hotkey,
    url: String,
    stop: CancellationToken,
}

impl Drop for Miner {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Miner {
    pub(crate) async fn start(world: &World, seed: u8, behaviour: Behaviour) -> Self {
        let pair = HotkeyPair::from_seed(&[seed; 32]);
        let hotkey = pair.hotkey();
        let clock = world.clock.clone();
        let now_ns = Arc::new(move || clock.now().timestamp_nanos_opt().unwrap() as u64);
        let mut config =
            miner::Config::new(pair, PathBuf::from(CURRENT), now_ns, Arc::new(|| Box::new(OsRng)));
        config.behaviour = behaviour;
        config.standard = world.standard.clone();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let serving = miner::serve(config, listener, stop.clone());
        TaskTracker::new().spawn(async move { serving.await.unwrap() });
        // at this address: the same hotkey may have had another before
        let seen = format!(
            "SELECT last_seen_at IS NOT NULL FROM miners WHERE encode(hotkey, 'hex') = '{hotkey}' AND url = '{url}'"
        );
        let miner = Self { hotkey, url, stop };
        while world.sql(&seen).await != "t" {
            world.sql("UPDATE miners SET probed_at = NULL").await;
            world.register(miner.hotkey, &miner.url).await;
        }
        miner
    }
}

async fn world() -> World {
    World::with(config(), Audit::Full).await
}

#[tokio::test]
async fn an_honest_miner_is_verified_token_by_token() {
    let world = world().await;
    let _miner = Miner::start(&world, 31, Behaviour::Honest).await;
    let job = world.job(NewJob::scored(3, 4)).await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "accepted accepted accepted");
    let checkpoint = checkpoint();
    let rules =
        Rules { vocab_size: checkpoint.config.vocab_size as u32, eos: &checkpoint.config.eos_token_ids };
    let records = world.records(job).await;
    assert_eq!(records.len(), 12);
    for (_, record) in records {
        record.check(&rules, &[ServiceKey::from_seed(&[1; 32]).public()]).unwrap();
        assert_eq!(record.verifier_logprobs.as_ref(), Some(&record.behavior_logprobs));
    }
}

#[tokio::test]
async fn every_cheat_is_named_unpaid_and_replaced() {
    let cheats = [
        (Behaviour::OtherWeights, "wrong_weights"),
        (Behaviour::PreviousCheckpoint(PathBuf::from(PREVIOUS)), "stale_checkpoint"),
        (Behaviour::IgnoreSeeds, "seed_mismatch"),
        (Behaviour::EditTokens, "tampered_tokens"),
        (Behaviour::EditLogprobs, "edited_logprobs"),
    ];
    for (behaviour, reason) in cheats {
        let world = world().await;
        let cheat = Miner::start(&world, 32, behaviour).await;
        // hot, so that draws of one's own cannot chance upon the dictated tokens
        let job = world.job(NewJob::scored(1, 4).spec(|spec| spec.sampling.temperature = 3.0)).await;
        world.dispatch().await;
        world.reward().await;
        world.verify().await;
        assert_eq!(world.sql("SELECT reason FROM attempts").await, reason);
        let rollouts = format!(
            "SELECT count(*) FROM rollouts WHERE state = 'rejected' AND reason IN ('{reason}', 'sibling_rejected')"
        );
        assert_eq!(world.sql(&rollouts).await, "4", "{reason}");
        assert_eq!(world.sql("SELECT frauds FROM miners").await, "1", "{reason}");
        let honest = Miner::start(&world, 33, Behaviour::Honest).await;
        world.finish(job).await;
        assert_eq!(world.spend(job).await, "4000|4000|0", "{reason}");
        let records = world.records(job).await;
        assert!(records.len() == 4 && records.iter().all(|(_, record)| record.proof.hotkey == honest.hotkey));
        let paid =
            format!("SELECT credits_posted FROM accounts WHERE encode(hotkey, 'hex') = '{}'", cheat.hotkey);
        assert_eq!(world.sql(&paid).await, "0", "{reason}");
    }
}
