//! Quotes, dry runs, and the prices that a job gets from a quote.

use reqwest::Method;
use serde_json::{Value, json};

use crate::deliver::deliver;
use crate::harness::{Answer, Service, job_body};

#[tokio::test]
async fn a_dry_run_checks_all_and_writes_nothing() {
    let service = Service::start().await;
    let customer = service.customer(6_000).await;
    let path = "/v1/jobs?dry_run=true";
    let preview = service.post(&customer, path, &job_body(3)).await.json(200);
    assert_eq!(preview["object"], "job.preview");
    assert_eq!((&preview["prompts"], &preview["samples"]), (&json!(3), &json!(2)));
    assert_eq!((&preview["maximum_rao"], &preview["hold_rao"]), (&json!("6000"), &json!("6000")));
    let prices = json!({ "verified_rollout_rao": "1000", "per_1k_tokens_rao": "0", "filtered_rollout_rao": "250", "rejected_rollout_rao": "0" });
    assert_eq!(preview["unit_prices"], prices);
    let nothing = json!({ "generated": null, "accepted": null, "basis": null,
        "amount_rao": { "p50": null, "p90": null, "max": "6000" }, "duration_s": { "p50": null, "p90": null } });
    assert_eq!(preview["estimate"], nothing);
    assert_eq!(preview["warnings"][0]["code"], "no_history");

    let mut wrong = job_body(1);
    wrong["sampling"]["n"] = json!(0);
    wrong["deadline_at"] = json!("2020-01-01T00:00:00Z");
    let refused = service.post(&customer, path, &wrong).await.json(422);
    let codes: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(codes, ["#/sampling/n", "#/deadline_at"]);
    assert_eq!(service.post(&customer, path, &job_body(4)).await.problem(402), "insufficient_credits");
    assert_eq!(
        service.post(&customer, "/v1/jobs?dry=true", &job_body(1)).await.problem(400),
        "unknown_parameter"
    );
    // not even a key is taken
    let request = service.request(reqwest::Method::POST, path).bearer_auth(&customer.key).json(&job_body(3));
    request.header("idempotency-key", "k").send().await.unwrap();
    service.assert_nothing_stored().await;
}

#[tokio::test]
async fn a_quote_locks_its_price_for_its_own_terms_while_it_holds() {
    let service = Service::start().await;
    let (customer, other) = (service.customer(100_000).await, service.customer(100_000).await);
    let created = service.post(&customer, "/v1/quotes", &job_body(2)).await;
    let quote = created.json(201);
    let id = quote["id"].as_str().unwrap();
    assert_eq!(created.header("location"), format!("/v1/quotes/{id}"));
    assert_eq!(service.get(&customer, &format!("/v1/quotes/{id}")).await.json(200), quote);
    assert_eq!(service.get(&other, &format!("/v1/quotes/{id}")).await.problem(404), "not_found");
    service.assert_ledger_clean().await;
    assert_eq!(service.sql("SELECT count(*) FROM holds").await, "0");

    // as if the service had become dearer since: the quote was given at half of today's price
    service.sql(r#"UPDATE quotes SET price = price || '{"rollout": "500"}'"#).await;
    let with = |mut body: Value, quote: &str| {
        body["quote"] = json!(quote);
        body
    };
    let mut body = with(job_body(2), id);
    body["metadata"] = json!({ "run": "1" });
    body["budget"] = json!({ "max_amount_rao": "1500" });
    let job = service.post(&customer, "/v1/jobs", &body).await.json(201);
    assert_eq!((&job["price"]["rollout_rao"], &job["quote"]), (&json!("500"), &json!(id)));
    assert_eq!(job["spend"]["held_rao"], "1500");
    let stored = service.sql("SELECT price ->> 'rollout' FROM jobs").await;
    assert_eq!(stored, "500", "what settles is what was quoted");

    let mut other_terms = with(job_body(2), id);
    other_terms["sampling"]["n"] = json!(3);
    let mut other_prompt = with(job_body(2), id);
    other_prompt["prompts"][1]["text"] = json!("What else?");
    for wrong in [with(job_body(3), id), other_terms, other_prompt] {
        assert_eq!(service.post(&customer, "/v1/jobs", &wrong).await.problem(422), "quote_mismatch");
    }
    assert_eq!(service.post(&other, "/v1/jobs", &with(job_body(2), id)).await.problem(422), "unknown_quote");
    assert_eq!(
        service.post(&customer, "/v1/jobs", &with(job_body(2), "qte_x")).await.problem(422),
        "unknown_quote"
    );
    assert_eq!(
        service.post(&customer, "/v1/quotes", &with(job_body(2), id)).await.problem(422),
        "validation_failed"
    );
    service.sql("UPDATE quotes SET expires_at = now() - interval '1 second'").await;
    assert_eq!(
        service.post(&customer, "/v1/jobs", &with(job_body(2), id)).await.problem(422),
        "quote_expired"
    );
    assert_eq!(service.get(&customer, &format!("/v1/quotes/{id}")).await.json(200), quote, "as it was given");
    assert_eq!(service.sql("SELECT count(*) FROM jobs").await, "1");
}

#[tokio::test]
async fn an_estimate_rests_on_jobs_that_have_ended() {
    let service = Service::start().await;
    let (customer, other) = (service.customer(100_000).await, service.customer(1_000).await);
    let done = service.job(&customer, 2).await;
    deliver(&service, &done, 0).await;
    let open = service.post(&other, "/v1/quotes", &job_body(4)).await.json(201);
    assert_eq!(open["estimate"]["basis"], Value::Null, "it has not ended");
    deliver(&service, &done, 1).await;
    service.sql("UPDATE jobs SET started_at = finished_at - interval '10 seconds', rollouts_selected = 4, rollouts_rejected = 1").await;
    let quote = service.post(&other, "/v1/quotes", &job_body(4)).await.json(201);
    let estimate = &quote["estimate"];
    assert_eq!((&estimate["generated"], &estimate["accepted"]), (&json!(10), &json!(8)), "{estimate}");
    assert_eq!(estimate["amount_rao"], json!({ "p50": "8000", "p90": "8000", "max": "8000" }));
    assert_eq!(estimate["duration_s"], json!({ "p50": 20.0, "p90": 20.0 }));
    assert!(estimate["basis"].as_str().unwrap().starts_with("2 groups of 1 jobs"));
    let codes: Vec<&str> =
        quote["warnings"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["insufficient_credits", "little_history"]);
    // of jobs with another filter nothing is known
    let mut filtered = job_body(4);
    filtered["selection"] = json!({ "group_filter": { "min_std": 0.24 } });
    let quote = service.post(&customer, "/v1/quotes", &filtered).await.json(201);
    assert_eq!(quote["estimate"]["basis"], Value::Null);
}

#[tokio::test]
async fn a_sampled_job_costs_less_wherever_a_price_is_told_and_the_ledger_adds_up() {
    let service = Service::start().await;
    let customer = service.customer(100_000).await;
    let sampled = |p: f64| {
        let mut body = job_body(2);
        body["verification"] = json!({ "level": "sampled", "p": p });
        body
    };
    // 90 % and a tenth of the rest; a quarter of that, rounded down
    let prices = json!({ "verified_rollout_rao": "910", "per_1k_tokens_rao": "0", "filtered_rollout_rao": "227", "rejected_rollout_rao": "0" });
    let mut body = sampled(0.1);
    let preview = service.post(&customer, "/v1/jobs?dry_run=true", &body).await.json(200);
    let quote = service.post(&customer, "/v1/quotes", &body).await.json(201);
    for figures in [&preview, &quote] {
        assert_eq!((&figures["unit_prices"], &figures["maximum_rao"]), (&prices, &json!("3640")));
    }
    // a job has the price by itself, and from its quote
    for named in [Value::Null, quote["id"].clone()] {
        body["quote"] = named;
        let job = service.post(&customer, "/v1/jobs", &body).await.json(201);
        let price = json!({ "rollout_rao": "910", "per_1k_tokens_rao": "0", "filtered_rollout_rao": "227" });
        assert_eq!((&job["price"], &job["spend"]["held_rao"]), (&price, &json!("3640")));
        let id = job["id"].as_str().unwrap();
        for index in 0..2 {
            deliver(&service, id, index).await;
        }
        let spend = &service.get(&customer, &format!("/v1/jobs/{id}")).await.json(200)["spend"];
        assert_eq!((&spend["charged_rao"], &spend["released_rao"]), (&json!("3640"), &json!("0")));
        let rollouts = service.get(&customer, &format!("/v1/jobs/{id}/rollouts")).await.json(200);
        assert!(rollouts["data"].as_array().unwrap().iter().all(|rollout| rollout["price_rao"] == "910"));
    }
    // of a group's 1820 the miner gets 87.91 %, which is 80 % of 2000 but for rounding
    let sums = "SELECT code, sum(amount) FROM transfers WHERE code <> 'grant' GROUP BY 1 ORDER BY 1";
    assert_eq!(service.sql(sums).await, "miner_share|6396\nrollout|7280");
    service.assert_ledger_clean().await;

    // all of it recomputed is a full job, and costs as much
    let full = service.post(&customer, "/v1/jobs", &sampled(1.0)).await.json(201);
    assert_eq!(full["price"]["rollout_rao"], "1000");
}

#[tokio::test]
async fn a_price_of_tokens_is_held_for_the_longest_answers() {
    let service = Service::start().await;
    let customer = service.customer(100_000).await;
    let mut body = job_body(2); // 2 samples each, of at most 16 tokens
    body["open"] = json!(true);
    let id = service.post(&customer, "/v1/quotes", &body).await.json(201)["id"].clone();
    service.sql(r#"UPDATE quotes SET price = price || '{"per_1k_tokens": "10999"}'"#).await;
    body["quote"] = id;
    let job = service.post(&customer, "/v1/jobs", &body).await.json(201);
    let price = json!({ "rollout_rao": "1000", "per_1k_tokens_rao": "10999", "filtered_rollout_rao": "250" });
    assert_eq!(job["price"], price);
    // 10.999 a token, rounded down for each rollout: 1175
    assert_eq!(job["spend"]["held_rao"], "4700");
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    let more = json!({ "prompts": [{ "text": "7 + 2?", "reference": "9" }] });
    let longer = service.post(&customer, &format!("{path}/prompts"), &more).await.json(201);
    assert_eq!(longer["spend"]["held_rao"], "7050");
    let patched = async |rao: Value| {
        let request = service.request(Method::PATCH, &path).bearer_auth(&customer.key);
        let changes = json!({ "budget": { "max_amount_rao": rao } });
        Answer::of(request.json(&changes).send().await.unwrap()).await.json(200)["spend"]["held_rao"].clone()
    };
    assert_eq!(patched(json!("5000")).await, "5000");
    assert_eq!(patched(Value::Null).await, "7050");
    service.assert_ledger_clean().await;
    // a budget that does not reach to the first group is too small for its tokens
    body["budget"] = json!({ "max_amount_rao": "2349" });
    assert_eq!(service.post(&customer, "/v1/jobs", &body).await.problem(422), "budget_too_small");
    body["budget"] = json!({ "max_amount_rao": "2350" });
    service.post(&customer, "/v1/jobs", &body).await.json(201);
}
