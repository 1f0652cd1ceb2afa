//! Re-checks over HTTP: what is found at once, and what waits for a worker.

use protocol::rollout::RolloutRecord;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::deliver::deliver;
use crate::harness::{Customer, Service};

async fn verify(service: &Service, customer: &Customer, level: &str, rollouts: &[Value]) -> Value {
    let body = json!({ "level": level, "rollouts": rollouts });
    service.post(customer, "/v1/verifications", &body).await.json(201)
}

#[tokio::test]
async fn a_delivered_record_passes_and_every_change_of_it_is_named() {
    let service = Service::start().await;
    let (customer, stranger) = (service.customer(1_000_000).await, service.customer(0).await);
    let job = service.job(&customer, 1).await;
    let ids = deliver(&service, &job, 0).await;
    let record = service.get(&customer, &format!("/v1/rollouts/{}", ids[0])).await.json(200);
    let changed = |pointer: &str, value: Value| {
        let mut record = record.clone();
        assert_ne!(record.pointer(pointer), Some(&value), "{pointer}");
        *record.pointer_mut(pointer).unwrap() = value;
        record
    };
    let flipped = |pointer: &str| {
        let text = record.pointer(pointer).unwrap().as_str().unwrap();
        let first = if text.starts_with('0') { "1" } else { "0" };
        changed(pointer, json!(format!("{first}{}", &text[1..])))
    };
    let cases = [
        (changed("/completion_ids/0", json!(11)), "/completion_ids/0"),
        (changed("/behavior_logprobs/1", json!(-0.25)), "/behavior_logprobs/1"),
        (changed("/reward", json!(1.0)), "/reward"),
        (flipped("/proof/signature"), "/proof/signature"),
        (flipped("/proof/receipt/signature"), "/proof/receipt/signature"),
        (flipped("/reward_receipt/signature"), "/reward_receipt/signature"),
        (changed("/advantage", json!(0.7)), "/advantage"),
        (changed("/price_rao", json!("1")), "/price_rao"),
    ];
    let mut sent = vec![json!(ids[0]), record.clone()];
    sent.extend(cases.iter().map(|(record, _)| record.clone()));
    sent.extend([json!({ "object": "rollout" }), json!("rol_00000000000000000000000001"), json!(7)]);
    let made = verify(&service, &customer, "signatures", &sent).await;
    assert_eq!((&made["state"], &made["verdict"]), (&json!("completed"), &json!("fail")));
    let found = made["rollouts"].as_array().unwrap();
    assert_eq!(found.len(), sent.len());
    for same in &found[..2] {
        assert_eq!(
            (&same["verdict"], &same["finding"], &same["differs"]),
            (&json!("pass"), &Value::Null, &json!([])),
            "{same}"
        );
        assert_eq!(same["checks"].as_array().unwrap().len(), 2);
    }
    for ((_, pointer), found) in cases.iter().zip(&found[2..]) {
        assert_eq!((&found["verdict"], &found["differs"]), (&json!("fail"), &json!([pointer])), "{found}");
        // nothing but the manifest vouches for the last two
        let signed = !["/advantage", "/price_rao"].contains(pointer);
        assert_eq!(found["checks"][1]["verdict"] == "fail", signed, "{found}");
    }
    let rest: Vec<&Value> = found[found.len() - 3..].iter().map(|found| &found["finding"]).collect();
    assert_eq!(rest, ["unreadable", "not_delivered", "unreadable"]);
    let shown = service.get(&customer, &format!("/v1/verifications/{}", made["id"].as_str().unwrap())).await;
    assert_eq!(shown.json(200), made);

    // somebody else's record: its signatures alone can be looked at, and nothing is said of what was delivered
    let made =
        verify(&service, &stranger, "full", &[record.clone(), json!(ids[0]), cases[0].0.clone()]).await;
    let verdicts: Vec<&Value> =
        made["rollouts"].as_array().unwrap().iter().map(|found| &found["verdict"]).collect();
    assert_eq!(verdicts, ["not_checked", "not_checked", "fail"]);
    assert!(made["rollouts"].as_array().unwrap().iter().all(|found| found["differs"] == json!([])));
    assert_eq!(made["rollouts"][0]["checks"][1]["verdict"], "pass");
    assert_eq!(made["state"], "completed");
}

/// A file from before the service said more of a rollout is what was delivered all the same.
#[tokio::test]
async fn a_record_of_an_earlier_version_is_what_was_delivered() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    let ids = deliver(&service, &job, 0).await;
    let record = service.get(&customer, &format!("/v1/rollouts/{}", ids[0])).await.json(200);
    let record: RolloutRecord = serde_json::from_value(record).unwrap();
    let of = |version: u32| serde_json::to_value(record.clone().as_of(version)).unwrap();
    let mut changed = of(3);
    changed["sample_weight"] = json!(2.0);
    let mut unknown = of(4);
    unknown["schema_version"] = json!(5);
    let sent = [of(4), of(3), of(2), changed, unknown];
    assert_eq!((&sent[0]["truncated"], &sent[1]["truncated"]), (&json!(false), &Value::Null));
    let made = verify(&service, &customer, "signatures", &sent).await;
    let found = made["rollouts"].as_array().unwrap();
    let verdicts: Vec<&Value> = found.iter().map(|found| &found["verdict"]).collect();
    assert_eq!(verdicts, ["pass", "pass", "pass", "fail", "fail"], "{made}");
    assert_eq!(found[3]["differs"], json!(["/sample_weight"]));
    assert_eq!(found[4]["differs"], json!(["/schema_version"]));
}

#[tokio::test]
async fn deeper_looks_wait_for_a_worker_and_a_project_has_few_of_them() {
    let service = Service::start().await;
    let (customer, stranger) = (service.customer(1_000_000).await, service.customer(0).await);
    let job = service.job(&customer, 1).await;
    let ids = deliver(&service, &job, 0).await;
    let mut last = Value::Null;
    for _ in 0..4 {
        last = verify(&service, &customer, "full", &[json!(ids[0])]).await;
        assert_eq!((&last["state"], &last["verdict"]), (&json!("queued"), &json!("pending")));
    }
    let body = json!({ "rollouts": [ids[0]] });
    assert_eq!(service.post(&customer, "/v1/verifications", &body).await.problem(429), "too_many_at_once");
    verify(&service, &customer, "signatures", &[json!(ids[0])]).await; // needs nobody
    let path = format!("/v1/verifications/{}", last["id"].as_str().unwrap());
    assert_eq!(service.get(&stranger, &path).await.problem(404), "not_found");
    let problem = service
        .post(&customer, "/v1/verifications", &json!({ "level": "x", "rollouts": [] }))
        .await
        .json(422);
    let pointers: Vec<&Value> =
        problem["errors"].as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
    assert_eq!(pointers, ["#/level", "#/rollouts"]);
    let body = json!({ "rollouts": [ids[0]], "file": "file_1" });
    assert_eq!(service.post(&customer, "/v1/verifications", &body).await.problem(400), "unknown_parameter");
}

#[tokio::test]
async fn a_file_of_rollouts_is_looked_at_as_a_body_of_them() {
    let service = Service::start().await;
    let (customer, stranger) = (service.customer(1_000_000).await, service.customer(0).await);
    let job = service.job(&customer, 1).await;
    let ids = deliver(&service, &job, 0).await;
    let request =
        service.request(Method::GET, &format!("/v1/jobs/{job}/rollouts")).bearer_auth(&customer.key);
    let request = request.header("accept", "application/x-ndjson");
    let delivered = request.send().await.unwrap().text().await.unwrap();
    assert_eq!(delivered.lines().count(), ids.len());
    let upload = async |owner: &Customer, purpose: &str, text: String| {
        let form =
            Form::new().text("purpose", purpose.to_owned()).part("file", Part::text(text).file_name("f"));
        service.form(owner, "/v1/files", form).await.json(201)["id"].as_str().unwrap().to_owned()
    };
    let again = async |owner: &Customer, body: Value| service.post(owner, "/v1/verifications", &body).await;

    // what stands beside the rollouts in such a file is passed over
    let around = format!("{{\"object\":\"reward_module\"}}\n\n{delivered}no rollout\n");
    let file = upload(&customer, "verification", around).await;
    let made = again(&customer, json!({ "level": "signatures", "file_id": file })).await.json(201);
    let verdicts: Vec<&Value> =
        made["rollouts"].as_array().unwrap().iter().map(|found| &found["verdict"]).collect();
    assert_eq!(verdicts.len(), ids.len() + 1, "{made}");
    assert!(verdicts[..ids.len()].iter().all(|verdict| *verdict == "pass"), "{made}");
    assert_eq!(made["rollouts"][ids.len()]["finding"], "unreadable");

    let fault = |answer: crate::harness::Answer| {
        let error = answer.json(422)["errors"][0].clone();
        (error["pointer"].as_str().unwrap().to_owned(), error["code"].as_str().unwrap().to_owned())
    };
    let at_file = |code: &str| ("#/file_id".to_owned(), code.to_owned());
    let both = json!({ "rollouts": [ids[0]], "file_id": file });
    assert_eq!(fault(again(&customer, both).await), at_file("not_allowed"));
    assert_eq!(fault(again(&stranger, json!({ "file_id": file })).await), at_file("unknown_file"));
    assert_eq!(fault(again(&customer, json!({ "file_id": "x" })).await), at_file("unknown_file"));
    let input = upload(&customer, "job_input", delivered.clone()).await;
    assert_eq!(fault(again(&customer, json!({ "file_id": input })).await), at_file("wrong_purpose"));
    let many = upload(&customer, "verification", "7\n".repeat(65)).await;
    assert_eq!(fault(again(&customer, json!({ "file_id": many })).await), at_file("invalid_count"));
    let none = ("#/rollouts".to_owned(), "invalid_count".to_owned());
    assert_eq!(fault(again(&customer, json!({ "level": "signatures" })).await), none);
}
