//! Orderly restarts in the middle of a job, and retries of a POST whose answer was lost.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::chance::Chance;
use crate::customer::Log;
use crate::laws::{self, Ended};
use crate::prompts;
use crate::stack::{Plan, Stack};

/// SIGTERM, one role after the other while a job runs: each drains, says so with exit code 0, and nobody is blamed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_drains_on_sigterm_while_a_job_runs() {
    const PROMPTS: usize = 24;
    const SAMPLES: usize = 4;
    let mut stack = Stack::start_all(Plan::honest(2)).await;
    let customer = stack.customer();
    let mut log = Log::of(&customer.create(&prompts::body(0, PROMPTS, SAMPLES)).await);
    for (number, role) in ["worker", "verifier", "api", "honest-0", "honest-1"].into_iter().enumerate() {
        customer.follow(&mut log, |log| log.events.len() >= 5 * (number + 1)).await;
        let status = stack.terminate(role).await;
        assert_eq!(status.code(), Some(0), "{role}: {status}");
        stack.up(role).await;
    }
    customer.follow_to_the_end(&mut log).await;
    laws::check(&stack, &customer, &Ended { log: &log, prompts: PROMPTS, samples: SAMPLES }).await;
    let blamed = "SELECT count(*) FROM attempts WHERE reason NOT IN ('withdrawn', 'miner_unavailable', 'truncated_stream')";
    assert_eq!(stack.count(blamed).await, 0, "an orderly restart is nobody's fault");

    // and with nothing to do
    for role in ["worker", "verifier", "api", "honest-0", "honest-1"] {
        assert_eq!(stack.terminate(role).await.code(), Some(0), "{role}");
    }
}

/// The gateway dies around a POST at moments that the seed chooses. The client repeats the request with its key until it
/// is answered: one key, one job, one hold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_post_is_one_job_whenever_the_gateway_dies() {
    const ROUNDS: usize = 6;
    let mut chance = Chance::of("repeated POST");
    let mut stack = Stack::prepare(Plan::default()).await;
    stack.up("api").await;
    let customer = stack.customer();
    let body = prompts::body(0, 8, 4);
    let mut jobs = BTreeSet::new();
    for round in 0..ROUNDS {
        let key = format!("round-{round}");
        let wait = Duration::from_micros(chance.between(0, 20_000) as u64);
        let killed = async {
            tokio::time::sleep(wait).await; // the moment of the fault
            stack.kill9("api");
            stack.up("api").await;
        };
        let ((), first) = tokio::join!(killed, customer.create_surely(&body, &key));
        stack.kill9("api");
        stack.up("api").await;
        assert_eq!(customer.create_surely(&body, &key).await, first, "the same key is the same job");
        // I5: what was acknowledged is there after any crash
        assert_eq!(customer.get(&format!("/v1/jobs/{first}")).await["status"], "queued");
        assert!(jobs.insert(first), "another key is another job");
    }
    let counts =
        "SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM holds), (SELECT count(*) FROM events),
        (SELECT count(*) FROM groups), (SELECT count(*) FROM idempotency_keys)";
    assert_eq!(stack.sql(counts).await, format!("{ROUNDS}|{ROUNDS}|{ROUNDS}|{}|{ROUNDS}", ROUNDS * 8));
    assert!(laws::audit(&stack).await.is_clean());

    let other = customer.post("/v1/jobs").header("Idempotency-Key", "round-0").json(&prompts::body(0, 9, 4));
    let refused = other.send().await.unwrap();
    assert_eq!(refused.status(), 422, "the same key with another body");
    assert!(refused.text().await.unwrap().contains("idempotency_key_reused"));
}
