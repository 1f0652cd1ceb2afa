//! Jobs whose prompts come from a file, up to where a worker takes over: what is taken, what is refused, and the file while
//! it is in use.

use std::time::Duration;

use protocol::job::{Encoding, MAX_JOB_PROMPTS, Prompt, PromptContent};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use store::job_inputs;

use crate::harness::{Answer, Customer, ROLLOUT_RAO, Service, job_body};

pub(crate) async fn upload(service: &Service, customer: &Customer, purpose: &str, text: &str) -> String {
    let form = Form::new()
        .text("purpose", purpose.to_owned())
        .part("file", Part::bytes(text.as_bytes().to_vec()).file_name("prompts.jsonl"));
    let file = service.form(customer, "/v1/files", form).await.json(201);
    file["id"].as_str().unwrap().to_owned()
}

const LINES: &str = "{\"text\":\"What is 1 + 2?\",\"reference\":\"3\"}\n";

const FIELD: &str = "#/input_file_id";

/// A job that nothing is wrong with, of this file.
pub(crate) fn body(file: &str) -> Value {
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

    let long = upload(&service, &customer, "job_input", &"{}\n".repeat(MAX_JOB_PROMPTS + 1)).await;
    assert_eq!(faults(&post(&body(&long)).await), fault(FIELD, "too_many"));
    let mut few = body(&file);
    few["selection"] = json!({ "refill": "resample_new_prompts", "target_groups": 2 });
    assert_eq!(faults(&post(&few).await), fault("#/selection/target_groups", "out_of_range"));
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

/// What the file reader does when all is right.
async fn read(service: &Service, prompts: u32) {
    let mut tx = service.db.begin().await.unwrap();
    let served = [service.state.offer.checkpoint.id];
    let mut leased = job_inputs::lease(&mut tx, &served, Duration::from_mins(1)).await.unwrap().unwrap();
    let prompt = |index| Prompt {
        index,
        custom_id: format!("line-{index}"),
        content: PromptContent::Text { text: "x".to_owned(), encoding: Encoding::Plain },
        messages: None,
        reference: "null".to_owned(),
        metadata: "{}".to_owned(),
    };
    let all: Vec<Prompt> = (0..prompts).map(prompt).collect();
    job_inputs::write(&mut tx, &leased, &all, leased.size).await.unwrap();
    leased.lines = prompts;
    job_inputs::queue(&mut tx, &leased, service.clock.now()).await.unwrap().unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_quote_counts_the_lines_of_a_file_and_its_price_is_held_when_they_are_read() {
    let service = Service::start().await;
    let (customer, poor) = (service.customer(4_000_000).await, service.customer(2_000_000).await);
    // more than a body takes, the last without an end
    let text = LINES.repeat(1_500);
    let file = upload(&service, &customer, "job_input", text.trim_end()).await;
    let dry_run = "/v1/jobs?dry_run=true";
    let preview = service.post(&customer, dry_run, &body(&file)).await.json(200);
    let quote = service.post(&customer, "/v1/quotes", &body(&file)).await.json(201);
    for figures in [&preview, &quote] {
        assert_eq!((&figures["prompts"], &figures["prompt_tokens"]), (&json!(1_500), &Value::Null));
        let most = json!((1_500 * 2 * ROLLOUT_RAO).to_string());
        assert_eq!((&figures["maximum_rao"], &figures["hold_rao"]), (&most, &most));
    }
    let theirs = upload(&service, &poor, "job_input", &text).await;
    assert_eq!(
        service.post(&poor, dry_run, &body(&theirs)).await.problem(402),
        "insufficient_credits",
        "what the lines would cost is known"
    );
    let poor_job = service.post(&poor, "/v1/jobs", &body(&theirs)).await;
    assert_eq!(poor_job.problem(402), "insufficient_credits");

    // as if the service had become dearer since
    service.sql(r#"UPDATE quotes SET price = price || '{"rollout": "500"}'"#).await;
    let quoted = |file: &str| {
        let mut body = body(file);
        body["quote"] = quote["id"].clone();
        body
    };
    let job = service.post(&customer, "/v1/jobs", &quoted(&file)).await.json(201);
    assert_eq!((&job["status"], &job["spend"]["held_rao"]), (&json!("validating"), &json!("0")));
    assert_eq!((&job["price"]["rollout_rao"], &job["quote"]), (&json!("500"), &quote["id"]));
    read(&service, 1_500).await;
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    let job = service.get(&customer, &path).await.json(200);
    assert_eq!((&job["status"], &job["spend"]["held_rao"]), (&json!("queued"), &json!("1500000")));

    // the same bytes are the same prompts; others, or prompts of a body, are not
    let again = upload(&service, &customer, "job_input", text.trim_end()).await;
    service.post(&customer, "/v1/jobs", &quoted(&again)).await.json(201);
    let mut inline = job_body(1);
    inline["quote"] = quote["id"].clone();
    let other = upload(&service, &customer, "job_input", &text).await;
    for body in [quoted(&other), inline] {
        assert_eq!(service.post(&customer, "/v1/jobs", &body).await.problem(422), "quote_mismatch");
    }
    // one that nobody has counted can be a job, and no quote
    service.sql("UPDATE files SET lines = NULL").await;
    for path in [dry_run, "/v1/quotes"] {
        let refused = service.post(&customer, path, &body(&other)).await;
        assert_eq!(faults(&refused), [(FIELD.to_owned(), "not_allowed".to_owned())]);
    }
    service.post(&customer, "/v1/jobs", &body(&other)).await.json(201);
    service.assert_ledger_clean().await;
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
