//! `POST /v1/jobs`, and the job that comes of it.

use insta::assert_json_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Service, job_body};

#[tokio::test]
async fn a_job_is_queued_held_and_logged() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let created = service.post(&customer, "/v1/jobs", &job_body(3)).await;
    let job = created.json(201);
    let id = job["id"].as_str().unwrap();
    assert_eq!(created.header("location"), format!("/v1/jobs/{id}"));
    assert_json_snapshot!("created", job, {
        ".id" => "[id]", ".created_at" => "[time]", ".queued_at" => "[time]", ".checkpoint_id" => "[id]", ".profile_id" => "[id]",
        ".model.checkpoint_id" => "[id]",
        ".randomness" => "[32 bytes]", ".trace_id" => "[trace]", ".reward.component_sha256" => "[hash]",
    });
    assert_eq!(
        (&job["queued_at"], &job["model"]["checkpoint_id"]),
        (&job["created_at"], &job["checkpoint_id"])
    );
    assert_eq!(job["randomness"].as_str().unwrap().len(), 64);

    let path = format!("/v1/jobs/{id}");
    assert_eq!(service.get(&customer, &path).await.json(200), job, "created and read are the same");
    let list = service.get(&customer, "/v1/jobs").await.json(200);
    assert_eq!((&list["data"][0], &list["has_more"]), (&job, &json!(false)));

    let balance = service.get(&customer, "/v1/balance").await.json(200);
    assert_eq!((&balance["available_rao"], &balance["held_rao"]), (&json!("994000"), &json!("6000")));
    let event = &service.get(&customer, &format!("{path}/events")).await.json(200)["data"][0];
    assert_eq!((&event["type"], &event["sequence"]), (&json!("job.queued"), &json!(1)));
    assert_eq!(event["trace_id"], job["trace_id"]);
    let prompts = "SELECT string_agg(custom_id || ':' || reference, ' ' ORDER BY prompt_index) FROM prompts";
    assert_eq!(service.sql(prompts).await, "prompt-0:2 prompt-1:3 prompt-2:4");
    assert_eq!(service.sql("SELECT count(*), min(state), max(attempt) FROM groups").await, "3|pending|0");
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn verification_can_be_sampled_at_a_rate_of_ones_own_or_the_service_s() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let with = |verification: Value| {
        let mut body = job_body(1);
        body["verification"] = verification;
        body
    };
    for (asked, shown) in [
        (json!({}), json!({ "level": "full" })),
        (json!({ "level": "full" }), json!({ "level": "full" })),
        (json!({ "level": "sampled" }), json!({ "level": "sampled", "p": 0.1 })),
        (json!({ "level": "sampled", "p": 1 }), json!({ "level": "sampled", "p": 1.0 })),
        (json!({ "level": "sampled", "p": 0.25 }), json!({ "level": "sampled", "p": 0.25 })),
    ] {
        let job = service.post(&customer, "/v1/jobs", &with(asked.clone())).await.json(201);
        assert_eq!(job["verification"], shown, "{asked}");
        let stored = format!("SELECT spec->'verification' FROM jobs WHERE id = '{}'", uuid_of(&job));
        assert_eq!(serde_json::from_str::<Value>(&service.sql(&stored).await).unwrap(), shown);
    }
}

/// With this service's own names and sizes, and nothing left out.
#[tokio::test]
async fn a_body_that_says_everything_is_taken() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let mut body = json!({
        "model": { "checkpoint": "current" },
        "prompts": [{ "custom_id": "p1", "messages": [{ "role": "user", "content": "40 + 2" }],
            "reward_input": { "answer": "42" }, "metadata": {} }],
        "sampling": { "n": 16, "temperature": 1.0, "top_p": 1.0, "top_k": 0, "max_tokens": 64, "stop": [] },
        "reward": { "mode": "builtin", "name": "numeric", "args": {}, "on_error": "mask", "max_error_rate": 0.05,
            "limits": { "fuel": 1_000_000_000, "memory_bytes": 67_108_864 } },
        "selection": { "group_filter": { "min_std": 0.24 }, "refill": "drop", "max_generation_multiplier": 3,
            "rollouts": { "strategy": "all" }, "difficulty": null },
        "advantage": { "method": "grpo", "eps": 1e-6, "std_ddof": 1 },
        "overlong": { "mode": "mask" },
        "dedup": { "mode": "exact_tokens", "scope": "job" },
        "policy": { "on_rotation": "finish", "max_staleness_versions": 0 },
        "verification": { "level": "full", "deliver": "verified_only" },
        "group": { "min_size": 8, "timeout_s": 900 },
        "budget": { "max_amount_rao": "500000", "max_rollouts": 20_000, "on_exhausted": "pause" },
        "deadline_at": service.clock.now() + chrono::TimeDelta::hours(1),
        "priority": "standard",
        "open": false,
        "privacy": { "retention_days": 30, "training_use": "deny", "prompt_visibility": "assigned_miners" },
        "exports": ["parquet"],
        "metadata": { "run": "exp-12" },
    });
    let quote = service.post(&customer, "/v1/quotes", &body).await.json(201);
    body["quote"] = quote["id"].clone();
    let job = service.post(&customer, "/v1/jobs", &body).await.json(201);
    assert_eq!((&job["quote"], &job["status"]), (&quote["id"], &json!("queued")));
}

#[tokio::test]
async fn a_job_shows_what_it_runs_on_and_which_exports_it_was_created_with() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let mut body = job_body(1);
    body["exports"] = json!(["parquet", { "format": "tinker", "filter": { "min_reward": 0.5 } }]);
    let job = service.post(&customer, "/v1/jobs", &body).await.json(201);
    let mut shown = job["exports"].as_array().unwrap().clone();
    // as they stand in the list of the job's exports
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    let list = service.get(&customer, &format!("{path}/exports")).await.json(200);
    let listed = list["data"].as_array().unwrap().iter().map(|export| {
        json!({ "id": export["id"], "format": export["format"], "compression": export["compression"],
            "filter": export["filter"] })
    });
    let mut listed: Vec<Value> = listed.collect();
    for exports in [&mut shown, &mut listed] {
        exports.sort_by_key(|export| export["format"].to_string());
    }
    assert_eq!(shown, listed);
    let words = |export: &Value| {
        ["format", "compression"].map(|name| export[name].as_str().unwrap().to_owned()).join(" ")
    };
    assert_eq!(shown.iter().map(words).collect::<Vec<_>>(), ["parquet zstd", "tinker none"]);
    // what is asked for later is not the job's, but for one of the same microsecond
    service.sql("UPDATE jobs SET created_at = created_at - interval '1 hour'").await;
    assert_eq!(service.get(&customer, &path).await.json(200)["exports"], json!([]));

    // of a registered checkpoint the names are those that it was asked for by
    service.sql("UPDATE jobs SET checkpoint_repo = 'own/model', checkpoint_revision = repeat('0', 40)").await;
    let model = &service.get(&customer, &path).await.json(200)["model"];
    let expected =
        json!({ "checkpoint_id": job["checkpoint_id"], "repo": "own/model", "revision": "0".repeat(40) });
    assert_eq!(*model, expected);
}

fn uuid_of(job: &Value) -> uuid::Uuid {
    job["id"].as_str().unwrap().parse::<protocol::JobId>().unwrap().0
}

#[tokio::test]
async fn every_form_of_prompt_is_tokenised() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let body = json!({
        "model": { "checkpoint": "current" },
        "prompts": [
            { "custom_id": "a", "text": "2 + 2", "reward_input": { "b": 1.50, "a": [null] }, "metadata": { "k": 1e3 } },
            { "messages": [{ "role": "system", "content": "Add." }, { "role": "user", "content": "2 + 2" }] },
            { "token_ids": [5, 6, 7], "reward_input": null },
        ],
        "sampling": { "n": 1, "max_tokens": 1, "temperature": 0.7, "top_p": 0.95, "top_k": 50,
            "allow_truncated_sampling": true },
        "metadata": { "run": "exp-12" },
    });
    // the text of the JSON counts, so it is sent as text
    let text = body.to_string().replace("1.5", "1.50").replace("1000.0", "1e3");
    let request = service.request(Method::POST, "/v1/jobs").bearer_auth(&customer.key);
    let request = request.header("content-type", "application/json; charset=utf-8").body(text);
    let job = Answer::of(request.send().await.unwrap()).await.json(201);
    assert_eq!((&job["reward"], &job["advantage"]["method"]), (&Value::Null, &json!("none")));
    assert_eq!(job["sampling"]["temperature"], json!(0.7));
    let stored = service
        .sql("SELECT text, encoding, length(tokens) / 4, reference, metadata FROM prompts ORDER BY prompt_index")
        .await;
    let rows: Vec<&str> = stored.lines().collect();
    assert!(
        rows[0].starts_with("2 + 2|") && rows[0].ends_with(r#"|{"a":[null],"b":1.50}|{"k":1e3}"#),
        "{stored}"
    );
    assert!(rows[0].starts_with("2 + 2|plain||"), "{stored}");
    // a template's text has a line break in it
    assert!(stored.contains("system: Add.\nuser: 2 + 2\nassistant:|rendered||"), "{stored}");
    assert_eq!(*rows.last().unwrap(), "||3|null|{}");
    // what was rendered is kept beside its text, and of the others there is nothing to keep
    let sent = service.sql("SELECT prompt_index, messages FROM prompts WHERE messages IS NOT NULL").await;
    let (index, messages) = sent.split_once('|').unwrap();
    let messages: Value = serde_json::from_str(messages).unwrap();
    assert_eq!((index, &messages), ("1", &body["prompts"][1]["messages"]));
}

#[tokio::test]
async fn accounts_line_up_fairly() {
    let service = Service::start().await;
    let (big, small) = (service.customer(1_000_000).await, service.customer(1_000_000).await);
    let first = service.job(&big, 30).await;
    service.job(&big, 2).await;
    // as if the queue had moved on
    service.sql("UPDATE groups SET state = 'failed' WHERE vtime < 10").await;
    let other = service.job(&small, 2).await;
    let vtimes = |job: &str| {
        let index = format!("(SELECT id FROM jobs ORDER BY id OFFSET {job} LIMIT 1)");
        format!("SELECT min(vtime), max(vtime) FROM groups WHERE job_id = {index}")
    };
    assert_ne!(first, other);
    assert_eq!(service.sql(&vtimes("0")).await, "0|29");
    assert_eq!(service.sql(&vtimes("1")).await, "30|31", "behind its own account's");
    assert_eq!(service.sql(&vtimes("2")).await, "10|11", "at the front of the queue, not behind the others");
}

#[tokio::test]
async fn a_trace_goes_from_the_request_to_the_log() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let request = service.request(Method::POST, "/v1/jobs").bearer_auth(&customer.key).json(&job_body(1));
    let request = request.header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"));
    let job = Answer::of(request.send().await.unwrap()).await;
    assert_eq!(job.json(201)["trace_id"], trace);
    // one that is malformed is not kept
    let request = service.request(Method::POST, "/v1/jobs").bearer_auth(&customer.key).json(&job_body(1));
    let job = Answer::of(request.header("traceparent", "00-evil").send().await.unwrap()).await.json(201);
    assert_eq!(job["trace_id"].as_str().unwrap().len(), 32);
}

#[tokio::test]
async fn lists_are_paged_and_filtered() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let mut jobs = Vec::new();
    for _ in 0..5 {
        jobs.push(service.job(&customer, 1).await);
    }
    jobs.reverse();
    let mut seen: Vec<String> = Vec::new();
    let mut after = String::new();
    loop {
        let page = service.get(&customer, &format!("/v1/jobs?limit=2{after}")).await.json(200);
        seen.extend(
            page["data"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()),
        );
        after = format!("&after={}", page["last_id"].as_str().unwrap());
        if page["has_more"] == json!(false) {
            break;
        }
    }
    assert_eq!(seen, jobs);
    let none = service.get(&customer, "/v1/jobs?status=completed").await.json(200);
    assert_eq!((&none["data"], &none["last_id"]), (&json!([]), &Value::Null));
    for bad in ["limit=0", "limit=101", "limit=x", "after=x", "status=done"] {
        assert_eq!(
            service.get(&customer, &format!("/v1/jobs?{bad}")).await.problem(400),
            "invalid_parameter",
            "{bad}"
        );
    }
}

#[tokio::test]
async fn selection_is_shown_as_it_was_given_and_a_reserve_is_held_at_a_quarter() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000_000).await;
    let mut body = job_body(6);
    body["sampling"]["n"] = json!(4);
    let given = json!({
        "selection": { "group_filter": { "mean_range": [0.0, 1.0] }, "refill": "resample_new_prompts",
            "target_groups": 2, "max_generation_multiplier": 2.5, "difficulty": { "target_mean": [0.2, 0.8] },
            "rollouts": { "strategy": "max_variance", "m": 2 } },
        "advantage": { "method": "gdpo", "eps": 1e-4, "std_ddof": 0, "batch_groups": 2,
            "component_weights": { "format": 0.5 } },
        "overlong": { "mode": "soft_penalty", "buffer": 1, "factor": 0.5 },
        "dedup": { "mode": "none", "scope": "project", "near": { "ngram": 4, "buckets": 10, "hashes": 6 } },
        "policy": { "on_rotation": "cancel", "max_staleness_versions": 2 },
        "group": { "min_size": 3, "timeout_s": 900 },
    });
    for (part, terms) in given.as_object().unwrap() {
        body[part] = terms.clone();
    }
    let job = service.post(&customer, "/v1/jobs", &body).await.json(201);
    for (part, terms) in given.as_object().unwrap() {
        assert_eq!(&job[part], terms, "{part}");
    }
    let (whole, quarter) =
        (amount(&job["price"]["rollout_rao"]), amount(&job["price"]["filtered_rollout_rao"]));
    // two groups whole, and three more that may be generated
    assert_eq!(amount(&job["spend"]["held_rao"]), 4 * (2 * whole + 3 * quarter));
    assert_eq!(
        (&job["counts"]["groups"]["pending"], &job["counts"]["groups"]["reserve"]),
        (&json!(2), &json!(4))
    );
    let path = format!("/v1/jobs/{}/cancel", job["id"].as_str().unwrap());
    service.post(&customer, &path, &json!({})).await.json(202);
    let states = "SELECT DISTINCT state FROM groups";
    assert_eq!(service.sql(states).await, "cancelled", "the customer's role ends the reserve, too");
}

fn amount(rao: &Value) -> i64 {
    rao.as_str().unwrap().parse().unwrap()
}
