//! A job of a file in the real service: the worker is killed while it reads, and every line is a prompt exactly once.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::customer::{Customer, Log};
use crate::laws::{self, Ended};
use crate::prompts;
use crate::stack::{Plan, Stack};

async fn upload(customer: &Customer, text: String) -> String {
    let form =
        Form::new().text("purpose", "job_input").part("file", Part::text(text).file_name("prompts.jsonl"));
    let response = customer.post("/v1/files").multipart(form).send().await.unwrap();
    let file: Value = response.error_for_status().unwrap().json().await.unwrap();
    file["id"].as_str().unwrap().to_owned()
}

fn body(file: &str, samples: usize) -> Value {
    let mut body = prompts::body(0, 1, samples);
    body.as_object_mut().unwrap().remove("prompts");
    body["input_file_id"] = json!(file);
    body
}

/// Waits for a moment of the database, which comes.
async fn until(stack: &Stack, what: &str, sql: &str) {
    let end = Instant::now() + Duration::from_mins(2);
    while stack.sql(sql).await != "t" {
        assert!(Instant::now() < end, "{what} does not happen");
        tokio::time::sleep(Duration::from_millis(10)).await; // between two looks
    }
}

/// `kill -9` in the middle of the file, twice, once with nothing of the last batch known to be written. The next worker goes
/// on behind what is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_loses_no_line_and_reads_none_twice() {
    const LINES: usize = 20_000;
    let mut stack = Stack::prepare(Plan::default()).await;
    stack.up("api").await;
    let customer = stack.customer();
    let mut text = String::new();
    for index in 0..LINES {
        writeln!(
            text,
            r#"{{"custom_id":"line-{index}","text":"What is {index} + 2?","reference":"{}"}}"#,
            index + 2
        )
        .unwrap();
    }
    let job = customer.create(&body(&upload(&customer, text).await, 2)).await;
    let rows = "SELECT count(*) FROM prompts";
    let mut seen = 0;
    for _ in 0..2 {
        stack.up("worker").await;
        let further = format!("SELECT ({rows}) > {seen} OR NOT EXISTS (SELECT 1 FROM job_inputs)");
        until(&stack, "another batch", &further).await;
        stack.kill9("worker");
        seen = stack.count(rows).await;
        let read = "SELECT COALESCE((SELECT lines FROM job_inputs), -1)";
        let read = stack.count(read).await;
        assert_eq!(read, seen, "what is written is what is known to be written: the file is in the middle");
        assert!((seen as usize) < LINES, "the kill came too late to prove anything");
    }
    assert_eq!(customer.get(&format!("/v1/jobs/{job}")).await["status"], "validating");
    stack.up("worker").await;
    let mut log = Log::of(&job);
    customer.follow(&mut log, |log| !log.events.is_empty()).await;
    let queued = log.named("job.queued").remove(0);
    assert_eq!(queued["data"]["prompts"], LINES);
    let whole = "SELECT count(*), count(DISTINCT custom_id), min(prompt_index), max(prompt_index),
        count(*) FILTER (WHERE custom_id = 'line-' || prompt_index AND reference = (prompt_index + 2)::text),
        (SELECT count(*) FROM groups), (SELECT count(*) FROM job_inputs) FROM prompts";
    assert_eq!(stack.sql(whole).await, format!("{LINES}|{LINES}|0|{}|{LINES}|{LINES}|0", LINES - 1));
    assert!(laws::audit(&stack).await.is_clean());
}

/// From the upload to the last rollout.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_of_a_file_is_delivered_as_one_of_a_body() {
    const PROMPTS: usize = 4;
    const SAMPLES: usize = 4;
    let stack = Stack::start_all(Plan::honest(1)).await;
    let customer = stack.customer();
    let inline = prompts::body(0, PROMPTS, SAMPLES);
    let lines: Vec<String> = inline["prompts"].as_array().unwrap().iter().map(ToString::to_string).collect();
    let job = customer.create(&body(&upload(&customer, lines.join("\n")).await, SAMPLES)).await;
    let mut log = Log::of(&job);
    customer.follow_to_the_end(&mut log).await;
    laws::check(&stack, &customer, &Ended { log: &log, prompts: PROMPTS, samples: SAMPLES }).await;
}

/// A file of as many bytes as a job may have, through the whole way: memory of gateway and worker stays far below it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_200_mb_is_streamed() {
    const LINES: usize = 25_000;
    const MOST_MORE_MB: u64 = 100;
    let mut stack = Stack::prepare(Plan::default()).await;
    stack.up("api").await;
    stack.up("worker").await;
    let customer = stack.customer();
    // short prompts with long references: bytes that are stored, and not tokenised
    let reference = "x".repeat(7_900);
    let mut text = String::with_capacity(LINES * 8_000);
    for index in 0..LINES {
        writeln!(text, r#"{{"text":"{index} + 2 =","reference":"{reference}"}}"#).unwrap();
    }
    assert!(text.len() > 195_000_000, "{}", text.len());
    let before = (stack.peak_mb("api"), stack.peak_mb("worker"));
    let job = customer.create(&body(&upload(&customer, text).await, 2)).await;
    let mut log = Log::of(&job);
    customer.follow(&mut log, |log| !log.events.is_empty()).await;
    assert_eq!(log.named("job.queued").remove(0)["data"]["prompts"], LINES);
    let after = (stack.peak_mb("api"), stack.peak_mb("worker"));
    eprintln!("peaks of api and worker in MB: {before:?}, then {after:?}");
    assert!(after.0 - before.0 < MOST_MORE_MB, "the gateway: {before:?}, then {after:?}");
    assert!(after.1 - before.1 < MOST_MORE_MB, "the worker: {before:?}, then {after:?}");
}
