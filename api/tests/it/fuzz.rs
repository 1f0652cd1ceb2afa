//! schemathesis against a gateway: whatever the document allows or forbids, the answer is one that the document knows.
//! `.ci/schemathesis` installs it and runs this.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use api::Config;
use protocol::Scopes;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::harness::{Answer, Customer, Service, job_body, quick};
use crate::tenants::Owned;

/// The same requests every time.
const SEED: &str = "20261122";
/// Which of the organisation's projects is meant.
const PROJECT: &str = "Reliquary-Project";
const SETTINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.ci/schemathesis.toml");
/// How often a path names something that is there, and not what the schema allows.
const KNOWN_SHARE: f64 = 0.8;

/// What gives no 2xx here, and why.
const NEVER_GRANTED: &[(&str, &str)] = &[
    ("complete_upload", "no words of a generator are the parts that an upload has"),
    ("create_chat_completion", "nobody generates here: 504"),
    (
        "post_group_rewards",
        "no group awaits any, and no two words of a generator are rewards of its rollouts",
    ),
    ("refresh_session", "a refresh token is good once, and is no generator's guess"),
    ("retrieve_export_content", "no worker writes the file: 409"),
    ("retrieve_job_manifest", "no worker ends a job and signs its manifest: 409"),
    ("retrieve_rollout_inclusion", "the same: 409"),
];

#[tokio::test]
#[ignore = "needs schemathesis from PyPI: .ci/schemathesis"]
async fn the_document_and_the_gateway_agree() {
    // nobody generates here: whoever waits for an answer waits in vain, and not for long; a stream of a project ends by its
    // age alone
    let service = Service::with(Config { chat_patience_ms: 20, sse_max_age_ms: 300, ..quick() }).await;
    service.miner().await;
    let customer = service.customer(1_000_000_000).await;
    let project = second_project(&service, &customer).await;
    let owner = key_of(&service, &customer, &project).await;
    let document: Value = serde_json::from_str(&api::openapi::json()).unwrap();
    let mut seeds = Vec::new();
    for _ in 0..4 {
        seeds.push(Owned::of(&service, &owner).await);
    }
    let others = Others::of(&service, &owner).await;
    let scratch = tempfile::tempdir().unwrap();
    let settings = scratch.path().join("schemathesis.toml");
    let text = std::fs::read_to_string(SETTINGS).unwrap() + &known_ids(&document, seeds.split_at(2), &others);
    std::fs::write(&settings, text).unwrap();
    let before = granted(&service, &customer).await;
    // beside the folder that is made for tests: the script has put it there
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../schemathesis/bin/schemathesis");
    let ended = Command::new(program)
        // it leaves what it has found where it runs, and would try that first the next time
        .current_dir(scratch.path())
        .arg("--config-file")
        .arg(&settings)
        .args(["run", &format!("{}/openapi.json", service.url)])
        .args(["--header", &format!("Authorization: Bearer {}", customer.key)])
        .args(["--header", &format!("{PROJECT}: {project}"), "--seed", SEED])
        .status()
        .await
        .unwrap();
    service.assert_ledger_clean().await;
    // the key that all of it was done with still opens the door: nothing above was a row of refusals
    service.get(&customer, "/v1/api_keys/self").await.json(200);
    let after = granted(&service, &customer).await;
    all_were_granted(&document, &before, &after);
    assert!(ended.success(), "{ended}");
}

/// Everything is asked of a project that the key does not belong to. No operation has to be left out then: keys are
/// revoked, rotated and narrowed and projects archived, but never the one key and the one project that all requests need.
async fn second_project(service: &Service, customer: &Customer) -> String {
    let project = service.post(customer, "/v1/projects", &json!({ "name": "fuzz" })).await.json(201);
    project["id"].as_str().unwrap().to_owned()
}

/// A key of that project, which what is asked about is made with.
async fn key_of(service: &Service, customer: &Customer, project: &str) -> Customer {
    let scopes: Vec<&str> = Scopes::all().iter().map(protocol::Scope::as_str).collect();
    let wish = json!({ "name": "seed", "scopes": scopes, "reach": "organization" });
    let request = service.request(Method::POST, "/v1/api_keys").bearer_auth(&customer.key);
    let made = Answer::of(request.header(PROJECT, project).json(&wish).send().await.unwrap()).await;
    let key = made.json(201)["key"].as_str().unwrap().to_owned();
    Customer { account: customer.account, key }
}

/// What is asked about beside the rows of a tenant.
struct Others {
    /// Two more projects, of which one may be archived: not the one that everything is asked of.
    kept: String,
    spare: String,
    /// A job that takes prompts.
    open: String,
}

impl Others {
    async fn of(service: &Service, owner: &Customer) -> Self {
        let made = async |path: &str, body: &Value| {
            let made = service.post(owner, path, body).await.json(201);
            made["id"].as_str().unwrap().to_owned()
        };
        let mut open = job_body(1);
        open["open"] = json!(true);
        Self {
            kept: made("/v1/projects", &json!({ "name": "kept" })).await,
            spare: made("/v1/projects", &json!({ "name": "spare" })).await,
            open: made("/v1/jobs", &open).await,
        }
    }
}

/// Settings by which paths name things that are there: for what ends a thing, others than for what looks at one.
fn known_ids(document: &Value, (kept, spare): (&[Owned], &[Owned]), others: &Others) -> String {
    let jobs: Vec<&str> = kept.iter().map(|owned| owned.id("/v1/jobs/{id}")).collect();
    // the one id that stands in a body
    let mut text = format!(
        "\n[[operations]]\ninclude-operation-id = \"retrieve_tinker_future\"\n[operations.parameters]\n\
         \"body.request_id\" = {{ dictionary = \"futures\", probability = {KNOWN_SHARE} }}\n\
         [dictionaries.futures]\nvalues = {}\n",
        json!(jobs)
    );
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let parameters = ["id", "member_id", "version", "scope"];
            let named = parameters.iter().filter(|name| path.contains(&format!("{{{name}}}")));
            let ends = ["archive", "cancel", "close"].iter().any(|verb| path.ends_with(verb));
            // sessions end with their members: those of the members that stay
            let ends = ends || method == "delete" && !path.starts_with("/v1/sessions/");
            let (owned, project) = if ends { (spare, &others.spare) } else { (kept, &others.kept) };
            let of = |owned: &Owned, name: &str| match name {
                "member_id" => json!(owned.member),
                "version" if path.starts_with("/v1/proof_spec/") => json!("r1"),
                "version" => json!(1),
                _ if path.starts_with("/v1/projects/") => json!(project),
                // whose limits may be any: nothing is asked of that project
                _ if path.starts_with("/v1/budgets/") => json!(others.kept),
                _ if path.ends_with("/prompts") => json!(others.open),
                _ => json!(owned.id(path)),
            };
            let id = operation["operationId"].as_str().unwrap();
            let (mut bindings, mut dictionaries) = (String::new(), String::new());
            for name in named {
                let mut values: Vec<Value> = owned.iter().map(|owned| of(owned, name)).collect();
                values.dedup();
                let dictionary = format!("{id}_{name}");
                writeln!(dictionaries, "[dictionaries.{dictionary}]\nvalues = {}", json!(values)).unwrap();
                let binding = format!("{{ dictionary = {dictionary:?}, probability = {KNOWN_SHARE} }}");
                writeln!(bindings, "\"path.{name}\" = {binding}").unwrap();
            }
            if !bindings.is_empty() {
                let head =
                    format!("\n[[operations]]\ninclude-operation-id = {id:?}\n[operations.parameters]\n");
                text += &(head + &bindings + &dictionaries);
            }
        }
    }
    text
}

/// How often each operation was answered with a 2xx so far, by method and route.
async fn granted(service: &Service, customer: &Customer) -> BTreeMap<(String, String), u64> {
    let mut found = BTreeMap::new();
    for line in service.get(customer, "/metrics").await.text.lines() {
        let Some(rest) = line.strip_prefix("reliquary_http_requests_total{") else { continue };
        let (labels, count) = rest.rsplit_once("} ").unwrap();
        let labels: BTreeMap<&str, &str> =
            labels.split(',').map(|pair| pair.split_once('=').unwrap()).collect();
        let label = |name: &str| labels[name].trim_matches('"').to_owned();
        if label("status").starts_with('2') {
            *found.entry((label("method"), label("route"))).or_default() += count.parse::<u64>().unwrap();
        }
    }
    found
}

/// Whatever the document has was not only refused: an operation that is never granted is never looked at.
fn all_were_granted(
    document: &Value,
    before: &BTreeMap<(String, String), u64>,
    after: &BTreeMap<(String, String), u64>,
) {
    let mut refused = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let key = (method.to_uppercase(), path.clone());
            let count = |granted: &BTreeMap<(String, String), u64>| granted.get(&key).copied().unwrap_or(0);
            if count(after) == count(before) {
                refused.insert(operation["operationId"].as_str().unwrap());
            }
        }
    }
    let known: BTreeSet<&str> = NEVER_GRANTED.iter().map(|(id, _)| *id).collect();
    let unexpected: Vec<_> = refused.difference(&known).collect();
    assert!(unexpected.is_empty(), "never answered with a 2xx: {unexpected:?}");
}
