//! Budgets: one cap, wherever it is set or shown, that nothing gets past, whoever asks at once.

use std::time::Duration;

use chrono::DateTime;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use store::{Clock, Rates};

use crate::access::make;
use crate::harness::{Answer, Customer, Service, job_body, quick};

/// Eight in the morning.
pub(crate) fn morning() -> Clock {
    Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
}

pub(crate) async fn put(service: &Service, customer: &Customer, scope: &str, body: &Value) -> Answer {
    let request = service.request(Method::PUT, &format!("/v1/budgets/{scope}"));
    Answer::of(request.bearer_auth(&customer.key).json(body).send().await.unwrap()).await
}

pub(crate) async fn get(service: &Service, customer: &Customer, scope: &str) -> Answer {
    service.get(customer, &format!("/v1/budgets/{scope}")).await
}

async fn own_key(service: &Service, customer: &Customer) -> String {
    service.get(customer, "/v1/api_keys/self").await.json(200)["id"].as_str().unwrap().to_owned()
}

/// Twelve jobs of 2000 each, at once, by all of these in turn. Those that were made, and what the others were told.
async fn race(service: &Service, customers: &[&Customer], status: u16) -> (Vec<(usize, String)>, Vec<Value>) {
    let turns = (0..12).map(|turn| turn % customers.len());
    let asked =
        turns.map(|by| async move { (by, service.post(customers[by], "/v1/jobs", &job_body(1)).await) });
    let (mut made, mut refused) = (Vec::new(), Vec::new());
    for (by, answer) in join_all(asked).await {
        if answer.status == 201 {
            made.push((by, answer.json(201)["id"].as_str().unwrap().to_owned()));
        } else {
            refused.push(answer.json(status));
        }
    }
    service.assert_ledger_clean().await;
    (made, refused)
}

async fn cancel(service: &Service, customer: &Customer, job: &str) {
    let path = format!("/v1/jobs/{job}/cancel");
    service.post(customer, &path, &json!({ "mode": "immediate" })).await.json(202);
}

#[tokio::test]
async fn a_budget_is_the_limit_that_keys_and_projects_show() {
    let service = Service::start().await;
    let root = service.customer(100_000).await;
    let project = root.account.default_project().to_string();
    let patch = service.request(Method::PATCH, &format!("/v1/projects/{project}")).bearer_auth(&root.key);
    let limit = json!({ "limit_rao": "9000", "limit_reset": "weekly" });
    Answer::of(patch.json(&limit).send().await.unwrap()).await.json(200);
    service.job(&root, 1).await;
    let budget = get(&service, &root, &project).await.json(200);
    let shown = service.get(&root, &format!("/v1/projects/{project}")).await.json(200);
    assert_eq!((&budget["object"], &budget["scope"]), (&json!("budget"), &json!(project)));
    for name in ["limit_rao", "limit_reset", "spent_rao", "remaining_rao", "resets_at"] {
        assert_eq!(budget[name], shown[name], "{name}");
    }
    assert_eq!((&budget["spent_rao"], &budget["remaining_rao"]), (&json!("2000"), &json!("7000")));
    assert_eq!((&budget["in_flight_limit_rao"], &budget["in_flight_rao"]), (&Value::Null, &json!("2000")));

    let (key, _) = make(&service, &root, &json!({ "name": "k", "scopes": ["jobs:write"] })).await;
    let wish = json!({ "limit_rao": "5000", "limit_reset": "daily", "in_flight_limit_rao": "70" });
    let set = put(&service, &root, &key, &wish).await.json(200);
    assert_eq!(
        (&set["scope"], &set["limit_rao"], &set["in_flight_limit_rao"]),
        (&json!(key), &json!("5000"), &json!("70"))
    );
    assert_eq!(get(&service, &root, &key).await.json(200), set);
    let shown = service.get(&root, &format!("/v1/api_keys/{key}")).await.json(200);
    assert_eq!((&shown["limit_rao"], &shown["limit_reset"]), (&json!("5000"), &json!("daily")));

    // what is left out is no limit: the whole budget is put
    let none = put(&service, &root, &key, &json!({})).await.json(200);
    for name in ["limit_rao", "limit_reset", "spent_rao", "remaining_rao", "resets_at", "in_flight_limit_rao"]
    {
        assert_eq!(none[name], Value::Null, "{name}");
    }
    let log = service.get(&root, "/v1/audit_log?limit=2").await.json(200);
    let (last, first) = (&log["data"][0], &log["data"][1]);
    assert_eq!((&last["action"], &last["subject"]), (&json!("budget.updated"), &json!(key)));
    assert_eq!(first["detail"], wish);
}

#[tokio::test]
async fn an_organisations_cap_stands_over_all_of_its_projects() {
    let service = Service::start().await;
    let root = service.customer(100_000).await;
    let (sibling, organization) = (service.sibling(&root).await, root.account.to_string());
    let cap = json!({ "limit_rao": "5000", "limit_reset": "monthly" });
    put(&service, &root, &organization, &cap).await.json(200);
    let (made, refused) = race(&service, &[&root, &sibling], 403).await;
    assert_eq!((made.len(), refused.len()), (2, 10), "5000 are two jobs of 2000");
    for problem in refused {
        assert_eq!((&problem["code"], &problem["retryable"]), (&json!("spend_cap_exceeded"), &json!(false)));
        let meta = &problem["meta"];
        assert_eq!(
            (&meta["limit_source"], &meta["limit_rao"], &meta["spent_rao"], &meta["required_rao"]),
            (&json!("organization"), &json!("5000"), &json!("4000"), &json!("2000"))
        );
        assert!(meta["resets_at"].as_str().unwrap().ends_with("-01T00:00:00Z"), "{meta}");
    }
    let budget = get(&service, &root, &organization).await.json(200);
    assert_eq!((&budget["spent_rao"], &budget["remaining_rao"]), (&json!("4000"), &json!("1000")));
    // what is released is there again, whichever project it was; and another month begins anew
    let (by, job) = &made[0];
    cancel(&service, [&root, &sibling][*by], job).await;
    service.job(&sibling, 1).await;
    assert_eq!(service.post(&root, "/v1/jobs", &job_body(1)).await.problem(403), "spend_cap_exceeded");
    service.sql("UPDATE holds SET created_at = created_at - interval '40 days'").await;
    service.job(&root, 1).await;
    // test jobs cost nothing, and are let through where nothing is left
    put(&service, &root, &organization, &json!({ "limit_rao": "1" })).await.json(200);
    let (_, tester) =
        make(&service, &root, &json!({ "name": "t", "livemode": false, "scopes": ["jobs:write"] })).await;
    service.post(&tester, "/v1/jobs", &job_body(1)).await.json(201);
}

/// Whoever begins jobs on one day and fills them on the next does not pass the cap of that.
#[tokio::test]
async fn a_job_counts_for_the_day_on_which_its_money_was_raised_last() {
    let service = Service::counting(quick(), morning(), Rates::local()).await;
    let root = service.customer(100_000).await;
    let organization = root.account.to_string();
    let cap = json!({ "limit_rao": "5000", "limit_reset": "daily" });
    put(&service, &root, &organization, &cap).await.json(200);
    let mut body = job_body(1);
    body["open"] = json!(true);
    let open = async || {
        let job = service.post(&root, "/v1/jobs", &body).await.json(201);
        job["id"].as_str().unwrap().to_owned()
    };
    let (first, second) = (open().await, open().await);
    let spent = async || get(&service, &root, &organization).await.json(200)["spent_rao"].clone();
    assert_eq!(spent().await, "4000");

    service.clock.advance(Duration::from_hours(24));
    assert_eq!(spent().await, "0", "another day");
    let append = async |job: &str| {
        let prompts = json!({ "prompts": [{ "text": "1 + 1" }] });
        service.post(&root, &format!("/v1/jobs/{job}/prompts"), &prompts).await
    };
    append(&first).await.json(201);
    assert_eq!(spent().await, "4000", "all that it holds");
    // neither the other one of yesterday nor a new one has these 4000 again
    let refused = append(&second).await;
    assert_eq!(refused.problem(403), "spend_cap_exceeded");
    assert_eq!(refused.json(403)["meta"]["spent_rao"], "6000");
    assert_eq!(service.post(&root, "/v1/jobs", &job_body(1)).await.problem(403), "spend_cap_exceeded");
    assert_eq!(spent().await, "4000", "what was refused has moved nothing");
    service.assert_ledger_clean().await;

    // what is released goes back to the day that it counts for
    cancel(&service, &root, &first).await;
    assert_eq!(spent().await, "0");
    append(&second).await.json(201);
    assert_eq!(spent().await, "4000");
    cancel(&service, &root, &second).await;
    assert_eq!(service.sql("SELECT count(*) FROM spent_days WHERE amount <> 0").await, "0");
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn no_more_is_held_at_once_than_may_be() {
    let service = Service::start().await;
    let root = service.customer(100_000).await;
    let project = root.account.default_project().to_string();
    let wish = json!({ "name": "n", "scopes": ["jobs:read", "jobs:write", "keys:write"] });
    let (key, maker) = make(&service, &root, &wish).await;
    let (_, child) = make(&service, &maker, &wish).await;
    for (scope, source) in [(key, "key"), (project, "project"), (root.account.to_string(), "organization")] {
        put(&service, &root, &scope, &json!({ "in_flight_limit_rao": "5999" })).await.json(200);
        let (made, refused) = race(&service, &[&maker, &child], 402).await;
        assert_eq!((made.len(), refused.len()), (2, 10), "{source}");
        for problem in &refused {
            assert_eq!(
                (&problem["code"], &problem["retryable"]),
                (&json!("inflight_budget_exhausted"), &json!(true))
            );
            let meta = json!({ "limit_source": source, "limit_rao": "5999", "held_rao": "4000", "required_rao": "2000" });
            assert_eq!(problem["meta"], meta);
        }
        let full = service.post(&child, "/v1/jobs", &job_body(1)).await;
        assert_eq!(
            (full.problem(402).as_str(), full.header("retry-after")),
            ("inflight_budget_exhausted", "30")
        );
        assert_eq!(get(&service, &root, &scope).await.json(200)["in_flight_rao"], "4000", "{source}");
        // one that never fits is told so
        let never = service.post(&child, "/v1/jobs", &job_body(3)).await;
        assert_eq!(
            (never.problem(402).as_str(), never.header("retry-after")),
            ("inflight_budget_exhausted", "")
        );
        assert_eq!(never.json(402)["retryable"], false);
        for (_, job) in &made {
            cancel(&service, &root, job).await;
        }
        // nothing that is held already grows past it
        let mut body = job_body(3);
        body["budget"] = json!({ "max_amount_rao": "4000" });
        let job = service.post(&child, "/v1/jobs", &body).await.json(201)["id"].as_str().unwrap().to_owned();
        for (rao, status) in [("5999", 200), ("6000", 402)] {
            let change = json!({ "budget": { "max_amount_rao": rao } });
            let patch = service.request(Method::PATCH, &format!("/v1/jobs/{job}")).bearer_auth(&root.key);
            Answer::of(patch.json(&change).send().await.unwrap()).await.json(status);
        }
        cancel(&service, &root, &job).await;
        let again = service.job(&child, 2).await;
        cancel(&service, &root, &again).await;
        put(&service, &root, &scope, &json!({})).await.json(200);
    }
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn who_may_not_set_a_budget_does_not_and_strangers_see_none() {
    let service = Service::start().await;
    let (root, stranger) = (service.customer(100_000).await, service.customer(100_000).await);
    let (organization, project) = (root.account.to_string(), root.account.default_project().to_string());
    let wish = json!({ "name": "n", "scopes": ["jobs:write", "billing:read", "billing:write"] });
    let (key, member) = make(&service, &root, &wish).await;
    for scope in
        [&organization, &project, &key, &"job_00000000000000000000000001".to_owned(), &"x".to_owned()]
    {
        assert_eq!(get(&service, &stranger, scope).await.problem(404), "not_found", "{scope}");
        assert_eq!(
            put(&service, &stranger, scope, &json!({ "x": 1 })).await.problem(404),
            "not_found",
            "{scope}"
        );
    }
    // a key of one project
    assert_eq!(get(&service, &member, &organization).await.problem(404), "not_found");
    assert_eq!(put(&service, &member, &organization, &json!({})).await.problem(404), "not_found");
    get(&service, &member, &project).await.json(200);
    assert_eq!(put(&service, &member, &project, &json!({})).await.problem(403), "organization_key_required");
    let sibling = service.sibling(&root).await;
    assert_eq!(get(&service, &sibling, &key).await.problem(404), "not_found");
    assert_eq!(put(&service, &sibling, &key, &json!({})).await.problem(404), "not_found");

    // a key that is limited widens no limit, and leaves those alone that may do more
    put(&service, &root, &key, &json!({ "limit_rao": "50", "in_flight_limit_rao": "20" })).await.json(200);
    for wider in
        [json!({}), json!({ "limit_rao": "51", "in_flight_limit_rao": "20" }), json!({ "limit_rao": "50" })]
    {
        let refused = put(&service, &member, &key, &wider).await.json(422);
        assert_eq!(refused["errors"][0]["code"], "exceeds_your_key", "{wider}");
    }
    let narrow = json!({ "limit_rao": "40", "in_flight_limit_rao": "20" });
    put(&service, &member, &key, &narrow).await.json(200);
    let other = own_key(&service, &root).await;
    assert_eq!(put(&service, &member, &other, &narrow).await.problem(403), "exceeds_your_key");

    // what is no budget
    for (body, pointer) in [
        (json!({ "limit_rao": "-1" }), "#/limit_rao"),
        (json!({ "limit_reset": "daily" }), "#/limit_reset"),
        (json!({ "limit_rao": "1", "limit_reset": "hourly" }), "#/limit_reset"),
        (json!({ "in_flight_limit_rao": "1.5" }), "#/in_flight_limit_rao"),
    ] {
        let refused = put(&service, &root, &organization, &body).await.json(422);
        assert_eq!(refused["errors"][0]["pointer"], pointer);
    }
    assert_eq!(
        put(&service, &root, &organization, &json!({ "cap": "1" })).await.problem(400),
        "unknown_parameter"
    );
    assert_eq!(get(&service, &root, &organization).await.json(200)["limit_rao"], Value::Null);
    service.sql("UPDATE api_keys SET revoked_at = now() WHERE name = 'n'").await;
    assert_eq!(put(&service, &root, &key, &json!({})).await.problem(409), "key_revoked");
}

/// What holds for other keys, too, is not set by one that may spend less.
#[tokio::test]
async fn a_limited_key_sets_no_limits_of_projects_or_the_organisation() {
    let service = Service::start().await;
    let root = service.customer(100_000).await;
    let (organization, project) = (root.account.to_string(), root.account.default_project().to_string());
    let path = format!("/v1/projects/{project}");
    let patch = async |customer: &Customer, body: &Value| {
        let request = service.request(Method::PATCH, &path).bearer_auth(&customer.key).json(body);
        Answer::of(request.send().await.unwrap()).await
    };
    let cap = json!({ "limit_rao": "9000", "limit_reset": "daily" });
    for scope in [&organization, &project] {
        put(&service, &root, scope, &cap).await.json(200);
    }
    let wish = json!({ "name": "n", "scopes": ["billing:read", "billing:write", "keys:write"], "reach": "organization" });
    let (key, limited) = make(&service, &root, &wish).await;
    // limited by the key that it comes from, and not in its own row
    let (_, child) = make(&service, &limited, &wish).await;
    let own = json!({ "in_flight_limit_rao": "50" });
    put(&service, &root, &key, &own).await.json(200);
    for customer in [&limited, &child] {
        for body in [json!({}), json!({ "limit_rao": "10" }), own.clone()] {
            for scope in [&organization, &project] {
                let refused = put(&service, customer, scope, &body).await;
                assert_eq!(refused.problem(403), "exceeds_your_key", "{scope}: {body}");
            }
        }
        for body in [json!({ "limit_rao": null, "limit_reset": null }), json!({ "limit_rao": "10" })] {
            assert_eq!(patch(customer, &body).await.problem(403), "exceeds_your_key", "{body}");
        }
        // what is no limit, or the one that is there, is not refused
        patch(customer, &json!({ "name": "maths", "limit_rao": "9000" })).await.json(200);
    }
    assert_eq!(put(&service, &child, &key, &json!({})).await.problem(403), "exceeds_your_key", "its maker");
    let maker = |customer: &Customer, body: &Value| {
        let request = service.request(Method::PATCH, &format!("/v1/api_keys/{key}"));
        let request = request.bearer_auth(&customer.key).json(body);
        async { Answer::of(request.send().await.unwrap()).await }
    };
    maker(&root, &json!({ "limit_rao": "80" })).await.json(200);
    for body in [json!({ "limit_rao": null }), json!({ "limit_rao": "81" })] {
        assert_eq!(maker(&child, &body).await.problem(403), "exceeds_your_key", "{body}");
    }
    maker(&child, &json!({ "name": "other" })).await.json(200);
    maker(&root, &json!({ "limit_rao": null })).await.json(200);
    for scope in [&organization, &project] {
        assert_eq!(get(&service, &root, scope).await.json(200)["limit_rao"], "9000");
    }
    assert_eq!(get(&service, &root, &key).await.json(200)["in_flight_limit_rao"], "50");
    // without limits it sets them
    put(&service, &root, &key, &json!({})).await.json(200);
    for customer in [&limited, &child] {
        put(&service, customer, &organization, &json!({})).await.json(200);
        patch(customer, &json!({ "limit_rao": null, "limit_reset": null })).await.json(200);
        patch(customer, &cap).await.json(200);
    }
}
