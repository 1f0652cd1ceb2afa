//! `kill -9` of each process in the middle of a job, as the seed decides, and Redis flushed or gone: the job completes,
//! nothing is lost, nothing is billed twice, the log has no gap.

use futures_util::StreamExt as _;

use crate::chance::Chance;
use crate::customer::{Customer, Log};
use crate::laws::{self, Ended};
use crate::prompts;
use crate::stack::{Plan, Stack};

const PROMPTS: usize = 24;
const SAMPLES: usize = 4;
/// A log of such a job has some 170 events, of which the first 50 may be one miner's first answers.
const EARLIEST: usize = 2;
const LATEST: usize = 90;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_or_verifier_or_miner_or_gateway_loses_nothing() {
    let mut chance = Chance::of("killed processes");
    let mut stack = Stack::start_all(Plan::honest(2)).await;
    let customer = stack.customer();
    for role in ["worker", "verifier"] {
        // twice in one job: the second time what the first left behind is still leased
        let kills = [chance.between(EARLIEST, LATEST / 2), chance.between(LATEST / 2, LATEST)];
        let mut log = begin(&customer).await;
        for seen in kills {
            reach(&stack, &customer, &mut log, seen, role).await;
            stack.kill9(role);
            stack.up(role).await;
        }
        finish(&stack, &customer, &mut log).await;
    }

    let mut log = begin(&customer).await;
    reach(&stack, &customer, &mut log, chance.between(EARLIEST, LATEST), "honest-0").await;
    stack.kill9("honest-0"); // for good: the other does its work
    finish(&stack, &customer, &mut log).await;

    let mut log = begin(&customer).await;
    kill_the_gateway_while_it_streams(&mut stack, &customer, &mut log, &mut chance).await;
    finish(&stack, &customer, &mut log).await;
    assert!(log.connections > 1, "the stream was never cut");
    stack.assert_alive();
}

/// With the stream open, so that the customer sees it break and resumes.
async fn kill_the_gateway_while_it_streams(
    stack: &mut Stack,
    customer: &Customer,
    log: &mut Log,
    chance: &mut Chance,
) {
    let kills = [chance.between(EARLIEST, LATEST / 2), chance.between(LATEST / 2, LATEST)];
    for seen in kills {
        let mut stream = customer.stream(&log.job, log.last()).await.unwrap().expect("the job goes on");
        log.connections += 1;
        let mut killed = false;
        // read on after the kill: what was on its way still counts, and must not be sent again
        while let Some(event) = stream.next().await {
            log.push(event);
            if !killed && log.events.len() >= seen {
                assert_running(stack, log, "api").await;
                stack.kill9("api");
                killed = true;
            }
        }
        assert!(killed, "the stream ended by itself after {} events", log.events.len());
        stack.up("api").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crashed_postgres_loses_nothing() {
    let mut chance = Chance::of("crashed Postgres");
    let mut stack = Stack::start_all(Plan { own_postgres: true, ..Plan::honest(2) }).await;
    let customer = stack.customer();
    let kills = [chance.between(EARLIEST, LATEST / 2), chance.between(LATEST / 2, LATEST)];
    let mut log = begin(&customer).await;
    for seen in kills {
        reach(&stack, &customer, &mut log, seen, "Postgres").await;
        let server = stack.own_postgres().server();
        let old = server.crash().expect("Postgres runs");
        server.restarted(old).await.unwrap();
    }
    finish(&stack, &customer, &mut log).await;
    stack.assert_alive(); // no role gave up
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flushed_or_stopped_redis_costs_time_only() {
    let mut chance = Chance::of("Redis");
    let mut stack = Stack::start_all(Plan { own_redis: true, ..Plan::honest(2) }).await;
    let Some(redis) = stack.own_redis().map(|redis| redis.url().to_owned()) else {
        eprintln!("no Redis can be had here: every other test runs without one anyway");
        return;
    };
    let customer = stack.customer();
    let mut log = begin(&customer).await;
    for seen in [chance.between(EARLIEST, LATEST / 2), chance.between(LATEST / 2, LATEST)] {
        reach(&stack, &customer, &mut log, seen, "Redis (flush)").await;
        assert_eq!(flush_all(&redis).await, "+OK");
    }
    finish(&stack, &customer, &mut log).await;

    let mut log = begin(&customer).await;
    reach(&stack, &customer, &mut log, chance.between(EARLIEST, LATEST), "Redis (kill)").await;
    let server = stack.own_redis().unwrap().server();
    let old = server.crash().expect("Redis runs");
    server.restarted(old).await.unwrap();
    finish(&stack, &customer, &mut log).await;

    let mut log = begin(&customer).await;
    reach(&stack, &customer, &mut log, chance.between(EARLIEST, LATEST), "Redis (halt)").await;
    stack.own_redis().unwrap().server().halt().await.unwrap();
    finish(&stack, &customer, &mut log).await;

    // not only in the middle: a whole job without it, from roles that never saw it
    for role in ["worker", "verifier", "api"] {
        stack.kill9(role);
        stack.up(role).await;
    }
    let mut log = begin(&customer).await;
    finish(&stack, &customer, &mut log).await;
    stack.assert_alive();
}

async fn begin(customer: &Customer) -> Log {
    Log::of(&customer.create(&prompts::body(0, PROMPTS, SAMPLES)).await)
}

/// Follows the job until so many of its events were seen. It must still be running then: the fault is in its middle.
async fn reach(stack: &Stack, customer: &Customer, log: &mut Log, seen: usize, fault: &str) {
    customer.follow(log, |log| log.events.len() >= seen).await;
    assert_running(stack, log, fault).await;
}

async fn assert_running(stack: &Stack, log: &Log, fault: &str) {
    let id = laws::uuid(log);
    let open = stack.count(&format!("SELECT open_groups FROM jobs WHERE id = '{id}'")).await;
    eprintln!("{fault}: after {} events, {open} of {PROMPTS} groups open", log.events.len());
    assert!(open > 0, "{fault}: the job had ended before the fault: make it larger");
}

/// Follows the job to its end, whatever happened, and holds it against the laws.
async fn finish(stack: &Stack, customer: &Customer, log: &mut Log) {
    customer.follow_to_the_end(log).await;
    laws::check(stack, customer, &Ended { log, prompts: PROMPTS, samples: SAMPLES }).await;
}

/// FLUSHALL in Redis' own protocol; its answer.
async fn flush_all(url: &str) -> String {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

    let (password, address) = url.trim_start_matches("redis://:").split_once('@').unwrap();
    let address = address.split('/').next().unwrap();
    let mut stream = BufReader::new(tokio::net::TcpStream::connect(address).await.unwrap());
    stream.write_all(format!("AUTH {password}\r\nFLUSHALL\r\n").as_bytes()).await.unwrap();
    let mut answers = String::new();
    for _ in 0..2 {
        stream.read_line(&mut answers).await.unwrap();
    }
    answers.lines().last().unwrap().to_owned()
}
