//! Jobs whose prompts come from a file, up to where a worker takes over: what is taken, what is refused, and the file while
//! it is in use.

use protocol::job::MAX_JOB_PROMPTS;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::harness::{Answer, Customer, ROLLOUT_RAO, Service, job_body};

async fn upload(service: &Service, customer: &Customer, purpose: &str, text: &str) -> String {
    let form = Form::new()
        .text("purpose", purpose.to_owned())
        .part("file", Part::bytes(text.as_bytes().to_vec()).file_name("prompts.jsonl"));
    let file = service.form(customer, "/v1/files", form).await.json(201);
    file["id"].as_str().unwrap().to_owned()
}

const LINES: &str = "{\"text\":\"What is 1 + 2?\",\"reference\":\"3\"}\n";

const FIELD: &str = "#/input_file_id";

/// A job that nothing is wrong with, of this file.
fn body(file: &str) -> Value {
    let mut body = job_body(0);
    body.as_object_mut().unwrap().remove("prompts");
    body["input_file_id"] = json!(file);
    body
}

async fn delete(service: &Service, customer: &Customer, file: &str) -> Answer {
    let request = service.request(Method::DELETE, &format!("/v1/files/{file}")).bearer_auth(&customer.key);
    Answer::of(request.send().await.unwrap()).await
}

/// The place and code of every fault.
fn faults(answer: &Answer) -> Vec<(String, String)> {
    let problem = answer.json(422);
    let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|error| (text(error, "pointer"), text(error, "code"))).collect()
}

#[tokio::test]
async fn a_job_of_a_file_is_validating_and_holds_nothing_yet() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let file = upload(&service, &customer, "job_input", LINES).await;
    let post = async || {
        let request = service.request(Method::POST, "/v1/jobs").bearer_auth(&customer.key);
        let request = request.header("idempotency-key", "once").json(&body(&file));
        Answer::of(request.send().await.unwrap()).await
    };
    let created = post().await;
    let job = created.json(201);
    assert_eq!(
        (&job["status"], &job["input_file_id"], &job["errors"]),
        (&json!("validating"), &json!(file), &Value::Null)
    );
    assert_eq!((&job["counts"]["prompts"], &job["spend"]["held_rao"]), (&json!(0), &json!("0")));
    assert_eq!(job["waiting_on"], Value::Null);
    let again = post().await;
    assert_eq!((again.header("idempotency-replayed"), again.json(201)), ("true", job.clone()));
    assert_eq!(service.sql("SELECT count(*) FROM job_inputs").await, "1");
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    assert_eq!(service.get(&customer, &path).await.json(200), job);
    let listed = service.get(&customer, "/v1/jobs?status=validating").await.json(200);
    assert_eq!(listed["data"], json!([job]));

    let pause = service.post(&customer, &format!("{path}/pause"), &json!({})).await;
    assert_eq!(pause.problem(409), "job_validating");
    let prompts = json!({ "prompts": [{ "text": "x" }] });
    let appended = service.post(&customer, &format!("{path}/prompts"), &prompts).await;
    assert_eq!(appended.problem(409), "job_not_open");
    // bounds can be changed, and count when it is queued
    let patch = service.request(Method::PATCH, &path).bearer_auth(&customer.key);
    let patch = patch.json(&json!({ "budget": { "max_amount_rao": "5000" }, "priority": "batch" }));
    let patched = Answer::of(patch.send().await.unwrap()).await.json(200);
    assert_eq!((&patched["status"], &patched["spend"]["held_rao"]), (&json!("validating"), &json!("0")));

    assert_eq!(delete(&service, &customer, &file).await.problem(409), "file_in_use");
    let cancelled = service.post(&customer, &format!("{path}/cancel"), &json!({})).await.json(202);
    assert_eq!((&cancelled["status"], &cancelled["outcome"]), (&json!("cancelled"), &json!("none")));
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_field_and_leaves_nothing() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let (other, sibling) = (service.customer(0).await, service.sibling(&customer).await);
    let file = upload(&service, &customer, "job_input", LINES).await;
    let post = async |body: &Value| service.post(&customer, "/v1/jobs", body).await;
    let fault = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
    let mut both = body(&file);
    both["prompts"] = json!([{ "text": "x" }]);
    assert_eq!(faults(&post(&both).await), fault(FIELD, "not_allowed"));
    assert_eq!(post(&job_body(0)).await.problem(422), "validation_failed");
    for unknown in ["file_01K9QZ4E8V7X2M3N4P5Q6R7S8T", "job_01K9QZ4E8V7X2M3N4P5Q6R7S8T", "nonsense", ""] {
        let answer = post(&body(unknown)).await;
        assert_eq!(
            (answer.problem(422).as_str(), faults(&answer)),
            ("unknown_file", fault(FIELD, "unknown_file"))
        );
    }
    for stranger in [&other, &sibling] {
        let theirs = upload(&service, stranger, "job_input", LINES).await;
        assert_eq!(faults(&post(&body(&theirs)).await), fault(FIELD, "unknown_file"), "another tenant's");
    }
    let batch = upload(&service, &customer, "batch", LINES).await;
    assert_eq!(faults(&post(&body(&batch)).await), fault(FIELD, "wrong_purpose"));
    let empty = upload(&service, &customer, "job_input", "").await;
    assert_eq!(faults(&post(&body(&empty)).await), fault(FIELD, "empty_file"));
    let gone = upload(&service, &customer, "job_input", LINES).await;
    assert_eq!(delete(&service, &customer, &gone).await.status, 204);
    assert_eq!(faults(&post(&body(&gone)).await), fault(FIELD, "unknown_file"));

    // what is answered at once can say nothing of a file
    let dry = service.post(&customer, "/v1/jobs?dry_run=true", &body(&file)).await;
    assert_eq!(faults(&dry), fault(FIELD, "not_allowed"));
    let quote = service.post(&customer, "/v1/quotes", &body(&file)).await;
    assert_eq!(faults(&quote), fault(FIELD, "not_allowed"));
    let quote = service.post(&customer, "/v1/quotes", &job_body(1)).await.json(201);
    let mut quoted = body(&file);
    quoted["quote"] = quote["id"].clone();
    assert_eq!(faults(&post(&quoted).await)[0], fault("#/quote", "not_allowed")[0]);
    let mut open = body(&file);
    open["open"] = json!(true);
    assert_eq!(faults(&post(&open).await), fault("#/open", "not_allowed"));
    // beside what is wrong with the rest
    let mut many = body("nonsense");
    many["sampling"]["n"] = json!(99);
    many["budget"] = json!({ "max_amount_rao": (ROLLOUT_RAO - 1).to_string() });
    let found: Vec<String> = faults(&post(&many).await).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(found, ["#/sampling/n", FIELD, "#/budget/max_amount_rao"]);
    let poor =
        service.post(&other, "/v1/jobs", &body(&upload(&service, &other, "job_input", LINES).await)).await;
    assert_eq!(poor.problem(402), "insufficient_credits");
    service.assert_nothing_stored().await;
    assert_eq!(service.sql("SELECT count(*) FROM job_inputs").await, "0");
    let limits = service.get(&customer, "/v1/limits").await.json(200);
    assert_eq!(limits["prompts"]["job"], json!(MAX_JOB_PROMPTS));
}

#[tokio::test]
async fn a_project_has_so_many_files_read_at_once() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let file = upload(&service, &customer, "job_input", LINES).await;
    for _ in 0..16 {
        service.post(&customer, "/v1/jobs", &body(&file)).await.json(201);
    }
    assert_eq!(service.post(&customer, "/v1/jobs", &body(&file)).await.problem(429), "too_many_at_once");
    assert_eq!(service.sql("SELECT count(*) FROM jobs").await, "16");
    service.assert_ledger_clean().await;
}

/// A deletion and a job at the same moment: the file is deleted, or the job has it, and never both.
#[tokio::test]
async fn a_file_is_deleted_or_used() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    for _ in 0..8 {
        let file = upload(&service, &customer, "job_input", LINES).await;
        let body = body(&file);
        let (posted, deleted) =
            tokio::join!(service.post(&customer, "/v1/jobs", &body), delete(&service, &customer, &file));
        assert!(
            matches!((posted.status, deleted.status), (201, 409) | (422, 204)),
            "{} and {}",
            posted.text,
            deleted.text
        );
    }
}
