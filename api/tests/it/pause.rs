//! `POST /v1/jobs/{id}/pause` and `/resume`.

use serde_json::json;

use crate::deliver::deliver;
use crate::harness::Service;

#[tokio::test]
async fn a_job_is_paused_and_resumed_as_often_as_one_likes() {
    let service = Service::start().await;
    let customer = service.customer(10_000).await;
    let job = service.job(&customer, 2).await;
    let (pause, resume) = (format!("/v1/jobs/{job}/pause"), format!("/v1/jobs/{job}/resume"));
    // what is not paused is resumed already
    assert_eq!(service.post(&customer, &resume, &json!({})).await.json(202)["status"], "queued");
    let paused = service.post(&customer, &pause, &json!({})).await.json(202);
    assert_eq!(
        (&paused["status"], &paused["status_reason"], &paused["spend"]["held_rao"]),
        (&json!("paused"), &json!("paused_by_customer"), &json!("4000"))
    );
    assert_eq!(service.post(&customer, &pause, &json!({})).await.json(202), paused);
    let listed = service.get(&customer, "/v1/jobs?status=paused").await.json(200);
    assert_eq!(listed["data"][0], paused);
    let resumed = service.post(&customer, &resume, &json!({})).await.json(202);
    assert_eq!((&resumed["status"], &resumed["status_reason"]), (&json!("queued"), &json!(null)));
    assert_eq!(service.post(&customer, &resume, &json!({})).await.json(202), resumed);
    let log = service.get(&customer, &format!("/v1/jobs/{job}/events")).await.json(200);
    let types: Vec<&str> =
        log["data"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["job.queued", "job.paused", "job.resumed"]);
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn a_paused_job_can_be_cancelled_and_an_ended_one_is_left_alone() {
    let service = Service::start().await;
    let customer = service.customer(10_000).await;
    let job = service.job(&customer, 1).await;
    service.post(&customer, &format!("/v1/jobs/{job}/pause"), &json!({})).await.json(202);
    let cancelled = service.post(&customer, &format!("/v1/jobs/{job}/cancel"), &json!({})).await.json(202);
    assert_eq!(
        (&cancelled["status"], &cancelled["status_reason"]),
        (&json!("cancelled"), &json!("cancelled_by_customer"))
    );
    let done = service.job(&customer, 1).await;
    deliver(&service, &done, 0).await;
    for id in [job, done] {
        for action in ["pause", "resume"] {
            let path = format!("/v1/jobs/{id}/{action}");
            assert_eq!(service.post(&customer, &path, &json!({})).await.problem(409), "job_ended");
        }
    }
    assert_eq!(service.get(&customer, "/v1/balance").await.json(200)["held_rao"], "0");
    service.assert_ledger_clean().await;
}
