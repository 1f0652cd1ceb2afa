//! What cannot be paid is not begun, and what is held is on the statement.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Service, job_body};

#[tokio::test]
async fn a_job_that_cannot_be_paid_leaves_nothing() {
    let service = Service::start().await;
    let customer = service.customer(3_999).await;
    let refused = service.post(&customer, "/v1/jobs", &job_body(2)).await;
    assert_eq!(refused.problem(402), "insufficient_credits");
    let problem = refused.json(402);
    assert_eq!(problem["meta"], json!({ "required_rao": "4000", "available_rao": "3999" }));
    assert_eq!(problem["error"]["type"], "billing_error");
    service.assert_nothing_stored().await;
    service.post(&customer, "/v1/jobs", &job_body(1)).await.json(201);
}

#[tokio::test]
async fn racing_jobs_cannot_overdraw() {
    let service = Service::start().await;
    let customer = service.customer(5 * 2_000 + 1_999).await;
    let body = job_body(1); // 2000 each
    let answers = join_all((0..12).map(|_| service.post(&customer, "/v1/jobs", &body))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![201; 5], vec![402; 7]].concat());
    assert_eq!(service.sql("SELECT count(*) FROM jobs").await, "5");
    let balance = service.get(&customer, "/v1/balance").await.json(200);
    assert_eq!((&balance["available_rao"], &balance["held_rao"]), (&json!("1999"), &json!("10000")));
    service.assert_ledger_clean().await;
}

/// There are more rao than a double can tell apart: whoever reads one of these as a number is a rao off.
#[tokio::test]
async fn amounts_that_no_double_holds_stay_exact() {
    let service = Service::start().await;
    let customer = service.customer((1 << 53) + 2_001).await;
    let mut body = job_body(1); // 2000
    body["budget"] = json!({ "max_amount_rao": "9007199254740993" });
    let job = service.post(&customer, "/v1/jobs", &body).await.json(201);
    assert_eq!(job["budget"]["max_amount_rao"], "9007199254740993");
    let balance = service.get(&customer, "/v1/balance").await.json(200);
    assert_eq!(
        (&balance["available_rao"], &balance["held_rao"]),
        (&json!("9007199254740993"), &json!("2000"))
    );
    let statement = service.get(&customer, "/v1/ledger_entries").await.json(200);
    let after = |place: usize| statement["data"][place]["balance_after_rao"].clone();
    assert_eq!(
        (after(0), after(1)),
        (json!("9007199254742993"), json!("9007199254742993")),
        "what is held is there"
    );
    let own = service.get(&customer, "/v1/api_keys/self").await.json(200)["id"].as_str().unwrap().to_owned();
    let put = service.request(Method::PUT, &format!("/v1/budgets/{own}")).bearer_auth(&customer.key);
    let limit = json!({ "limit_rao": "9007199254740995", "in_flight_limit_rao": "9007199254740993" });
    let budget = Answer::of(put.json(&limit).send().await.unwrap()).await.json(200);
    assert_eq!(budget["remaining_rao"], "9007199254738995");
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn the_statement_is_complete_and_paged() {
    let service = Service::start().await;
    let customer = service.customer(10_000).await;
    let job = service.job(&customer, 1).await;
    service.job(&customer, 2).await;
    let first = service.get(&customer, "/v1/ledger_entries?limit=2").await.json(200);
    let amounts = |page: &Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        page["data"].as_array().unwrap().iter().map(|e| (text(&e["type"]), text(&e["amount_rao"]))).collect()
    };
    let pair = |kind: &str, amount: &str| (kind.to_owned(), amount.to_owned());
    assert_eq!(amounts(&first), [pair("hold", "-4000"), pair("hold", "-2000")]);
    assert_eq!((&first["has_more"], &first["data"][1]["job_id"]), (&json!(true), &json!(job)));
    let after = first["last_id"].as_str().unwrap();
    let second = service.get(&customer, &format!("/v1/ledger_entries?limit=2&after={after}")).await.json(200);
    assert_eq!(amounts(&second), [pair("grant", "10000")]);
    assert_eq!(
        (&second["has_more"], &second["data"][0]["balance_after_rao"]),
        (&json!(false), &json!("10000"))
    );
}

#[tokio::test]
async fn the_statement_names_the_quote_that_priced_a_job() {
    let service = Service::start().await;
    let customer = service.customer(10_000).await;
    let mut body = job_body(1);
    let quote = service.post(&customer, "/v1/quotes", &body).await.json(201)["id"].clone();
    let plain = service.job(&customer, 1).await;
    body["quote"] = quote.clone();
    let quoted = service.post(&customer, "/v1/jobs", &body).await.json(201)["id"].clone();
    for job in [quoted.as_str().unwrap(), &plain] {
        service
            .post(&customer, &format!("/v1/jobs/{job}/cancel"), &json!({ "mode": "immediate" }))
            .await
            .json(202);
    }
    let page = service.get(&customer, "/v1/ledger_entries").await.json(200);
    let lines: Vec<_> =
        page["data"].as_array().unwrap().iter().map(|e| (&e["type"], &e["job_id"], &e["quote_id"])).collect();
    let (nothing, plain) = (Value::Null, json!(plain));
    let (hold, release) = (json!("hold"), json!("hold_release"));
    let expected = [
        (&release, &plain, &nothing),
        (&release, &quoted, &quote),
        (&hold, &quoted, &quote),
        (&hold, &plain, &nothing),
        (&json!("grant"), &nothing, &nothing),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn the_statement_is_a_table_with_the_same_columns() {
    let service = Service::start().await;
    let customer = service.customer(100_000).await;
    let mut body = job_body(1);
    body["quote"] = service.post(&customer, "/v1/quotes", &body).await.json(201)["id"].clone();
    for _ in 0..2 {
        service.post(&customer, "/v1/jobs", &body).await.json(201);
    }
    let csv = async |query: &str| {
        let request = service.request(Method::GET, &format!("/v1/ledger_entries{query}"));
        let request = request.bearer_auth(&customer.key).header("accept", "text/csv");
        Answer::of(request.send().await.unwrap()).await
    };
    let whole = csv("").await;
    assert_eq!(
        (whole.status, whole.header("content-type")),
        (200, "text/csv; charset=utf-8; header=present")
    );
    assert_eq!(whole.header("link"), "");
    let list = service.get(&customer, "/v1/ledger_entries").await.json(200);
    let entries = list["data"].as_array().unwrap();
    let mut lines = whole.text.split_terminator("\r\n").map(|line| line.split(',').collect::<Vec<_>>());
    let columns = lines.next().unwrap();
    let mut members: Vec<&str> = entries[0].as_object().unwrap().keys().map(String::as_str).collect();
    let mut sorted = columns.clone();
    sorted.sort_unstable();
    members.sort_unstable();
    assert_eq!(sorted, members, "every member of an entry is a column, and no other");
    let lines: Vec<Vec<&str>> = lines.collect();
    assert_eq!(lines.len(), entries.len());
    for (line, entry) in lines.iter().zip(entries) {
        for (cell, column) in line.iter().zip(&columns) {
            let text = match &entry[column] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(*cell, text, "{column}");
        }
    }
    // a page says where it goes on
    let first = csv("?limit=2").await;
    let next = first.header("link").strip_prefix("</v1/ledger_entries").unwrap().to_owned();
    let rest = csv(next.strip_suffix(">; rel=\"next\"").unwrap()).await;
    assert_eq!(rest.header("link"), "");
    let end = rest.text.split_once("\r\n").unwrap().1;
    assert_eq!(format!("{}{end}", first.text), whole.text);
    for (query, status) in [("?limit=1000", 200), ("?limit=1001", 400), ("?limit=0", 400), ("?after=x", 400)]
    {
        assert_eq!(csv(query).await.status, status, "{query}");
    }
}
