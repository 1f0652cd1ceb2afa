//! Test keys: how they are made, what their jobs are, and that they and their project's live keys see nothing of each other.

use protocol::job::{MAX_TEST_PROMPTS, MAX_TEST_SAMPLES};
use reqwest::Method;
use serde_json::{Value, json};

use crate::deliver::deliver;
use crate::harness::{Answer, Customer, Service, job_body, quick};
use crate::people::join;
use crate::tenants::{Owned, ask};

/// All that a test key can have.
fn scopes() -> Value {
    let scopes = protocol::Scopes::of_tests();
    json!(scopes.iter().map(protocol::Scope::as_str).collect::<Vec<_>>())
}

/// A test key of the maker's project; its id, and who has it.
pub(crate) async fn test_key(service: &Service, maker: &Customer) -> (String, Customer) {
    let wish = json!({ "name": "trial", "livemode": false, "scopes": scopes() });
    let made = service.post(maker, "/v1/api_keys", &wish).await.json(201);
    assert_eq!(made["livemode"], false);
    let key = made["key"].as_str().unwrap().to_owned();
    assert!(key.starts_with("rk_test_") && key.starts_with(made["prefix"].as_str().unwrap()), "{key}");
    (made["id"].as_str().unwrap().to_owned(), Customer { account: maker.account, key })
}

fn errors(answer: &Answer) -> Vec<(String, String)> {
    let problem = answer.json(422);
    let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    let errors = problem["errors"].as_array().unwrap().iter();
    errors.map(|error| (text(error, "pointer"), text(error, "code"))).collect()
}

fn fault(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

async fn ids(service: &Service, customer: &Customer, path: &str) -> Vec<String> {
    let list = service.get(customer, path).await.json(200);
    list["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_live_key_makes_and_keeps_test_keys_and_they_make_only_their_like() {
    let service = Service::start().await;
    let root = service.customer(0).await;
    let own = service.get(&root, "/v1/api_keys/self").await.json(200);
    assert_eq!(own["livemode"], true);
    let (id, trial) = test_key(&service, &root).await;
    let shown = service.get(&trial, "/v1/api_keys/self").await.json(200);
    assert_eq!((&shown["livemode"], &shown["project_id"]), (&json!(false), &own["project_id"]));

    // a live key sees both, a test key its like
    let own_id = own["id"].as_str().unwrap().to_owned();
    assert_eq!(ids(&service, &root, "/v1/api_keys").await, [id.clone(), own_id.clone()]);
    assert_eq!(ids(&service, &trial, "/v1/api_keys").await, std::slice::from_ref(&id));
    assert_eq!(service.get(&root, &format!("/v1/api_keys/{id}")).await.json(200)["livemode"], false);
    assert_eq!(service.get(&trial, &format!("/v1/api_keys/{own_id}")).await.problem(404), "not_found");

    let child = json!({ "name": "child", "scopes": ["jobs:read"] });
    let child = service.post(&trial, "/v1/api_keys", &child).await.json(201);
    assert_eq!(child["livemode"], false, "as its maker");
    let live = json!({ "name": "live", "livemode": true, "scopes": ["jobs:read"] });
    let refused = service.post(&trial, "/v1/api_keys", &live).await;
    assert_eq!(errors(&refused), [fault("#/livemode", "exceeds_your_key")]);
    for scope in ["billing:write", "audit:read", "members:read", "members:write"] {
        let wish = json!({ "name": "x", "livemode": false, "scopes": [scope] });
        let refused = service.post(&root, "/v1/api_keys", &wish).await;
        assert_eq!(errors(&refused), [fault("#/scopes", "not_in_test_mode")], "{scope}");
        let change = service.request(Method::PATCH, &format!("/v1/api_keys/{id}"));
        let change = change.bearer_auth(&root.key).json(&json!({ "scopes": [scope] }));
        let refused = Answer::of(change.send().await.unwrap()).await;
        assert_eq!(errors(&refused), [fault("#/scopes", "not_in_test_mode")], "{scope}");
    }
    let nothing = json!({ "name": "new" });
    assert_eq!(
        service.post(&trial, "/v1/projects", &nothing).await.problem(403),
        "organization_key_required"
    );
}

#[tokio::test]
async fn a_rotated_test_key_is_a_test_key_and_no_text_opens_the_other_mode() {
    let service = Service::start().await;
    let root = service.customer(0).await;
    let (id, trial) = test_key(&service, &root).await;
    let rotated = service.post(&root, &format!("/v1/api_keys/{id}/rotate"), &json!({})).await.json(200);
    let text = rotated["key"].as_str().unwrap().to_owned();
    assert!(text.starts_with("rk_test_"), "{text}");
    for key in [&text, &trial.key] {
        let customer = Customer { account: root.account, key: key.clone() };
        assert_eq!(service.get(&customer, "/v1/api_keys/self").await.json(200)["id"], json!(id));
    }
    // the same secret under the other prefix, with a checksum that fits
    for key in [&text, &root.key] {
        let parsed = store::api_keys::KeyText::parse(key).unwrap();
        let other = protocol::Mode::of(!parsed.mode().is_live());
        let forged = Customer { account: root.account, key: parsed.in_mode(other).reveal() };
        assert_eq!(service.get(&forged, "/v1/api_keys/self").await.problem(401), "invalid_api_key");
    }
    let detail = service.sql("SELECT detail FROM audit_log WHERE action = 'api_key.created'").await;
    assert!(detail.contains("\"livemode\":false"), "{detail}");
}

#[tokio::test]
async fn a_test_job_costs_nothing_and_says_what_it_is() {
    let service = Service::start().await;
    let root = service.customer(0).await;
    let (_, trial) = test_key(&service, &root).await;
    assert_eq!(service.post(&root, "/v1/jobs", &job_body(2)).await.problem(402), "insufficient_credits");
    let preview = service.post(&trial, "/v1/jobs?dry_run=true", &job_body(2)).await.json(200);
    assert_eq!((&preview["maximum_rao"], &preview["hold_rao"]), (&json!("0"), &json!("0")));
    let job = service.post(&trial, "/v1/jobs", &job_body(2)).await.json(201);
    assert_eq!((&job["livemode"], &job["spend"]["held_rao"]), (&json!(false), &json!("0")));
    assert_eq!(job["price"]["rollout_rao"], "0");
    let id = job["id"].as_str().unwrap();
    for index in 0..2 {
        deliver(&service, id, index).await;
    }
    let shown = service.get(&trial, &format!("/v1/jobs/{id}")).await.json(200);
    assert_eq!((&shown["status"], &shown["livemode"]), (&json!("completed"), &json!(false)));
    let rollouts = service.get(&trial, &format!("/v1/jobs/{id}/rollouts")).await.json(200);
    for rollout in rollouts["data"].as_array().unwrap() {
        assert_eq!((&rollout["livemode"], &rollout["verifier_logprobs"]), (&json!(false), &Value::Null));
        let proof = &rollout["proof"];
        let (class, level) = (&proof["profile"]["engine_class"], &proof["verification"]);
        assert_eq!((class, level), (&json!("test"), &json!("none")));
    }
    let events = service.get(&trial, &format!("/v1/jobs/{id}/events")).await.json(200);
    assert!(events["data"].as_array().unwrap().iter().all(|event| event["livemode"] == false));
    let export =
        service.post(&trial, &format!("/v1/jobs/{id}/exports"), &json!({ "format": "tinker" })).await;
    assert_eq!(export.json(202)["livemode"], false);
    assert_eq!(service.get(&root, "/v1/ledger_entries").await.json(200)["data"], json!([]));

    // of a re-check, too: to whoever asks with a live key it is worth nothing
    let record = rollouts["data"][0].clone();
    for (customer, verdict) in [(&trial, "pass"), (&root, "fail")] {
        let asked = json!({ "level": "signatures", "rollouts": [record] });
        let looked = service.post(customer, "/v1/verifications", &asked).await.json(201);
        let checks = looked["rollouts"][0]["checks"].as_array().unwrap();
        let signatures = checks.iter().find(|check| check["name"] == "signatures").unwrap();
        assert_eq!(signatures["verdict"], verdict, "{looked}");
    }
}

#[tokio::test]
async fn test_jobs_are_small_and_few() {
    let service = Service::with(api::Config { max_test_jobs_per_minute: 2, ..quick() }).await;
    let root = service.customer(1_000_000).await;
    let (_, trial) = test_key(&service, &root).await;
    let mut large = job_body(MAX_TEST_PROMPTS + 1);
    large["sampling"]["n"] = json!(MAX_TEST_SAMPLES + 1);
    let refused = service.post(&trial, "/v1/jobs", &large).await;
    assert_eq!(errors(&refused), [fault("#/prompts", "too_many"), fault("#/sampling/n", "out_of_range")]);
    assert_eq!(service.post(&root, "/v1/jobs?dry_run=true", &large).await.status, 200);
    let mut open = job_body(MAX_TEST_PROMPTS - 1);
    open["open"] = json!(true);
    let job = service.post(&trial, "/v1/jobs", &open).await.json(201);
    let more = format!("/v1/jobs/{}/prompts", job["id"].as_str().unwrap());
    let two = json!({ "prompts": [{ "custom_id": "x", "text": "a" }, { "custom_id": "y", "text": "a" }] });
    assert_eq!(errors(&service.post(&trial, &more, &two).await), [fault("#/prompts", "too_many")]);
    let limits = service.get(&trial, "/v1/limits").await.json(200);
    assert_eq!(limits["prompts"]["job"], json!(MAX_TEST_PROMPTS));
    service.post(&trial, "/v1/jobs", &job_body(1)).await.json(201);
    let refused = service.post(&trial, "/v1/jobs", &job_body(1)).await;
    assert_eq!(refused.problem(429), "rate_limited");
    service.post(&root, "/v1/jobs", &job_body(1)).await.json(201);
}

#[tokio::test]
async fn sessions_choose_by_a_header_and_keys_do_not() {
    let service = Service::start().await;
    let root = service.customer(1_000_000).await;
    let (_, trial) = test_key(&service, &root).await;
    let person = join(&service, &root, "owner").await.customer();
    let live = service.job(&root, 1).await;
    let test = service.job(&trial, 1).await;
    let jobs = async |customer: &Customer, mode: Option<&str>| {
        let mut request = service.request(Method::GET, "/v1/jobs").bearer_auth(&customer.key);
        if let Some(mode) = mode {
            request = request.header("reliquary-mode", mode);
        }
        Answer::of(request.send().await.unwrap()).await
    };
    for (customer, mode, sees) in [
        (&person, None, &live),
        (&person, Some("live"), &live),
        (&person, Some("test"), &test),
        (&trial, None, &test),
        (&trial, Some("test"), &test),
        (&root, Some("live"), &live),
    ] {
        let list = jobs(customer, mode).await.json(200);
        let seen = list["data"].as_array().unwrap();
        assert_eq!((seen.len(), &seen[0]["id"]), (1, &json!(sees)), "{mode:?}");
    }
    for (customer, mode) in [(&trial, "live"), (&root, "test"), (&person, "both")] {
        assert_eq!(jobs(customer, Some(mode)).await.problem(400), "invalid_header");
    }
    let there = service.request(Method::GET, &crate::people::members(&root)).bearer_auth(&person.key);
    let there = there.header("reliquary-mode", "test").send().await.unwrap();
    assert_eq!(Answer::of(there).await.problem(403), "missing_scope", "members are not for trying out");
}

/// What is the organisation's own, and of no mode.
const SHARED: &[&str] = &[
    "/v1/projects",
    "/v1/organizations",
    "/v1/sessions",
    "/v1/audit_log",
    "/v1/models",
    "/v1/budgets",
    "/v1/invoices",
];

#[tokio::test]
async fn no_route_shows_a_test_key_what_is_live_or_a_live_key_what_is_a_test() {
    // a stream of a project ends by its age alone
    let service = Service::with(api::Config { sse_max_age_ms: 200, ..quick() }).await;
    let root = service.customer(1_000_000).await;
    let (_, trial) = test_key(&service, &root).await;
    let live = Owned::between(&service, &root, &root).await;
    let test = Owned::between(&service, &trial, &root).await;
    let document: Value = serde_json::from_str(&api::openapi::json()).unwrap();
    let mut visited = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let is_shared = SHARED.iter().any(|shared| path.starts_with(shared));
            if operation["security"] == json!([{}]) || is_shared {
                continue;
            }
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            for (owned, outsider) in [(&live, &trial), (&test, &root)] {
                // a live key looks after its project's test keys
                if path.starts_with("/v1/api_keys") && outsider.key == root.key {
                    continue;
                }
                visited += 1;
                let concrete = owned.concrete(path);
                let theirs = ask(&service, &method, &concrete, Some(outsider)).await;
                let told = theirs.text.replace(&concrete, "<path>");
                for secret in owned.secrets() {
                    let is_money = path == "/v1/ledger_entries"; // the organisation's, and test jobs have no line in it
                    assert!(
                        is_money || !told.contains(secret) || secret == "canary-7f3a",
                        "{method} {path}: {told}"
                    );
                }
                if path.contains('{') {
                    assert_eq!(theirs.problem(404), "not_found", "{method} {path}");
                } else {
                    assert!(theirs.status != 404 && theirs.status < 500, "{method} {path}: {}", theirs.text);
                }
            }
        }
    }
    assert!(visited >= 100, "{visited}");
}

#[tokio::test]
async fn a_twin_is_on_no_list_and_ends_with_its_project() {
    let service = Service::start().await;
    let root = service.customer(0).await;
    let made = service.post(&root, "/v1/projects", &json!({ "name": "maths" })).await.json(201);
    let project = made["id"].as_str().unwrap().to_owned();
    assert_eq!(ids(&service, &root, "/v1/projects").await.len(), 2);
    let twin =
        service.sql("SELECT id FROM projects WHERE twin_of IS NOT NULL ORDER BY created_at LIMIT 1").await;
    let twin = protocol::ProjectId(twin.parse().unwrap());
    assert_eq!(service.get(&root, &format!("/v1/projects/{twin}")).await.problem(404), "not_found");
    // a test key of the other project, made from here
    let wish = json!({ "name": "trial", "livemode": false, "scopes": ["jobs:read", "jobs:write"] });
    let request = service.request(Method::POST, "/v1/api_keys").bearer_auth(&root.key);
    let request = request.header("reliquary-project", &project).json(&wish);
    let key = Answer::of(request.send().await.unwrap()).await.json(201);
    assert_eq!(key["project_id"], json!(project));
    let trial = Customer { account: root.account, key: key["key"].as_str().unwrap().to_owned() };
    let job = service.job(&trial, 1).await;
    let archive = format!("/v1/projects/{project}/archive");
    assert_eq!(service.post(&root, &archive, &json!({})).await.problem(409), "project_in_use");
    let cancel = format!("/v1/jobs/{job}/cancel");
    service.post(&trial, &cancel, &json!({ "mode": "immediate" })).await.json(202);
    service.post(&root, &archive, &json!({})).await.json(200);
    let gone = service.request(Method::GET, "/v1/jobs").bearer_auth(&trial.key);
    // what was looked up a moment ago may still be remembered; its rows are nobody's at once
    let gone = Answer::of(gone.send().await.unwrap()).await;
    assert!(gone.status == 401 || gone.json(200)["data"] == json!([]), "{}", gone.text);
}
