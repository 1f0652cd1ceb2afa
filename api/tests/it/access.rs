//! What a key may do: scopes, limits, addresses, rotation, projects. And what was done, on the audit log.

use futures_util::future::join_all;
use protocol::{Rao, Scope};
use reqwest::Method;
use serde_json::{Value, json};
use store::api_keys::{Reach, Terms};
use store::spend::{Cap, Reset};

use crate::harness::{Answer, Customer, Service, job_body, quick};

async fn send(service: &Service, customer: &Customer, method: Method, path: &str, body: &Value) -> Answer {
    let request = service.request(method, path).bearer_auth(&customer.key).json(body);
    Answer::of(request.send().await.unwrap()).await
}

/// Makes a key; its id, and the customer who has it.
pub(crate) async fn make(service: &Service, maker: &Customer, wish: &Value) -> (String, Customer) {
    let made = service.post(maker, "/v1/api_keys", wish).await.json(201);
    let key = made["key"].as_str().unwrap().to_owned();
    (made["id"].as_str().unwrap().to_owned(), Customer { account: maker.account, key })
}

fn pointers(answer: &Answer) -> Vec<String> {
    let problem = answer.json(422);
    problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_key_makes_narrower_keys_and_none_that_may_do_more() {
    let service = Service::start().await;
    let root = service.customer(10_000).await;
    let wish = json!({ "name": "reader", "scopes": ["jobs:read", "keys:write"], "limit_rao": "3000",
        "limit_reset": "monthly", "allowed_cidrs": ["127.0.0.1"] });
    let (id, reader) = make(&service, &root, &wish).await;
    let shown = service.get(&reader, "/v1/api_keys/self").await.json(200);
    assert_eq!((&shown["id"], &shown["reach"]), (&json!(id), &json!("project")));
    assert_eq!(shown["allowed_cidrs"], json!(["127.0.0.1/32"]));
    assert_eq!((&shown["remaining_rao"], &shown["spent_rao"]), (&json!("3000"), &json!("0")));
    assert!(shown.get("key").is_none(), "its text is shown once");
    assert!(reader.key.starts_with(shown["prefix"].as_str().unwrap()));
    assert!(reader.key.ends_with(shown["last4"].as_str().unwrap()));

    assert_eq!(service.get(&reader, "/v1/jobs").await.status, 200);
    let refused = service.post(&reader, "/v1/jobs", &job_body(1)).await;
    assert_eq!(
        (refused.problem(403).as_str(), &refused.json(403)["meta"]["scope"]),
        ("missing_scope", &json!("jobs:write"))
    );

    let more = json!({ "name": "more", "scopes": ["jobs:write"], "reach": "organization", "limit_rao": "3001",
        "allowed_cidrs": ["10.0.0.0/8"] });
    let refused = service.post(&reader, "/v1/api_keys", &more).await;
    assert_eq!(pointers(&refused), ["#/scopes", "#/reach", "#/allowed_cidrs", "#/limit_rao"]);
    // what is left out is the maker's own
    let (child, _) = make(&service, &reader, &json!({ "name": "child", "scopes": ["jobs:read"] })).await;
    let child_path = format!("/v1/api_keys/{child}");
    let shown = service.get(&reader, &child_path).await.json(200);
    assert_eq!((&shown["limit_rao"], &shown["limit_reset"]), (&json!("3000"), &json!("monthly")));
    let widened = send(&service, &reader, Method::PATCH, &child_path, &json!({ "limit_rao": null })).await;
    assert_eq!(pointers(&widened), ["#/limit_rao"]);
    let renamed = send(&service, &reader, Method::PATCH, &child_path, &json!({ "name": "other" })).await;
    assert_eq!(
        (&renamed.json(200)["name"], &renamed.json(200)["limit_rao"]),
        (&json!("other"), &json!("3000"))
    );

    // a wider key is not changed, rotated or revoked by a narrower one: its new text would open more
    let roots = service.get(&root, "/v1/api_keys/self").await.json(200)["id"].as_str().unwrap().to_owned();
    let roots = format!("/v1/api_keys/{roots}");
    for (method, path) in [
        (Method::PATCH, roots.clone()),
        (Method::DELETE, roots.clone()),
        (Method::POST, format!("{roots}/rotate")),
    ] {
        let answer = send(&service, &reader, method.clone(), &path, &json!({})).await;
        assert_eq!(answer.problem(403), "exceeds_your_key", "{method}");
    }
    let gone = send(&service, &reader, Method::DELETE, &child_path, &json!({})).await;
    assert_eq!(gone.status, 204);
    assert_eq!(send(&service, &reader, Method::DELETE, &child_path, &json!({})).await.status, 204);
    assert_eq!(
        send(&service, &reader, Method::PATCH, &child_path, &json!({})).await.problem(409),
        "key_revoked"
    );
    let list = service.get(&root, "/v1/api_keys").await.json(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 3);
    assert!(!list["data"][0]["revoked_at"].is_null());
}

#[tokio::test]
async fn a_keys_text_is_shown_once_and_kept_nowhere() {
    let service = Service::start().await;
    let root = service.customer(0).await;
    let ask = || {
        let wish = json!({ "name": "once", "scopes": ["jobs:read"] });
        service
            .request(Method::POST, "/v1/api_keys")
            .bearer_auth(&root.key)
            .header("idempotency-key", "k")
            .json(&wish)
    };
    let first = Answer::of(ask().send().await.unwrap()).await;
    let again = Answer::of(ask().send().await.unwrap()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    let (first, again) = (first.json(201), again.json(201));
    assert_eq!(first["id"], again["id"]);
    let text = first["key"].as_str().unwrap();
    assert!(again.get("key").is_none());
    let secret = text.split('_').nth(3).unwrap();
    for table in ["api_keys", "idempotency_keys", "audit_log"] {
        let rows = service.sql(&format!("SELECT string_agg(t::text, ' ') FROM {table} t")).await;
        assert!(rows.len() > 10 && !rows.contains(secret), "{table}: {rows}");
    }
}

#[tokio::test]
async fn no_more_is_spent_than_a_limit_allows() {
    let service = Service::start().await;
    let root = service.customer(100_000).await;
    let scopes = json!(["jobs:read", "jobs:write", "keys:write"]);
    let wish = json!({ "name": "capped", "scopes": scopes, "limit_rao": "5000", "limit_reset": "daily" });
    let (_, capped) = make(&service, &root, &wish).await;
    // 2000 each; twelve at once leave room for two
    let body = job_body(1);
    let answers = join_all((0..12).map(|_| service.post(&capped, "/v1/jobs", &body))).await;
    let mut made = Vec::new();
    for answer in &answers {
        if answer.status == 201 {
            made.push(answer.json(201)["id"].as_str().unwrap().to_owned());
        } else {
            assert_eq!(answer.problem(403), "spend_cap_exceeded");
        }
    }
    assert_eq!(made.len(), 2);
    let refused = service.post(&capped, "/v1/jobs", &body).await.json(403)["meta"].clone();
    assert_eq!(
        (&refused["limit_source"], &refused["limit_rao"], &refused["spent_rao"], &refused["required_rao"]),
        (&json!("key"), &json!("5000"), &json!("4000"), &json!("2000"))
    );
    assert!(refused["resets_at"].as_str().unwrap().ends_with("T00:00:00Z"), "{refused}");

    // what its own keys spend counts for it, and theirs too
    let (_, child) = make(&service, &capped, &json!({ "name": "child", "scopes": ["jobs:write"] })).await;
    assert_eq!(service.post(&child, "/v1/jobs", &body).await.problem(403), "spend_cap_exceeded");
    let cancel = format!("/v1/jobs/{}/cancel", made[0]);
    service.post(&capped, &cancel, &json!({ "mode": "immediate" })).await.json(202);
    let of_child = service.post(&child, "/v1/jobs", &body).await.json(201);
    assert_eq!(service.post(&capped, "/v1/jobs", &body).await.problem(403), "spend_cap_exceeded");
    let shown = service.get(&capped, "/v1/api_keys/self").await.json(200);
    assert_eq!((&shown["spent_rao"], &shown["remaining_rao"]), (&json!("4000"), &json!("1000")));

    // another day, another 5000
    let yesterday = "UPDATE holds SET created_at = created_at - interval '1 day'";
    service.sql(yesterday).await;
    service.post(&capped, "/v1/jobs", &body).await.json(201);

    // and the project's own limit stands over all of its keys
    let project = format!("/v1/projects/{}", root.account.default_project());
    let limited =
        send(&service, &root, Method::PATCH, &project, &json!({ "limit_rao": "7000" })).await.json(200);
    assert_eq!((&limited["spent_rao"], &limited["remaining_rao"]), (&json!("6000"), &json!("1000")));
    let meta = service.post(&root, "/v1/jobs", &body).await.json(403)["meta"].clone();
    assert_eq!((&meta["limit_source"], &meta["resets_at"]), (&json!("project"), &Value::Null));
    service.assert_ledger_clean().await;
    assert!(of_child["id"].as_str().is_some());
}

#[tokio::test]
async fn a_rotated_key_has_two_texts_for_a_while() {
    let service = Service::start().await;
    let root = service.customer(0).await;
    let wish = json!({ "name": "worker", "scopes": ["jobs:read"] });
    let (id, old) = make(&service, &root, &wish).await;
    let rotate = format!("/v1/api_keys/{id}/rotate");
    let rotated = service.post(&root, &rotate, &json!({ "overlap_s": 3600 })).await.json(200);
    assert_eq!(rotated["id"], json!(id));
    assert!(!rotated["previous_expires_at"].is_null());
    let new = Customer { account: root.account, key: rotated["key"].as_str().unwrap().to_owned() };
    for key in [&old, &new] {
        assert_eq!(service.get(key, "/v1/api_keys/self").await.json(200)["id"], json!(id));
    }
    let last = service.post(&root, &rotate, &json!({ "overlap_s": 0 })).await.json(200);
    let last = Customer { account: root.account, key: last["key"].as_str().unwrap().to_owned() };
    assert_eq!(service.get(&last, "/v1/api_keys/self").await.status, 200);
    let texts = service.sql("SELECT count(*) FROM api_keys WHERE previous_until > now()").await;
    assert_eq!(texts, "0", "the first text went with the second rotation, the second had no overlap");
    let too_long = service.post(&root, &rotate, &json!({ "overlap_s": 604_801 })).await;
    assert_eq!(pointers(&too_long), ["#/overlap_s"]);
}

#[tokio::test]
async fn an_expired_key_and_a_foreign_address_are_refused() {
    let service = Service::start().await;
    let root = service.customer(0).await;
    let now = service.clock.now();
    let expired = service.another(&root, Terms { expires_at: Some(now), ..Terms::of_project() }).await;
    assert_eq!(service.get(&expired, "/v1/jobs").await.problem(401), "invalid_api_key");
    let nets = vec!["10.0.0.0/8".parse().unwrap()];
    let terms = Terms { allowed_cidrs: Some(nets), ..Terms::of_project() };
    let elsewhere = service.another(&root, terms.clone()).await;
    let claims = |service: &Service, key: &str| {
        service
            .request(Method::GET, "/v1/jobs")
            .bearer_auth(key)
            .header("x-forwarded-for", "192.0.2.1, 10.1.2.3")
    };
    assert_eq!(service.get(&elsewhere, "/v1/jobs").await.problem(403), "address_not_allowed");
    let claimed = Answer::of(claims(&service, &elsewhere.key).send().await.unwrap()).await;
    assert_eq!(claimed.problem(403), "address_not_allowed", "anyone can write that header");

    let mut config = quick();
    config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let behind = Service::with(config).await;
    let root = behind.customer(0).await;
    let key = behind.another(&root, terms).await.key;
    assert_eq!(Answer::of(claims(&behind, &key).send().await.unwrap()).await.status, 200);
    let direct = behind.request(Method::GET, "/v1/jobs").bearer_auth(&key);
    assert_eq!(Answer::of(direct.send().await.unwrap()).await.problem(403), "address_not_allowed");
}

#[tokio::test]
async fn the_last_use_is_noted_once_a_minute() {
    let service = Service::start().await;
    let root = service.customer(0).await;
    let key = service.another(&root, Terms::of_project()).await;
    let shown = service.get(&key, "/v1/api_keys/self").await.json(200);
    assert!(!shown["last_used_at"].is_null());
    let id = shown["id"].as_str().unwrap().parse().unwrap();
    let last = "SELECT extract(epoch FROM last_used_at)::bigint FROM api_keys ORDER BY id DESC LIMIT 1";
    let first: i64 = service.sql(last).await.parse().unwrap();
    let mut conn = service.db.acquire().await.unwrap();
    for (later_s, noted) in [(30, false), (59, false), (120, true)] {
        let at = service.clock.now() + chrono::TimeDelta::seconds(later_s);
        store::api_keys::used(&mut conn, id, at).await.unwrap();
        assert_eq!(service.sql(last).await.parse::<i64>().unwrap() > first, noted, "{later_s} s later");
    }
}

#[tokio::test]
async fn an_organisation_keeps_projects_apart_and_archives_them() {
    let service = Service::start().await;
    let root = service.customer(100_000).await;
    let made = service.post(&root, "/v1/projects", &json!({ "name": "maths" })).await.json(201);
    let project = made["id"].as_str().unwrap();
    let path = format!("/v1/projects/{project}");
    let there = async |method: Method, path: &str, body: &Value| {
        let request =
            service.request(method, path).bearer_auth(&root.key).header("reliquary-project", project);
        Answer::of(request.json(body).send().await.unwrap()).await
    };
    let wish = json!({ "name": "bound", "scopes": ["jobs:read", "jobs:write", "keys:write", "audit:read"] });
    let bound = there(Method::POST, "/v1/api_keys", &wish).await.json(201);
    assert_eq!(bound["project_id"], json!(project));
    let bound = Customer { account: root.account, key: bound["key"].as_str().unwrap().to_owned() };
    let job = service.job(&bound, 1).await;
    assert_eq!(there(Method::GET, &format!("/v1/jobs/{job}"), &json!({})).await.status, 200);
    assert_eq!(service.get(&root, &format!("/v1/jobs/{job}")).await.problem(404), "not_found");

    // a key of one project
    for (method, path, code) in [
        (Method::POST, "/v1/projects".to_owned(), "organization_key_required"),
        (Method::PATCH, path.clone(), "organization_key_required"),
        (Method::POST, format!("{path}/archive"), "organization_key_required"),
    ] {
        let answer = send(&service, &bound, method, &path, &json!({ "name": "x" })).await;
        assert_eq!(answer.problem(403), code, "{path}");
    }
    let seen = service.get(&bound, "/v1/projects").await.json(200);
    assert_eq!((seen["data"].as_array().unwrap().len(), &seen["data"][0]["id"]), (1, &json!(project)));
    assert_eq!(service.get(&root, "/v1/projects").await.json(200)["data"].as_array().unwrap().len(), 2);
    let organization = format!("/v1/organizations/{}", root.account);
    assert_eq!(service.get(&root, &organization).await.json(200)["name"], "test");
    assert_eq!(service.get(&bound, &organization).await.problem(404), "not_found");
    let log = service.get(&bound, "/v1/audit_log").await.json(200);
    let actions: Vec<&str> =
        log["data"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["job.created", "api_key.created"], "those of its project");

    let archive = format!("{path}/archive");
    let refused = service.post(&root, &archive, &json!({})).await;
    assert_eq!(refused.problem(409), "project_in_use");
    assert_eq!(there(Method::POST, &archive, &json!({})).await.problem(409), "project_in_use");
    service.post(&bound, &format!("/v1/jobs/{job}/cancel"), &json!({})).await.json(202);
    assert!(!service.post(&root, &archive, &json!({})).await.json(200)["archived_at"].is_null());
    assert_eq!(service.post(&root, &archive, &json!({})).await.status, 200, "again is fine");
    assert_eq!(there(Method::GET, "/v1/jobs", &json!({})).await.problem(404), "not_found");
    let own = format!("/v1/projects/{}/archive", root.account.default_project());
    assert_eq!(service.post(&root, &own, &json!({})).await.problem(409), "project_in_use");
}

/// Whom the service writes to, who has seen what signs that, and who takes data out.
#[tokio::test]
async fn webhook_endpoints_and_exports_are_on_the_audit_log() {
    let service = Service::start().await;
    let (root, other) = (service.customer(100_000).await, service.customer(0).await);
    let mut body = job_body(1);
    body["exports"] = json!(["parquet"]);
    let job = service.post(&root, "/v1/jobs", &body).await.json(201)["id"].as_str().unwrap().to_owned();
    let wish = json!({ "url": "https://hooks.example.com/services/T0/B0/very-secret", "event_types": ["job.failed"] });
    let make = || {
        let request = service.request(Method::POST, "/v1/webhook_endpoints").bearer_auth(&root.key);
        request.header("idempotency-key", "once").json(&wish)
    };
    let made = Answer::of(make().send().await.unwrap()).await.json(201);
    let again = Answer::of(make().send().await.unwrap()).await.json(201);
    assert_eq!(made, again, "it was made once, and is on the log once");
    let path = format!("/v1/webhook_endpoints/{}", made["id"].as_str().unwrap());
    // refused: not done
    for (who, method, path, status) in [
        (&other, Method::GET, format!("{path}/secret"), 404),
        (&other, Method::DELETE, path.clone(), 404),
        (&root, Method::PATCH, path.clone(), 422),
        (&other, Method::POST, format!("/v1/jobs/{job}/exports"), 404),
    ] {
        let body = if method == Method::POST { json!({ "format": "ndjson" }) } else { json!({ "url": "x" }) };
        assert_eq!(send(&service, who, method, &path, &body).await.status, status, "{path}");
    }
    send(&service, &root, Method::PATCH, &path, &json!({ "enabled": false })).await.json(200);
    service.post(&root, &format!("{path}/rotate_secret"), &json!({})).await.json(200);
    service.get(&root, &format!("{path}/secret")).await.json(200);
    assert_eq!(send(&service, &root, Method::DELETE, &path, &json!({})).await.status, 204);
    let export = json!({ "format": "parquet" });
    let export = service.post(&root, &format!("/v1/jobs/{job}/exports"), &export).await.json(202);

    let log = service.get(&root, "/v1/audit_log?limit=100").await.json(200);
    let all: Vec<&Value> = log["data"].as_array().unwrap().iter().rev().collect();
    let actions: Vec<&str> = all.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    let expected = [
        "job.created",
        "export.created",
        "webhook_endpoint.created",
        "webhook_endpoint.updated",
        "webhook_endpoint.secret_rotated",
        "webhook_endpoint.secret_revealed",
        "webhook_endpoint.deleted",
        "export.created",
    ];
    assert_eq!(actions, expected);
    assert!(all[2..7].iter().all(|entry| entry["subject"] == made["id"]));
    let (created, updated) = (&all[2]["detail"], &all[3]["detail"]);
    let of = |enabled: bool| json!({ "host": "hooks.example.com", "event_types": ["job.failed"], "enabled": enabled });
    assert_eq!((created, updated), (&of(true), &of(false)));
    assert_eq!(
        (&all[7]["subject"], &all[7]["detail"]),
        (&export["id"], &json!({ "job_id": job, "format": "parquet" }))
    );
    assert!(all.iter().all(|entry| entry["key_id"] == all[0]["key_id"] && entry["key_id"].is_string()));
    assert!(!log.to_string().contains("very-secret") && !log.to_string().contains("whsec_"));
    let theirs = service.get(&other, "/v1/audit_log").await.json(200);
    assert_eq!(theirs["data"], json!([]));
}

#[tokio::test]
async fn the_audit_log_shows_what_was_done_and_every_later_change() {
    let service = Service::start().await;
    let (root, other) = (service.customer(100_000).await, service.customer(100_000).await);
    let job = service.job(&root, 1).await;
    service.job(&other, 1).await;
    service.post(&root, &format!("/v1/jobs/{job}/pause"), &json!({})).await;
    service.post(&root, &format!("/v1/jobs/{job}/resume"), &json!({})).await;
    service.post(&root, &format!("/v1/jobs/{job}/cancel"), &json!({})).await.json(202);
    service.post(&root, "/v1/reward_functions", &json!({ "name": "mine" })).await.json(201);
    // refused: not done, so not on the log
    assert_eq!(service.post(&root, "/v1/jobs", &job_body(0)).await.status, 422);
    let log = service.get(&root, "/v1/audit_log?limit=3").await.json(200);
    assert_eq!((log["has_more"].as_bool(), &log["data"][0]["id"]), (Some(true), &json!("5")));
    let after = log["last_id"].as_str().unwrap();
    let rest = service.get(&root, &format!("/v1/audit_log?after={after}")).await.json(200);
    let all: Vec<Value> =
        [&log, &rest].iter().flat_map(|page| page["data"].as_array().unwrap().clone()).collect();
    let actions: Vec<&str> = all.iter().rev().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        ["job.created", "job.paused", "job.resumed", "job.cancelled", "reward_function.created"]
    );
    assert_eq!((&all[4]["subject"], &all[4]["previous_hash"]), (&json!(job), &json!("0".repeat(64))));
    for pair in all.windows(2) {
        assert_eq!(pair[0]["previous_hash"], pair[1]["hash"]);
    }

    let verify = async || {
        let mut tx = service.db.snapshot().await.unwrap();
        store::audit_log::verify(&mut tx, root.account).await.unwrap().broken_at
    };
    assert_eq!(verify().await, None);
    let id = root.account.0;
    for change in ["UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"] {
        assert!(service.database.sql(change).await.is_err(), "{change}: it is append-only");
    }
    // whoever owns the database can take the trigger away, and is found out
    let tamper = async |change: &str| {
        let free = "ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only";
        service.sql(&format!("{free}; {change}")).await;
    };
    let row = format!("WHERE account_id = '{id}' AND sequence = 3");
    for change in [
        "action = 'job.paused'",
        "at = at + interval '1 microsecond'",
        "detail = '{\"a\":1}'",
        "key_id = NULL",
        "hash = sha256('x')",
    ] {
        let keep = format!("CREATE TABLE kept AS SELECT * FROM audit_log {row}");
        tamper(&format!("{keep}; UPDATE audit_log SET {change} {row}")).await;
        assert_eq!(verify().await, Some(3), "{change}");
        tamper(&format!(
            "DELETE FROM audit_log {row}; INSERT INTO audit_log SELECT * FROM kept; DROP TABLE kept"
        ))
        .await;
        assert_eq!(verify().await, None, "{change} taken back");
    }
    tamper(&format!("DELETE FROM audit_log WHERE account_id = '{id}' AND sequence = 5")).await;
    assert_eq!(verify().await, Some(5), "the end cut off");
    tamper(&format!("DELETE FROM audit_log WHERE account_id = '{id}' AND sequence = 2")).await;
    assert_eq!(verify().await, Some(2), "one taken out");
    let mut tx = service.db.snapshot().await.unwrap();
    let others = store::audit_log::verify(&mut tx, other.account).await.unwrap();
    assert_eq!((others.entries, others.broken_at), (1, None));
}

#[tokio::test]
async fn whole_rollouts_in_events_take_the_scope_of_rollouts() {
    let service = Service::start().await;
    let root = service.customer(100_000).await;
    let job = service.job(&root, 1).await;
    let scopes = [Scope::EventsRead].into_iter().collect();
    let cap = Some(Cap { limit: Rao::ZERO, reset: Some(Reset::Weekly) });
    let terms = Terms { scopes, cap, reach: Reach::Project, ..Terms::everything() };
    let events = service.another(&root, terms).await;
    let path = format!("/v1/jobs/{job}/events");
    assert_eq!(service.get(&events, &path).await.status, 200);
    let refused = service.get(&events, &format!("{path}?include=rollout")).await;
    assert_eq!(refused.problem(403), "missing_scope");
}

#[tokio::test]
async fn a_raised_budget_is_spending_too() {
    let service = Service::start().await;
    let root = service.customer(100_000).await;
    let wish = json!({ "name": "capped", "scopes": ["jobs:read", "jobs:write"], "limit_rao": "5000",
        "limit_reset": "daily" });
    let (_, capped) = make(&service, &root, &wish).await;
    let mut body = job_body(4); // 8000 if all of it ran
    body["budget"] = json!({ "max_amount_rao": "3000" });
    let job = service.post(&capped, "/v1/jobs", &body).await.json(201)["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/jobs/{job}");
    let raise = async |rao: &str| {
        let budget = json!({ "budget": { "max_amount_rao": rao } });
        send(&service, &capped, Method::PATCH, &path, &budget).await
    };
    raise("5000").await.json(200);
    assert_eq!(raise("5001").await.problem(403), "spend_cap_exceeded");
    // not even when the job's own period is over: what it holds counts when it is raised
    let yesterday = "UPDATE holds SET created_at = created_at - interval '1 day'";
    service.sql(yesterday).await;
    assert_eq!(raise("6000").await.problem(403), "spend_cap_exceeded");
    raise("4000").await.json(200);
    service.assert_ledger_clean().await;
}
