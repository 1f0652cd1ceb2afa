//! Jobs on customers' checkpoints: whose files are on this machine, and are what they were when the operator allowed them.

use std::path::Path;

use checkpoint::Checkpoint;
use grail::CheckpointId;
use protocol::{JobId, RegisteredCheckpointId};
use serde_json::json;
use store::Tenant;
use store::registered_checkpoints::{self, Allowed};
use uuid::Uuid;
use worker::{Audit, Config};

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, PREVIOUS, World, config};

impl World {
    /// Weights of the account's own, whose files are said to lie there.
    async fn registered(&self, path: &str) -> CheckpointId {
        let weights = Checkpoint::open(Path::new(PREVIOUS)).unwrap().id;
        let (id, now) = (RegisteredCheckpointId(Uuid::now_v7()), self.clock.now());
        let (tenant, revision) = (Tenant::default_of(self.account), "0".repeat(40));
        let mut tx = self.db.begin().await.unwrap();
        registered_checkpoints::create(&mut tx, tenant, id, ("lab/tiny", &revision), now).await.unwrap();
        let allowed = Allowed { checkpoint: weights, config: &json!({}), path };
        registered_checkpoints::allow(&mut tx, id, allowed, now).await.unwrap();
        tx.commit().await.unwrap();
        weights
    }

    /// A job on these weights; and this miner serves them.
    async fn job_on(&self, weights: CheckpointId, job: NewJob, stub: &Stub) -> JobId {
        let job = self.job(job).await;
        let id = format!("decode('{weights}', 'hex')");
        self.sql(&format!("UPDATE jobs SET checkpoint_id = {id} WHERE id = '{}'", job.0)).await;
        let hotkey = stub.hotkey();
        self.sql(&format!("UPDATE miners SET checkpoint_id = {id} WHERE encode(hotkey, 'hex') = '{hotkey}'"))
            .await;
        job
    }
}

#[tokio::test]
async fn what_is_not_on_this_machine_waits_and_holds_nothing_up() {
    let world = World::new().await;
    let (own, theirs) = (Stub::start(11, Manner::Good).await, Stub::start(12, Manner::Good).await);
    for stub in [&own, &theirs] {
        world.stub(stub).await;
    }
    let gone = tempfile::tempdir().unwrap();
    let path = gone.path().join("weights");
    let weights = world.registered(path.to_str().unwrap()).await;
    let job = world.job_on(weights, NewJob::scored(3, 2), &theirs).await;
    let beside = world.job(NewJob::scored(3, 2)).await;
    world.finish(beside).await;
    assert_eq!(world.groups(job).await, "pending pending pending");
    assert_eq!((theirs.requests(), own.groups_asked()), (0, 3));
    // half of a copy is none
    std::fs::create_dir(&path).unwrap();
    world.dispatch().await;
    assert_eq!(world.sql("SELECT max(tries), count(*) FROM groups WHERE state = 'pending'").await, "0|3");
    // the files come
    world.sql(&format!("UPDATE checkpoint_folders SET path = '{PREVIOUS}'")).await;
    world.finish(job).await;
    assert_eq!((world.groups(job).await.as_str(), own.groups_asked()), ("accepted accepted accepted", 3));
    for (_, record) in world.records(job).await {
        assert_eq!(record.proof.checkpoint_id, weights);
    }
}

#[tokio::test]
async fn files_that_have_changed_judge_nobody() {
    let world = World::with(Config { max_tries: 2, ..config() }, Audit::Full).await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let dir = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(PREVIOUS).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), dir.path().join(file.file_name())).unwrap();
    }
    let weights = world.registered(dir.path().to_str().unwrap()).await;
    let other = Path::new(crate::world::CURRENT).join("model.safetensors");
    std::fs::copy(other, dir.path().join("model.safetensors")).unwrap();
    let job = world.job_on(weights, NewJob::scored(1, 2), &stub).await;
    world.finish(job).await;
    assert_eq!(world.sql("SELECT state, reason FROM groups").await, "failed|verification_failed");
    assert_eq!(world.sql("SELECT rejected, state FROM miners").await, "0|active");
    assert_eq!(world.sql("SELECT count(*) FROM audits").await, "0");
    assert_eq!(world.spend(job).await, "2000|0|2000");
}
