//! Open jobs: prompts that come while the job runs, and the race of their end with its last group. And the end of data.

use protocol::JobId;
use protocol::conditions::OnExhausted;
use protocol::job::{Encoding, Prompt, PromptContent};
use store::{Tenant, job_open, job_purge};

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World, rao};

fn open(prompts: usize) -> NewJob {
    NewJob::scored(prompts, 2).bound(|conditions| conditions.open = true)
}

impl World {
    /// As the gateway appends `count` prompts; what the job holds then, `None` if it takes none.
    async fn append(&self, job: JobId, count: u32) -> Option<i64> {
        let mut tx = self.db.begin().await.unwrap();
        let open = job_open::lock(&mut tx, Tenant::default_of(self.account), job).await.unwrap()?;
        let prompts: Vec<Prompt> = (open.next..open.next + count)
            .map(|index| {
                let text = format!("Ben has {index} cups.");
                Prompt {
                    index,
                    custom_id: format!("more-{index}"),
                    content: PromptContent::Text { text, encoding: Encoding::Plain },
                    messages: None,
                    reference: "1".to_owned(),
                    metadata: "{}".to_owned(),
                }
            })
            .collect();
        let held = job_open::append(&mut tx, &open, &prompts, self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        held.map(protocol::Rao::get)
    }

    async fn close(&self, job: JobId) {
        let mut tx = self.db.begin().await.unwrap();
        job_open::close(&mut tx, Tenant::default_of(self.account), job, self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn an_open_job_takes_prompts_until_it_is_closed_and_ends_then() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(open(0)).await;
    world.turn().await;
    assert_eq!(world.status(job).await, "queued", "an open job without prompts waits");
    assert_eq!(world.append(job, 2).await, Some(4_000));
    world.turn().await;
    assert_eq!(world.groups(job).await, "accepted accepted");
    assert_eq!(world.status(job).await, "in_progress", "more may come");
    assert_eq!(world.append(job, 1).await, Some(6_000));
    world.check_laws().await;
    world.close(job).await;
    assert_eq!(world.status(job).await, "in_progress", "one is open still");
    assert_eq!(world.append(job, 1).await, None);
    world.finish(job).await;
    assert_eq!(world.spend(job).await, "6000|6000|0");
    assert_eq!(world.status(job).await, "completed");
    let counts = world.event_counts(job).await;
    assert_eq!((counts["job.prompts_added"], counts["job.closed"]), (2, 1));
    world.close(job).await;
    assert_eq!(world.event_counts(job).await, counts, "closing twice changes nothing");
}

#[tokio::test]
async fn closing_beside_the_last_group_ends_the_job_exactly_once() {
    for _ in 0..8 {
        let world = World::new().await;
        let stub = Stub::start(11, Manner::Good).await;
        world.stub(&stub).await;
        let job = world.job(open(1)).await;
        world.dispatch().await;
        world.reward().await;
        world.verify().await;
        // whichever is first: the other ends the job
        let (settled, (), added) =
            tokio::join!(worker::settle::step(&world.cx), world.close(job), world.append(job, 1));
        settled.unwrap();
        if added.is_some() {
            world.finish(job).await;
        }
        assert_eq!(world.status(job).await, "completed", "{added:?}");
        assert_eq!(world.event_counts(job).await["job.completed"], 1);
        let expected = if added.is_some() { "4000|4000|0" } else { "2000|2000|0" };
        assert_eq!(world.spend(job).await, expected);
        world.check(job).await;
    }
}

#[tokio::test]
async fn an_open_job_ends_when_it_is_cancelled_or_late_even_without_groups() {
    let world = World::new().await;
    let cancelled = world.job(open(0)).await;
    world.cancel(cancelled, true).await;
    assert_eq!(world.status(cancelled).await, "cancelled");
    let deadline = world.clock.now() + chrono::TimeDelta::hours(1);
    let late = world.job(open(0).bound(|conditions| conditions.deadline_at = Some(deadline))).await;
    world.clock.advance(std::time::Duration::from_hours(1));
    world.bounds().await;
    assert_eq!(world.status(late).await, "expired");
    let closed = world.job(open(0)).await;
    world.close(closed).await;
    assert_eq!(world.status(closed).await, "completed");
    for job in [cancelled, late, closed] {
        assert_eq!(world.append(job, 1).await, None);
        world.check(job).await;
    }
}

#[tokio::test]
async fn appended_prompts_stay_within_the_budget() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world
        .job(open(1).bound(|conditions| {
            conditions.budget.max_amount = Some(rao(5_000));
            conditions.budget.on_exhausted = OnExhausted::Complete;
        }))
        .await;
    assert_eq!(world.append(job, 3).await, Some(5_000));
    world.finish(job).await;
    assert_eq!(world.groups(job).await, "accepted accepted cancelled cancelled");
    assert_eq!(world.spend(job).await, "5000|4000|1000");
    assert_eq!(world.append(job, 1).await, None, "it has ended, open or not");
}

#[tokio::test]
async fn data_goes_at_the_end_of_its_retention_and_what_was_paid_stays() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let keep = |days| NewJob::scored(2, 2).bound(move |conditions| conditions.retention_days = Some(days));
    let (short, long) = (world.job(keep(1)).await, world.job(keep(30)).await);
    world.finish(short).await;
    world.finish(long).await;
    let spent = world.spend(short).await;
    while worker::purge::step(&world.cx).await.unwrap() == worker::Progress::Some {}
    assert_eq!(world.records(short).await.len(), 4, "not yet");
    world.clock.advance(std::time::Duration::from_hours(25));
    while worker::purge::step(&world.cx).await.unwrap() == worker::Progress::Some {}
    let tx = world.db.begin().await.unwrap();
    let gone = store::records::page(tx, &world.objects, short, 0, 10).await;
    assert!(matches!(gone, Err(store::Error::Purged)), "{gone:?}");
    let keys = world.sql(&format!("SELECT object_key FROM groups WHERE job_id = '{}'", short.0)).await;
    for key in keys.lines() {
        assert!(world.objects.get(key).await.is_err(), "{key}");
    }
    let left = format!(
        "SELECT count(*) FROM prompts WHERE job_id = '{}' AND (text IS NOT NULL OR encoding IS NOT NULL OR tokens IS DISTINCT FROM '')",
        short.0
    );
    assert_eq!(world.sql(&left).await, "0");
    let heads =
        format!("SELECT count(*) FROM rollouts WHERE job_id = '{}' AND octet_length(head) = 32", short.0);
    assert_eq!(world.sql(&heads).await, "4");
    assert_eq!(world.spend(short).await, spent);
    assert_eq!(world.sql("SELECT count(*) FROM jobs WHERE swept_at IS NOT NULL").await, "1");
    assert_eq!(world.records(long).await.len(), 4);
    world.check(short).await;
    // a sweep that died half way is done again
    world.sql("UPDATE jobs SET swept_at = NULL").await;
    assert_eq!(worker::purge::step(&world.cx).await.unwrap(), worker::Progress::Some);
    let mut tx = world.db.begin().await.unwrap();
    let running = world.job(open(1)).await;
    let refused = job_purge::delete(&mut tx, world.account.default_project(), running, world.clock.now())
        .await
        .unwrap();
    assert_eq!(refused, job_purge::Purged::StillRuns);
}

#[tokio::test]
async fn counts_add_up_whatever_happens_to_a_job() {
    let world = World::new().await;
    let stubs = [Stub::start(11, Manner::Good).await, Stub::start(12, Manner::BadSignature).await];
    for stub in &stubs {
        world.stub(stub).await;
    }
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for _ in 0..6 {
        let budget = (draw(2) == 0).then(|| rao(2_000 * (1 + draw(5) as i64)));
        let deadline = (draw(3) == 0).then(|| world.clock.now() + chrono::TimeDelta::minutes(5));
        let job = world
            .job(open(1 + draw(4) as usize).bound(|conditions| {
                conditions.budget.max_amount = budget;
                conditions.deadline_at = deadline;
            }))
            .await;
        for _ in 0..12 {
            match draw(9) {
                0 => drop(world.append(job, 1 + draw(2) as u32).await),
                1 => world.dispatch().await,
                2 => world.reward().await,
                3 => world.verify().await,
                4 => world.settle().await,
                5 => world.bounds().await,
                6 => world.clock.advance(std::time::Duration::from_mins(1)),
                7 if draw(4) == 0 => world.cancel(job, draw(2) == 0).await,
                7 => world.close(job).await,
                _ => world.turn().await,
            }
            adds_up(&world, job).await;
        }
        world.cancel(job, true).await;
        world.finish(job).await;
        adds_up(&world, job).await;
    }
}

/// As its owner sees it.
async fn adds_up(world: &World, job: JobId) {
    let mut conn = world.db.acquire().await.unwrap();
    let job = store::jobs::find(&mut conn, world.account.default_project(), job).await.unwrap().unwrap();
    let g = job.groups;
    let open = g.pending + g.dispatched + g.received + g.scored + g.awaiting_rewards + g.verified;
    let ended = g.accepted + g.filtered + g.failed + g.cancelled + g.expired;
    assert_eq!(g.reserve + open + ended, job.prompts, "{g:?}");
    assert!(!job.status.is_terminal() || open == 0, "{job:?}");
    let r = job.rollouts;
    assert!(r.selected + r.filtered <= r.verified && r.verified <= r.generated, "{r:?}");
    assert!(r.duplicate <= r.filtered && r.reward_error <= r.selected + r.filtered, "{r:?}");
    assert_eq!(job.queued_at, Some(job.created_at));
    let hold = job.spend;
    assert!(hold.charged <= hold.held, "{hold:?}");
}
