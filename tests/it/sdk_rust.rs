//! The Rust client's README, run as it is written, by a process of its own, against the service, whose gateway dies in the
//! middle; the project's stream beside it; and the client's offline check of what it wrote.

use std::path::Path;
use std::process::Stdio;

use futures_util::StreamExt as _;
use reliquary_client::verify::{Finding, ManifestFinding, Report, Verifier};
use reliquary_client::words::EventType;
use reliquary_client::{Client, EventFilter, Options};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::customer::PATIENCE;
use crate::prompts;
use crate::stack::{CHECKPOINT, Plan, Stack};

const README: &str = include_str!("../../openapi/rust/README.md");
const PROGRAM: &str = include_str!("../../openapi/rust/examples/readme/program.rs");
const REWARD: &[u8] = include_bytes!("../../sandbox/guests/wat/length.wasm");
const CREDITS: &str = "1000000000000";
const PROMPTS: usize = 16;
/// As the README says.
const SAMPLES: usize = 8;
/// The gateway is killed when so many rollouts have been printed.
const KILLS: [usize; 2] = [3, 40];

#[expect(clippy::print_stdout, reason = "it is a program")]
mod readme {
    include!("../../openapi/rust/examples/readme/program.rs");

    /// The program, in the process that the test below starts.
    #[test]
    #[ignore = "started by the test below, with key, address and files"]
    fn run() {
        main().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_readme_runs_as_written_while_the_gateway_is_killed() {
    assert!(README.contains(&format!("```rust\n{PROGRAM}```")), "the README's program is another one");
    let mut stack = Stack::start_all(Plan::honest(2)).await;
    let key = stack.new_key(CREDITS);
    let dir = tempfile::tempdir().unwrap();
    let body = prompts::body(0, PROMPTS, SAMPLES);
    let lines: Vec<String> = body["prompts"].as_array().unwrap().iter().map(ToString::to_string).collect();
    std::fs::write(dir.path().join("prompts.jsonl"), lines.join("\n")).unwrap();
    std::fs::write(dir.path().join("reward.wasm"), REWARD).unwrap();

    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["sdk_rust::readme::run", "--exact", "--ignored", "--nocapture"]).current_dir(dir.path());
    command.env("RELIQUARY_API_KEY", &key).env("RELIQUARY_BASE_URL", stack.base());
    let mut program = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut output = BufReader::new(program.stdout.take().unwrap()).lines();
    let told = timeout(PATIENCE, told(Options::new(stack.base(), &key)));
    let printed = async {
        let mut streamed = Vec::new();
        while let Some(line) = timeout(PATIENCE, output.next_line()).await.expect("it is not stuck").unwrap()
        {
            // the test harness says something, too
            let Some(id) = line.split(' ').next().filter(|word| word.starts_with("rol_")) else { continue };
            streamed.push(id.to_owned());
            if KILLS.contains(&streamed.len()) {
                stack.kill9("api");
                let running = "SELECT count(*) FROM jobs WHERE status = 'in_progress'";
                let in_the_middle = stack.count(running).await == 1;
                assert!(in_the_middle || streamed.len() > KILLS[0], "the job was over before the first kill");
                stack.up("api").await;
            }
        }
        streamed
    };
    let (streamed, told) = futures_util::join!(printed, told);
    assert!(program.wait().await.unwrap().success(), "{streamed:?}");

    // every rollout once, in the order of the log
    let customer = stack.customer_with_key(&key);
    let job = customer.get("/v1/jobs").await["data"][0].clone();
    assert_eq!(job["status"], "completed");
    let delivered = customer.ndjson(job["id"].as_str().unwrap()).await;
    let ids = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(streamed.len(), PROMPTS * SAMPLES);
    assert_eq!(streamed, delivered.lines().map(ids).collect::<Vec<_>>());
    let exported = std::fs::read_to_string(dir.path().join("rollouts.jsonl")).unwrap();
    assert_eq!(exported.lines().count(), streamed.len());
    // every event of the project once, in the order of its log, over the same two deaths
    let told = told.expect("the project's stream is not stuck");
    let log = customer.get("/v1/events?limit=1000").await;
    let log = log["data"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap().to_owned());
    assert_eq!(told, log.take(told.len()).collect::<Vec<_>>());

    let published = customer.get("/v1/verification_keys").await.to_string();
    check_offline(&dir.path().join("proofs.ndjson"), &published).await;
}

/// The ids of what happens in the project, from the first event to the end of its one job.
async fn told(options: Options) -> Vec<String> {
    let from_the_first = EventFilter { starting_after: Some(0), ..EventFilter::default() };
    let mut events = Client::new(options).unwrap().events().stream(&from_the_first);
    let mut ids = Vec::new();
    while let Some(event) = events.next().await {
        let event = event.unwrap();
        ids.push(event.id);
        if event.type_ == EventType::JobCompleted {
            break;
        }
    }
    assert_eq!(events.last_id(), Some(ids.len() as i64), "places have no gaps");
    ids
}

/// What was written holds, and no change of it does.
async fn check_offline(path: &Path, published: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    let of = |object: &str| {
        text.lines().position(|line| line.contains(&format!("\"object\":\"{object}\""))).unwrap()
    };
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let (manifest, first) = (of("job.manifest"), of("rollout"));
    let signed: Value = serde_json::from_str(&lines[manifest]).unwrap();
    let key = signed["service_key"].as_str().unwrap();
    assert!(published.contains(key), "the manifest's key is one of the published ones");
    let key: [u8; 32] = hex::decode(key).unwrap().try_into().unwrap();
    let verifier = Verifier::open(Path::new(CHECKPOINT), key).unwrap();
    let judge = async |change: &dyn Fn(&mut Vec<String>)| {
        let mut changed = lines.clone();
        change(&mut changed);
        assert_ne!(changed, lines);
        let file = path.with_extension("changed");
        std::fs::write(&file, changed.join("\n")).unwrap();
        let report: Report = verifier.file(&file).await.unwrap();
        assert!(!report.holds());
        let wrong = report.manifests.iter().flat_map(|manifest| &manifest.findings);
        let wrong: Vec<ManifestFinding> = wrong.copied().collect();
        (report.failed.into_iter().map(|(_, finding)| finding).collect::<Vec<_>>(), wrong)
    };
    let set = |line: &mut String, field: &str, value: Value| {
        let mut record: Value = serde_json::from_str(line).unwrap();
        record[field] = value;
        *line = record.to_string();
    };
    let report = verifier.file(path).await.unwrap();
    assert!(report.holds() && report.manifests.len() == 1, "{report:?}");
    assert_eq!((report.verified, report.advantages_checked), (PROMPTS * SAMPLES, PROMPTS * SAMPLES));
    let missing = vec![ManifestFinding::RolloutsMissing];
    assert_eq!(judge(&|lines| drop(lines.remove(first))).await, (vec![], missing.clone()));
    let twice = judge(&|lines| lines[first + 1] = lines[first].clone()).await;
    assert_eq!(twice, (vec![], vec![ManifestFinding::RolloutsMissing, ManifestFinding::RolloutsTooMany]));
    let price = judge(&|lines| set(&mut lines[first], "price_rao", json!("1"))).await;
    assert_eq!(price, (vec![Finding::NotInManifest], missing));
    let text = judge(&|lines| set(&mut lines[first], "completion_text", json!("#### 42"))).await;
    assert_eq!(text, (vec![Finding::TextMismatch], vec![]));
    let count = format!("\"leaf_count\":{}", signed["manifest"]["leaf_count"]);
    let counted = judge(&|lines| lines[manifest] = lines[manifest].replace(&count, "\"leaf_count\":1")).await;
    assert!(counted.1.contains(&ManifestFinding::ManifestSignature), "{counted:?}");
    let other = Verifier::open(Path::new(CHECKPOINT), [7; 32]).unwrap().file(path).await.unwrap();
    assert_eq!((other.verified, other.holds()), (0, false));
}
