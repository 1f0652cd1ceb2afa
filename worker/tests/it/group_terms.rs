//! What a job asks of each of its groups: a time to be answered in, and how many rewards it must have.

use protocol::job::GroupTerms;
use protocol::reward::{ClientRewards, Graded, OnError, RewardTerms};
use protocol::{GroupId, JobId};
use serde_json::{Value, json};
use store::{client_rewards, group_deadlines};

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World};

/// So many groups of two that may take a quarter of an hour.
fn limited(groups: usize) -> NewJob {
    NewJob::scored(groups, 2).spec(|spec| spec.group = GroupTerms { min_size: None, timeout_s: Some(900) })
}

impl World {
    /// Lets so much of the time of every group be over.
    async fn wait(&self, seconds: u32) {
        let shift = format!("interval '{seconds} seconds'");
        self.sql(&format!("UPDATE groups SET due_at = due_at - {shift}")).await;
        self.sql(&format!("UPDATE attempts SET started_at = started_at - {shift} WHERE ended_at IS NULL"))
            .await;
    }

    async fn events_of(&self, job: JobId, event: &str) -> Vec<Value> {
        self.events(job).await.into_iter().filter(|told| told["type"] == event).collect()
    }
}

#[tokio::test]
async fn a_group_that_nobody_answers_in_its_time_fails_and_costs_nothing() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Hold(0.1)).await;
    world.stub(&stub).await;
    let job = world.job(limited(2)).await;
    assert_eq!(world.sql("SELECT count(due_at) FROM groups").await, "0", "no miner was asked yet");
    worker::dispatch::step(&world.cx).await.unwrap();
    stub.asked().await;
    assert_eq!(world.groups(job).await, "dispatched dispatched");
    assert_eq!(
        world
            .sql("SELECT DISTINCT due_at - now() BETWEEN interval '800 s' AND interval '900 s' FROM groups")
            .await,
        "t"
    );
    world.overdue().await;
    assert_eq!(world.groups(job).await, "dispatched dispatched", "there is time left");
    world.wait(901).await;
    world.overdue().await;
    assert_eq!(world.groups(job).await, "failed failed");
    assert_eq!(world.sql("SELECT DISTINCT reason FROM groups").await, "timeout");
    assert_eq!(
        (world.status(job).await.as_str(), world.spend(job).await.as_str()),
        ("failed", "4000|0|4000")
    );
    // it had all of the time to itself
    assert_eq!(world.sql("SELECT DISTINCT reason FROM attempts").await, "deadline_exceeded");
    assert_eq!(world.sql("SELECT rejected FROM miners").await, "2");
    let told = world.events_of(job, "group.failed").await;
    let named: Vec<&Value> = told.iter().map(|event| &event["data"]["custom_id"]).collect();
    assert_eq!(named, [&json!("prompt-0"), &json!("prompt-1")]);
    assert_eq!(told[0]["data"]["reason"], "timeout");
    // the answer that comes after all finds its leases gone
    stub.release();
    world.quiet().await;
    assert_eq!(world.sql("SELECT count(*) FROM rollouts").await, "0");
    world.overdue().await;
    world.check(job).await;
}

#[tokio::test]
async fn a_miner_that_was_asked_late_is_not_to_blame() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Hold(0.1)).await;
    world.stub(&stub).await;
    let job = world.job(limited(1)).await;
    worker::dispatch::step(&world.cx).await.unwrap();
    stub.asked().await;
    world.wait(400).await;
    // what others took before it was asked
    world.sql("UPDATE groups SET due_at = due_at - interval '501 seconds'").await;
    world.overdue().await;
    assert_eq!(world.sql("SELECT reason FROM attempts").await, "withdrawn");
    assert_eq!(world.sql("SELECT rejected FROM miners").await, "0");
    stub.release();
    world.quiet().await;
    world.check(job).await;
}

#[tokio::test]
async fn a_refused_group_is_asked_for_again_only_while_there_is_time() {
    let world = World::new().await;
    let (bad, good) = (Stub::start(11, Manner::Garbage).await, Stub::start(12, Manner::Good).await);
    world.stub(&bad).await;
    let job = world.job(limited(1)).await;
    world.dispatch().await;
    assert_eq!(world.groups(job).await, "pending");
    let due = world.sql("SELECT due_at FROM groups").await;
    world.wait(901).await;
    world.stub(&good).await;
    world.pass(60).await;
    world.dispatch().await;
    assert_eq!((world.groups(job).await.as_str(), good.requests()), ("pending", 0), "its time is over");
    world.overdue().await;
    assert_eq!(world.sql("SELECT state, reason, attempt FROM groups").await, "failed|timeout|1");
    world.check(job).await;

    // and another try takes nothing of the time, and gives none
    let again = world.job(limited(1)).await;
    world.sql("UPDATE miners SET state = 'removed' WHERE rejected = 0").await;
    world.dispatch().await;
    let first = world.sql(&format!("SELECT due_at FROM groups WHERE job_id = '{}'", again.0)).await;
    assert_ne!(first, due);
    world.sql("UPDATE miners SET state = 'active'").await;
    world.finish(again).await;
    assert_eq!(world.sql(&format!("SELECT due_at FROM groups WHERE job_id = '{}'", again.0)).await, first);
    assert_eq!(world.spend(again).await, "2000|2000|0");
}

#[tokio::test]
async fn what_was_answered_goes_on_after_its_time() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(limited(2)).await;
    world.dispatch().await;
    assert_eq!(world.groups(job).await, "received received");
    world.wait(901).await;
    world.overdue().await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "accepted accepted");
    assert_eq!(world.spend(job).await, "4000|4000|0");
}

#[tokio::test]
async fn a_pause_takes_nothing_of_the_time() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Garbage).await;
    world.stub(&stub).await;
    let job = world.job(limited(1)).await;
    world.dispatch().await;
    let project = world.account.default_project();
    let mut conn = world.db.acquire().await.unwrap();
    store::job_pause::pause(&mut conn, project, job, world.clock.now()).await.unwrap();
    world.wait(901).await;
    world.overdue().await;
    assert_eq!(world.groups(job).await, "pending", "nobody was asked meanwhile");
    world.pass(901).await;
    store::job_pause::resume(&mut conn, project, job, world.clock.now()).await.unwrap();
    drop(conn);
    world.overdue().await;
    assert_eq!(world.groups(job).await, "pending");
    stub.behave(Manner::Good);
    world.stub(&Stub::start(12, Manner::Good).await).await;
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "accepted");
}

#[tokio::test]
async fn an_end_that_breaks_off_before_its_commit_never_was_and_two_make_one() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Hold(0.1)).await;
    world.stub(&stub).await;
    let job = world.job(limited(3)).await;
    worker::dispatch::step(&world.cx).await.unwrap();
    stub.asked().await;
    world.wait(901).await;
    let ids: Vec<GroupId> = (0..3).map(|index| job.group(index)).collect();
    let mut tx = world.db.begin().await.unwrap();
    assert_eq!(group_deadlines::end(&mut tx, job, &ids).await.unwrap().len(), 3);
    drop(tx); // the worker dies here
    assert_eq!(world.groups(job).await, "dispatched dispatched dispatched");
    assert_eq!(world.sql("SELECT count(ended_at) FROM attempts").await, "0");
    let steps = (0..4).map(|_| worker::overdue::step(&world.cx));
    for step in futures_util::future::join_all(steps).await {
        step.unwrap();
    }
    assert_eq!(world.groups(job).await, "failed failed failed");
    assert_eq!(world.event_counts(job).await["group.failed"], 3);
    assert_eq!(world.sql("SELECT groups_failed, open_groups FROM jobs").await, "3|0");
    stub.release();
    world.quiet().await;
    world.check(job).await;
}

#[tokio::test]
async fn a_group_with_too_few_rewards_is_not_delivered() {
    let world = World::new().await;
    world.stub(&Stub::start(11, Manner::Good).await).await;
    let job = world
        .job(NewJob::scored(2, 4).spec(|spec| {
            let client = ClientRewards { deadline_s: 3600, on_error: OnError::Mask };
            spec.reward = Some(RewardTerms::Client(client));
            spec.group = GroupTerms { min_size: Some(3), timeout_s: None };
        }))
        .await;
    world.turn().await;
    for (index, rewards) in
        [[Some(1.0), None, Some(0.0), Some(0.0)], [Some(1.0), None, None, Some(0.0)]].into_iter().enumerate()
    {
        let mut tx = world.db.begin().await.unwrap();
        let project = world.account.default_project();
        let named = client_rewards::lock(&mut tx, project, job.group(index as u32)).await.unwrap();
        let graded: Vec<Graded> = named
            .rollouts
            .iter()
            .zip(rewards)
            .map(|(rollout, reward)| Graded { rollout: *rollout, reward, components: [].into() })
            .collect();
        client_rewards::post(&mut tx, &named, OnError::Mask, &graded, world.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "accepted filtered");
    assert_eq!(world.sql("SELECT reason FROM groups WHERE state = 'filtered'").await, "group_too_small");
    let rows = "SELECT sample_index, state, reason, price FROM rollouts WHERE prompt_index = 1 ORDER BY 1";
    assert_eq!(
        world.sql(rows).await,
        "0|filtered|group_too_small|250\n1|filtered|reward_failed|0\n2|filtered|reward_failed|0\n3|filtered|group_too_small|250"
    );
    assert_eq!(world.spend(job).await, "8000|4500|3500");
    // the short group is whole but for one reward, and says which
    assert_eq!(world.events_of(job, "group.accepted").await[0]["data"]["unscored"], json!([1]));
    assert_eq!(world.events_of(job, "group.filtered").await[0]["data"]["unscored"], json!([1, 2]));
    let records = world.records(job).await;
    assert_eq!(records.len(), 4);
    for (index, (_, record)) in records.iter().enumerate() {
        assert_eq!((record.group.size, record.group.stats_all.n), (4, 3));
        assert_eq!(record.advantage.is_none(), index == 1);
    }
}
