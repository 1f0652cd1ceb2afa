//! The TypeScript client's README, run as it is written, by node, against the service, whose gateway dies in the middle; and
//! beside it another program that follows the project.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::customer::{Customer, PATIENCE};
use crate::prompts;
use crate::stack::{Plan, Stack};

const SDK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/typescript");
const README: &str = include_str!("../../openapi/typescript/README.md");
const REWARD: &[u8] = include_bytes!("../../sandbox/guests/wat/length.wasm");
/// It has no end: the test ends it.
const FOLLOW: &str = r#"
import { Reliquary } from "reliquary";
for await (const event of new Reliquary().events.stream({ startingAfter: 0 })) console.log(event.id);
"#;
const CREDITS: &str = "1000000000000";
const PROMPTS: usize = 16;
/// As the README says.
const SAMPLES: usize = 8;
/// The gateway is killed when so many rollouts have been printed.
const KILLS: [usize; 2] = [3, 40];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_readme_runs_as_written_while_the_gateway_is_killed() {
    let mut stack = Stack::start_all(Plan::honest(2)).await;
    let key = stack.new_key(CREDITS);
    let dir = tempfile::tempdir().unwrap();
    install(dir.path()).await;
    let script = README.split("```js\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert!(script.lines().count() <= 20, "the README promises 20 lines");
    let body = prompts::body(0, PROMPTS, SAMPLES);
    let lines: Vec<String> = body["prompts"].as_array().unwrap().iter().map(ToString::to_string).collect();
    for (name, content) in [
        ("readme.mjs", script.as_bytes()),
        ("follow.mjs", FOLLOW.as_bytes()),
        ("prompts.jsonl", lines.join("\n").as_bytes()),
        ("reward.wasm", REWARD),
    ] {
        std::fs::write(dir.path().join(name), content).unwrap();
    }

    let start = |script| {
        node(script, dir.path(), &[("RELIQUARY_API_KEY", &key), ("RELIQUARY_BASE_URL", stack.base())])
    };
    let (_follower, told) = start("follow.mjs");
    let (mut node, mut output) = start("readme.mjs");
    let mut printed = Vec::new();
    while let Some(line) = timeout(PATIENCE, output.next_line()).await.expect("node is not stuck").unwrap() {
        printed.push(line);
        if KILLS.contains(&printed.len()) {
            stack.kill9("api");
            let running = "SELECT count(*) FROM jobs WHERE status = 'in_progress'";
            let in_the_middle = stack.count(running).await == 1;
            assert!(in_the_middle || printed.len() > KILLS[0], "the job was over before the first kill");
            stack.up("api").await;
        }
    }
    assert!(node.wait().await.unwrap().success(), "{printed:?}");
    assert_eq!(printed.pop().as_deref(), Some("completed"));

    // every rollout once, in the order of the log
    let customer = stack.customer_with_key(&key);
    let job = customer.get("/v1/jobs").await["data"][0]["id"].as_str().unwrap().to_owned();
    let delivered = customer.ndjson(&job).await;
    let ids = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].clone();
    let delivered: Vec<_> = delivered.lines().map(ids).collect();
    let streamed: Vec<_> = printed.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(streamed.len(), PROMPTS * SAMPLES);
    assert_eq!(streamed, delivered);
    let exported = std::fs::read_to_string(dir.path().join("rollouts.jsonl")).unwrap();
    assert_eq!(exported.lines().count(), streamed.len());
    assert_tells_the_log(told, &customer).await;
}

/// A script of `dir`, and what it prints. It ends with its handle.
fn node(script: &str, dir: &Path, settings: &[(&str, &str)]) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut command = Command::new("node");
    command
        .arg(script)
        .current_dir(dir)
        .envs(settings.iter().copied())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut node = command.spawn().expect("node is there");
    let output = BufReader::new(node.stdout.take().unwrap()).lines();
    (node, output)
}

/// Every event of the project once, in the order of its log, over the same two deaths.
async fn assert_tells_the_log(mut told: Lines<BufReader<ChildStdout>>, customer: &Customer) {
    let log = customer.get("/v1/events?limit=1000").await;
    let ids: Vec<&str> =
        log["data"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert!(ids.len() > PROMPTS * SAMPLES && log["has_more"] == false, "{} events", ids.len());
    for id in ids {
        let line = timeout(PATIENCE, told.next_line()).await.expect("it is not stuck").unwrap();
        assert_eq!(line.as_deref(), Some(id));
    }
}

/// As the README says: `npm install ./openapi/typescript`.
async fn install(dir: &Path) {
    std::fs::write(dir.join("package.json"), "{}").unwrap();
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--silent", SDK]).current_dir(dir);
    let done = npm.output().await.expect("npm is there");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
