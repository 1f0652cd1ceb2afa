//! `kill -9` of each process in the middle of a job, as the seed decides, and Redis flushed or gone: the job completes,
//! nothing is lost, nothing is billed twice, the log has no gap.

use embedded::Server;
use futures_util::StreamExt as _;

use crate::chance::Chance;
use crate::customer::{Customer, Log};
use crate::laws::{self, Ended};
use crate::prompts;
use crate::stack::{Plan, Stack};

const PROMPTS: usize = 32;
const SAMPLES: usize = 4;

/// After how many events the faults come. A log of such a job has some 220, and a fast machine's first come in bursts.
struct Moments {
    first: usize,
    second: usize,
}

impl Moments {
    fn draw(chance: &mut Chance) -> Self {
        Self { first: chance.between(2, 40), second: chance.between(50, 100) }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_or_verifier_or_miner_or_gateway_loses_nothing() {
    let mut chance = Chance::of("killed processes");
    let mut stack = Stack::start_all(Plan::honest(2)).await;
    let customer = stack.customer();
    for role in ["worker", "verifier"] {
        // twice in one job: the second time what the first left behind is still leased
        let moments = Moments::draw(&mut chance);
        let mut log = middle(&stack, &customer, moments.first, role).await;
        stack.kill9(role);
        stack.up(role).await;
        if reach(&stack, &customer, &mut log, moments.second, role).await {
            stack.kill9(role);
            stack.up(role).await;
        }
        finish(&stack, &customer, &mut log).await;
    }

    let mut log = middle(&stack, &customer, Moments::draw(&mut chance).first, "honest-0").await;
    stack.kill9("honest-0"); // for good: the other does its work
    finish(&stack, &customer, &mut log).await;

    let moments = Moments::draw(&mut chance);
    let mut log = middle(&stack, &customer, moments.first, "api").await;
    kill_the_gateway_while_it_streams(&mut stack, &customer, &mut log, moments.first + 1).await;
    kill_the_gateway_while_it_streams(&mut stack, &customer, &mut log, moments.second).await;
    finish(&stack, &customer, &mut log).await;
    assert!(log.connections > 1, "the stream was never cut");
    stack.assert_alive();
}

/// With the stream open, so that the customer sees it break and resumes. Not when the job ends before `seen` events.
async fn kill_the_gateway_while_it_streams(
    stack: &mut Stack,
    customer: &Customer,
    log: &mut Log,
    seen: usize,
) {
    let Some(mut stream) = customer.stream(&log.job, log.last()).await.unwrap() else { return };
    log.connections += 1;
    let mut killed = false;
    // read on after the kill: what was on its way still counts, and must not be sent again
    while let Some(event) = stream.next().await {
        log.push(event);
        if !killed && log.events.len() >= seen {
            is_running(stack, log, "api, while it streams").await;
            stack.kill9("api");
            killed = true;
        }
    }
    if killed {
        stack.up("api").await;
    }
    assert!(
        killed || log.terminal().is_some(),
        "the stream ended by itself after {} events",
        log.events.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crashed_postgres_loses_nothing() {
    let mut chance = Chance::of("crashed Postgres");
    let mut stack = Stack::start_all(Plan { own_postgres: true, ..Plan::honest(2) }).await;
    let customer = stack.customer();
    let moments = Moments::draw(&mut chance);
    let mut log = middle(&stack, &customer, moments.first, "Postgres").await;
    crash(stack.own_postgres().server()).await;
    if reach(&stack, &customer, &mut log, moments.second, "Postgres").await {
        crash(stack.own_postgres().server()).await;
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
    let moments = Moments::draw(&mut chance);
    let mut log = middle(&stack, &customer, moments.first, "Redis, flushed").await;
    assert_eq!(flush_all(&redis).await, "+OK");
    if reach(&stack, &customer, &mut log, moments.second, "Redis, flushed").await {
        assert_eq!(flush_all(&redis).await, "+OK");
    }
    finish(&stack, &customer, &mut log).await;

    let mut log = middle(&stack, &customer, Moments::draw(&mut chance).first, "Redis, killed").await;
    crash(stack.own_redis().unwrap().server()).await;
    finish(&stack, &customer, &mut log).await;

    let mut log = middle(&stack, &customer, Moments::draw(&mut chance).first, "Redis, stopped").await;
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

/// A job of which so many events were seen, and that is still running: the fault comes in its middle.
async fn middle(stack: &Stack, customer: &Customer, seen: usize, fault: &str) -> Log {
    // a job may be over before its first events arrive: then another, and earlier
    for attempt in 0..4 {
        let mut log = begin(customer).await;
        if reach(stack, customer, &mut log, seen >> attempt, fault).await {
            return log;
        }
        finish(stack, customer, &mut log).await;
    }
    panic!("{fault}: jobs end before the fault: make them larger");
}

/// Follows the job until so many of its events were seen. Whether it is still running then.
async fn reach(stack: &Stack, customer: &Customer, log: &mut Log, seen: usize, fault: &str) -> bool {
    customer.follow(log, |log| log.events.len() >= seen.max(1)).await;
    is_running(stack, log, fault).await
}

async fn is_running(stack: &Stack, log: &Log, fault: &str) -> bool {
    let id = laws::uuid(log);
    let open = stack.count(&format!("SELECT open_groups FROM jobs WHERE id = '{id}'")).await;
    eprintln!("{fault}: after {} events, {open} of {PROMPTS} groups open", log.events.len());
    open > 0
}

/// Kills a server without warning; its supervisor starts it again.
async fn crash(server: &Server) {
    let old = server.crash().expect("the server runs");
    server.restarted(old).await.unwrap();
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
