//! `POST /v1/jobs/{id}/cancel`.

use reqwest::Method;
use serde_json::json;

use crate::deliver::deliver;
use crate::harness::{Answer, Service};

#[tokio::test]
async fn a_queued_job_ends_at_once_and_gives_everything_back() {
    let service = Service::start().await;
    let customer = service.customer(10_000).await;
    let job = service.job(&customer, 3).await;
    let path = format!("/v1/jobs/{job}/cancel");
    // without a body, as curl -X POST sends it
    let request = service.request(Method::POST, &path).bearer_auth(&customer.key);
    let cancelled = Answer::of(request.send().await.unwrap()).await.json(202);
    assert_eq!((&cancelled["status"], &cancelled["outcome"]), (&json!("cancelled"), &json!("none")));
    assert_eq!(cancelled["counts"]["groups"]["cancelled"], 3);
    assert_eq!(cancelled["spend"], json!({ "held_rao": "6000", "charged_rao": "0", "released_rao": "6000" }));
    assert_eq!(service.get(&customer, "/v1/balance").await.json(200)["available_rao"], "10000");
    let log = service.get(&customer, &format!("/v1/jobs/{job}/events")).await.json(200);
    assert_eq!((&log["data"][1]["type"], &log["has_more"]), (&json!("job.cancelled"), &json!(false)));
    // again is fine, and changes nothing
    let again = service.post(&customer, &path, &json!({ "mode": "immediate" })).await.json(202);
    assert_eq!(again, cancelled);
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn graceful_keeps_what_was_answered_and_immediate_drops_it() {
    let service = Service::start().await;
    let customer = service.customer(100_000).await;
    let job = service.job(&customer, 4).await;
    deliver(&service, &job, 0).await;
    service
        .sql(
            "UPDATE groups SET state = 'received', hotkey = decode(repeat('07', 32), 'hex'), object_key = 'x', \
                group_root = decode(repeat('07', 32), 'hex'), receipt = '{}' WHERE prompt_index = 1",
        )
        .await;
    let path = format!("/v1/jobs/{job}/cancel");
    let graceful = service.post(&customer, &path, &json!({ "mode": "graceful" })).await.json(202);
    let groups = &graceful["counts"]["groups"];
    assert_eq!(
        (&graceful["status"], &groups["received"], &groups["cancelled"]),
        (&json!("cancelling"), &json!(1), &json!(2))
    );
    let immediate = service.post(&customer, &path, &json!({ "mode": "immediate" })).await.json(202);
    let groups = &immediate["counts"]["groups"];
    assert_eq!(
        (&immediate["status"], &groups["accepted"], &groups["cancelled"]),
        (&json!("cancelled"), &json!(1), &json!(3))
    );
    assert_eq!(immediate["outcome"], "partial");
    assert_eq!(
        immediate["spend"],
        json!({ "held_rao": "8000", "charged_rao": "2000", "released_rao": "6000" })
    );
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn an_ended_job_cannot_be_cancelled() {
    let service = Service::start().await;
    let customer = service.customer(10_000).await;
    let job = service.job(&customer, 1).await;
    deliver(&service, &job, 0).await;
    let path = format!("/v1/jobs/{job}/cancel");
    assert_eq!(service.post(&customer, &path, &json!({})).await.problem(409), "job_not_cancellable");
    let shown = service.get(&customer, &format!("/v1/jobs/{job}")).await.json(200);
    assert_eq!((&shown["status"], &shown["outcome"]), (&json!("completed"), &json!("full")));
    assert_eq!(shown["spend"], json!({ "held_rao": "2000", "charged_rao": "2000", "released_rao": "0" }));
}

#[tokio::test]
async fn wishes_that_are_none_are_refused() {
    let service = Service::start().await;
    let customer = service.customer(10_000).await;
    let job = service.job(&customer, 1).await;
    let path = format!("/v1/jobs/{job}/cancel");
    assert_eq!(
        service.post(&customer, &path, &json!({ "mode": "later" })).await.problem(400),
        "invalid_json"
    );
    assert_eq!(
        service.post(&customer, &path, &json!({ "why": "x" })).await.problem(400),
        "unknown_parameter"
    );
    assert_eq!(service.get(&customer, &format!("/v1/jobs/{job}")).await.json(200)["status"], "queued");
}
