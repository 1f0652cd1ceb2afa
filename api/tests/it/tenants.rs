//! No project sees anything of another's, whosever it is, on any route. The routes are taken from the document, so none is forgotten.

use protocol::JobId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::deliver::deliver;
use crate::harness::{Answer, Customer, Service, job_body, module_form};

/// Words that must never reach a stranger.
const CANARY: &str = "canary-7f3a";

/// A request with a body that its route reads.
async fn ask(service: &Service, method: &Method, path: &str, customer: Option<&Customer>) -> Answer {
    let mut request = service.request(method.clone(), path);
    if let Some(customer) = customer {
        request = request.bearer_auth(&customer.key);
    }
    if method == Method::PATCH {
        request = request.json(&json!({}));
    }
    if method == Method::POST {
        let is_upload = path.ends_with("/versions") || path.ends_with("/validate");
        request = if is_upload { request.multipart(module_form(b"{}")) } else { request.json(&json!({})) };
    }
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn every_route_keeps_accounts_apart() {
    let service = Service::start().await;
    let (owner, stranger) = (service.customer(1_000_000).await, service.customer(1_000_000).await);
    let sibling = service.sibling(&owner).await;
    let function = service.post(&owner, "/v1/reward_functions", &json!({ "name": CANARY })).await.json(201);
    let function = function["id"].as_str().unwrap();
    let form = module_form(sandbox::BUILTINS[0].1).text("description", CANARY);
    service.form(&owner, &format!("/v1/reward_functions/{function}/versions"), form).await.json(201);
    service.validate().await;
    let mut body = job_body(2);
    body["prompts"][0]["custom_id"] = json!(CANARY);
    body["metadata"] = json!({ "secret": CANARY });
    let job = service.post(&owner, "/v1/jobs", &body).await.json(201)["id"].as_str().unwrap().to_owned();
    let rollout = deliver(&service, &job, 0).await[0].to_string();
    let group = job.parse::<JobId>().unwrap().group(0).to_string();

    let quote = service.post(&owner, "/v1/quotes", &job_body(1)).await.json(201);
    let quote = quote["id"].as_str().unwrap();

    let document: Value = serde_json::from_str(&api::openapi::json()).unwrap();
    let mut visited = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let id = match path.split('/').nth(2) {
            Some("jobs") => &job,
            Some("rollouts") => &rollout,
            Some("groups") => &group,
            Some("quotes") => quote,
            _ => function,
        };
        let concrete = path.replace("{id}", id).replace("{version}", "1");
        for (method, operation) in item.as_object().unwrap() {
            if operation["security"] == json!([{}]) {
                continue; // open to all, and tells nothing of anyone
            }
            visited += 1;
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let nobody = ask(&service, &method, &concrete, None).await;
            assert_eq!(nobody.problem(401), "invalid_api_key", "{method} {path}");
            for outsider in [&stranger, &sibling] {
                let theirs = ask(&service, &method, &concrete, Some(outsider)).await;
                let told = theirs.text.replace(&concrete, "[the path that was asked]");
                // the statement is the organisation's, jobs of all its projects included
                let is_own_money = outsider.account == owner.account && path == "/v1/ledger_entries";
                for secret in [CANARY, &job, &rollout, &group, function] {
                    assert!(is_own_money || !told.contains(secret), "{method} {path}: {told}");
                }
                if path.contains('{') {
                    assert_eq!(theirs.problem(404), "not_found", "{method} {path}");
                    let missing = concrete.replacen(id, &format!("{}0000000000000000000000001", &id[..5]), 1);
                    let absent = ask(&service, &method, &missing, Some(outsider)).await;
                    let detail = |answer: &Answer| answer.json(404)["detail"].clone();
                    if method == Method::GET {
                        assert_eq!(detail(&theirs), detail(&absent), "another's and nobody's look alike");
                    }
                }
            }
        }
    }
    assert_eq!(visited, 30, "routes that need a key");

    // the other's names open nothing inside a body or a cursor either
    let mut body = job_body(1);
    body["reward"] = json!({ "mode": "wasm", "function": format!("{function}@1") });
    assert_eq!(service.post(&stranger, "/v1/jobs", &body).await.problem(422), "unknown_reward_function");
    let own = service.job(&stranger, 1).await;
    let cursor = service.get(&stranger, &format!("/v1/jobs/{own}/rollouts?after={rollout}")).await;
    assert_eq!(cursor.problem(400), "invalid_parameter");
    let stream = service.request(Method::GET, &format!("/v1/jobs/{job}/events")).bearer_auth(&stranger.key);
    let stream = stream.header("accept", "text/event-stream").header("last-event-id", "1");
    assert_eq!(Answer::of(stream.send().await.unwrap()).await.problem(404), "not_found");
    let shown = service.get(&owner, &format!("/v1/jobs/{job}")).await.json(200);
    assert_eq!(shown["status"], "queued", "the stranger cancelled nothing");
}
