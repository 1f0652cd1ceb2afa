//! Every list of the document, walked to its end and back.

use std::collections::BTreeSet;

use protocol::JobId;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::deliver::deliver;
use crate::harness::{Customer, Service, job_body, module_form};
use crate::people::join;

/// Rows of every list at least: with two a page, more than one page and an odd one.
const ROWS: usize = 3;

/// One of each resource that lists hang on, with rows in all of them.
struct Shelf {
    owner: Customer,
    job: String,
    function: String,
}

impl Shelf {
    async fn of(service: &Service) -> Self {
        let owner = service.customer(10_000_000).await;
        for index in 0..ROWS {
            let hook = json!({ "url": format!("https://example.com/{index}") });
            service.post(&owner, "/v1/webhook_endpoints", &hook).await.json(201);
            let named = json!({ "name": format!("n-{index}") });
            service.post(&owner, "/v1/projects", &named).await.json(201);
            let narrow = json!({ "name": format!("k-{index}"), "scopes": ["jobs:read"] });
            service.post(&owner, "/v1/api_keys", &narrow).await.json(201);
            let part = Part::bytes(vec![b'x'; index + 1]).file_name("f");
            let form = Form::new().text("purpose", "job_input").part("file", part);
            service.form(&owner, "/v1/files", form).await.json(201);
            join(service, &owner, "viewer").await;
            let wished = json!({ "hf_repo": "lab/model", "revision": format!("{index:040}") });
            service.post(&owner, "/v1/checkpoints", &wished).await.json(201);
        }
        let function = service.post(&owner, "/v1/reward_functions", &json!({ "name": "f" })).await.json(201);
        let function = function["id"].as_str().unwrap().to_owned();
        for index in 0..ROWS {
            service
                .post(&owner, "/v1/reward_functions", &json!({ "name": format!("g-{index}") }))
                .await
                .json(201);
            let form = module_form(format!("no module {index}").as_bytes());
            service.form(&owner, &format!("/v1/reward_functions/{function}/versions"), form).await.json(201);
        }
        let mut job = String::new();
        for _ in 0..ROWS {
            job = service.job(&owner, 4).await;
        }
        for index in 0..3 {
            deliver(service, &job, index).await;
        }
        let filtered = "UPDATE rollouts SET state = 'filtered', reason = 'duplicate', sequence = NULL, advantage = NULL \
            WHERE prompt_index > 0 AND sample_index = 1";
        deliver(service, &job, 3).await;
        service.sql(filtered).await;
        for _ in 0..ROWS {
            let asked = json!({ "format": "tinker" });
            service.post(&owner, &format!("/v1/jobs/{job}/exports"), &asked).await.json(202);
        }
        // an invoice for each month since
        service.sql("UPDATE accounts SET created_at = created_at - interval '70 days'").await;
        Self { owner, job, function }
    }

    fn concrete(&self, path: &str) -> String {
        let id = match path.split('/').nth(2) {
            Some("jobs") => &self.job,
            Some("reward_functions") => &self.function,
            Some("organizations") => &self.owner.account.to_string(),
            _ if !path.contains('{') => "",
            _ => panic!("{path}: put something with an id and a list on the `Shelf`"),
        };
        path.replace("{id}", id)
    }
}

/// Lists that have no `before`: those with OpenAI's own parameters and no others, those that come whole, and logs, which
/// are followed by their sequence.
fn has_no_before(path: &str) -> bool {
    let openai = ["/v1/batches", "/v1/models"];
    let whole = "/v1/reward_functions/builtins";
    openai.contains(&path) || path == whole || path.ends_with("/events")
}

/// Paths of everything that answers with a list.
fn lists(document: &Value) -> Vec<(&str, BTreeSet<&str>)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let operation = &item["get"];
        let schema = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].as_str();
        if schema.is_some_and(|name| name.ends_with("List")) {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            found.push((path.as_str(), parameters.filter_map(|one| one["name"].as_str()).collect()));
        }
    }
    found
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["data"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// All pages from this cursor on, in the order in which they were read.
async fn walk(
    service: &Service,
    list: &str,
    owner: &Customer,
    step: &str,
    from: Option<String>,
) -> Vec<Value> {
    let (mut pages, mut cursor) = (Vec::<Value>::new(), from);
    loop {
        let place = cursor.as_ref().map_or_else(String::new, |id| format!("&{step}={id}"));
        let page = service.get(owner, &format!("{list}limit=2{place}")).await.json(200);
        let end = if step == "after" { &page["last_id"] } else { &page["first_id"] };
        cursor = end.as_str().map(str::to_owned);
        let has_more = page["has_more"].as_bool().unwrap();
        assert!(!has_more || ids(&page).len() == 2, "{list}: more follow a page that is not full");
        pages.push(page);
        if !has_more {
            return pages;
        }
        assert!(pages.len() < 100, "{list}: no end");
    }
}

async fn there_and_back(service: &Service, owner: &Customer, list: &str) {
    let all = ids(&service.get(owner, &format!("{list}limit=100")).await.json(200));
    assert!(all.len() >= ROWS, "{list}: give this list {ROWS} rows on the `Shelf`; it has {}", all.len());
    let there = walk(service, list, owner, "after", None).await;
    assert_eq!(there.iter().flat_map(ids).collect::<Vec<_>>(), all, "{list}: forward");
    let last = there.last().unwrap()["first_id"].as_str().unwrap().to_owned();
    let rest = all.len() - ids(there.last().unwrap()).len();
    let back = walk(service, list, owner, "before", Some(last)).await;
    assert_eq!(back.iter().rev().flat_map(ids).collect::<Vec<_>>(), all[..rest], "{list}: back");
    // nothing is before the first
    let first = there[0]["first_id"].as_str().unwrap();
    let none = service.get(owner, &format!("{list}before={first}")).await.json(200);
    assert_eq!((&none["data"], &none["has_more"]), (&json!([]), &json!(false)), "{list}");
    assert_eq!((&none["first_id"], &none["last_id"]), (&Value::Null, &Value::Null), "{list}");
    // a cursor that is none says which it was, and two are one too many
    for name in ["after", "before"] {
        let bad = service.get(owner, &format!("{list}{name}=x!")).await;
        assert_eq!(bad.problem(400), "invalid_parameter", "{list}");
        assert_eq!(bad.json(400)["param"], name, "{list}");
    }
    let both = service.get(owner, &format!("{list}after={first}&before={first}")).await;
    assert_eq!(both.problem(400), "invalid_parameter", "{list}");
    let told = both.json(400)["detail"].as_str().unwrap().to_owned();
    assert!(told.contains("before") && told.contains("after"), "{list}: {told}");
}

#[tokio::test]
async fn every_list_can_be_walked_there_and_back() {
    let service = Service::start().await;
    let shelf = Shelf::of(&service).await;
    let document: Value = serde_json::from_str(&api::openapi::json()).unwrap();
    let mut walked = 0;
    for (path, parameters) in lists(&document) {
        if has_no_before(path) {
            assert!(!parameters.contains("before"), "{path} has `before` now: walk it");
            continue;
        }
        assert!(["limit", "after", "before"].iter().all(|name| parameters.contains(name)), "{path}");
        walked += 1;
        let concrete = shelf.concrete(path);
        there_and_back(&service, &shelf.owner, &format!("{concrete}?")).await;
        if path.ends_with("/rollouts") {
            there_and_back(&service, &shelf.owner, &format!("{concrete}?status=filtered&")).await;
        }
    }
    assert!(walked >= 14, "the document has lost lists: {walked}");
}

#[tokio::test]
async fn a_page_before_a_row_is_the_one_next_to_it() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let mut jobs = Vec::new();
    for _ in 0..5 {
        jobs.insert(0, service.job(&customer, 1).await);
    }
    // newest first: before the oldest stand the two that are just a little newer, not the two newest
    let page = service.get(&customer, &format!("/v1/jobs?limit=2&before={}", jobs[4])).await.json(200);
    assert_eq!((ids(&page).as_slice(), &page["has_more"]), (&jobs[2..4], &json!(true)));
    let page = service.get(&customer, &format!("/v1/jobs?limit=2&before={}", jobs[2])).await.json(200);
    assert_eq!((ids(&page).as_slice(), &page["has_more"]), (&jobs[..2], &json!(false)));
    // with a filter as without
    let cancelled = service.post(&customer, &format!("/v1/jobs/{}/cancel", jobs[2]), &json!({})).await;
    assert_eq!(cancelled.status, 202, "{}", cancelled.text);
    let queued = format!("/v1/jobs?status=queued&limit=2&before={}", jobs[4]);
    assert_eq!(ids(&service.get(&customer, &queued).await.json(200)), [&*jobs[1], &jobs[3]]);

    // delivered rollouts: before a sequence as before an id, in lists as in bulk
    let job = service.post(&customer, "/v1/jobs", &job_body(3)).await.json(201);
    let job = job["id"].as_str().unwrap();
    let mut delivered = Vec::new();
    for index in 0..3 {
        delivered.extend(deliver(&service, job, index).await);
    }
    let path = format!("/v1/jobs/{job}/rollouts");
    let all = ids(&service.get(&customer, &path).await.json(200));
    assert_eq!(all, delivered.iter().map(ToString::to_string).collect::<Vec<_>>());
    let lines = async |query: String| -> Vec<String> {
        let request = service.request(reqwest::Method::GET, &format!("{path}?{query}"));
        let request = request.bearer_auth(&customer.key).header("accept", "application/x-ndjson");
        let text = request.send().await.unwrap().text().await.unwrap();
        let item =
            |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
        text.lines().map(item).collect()
    };
    assert_eq!(lines(format!("before={}", all[5])).await, all[..5]);
    assert_eq!(lines(format!("before={}&limit=2", all[5])).await, all[3..5]);
    assert_eq!(lines(format!("before={}", all[0])).await, [""; 0]);
    let end = service.get(&customer, &format!("{path}?before=1000000&limit=4")).await.json(200);
    assert_eq!((ids(&end).as_slice(), &end["has_more"]), (&all[2..], &json!(true)));
    // another's rollout is no place in this list
    let other = JobId(uuid::Uuid::now_v7()).group(0).rollout(1, 0);
    let bad = service.get(&customer, &format!("{path}?before={other}")).await;
    assert_eq!((bad.problem(400).as_str(), &bad.json(400)["param"]), ("invalid_parameter", &json!("before")));
}
