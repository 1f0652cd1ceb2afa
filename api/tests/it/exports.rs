//! Exports: asked for, written by the worker's part, fetched whole, in ranges and by link.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use export::{Compression, Exporter, Filter, Format};
use protocol::rollout::RolloutRecord;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::exports::{self, Written};
use store::objects::export_key;

use crate::deliver::deliver;
use crate::harness::{Answer, Customer, Service, job_body};

/// Does the worker's part for one export: leases it, and concludes it with these bytes.
async fn conclude(service: &Service, bytes: &[u8]) -> exports::Leased {
    let mut tx = service.db.begin().await.unwrap();
    let leased = exports::lease(&mut tx, Duration::from_mins(1)).await.unwrap().expect("one waits");
    let key = export_key(leased.job, leased.id, leased.tries);
    let mut upload = service.objects.incoming(&key).await.unwrap();
    upload.write(bytes).await.unwrap();
    upload.finish().await.unwrap();
    let written = Written {
        key,
        rows: 4,
        bytes: bytes.len() as u64,
        sha256: Sha256::digest(bytes).into(),
        left_out: json!({ "no_reward": 1 }),
    };
    exports::conclude(&mut tx, &leased, Ok(&written), service.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    leased
}

async fn ready(service: &Service, customer: &Customer, bytes: &[u8]) -> Value {
    let job = service.job(customer, 1).await;
    deliver(service, &job, 0).await;
    let path = format!("/v1/jobs/{job}/exports");
    let body = json!({ "format": "tinker", "compression": "zstd", "filter": { "min_reward": 0.5 } });
    let answer = service.post(customer, &path, &body).await;
    let location = answer.header("location").to_owned();
    let export = answer.json(202);
    assert_eq!(location, format!("/v1/exports/{}", export["id"].as_str().unwrap()));
    assert_eq!((&export["state"], &export["download_url"]), (&json!("pending"), &Value::Null));
    let content = service.get(customer, &format!("{location}/content")).await;
    assert_eq!(content.problem(409), "export_not_ready");
    conclude(service, bytes).await;
    let export = service.get(customer, &location).await.json(200);
    let listed = service.get(customer, &path).await.json(200);
    assert_eq!(listed["data"][0]["sha256"], export["sha256"]);
    export
}

async fn fetch(service: &Service, path: &str, range: Option<&str>) -> (Answer, Vec<u8>) {
    let request = service.request(Method::GET, path).header("accept-encoding", "zstd, gzip");
    let request = match range {
        Some(range) => request.header("range", range),
        None => request,
    };
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.unwrap().to_vec();
    (Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }, bytes)
}

#[tokio::test]
async fn a_file_is_fetched_whole_in_ranges_and_by_its_link() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let file: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let export = ready(&service, &customer, &file).await;
    let sha256 = hex::encode(Sha256::digest(&file));
    for (name, value) in [
        ("object", json!("export")),
        ("state", json!("ready")),
        ("format", json!("tinker")),
        ("compression", json!("zstd")),
        ("filter", json!({ "min_reward": 0.5 })),
        ("rows", json!("4")),
        ("bytes", json!("3000000")),
        ("sha256", json!(sha256)),
        ("left_out", json!({ "no_reward": 1 })),
    ] {
        assert_eq!(export[name], value, "{name}");
    }
    let link = export["download_url"].as_str().unwrap();
    let (answer, whole) = fetch(&service, link, None).await;
    assert_eq!((answer.status, whole.len()), (200, 3_000_000));
    assert!(whole == file, "the bytes as they are, whatever the client can unpack");
    for (name, value) in [
        ("etag", format!("\"{sha256}\"")),
        ("accept-ranges", "bytes".to_owned()),
        ("content-length", "3000000".to_owned()),
        ("content-type", "application/zstd".to_owned()),
        (
            "content-disposition",
            format!("attachment; filename=\"{}.jsonl.zst\"", export["id"].as_str().unwrap()),
        ),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    // what was cut off goes on where it stopped
    let (answer, rest) = fetch(&service, link, Some("bytes=1500000-")).await;
    assert_eq!((answer.status, answer.header("content-range")), (206, "bytes 1500000-2999999/3000000"));
    assert!(rest == file[1_500_000..]);
    let (_, middle) = fetch(&service, link, Some("bytes=1048570-1048580")).await;
    assert_eq!(middle, file[1_048_570..=1_048_580], "over the edge of two reads");
    for bad in ["bytes=3000000-", "bytes=5-4", "bytes=0-1,4-5", "chars=0-1"] {
        assert_eq!(fetch(&service, link, Some(bad)).await.0.problem(416), "no_such_range", "{bad}");
    }

    // the link is good for this file and for an hour
    let path = format!("/v1/exports/{}/content", export["id"].as_str().unwrap());
    assert_eq!(fetch(&service, &path, None).await.0.problem(401), "invalid_api_key");
    let forged = link.replace("signature=", "signature=0");
    for bad in [format!("{path}?expires=99999999999"), forged, link.replace("expires=", "expires=1")] {
        assert_eq!(fetch(&service, &bad, None).await.0.problem(403), "invalid_link", "{bad}");
    }
    let other = service.customer(1).await;
    assert_eq!(service.get(&other, &path).await.problem(404), "not_found");
    assert_eq!(service.get(&customer, &path).await.status, 200);
}

/// What is asked for is of that moment; at the job's end it is of everything.
#[tokio::test]
async fn an_export_is_of_what_was_there_when_it_was_asked_for() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let mut body = job_body(2);
    body["exports"] = json!(["parquet", { "format": "tinker", "filter": { "min_reward": 0.1 } }]);
    let job = service.post(&customer, "/v1/jobs", &body).await.json(201)["id"].as_str().unwrap().to_owned();
    deliver(&service, &job, 0).await;
    let path = format!("/v1/jobs/{job}/exports");
    service.post(&customer, &path, &json!({ "format": "jsonl" })).await.json(202);
    let listed = service.get(&customer, &path).await.json(200);
    let formats: BTreeSet<&str> =
        listed["data"].as_array().unwrap().iter().map(|export| export["format"].as_str().unwrap()).collect();
    assert_eq!(formats, BTreeSet::from(["jsonl", "parquet", "tinker"]));
    let now = conclude(&service, b"x").await;
    assert_eq!((now.format.as_str(), now.upto), ("jsonl", 5)); // half of the job is told of, too
    let mut tx = service.db.begin().await.unwrap();
    let none = exports::lease(&mut tx, Duration::from_mins(1)).await.unwrap();
    assert_eq!(none, None, "the others wait for the job's end");
    drop(tx);
    deliver(&service, &job, 1).await;
    let last: i64 = service.sql("SELECT last_sequence FROM jobs").await.parse().unwrap();
    let mut found = BTreeMap::new();
    for bytes in [b"y", b"z"] {
        let leased = conclude(&service, bytes).await;
        assert_eq!(leased.upto, last);
        found.insert(leased.format, leased.filter);
    }
    let expected = [("parquet", json!({})), ("tinker", json!({ "min_reward": 0.1 }))];
    assert_eq!(found, expected.map(|(format, filter)| (format.to_owned(), filter)).into());
}

#[tokio::test]
async fn what_cannot_be_exported_is_refused_with_all_its_faults() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    let path = format!("/v1/jobs/{job}/exports");
    let bad = json!({ "format": "csv", "compression": "rar", "filter": { "finish_reason": "eos" } });
    let answer = service.post(&customer, &path, &bad).await;
    let pointers: Vec<String> = answer.json(422)["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(pointers, ["#/format", "#/compression", "#/filter/finish_reason"]);
    let unknown = service.post(&customer, &path, &json!({ "format": "tinker", "rows": 1 })).await;
    assert_eq!(unknown.problem(400), "unknown_parameter");
    let mut body = job_body(1);
    body["exports"] = json!(["tinker", "csv", { "format": "parquet", "compression": "none" }]);
    let refused = service.post(&customer, "/v1/jobs", &body).await.json(422);
    let pointers: Vec<&Value> =
        refused["errors"].as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
    assert_eq!(json!(pointers), json!(["#/exports/1/format", "#/exports/2/compression"]));
    for _ in 0..16 {
        service.post(&customer, &path, &json!({ "format": "sft" })).await.json(202);
    }
    let full = service.post(&customer, &path, &json!({ "format": "sft" })).await;
    assert_eq!(full.problem(429), "too_many_at_once");
}

#[tokio::test]
async fn the_same_request_makes_one_export() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    let ask = async |format: &str| {
        let request = service.request(Method::POST, &format!("/v1/jobs/{job}/exports"));
        let request = request.bearer_auth(&customer.key).header("idempotency-key", "k1");
        Answer::of(request.json(&json!({ "format": format })).send().await.unwrap()).await
    };
    let first = ask("tinker").await;
    let again = ask("tinker").await;
    assert_eq!((again.status, &again.text), (202, &first.text));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(ask("sft").await.problem(422), "idempotency_key_reused");
    assert_eq!(service.sql("SELECT count(*) FROM exports").await, "1");
}

/// A conversation comes back as it was sent, in a body or appended: a trainer applies the chat template itself.
#[tokio::test]
async fn a_chat_is_delivered_and_exported_as_it_was_sent() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let sent = |said: &str| json!([{ "role": "system", "content": "Be brief." }, { "role": "user", "content": said }]);
    let mut body = job_body(1);
    body["open"] = json!(true);
    body["prompts"][0] = json!({ "messages": sent("What is 2 + 2?") });
    let job = service.post(&customer, "/v1/jobs", &body).await.json(201)["id"].as_str().unwrap().to_owned();
    let more = json!({ "prompts": [{ "messages": sent("And 3 + 3?") }, { "text": "4 + 4" }, { "token_ids": [5, 6, 7] }] });
    service.post(&customer, &format!("/v1/jobs/{job}/prompts"), &more).await.json(201);
    for index in 0..4 {
        deliver(&service, &job, index).await;
    }
    let records = service.get(&customer, &format!("/v1/jobs/{job}/rollouts")).await.json(200);
    let told: Vec<&Value> =
        records["data"].as_array().unwrap().iter().step_by(2).map(|record| &record["messages"]).collect();
    let conversations = [sent("What is 2 + 2?"), sent("And 3 + 3?")];
    assert_eq!(told, [&conversations[0], &conversations[1], &Value::Null, &Value::Null]);
    for (record, told) in records["data"].as_array().unwrap().iter().step_by(2).zip(told) {
        let group = format!("/v1/groups/{}", record["group_id"].as_str().unwrap());
        let group = service.get(&customer, &group).await.json(200);
        assert_eq!((&group["messages"], &group["prompt_text"]), (told, &record["prompt_text"]));
    }
    assert_eq!(
        records["data"][0]["prompt_text"], "system: Be brief.\nuser: What is 2 + 2?\nassistant:",
        "the template's words are not among the messages"
    );

    let records: Vec<RolloutRecord> = serde_json::from_value(records["data"].clone()).unwrap();
    let lines = |format: Format| -> Vec<Value> {
        let mut exporter = Exporter::new(Vec::new(), format, Compression::None, Filter::default()).unwrap();
        for record in &records {
            exporter.write(record.clone()).unwrap();
        }
        let (_, bytes) = exporter.finish().unwrap();
        str::from_utf8(&bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let said = |answer: &str| json!({ "role": "assistant", "content": format!("answer \"{answer}\"\n") });
    let sft = lines(Format::Sft);
    let [system, user] = [0, 1].map(|place| conversations[1][place].clone());
    assert_eq!(sft[3], json!({ "messages": [system, user, said("1")] }));
    let dpo = lines(Format::Dpo);
    assert_eq!(dpo[0], json!({ "prompt": conversations[0], "chosen": [said("1")], "rejected": [said("0")] }));
    // what was sent as text is one message; what was sent as tokens has none
    assert_eq!((sft.len(), &dpo[2]["prompt"]), (6, &json!([{ "role": "user", "content": "4 + 4" }])));
}

/// The formats agree with the list that the API tells.
#[tokio::test]
async fn every_format_can_be_asked_for() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    deliver(&service, &job, 0).await;
    let records = service.get(&customer, &format!("/v1/jobs/{job}/rollouts")).await.json(200);
    let records: Vec<RolloutRecord> = serde_json::from_value(records["data"].clone()).unwrap();
    for format in Format::ALL {
        let body = json!({ "format": format.as_str() });
        service.post(&customer, &format!("/v1/jobs/{job}/exports"), &body).await.json(202);
        let mut exporter = Exporter::new(Vec::new(), *format, Compression::None, Filter::default()).unwrap();
        for record in &records {
            exporter.write(record.clone()).unwrap();
        }
        let (summary, bytes) = exporter.finish().unwrap();
        assert!(summary.rows > 0 && !bytes.is_empty(), "{format:?}");
        conclude(&service, &bytes).await;
    }
}
