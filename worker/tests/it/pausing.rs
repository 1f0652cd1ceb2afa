//! Jobs that are paused, by their customer or by themselves: what stands still, what goes on, and how they go on.

use protocol::JobId;
use protocol::reward::{OnError, RewardTerms};
use serde_json::{Value, json};
use worker::{Audit, Config, Progress};

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World, config, numeric};

/// A job of so many groups of two whose function has no fuel.
fn starved(groups: usize, max_error_rate: f64) -> NewJob {
    NewJob::scored(groups, 2).spec(|spec| {
        let mut reward = numeric(OnError::Mask);
        reward.limits.fuel = 1;
        reward.max_error_rate = max_error_rate;
        spec.reward = Some(RewardTerms::Module(reward));
    })
}

impl World {
    async fn pause(&self, job: JobId) {
        let mut tx = self.db.begin().await.unwrap();
        store::job_pause::pause(&mut tx, self.account.default_project(), job, self.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn resume(&self, job: JobId) {
        let mut tx = self.db.begin().await.unwrap();
        store::job_pause::resume(&mut tx, self.account.default_project(), job, self.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn last_events(&self, job: JobId, count: usize) -> Vec<Value> {
        let events = self.events(job).await;
        events[events.len() - count..].to_vec()
    }
}

async fn world_that_scores_eight_groups_at_a_time() -> World {
    let world = World::with(Config { reward_batch: 8, ..config() }, Audit::WithoutModel).await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    world
}

const PAUSED: &str = "SELECT status, pause_reason, window_scored, window_failed FROM jobs";

#[tokio::test]
async fn a_job_whose_rewards_fail_pauses_itself_and_goes_on_when_resumed() {
    let world = world_that_scores_eight_groups_at_a_time().await;
    let job = world.job(starved(40, 0.5)).await;
    world.dispatch().await;
    assert_eq!(worker::reward::step(&world.cx).await.unwrap(), Progress::Some);
    assert_eq!(world.sql(PAUSED).await, "in_progress||16|16", "too few to tell");
    assert_eq!(worker::reward::step(&world.cx).await.unwrap(), Progress::Some);
    assert_eq!(world.sql(PAUSED).await, "paused|reward_error_rate|32|32");
    let [exceeded, paused] = world.last_events(job, 2).await.try_into().unwrap();
    assert_eq!(exceeded["type"], "reward.error_rate_exceeded");
    let told = json!({ "scored": 32, "failed": 32, "error_rate": 1.0, "max_error_rate": 0.5 });
    assert_eq!(exceeded["data"], told);
    assert_eq!(paused["type"], "job.paused");
    assert_eq!(paused["data"], json!({ "status": "paused", "status_reason": "reward_error_rate" }));

    // nothing more is scored; what is scored goes its way and is paid, and the hold stays
    assert_eq!(worker::reward::step(&world.cx).await.unwrap(), Progress::None);
    world.turn().await;
    let states = "SELECT state, count(*) FROM groups GROUP BY state ORDER BY state";
    assert_eq!(world.sql(states).await, "accepted|16\nreceived|24");
    assert_eq!(world.spend(job).await, "80000|32000|0");
    world.check(job).await;

    // counted anew: not at once again, but again
    world.resume(job).await;
    assert_eq!(world.sql(PAUSED).await, "in_progress||0|0");
    let resumed = world.last_events(job, 1).await.remove(0);
    assert_eq!(
        (&resumed["type"], &resumed["data"]["status"]),
        (&json!("job.resumed"), &json!("in_progress"))
    );
    worker::reward::step(&world.cx).await.unwrap();
    assert_eq!(world.status(job).await, "in_progress");
    worker::reward::step(&world.cx).await.unwrap();
    assert_eq!(world.status(job).await, "paused");
    world.resume(job).await;
    world.resume(job).await;
    world.finish(job).await;
    assert_eq!(world.event_counts(job).await["job.resumed"], 2, "resuming what is not paused is nothing");
    assert_eq!(world.event_counts(job).await["job.paused"], 2);
    assert_eq!(world.sql("SELECT status, status_reason, pause_reason FROM jobs").await, "completed||");
}

#[tokio::test]
async fn a_job_that_allows_every_failure_never_pauses() {
    let world = world_that_scores_eight_groups_at_a_time().await;
    let job = world.job(starved(20, 1.0)).await;
    world.finish(job).await;
    assert_eq!(world.sql(PAUSED).await, "completed||40|40");
}

#[tokio::test]
async fn nothing_of_a_paused_job_is_sent_out_or_given_up() {
    let world = World::with(Config { no_miner_after_ms: 0, ..config() }, Audit::WithoutModel).await;
    let stub = Stub::with_capacity(11, Manner::Good, 4).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(4, 4)).await;
    assert_eq!(worker::dispatch::step(&world.cx).await.unwrap(), Progress::Some);
    world.quiet().await;
    world.pause(job).await;
    world.pause(job).await;
    assert_eq!(world.event_counts(job).await["job.paused"], 1);
    assert_eq!(worker::dispatch::step(&world.cx).await.unwrap(), Progress::None);
    // a group that was refused waits, too: nobody may take it
    world
        .sql(
            "UPDATE groups SET attempt = 1 WHERE prompt_index = 3;
            INSERT INTO attempts (group_id, attempt, hotkey, ended_at, reason)
                SELECT id, 1, (SELECT hotkey FROM miners), now() - interval '1 hour', 'bad_signature'
                FROM groups WHERE prompt_index = 3",
        )
        .await;
    worker::reap::survey(&world.cx).await.unwrap();
    world.turn().await;
    assert_eq!(world.groups(job).await, "received pending pending pending");
    assert_eq!(world.status(job).await, "paused");
    world.sql("DELETE FROM attempts WHERE reason IS NOT NULL").await;
    world.resume(job).await;
    world.finish(job).await;
    assert_eq!(world.status(job).await, "completed");
    assert_eq!(world.spend(job).await, "16000|16000|0");
}

#[tokio::test]
async fn a_job_that_is_paused_before_it_starts_is_queued_again_and_saves_up_no_turns() {
    let world = World::new().await;
    let paused = world.job(NewJob::scored(3, 2)).await;
    world.pause(paused).await;
    // what waits in a pause is not where the queue stands
    world.sql("UPDATE groups SET vtime = vtime - 1000").await;
    let other = world.job(NewJob::scored(1, 2)).await;
    world.sql(&format!("UPDATE groups SET vtime = 5000 WHERE job_id = '{}'", other.0)).await;
    world.resume(paused).await;
    assert_eq!(world.status(paused).await, "queued");
    let turns = format!("SELECT vtime FROM groups WHERE job_id = '{}' ORDER BY vtime", paused.0);
    assert_eq!(world.sql(&turns).await, "5000\n5001\n5002");
}

/// More of them than is walked of the queue.
#[tokio::test]
async fn what_waits_behind_many_paused_groups_is_found_in_its_order() {
    let world = World::new().await;
    world.stub(&Stub::with_capacity(11, Manner::Good, 4).await).await;
    let in_front = world.job(NewJob::scored(300, 2)).await;
    let (paused, late, early) = (
        world.job(NewJob::scored(2, 2)).await,
        world.job(NewJob::scored(2, 2)).await,
        world.job(NewJob::scored(2, 2)).await,
    );
    for (job, vtime) in [(in_front, 0), (paused, 500), (late, 9_000), (early, 7_000)] {
        let sql = format!("UPDATE groups SET vtime = {vtime} + prompt_index WHERE job_id = '{}'", job.0);
        world.sql(&sql).await;
    }
    world.pause(in_front).await;
    world.pause(paused).await;
    assert_eq!(worker::dispatch::step(&world.cx).await.unwrap(), Progress::Some);
    let asked = "SELECT DISTINCT g.job_id FROM attempts a JOIN groups g ON g.id = a.group_id";
    assert_eq!(world.sql(asked).await, early.0.to_string());
    world.resume(paused).await;
    let turns = format!("SELECT vtime FROM groups WHERE job_id = '{}' ORDER BY vtime", paused.0);
    assert_eq!(world.sql(&turns).await, "7000\n7001");
    world.quiet().await;
    let none = format!("SELECT count(*) FROM groups WHERE job_id = '{}' AND state = 'pending'", in_front.0);
    assert_eq!(world.sql(&none).await, "300");
}

#[tokio::test]
async fn a_paused_job_can_be_cancelled_and_ends_with_its_last_group() {
    let world = world_that_scores_eight_groups_at_a_time().await;
    let job = world.job(starved(40, 0.0)).await;
    world.dispatch().await;
    worker::reward::step(&world.cx).await.unwrap();
    worker::reward::step(&world.cx).await.unwrap();
    assert_eq!(world.status(job).await, "paused");
    world.cancel(job, true).await;
    let cancelling = "SELECT status, status_reason, pause_reason FROM jobs";
    assert_eq!(world.sql(cancelling).await, "cancelling|cancelled_by_customer|");
    // gracefully what was received is still scored, and never pauses a job that is ending
    world.finish(job).await;
    assert_eq!(world.status(job).await, "cancelled");
    assert_eq!(world.spend(job).await, "80000|80000|0");

    let job = world.job(NewJob::scored(1, 2)).await;
    world.dispatch().await;
    world.reward().await;
    world.pause(job).await;
    world.finish(job).await;
    let ended = format!("SELECT status, pause_reason FROM jobs WHERE id = '{}'", job.0);
    assert_eq!(world.sql(&ended).await, "completed|");
}
