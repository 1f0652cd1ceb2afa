//! Delivered rollouts: as lists, as lines, one by one, and whole enough to be verified by anyone.

use grail::check::Rules;
use protocol::BundledModule;
use protocol::rollout::RolloutRecord;
use reqwest::Method;
use serde_json::{Value, json};

use crate::deliver::{EOS, deliver};
use crate::harness::{Answer, Customer, Service};

async fn lines(service: &Service, customer: &Customer, path: &str) -> Vec<Value> {
    let request = service.request(Method::GET, path).bearer_auth(&customer.key);
    let answer = Answer::of(request.header("accept", "application/x-ndjson").send().await.unwrap()).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/x-ndjson"),
        "{}",
        answer.text
    );
    answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn what_is_delivered_verifies_offline() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 2).await;
    let ids = deliver(&service, &job, 1).await;
    let record = service.get(&customer, &format!("/v1/rollouts/{}", ids[1])).await;
    let record: RolloutRecord = serde_json::from_value(record.json(200)).unwrap();
    assert_eq!((record.custom_id.as_str(), record.sample_index, record.reward), ("prompt-1", 1, Some(0.5)));
    let keys = service.get(&customer, "/v1/verification_keys").await.json(200);
    let key = hex::decode(keys["data"][0]["public_key"].as_str().unwrap()).unwrap().try_into().unwrap();
    record.check(&Rules { vocab_size: 160, eos: &[EOS] }, &key).unwrap();

    let proof = service.get(&customer, &format!("/v1/rollouts/{}/proof", ids[1])).await.json(200);
    assert_eq!((&proof["rollout_id"], &proof["records"]), (&json!(ids[1]), &json!(record.proof.records)));
    let receipt = service.get(&customer, &format!("/v1/rollouts/{}/receipt", ids[1])).await.json(200);
    assert_eq!(receipt["group_receipt"]["service_key"], keys["data"][0]["public_key"]);
    assert_eq!(receipt["reward_receipt"]["function"], "builtins");
    assert_eq!(receipt["head"], json!(hex::encode(record.proof.head)));
}

#[tokio::test]
async fn lists_and_lines_go_on_where_they_stopped() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 40).await;
    let mut ids = Vec::new();
    for index in [3, 0, 1] {
        ids.extend(deliver(&service, &job, index).await);
    }
    let path = format!("/v1/jobs/{job}/rollouts");
    let all = lines(&service, &customer, &path).await;
    let seen: Vec<&Value> = all.iter().map(|record| &record["id"]).collect();
    assert_eq!(json!(seen), json!(ids), "in the order of the log");

    let page = service.get(&customer, &format!("{path}?limit=4")).await.json(200);
    assert_eq!(
        (&page["has_more"], &page["first_id"], &page["last_id"]),
        (&json!(true), &json!(ids[0]), &json!(ids[3]))
    );
    assert_eq!(json!(all[..4]), page["data"]);
    let rest = service.get(&customer, &format!("{path}?after={}", ids[3])).await.json(200);
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["has_more"]), (2, &json!(false)));
    let exact = service.get(&customer, &format!("{path}?limit=6")).await.json(200);
    assert_eq!((exact["data"].as_array().unwrap().len(), &exact["has_more"]), (6, &json!(false)));
    assert_eq!(lines(&service, &customer, &format!("{path}?after={}", ids[4])).await.len(), 1);
    assert_eq!(lines(&service, &customer, &format!("{path}?after=0&limit=5")).await.len(), 5);
    let empty = service.get(&customer, &format!("{path}?after=1000000")).await.json(200);
    assert_eq!((&empty["data"], &empty["first_id"]), (&json!([]), &Value::Null));
    for bad in [
        "after=x",
        "after=-1",
        "limit=0",
        "limit=1001",
        "status=filtered",
        "include=reward_module",
        "include=x",
    ] {
        assert_eq!(
            service.get(&customer, &format!("{path}?{bad}")).await.problem(400),
            "invalid_parameter",
            "{bad}"
        );
    }
}

/// The module that runs comes first, once, and its bytes are what the receipts name; only its owner gets it.
#[tokio::test]
async fn the_reward_module_comes_before_the_rollouts_when_it_is_asked_for() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 3).await;
    let mut ids = deliver(&service, &job, 0).await;
    ids.extend(deliver(&service, &job, 2).await);
    let path = format!("/v1/jobs/{job}/rollouts?include=reward_module");
    for (more, expected) in [("", &ids[..]), ("&limit=1", &ids[..1]), (&format!("&after={}", ids[3]), &[])] {
        let mut all = lines(&service, &customer, &format!("{path}{more}")).await;
        let module: BundledModule = serde_json::from_value(all.remove(0)).unwrap();
        let component = sandbox::ContentHash::of(&module.component);
        assert_eq!(*component.as_bytes(), module.component_sha256);
        assert_eq!((module.function.as_str(), module.world.as_str()), ("builtins", "reward"));
        let seen: Vec<&Value> = all.iter().map(|record| &record["id"]).collect();
        assert_eq!(json!(seen), json!(expected), "{more}");
    }
    let record = service.get(&customer, &format!("/v1/rollouts/{}", ids[0])).await.json(200);
    let limits = json!({ "fuel_per_sample": 50_000_000, "memory_bytes": 64 << 20, "input_bytes": 4 << 20 });
    assert_eq!(record["reward_inputs"]["limits"], limits);
    let stranger = service.customer(1).await;
    let request = service.request(Method::GET, &path).bearer_auth(&stranger.key);
    let answer = request.header("accept", "application/x-ndjson").send().await.unwrap();
    assert_eq!(answer.status(), 404);
}

#[tokio::test]
async fn many_rollouts_come_in_bounded_pages_and_compressed() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 35).await;
    let mut count = 0;
    for index in 0..35 {
        count += deliver(&service, &job, index).await.len();
    }
    let path = format!("/v1/jobs/{job}/rollouts");
    assert_eq!(lines(&service, &customer, &path).await.len(), count); // 70: three reads
    let list = service.get(&customer, &format!("{path}?limit=64")).await.json(200);
    assert_eq!((list["data"].as_array().unwrap().len(), &list["has_more"]), (64, &json!(true)));
    let plain = service.get(&customer, &format!("{path}?limit=1000")).await;
    let request = service.request(Method::GET, &format!("{path}?limit=1000")).bearer_auth(&customer.key);
    let packed = request.header("accept-encoding", "zstd").send().await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "zstd");
    let bytes = packed.bytes().await.unwrap();
    assert!(bytes.len() * 3 < plain.text.len(), "{} of {}", bytes.len(), plain.text.len());
    assert_eq!(zstd::decode_all(&bytes[..]).unwrap(), plain.text.as_bytes());
}

#[tokio::test]
async fn the_document_describes_the_record() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    let ids = deliver(&service, &job, 0).await;
    let document = service.get(&customer, "/openapi.json").await.json(200);
    let schemas = &document["components"]["schemas"];
    let record = service.get(&customer, &format!("/v1/rollouts/{}", ids[0])).await.json(200);
    same_keys(schemas, &schemas["Rollout"], &record, "Rollout");
}

/// Every key of the value is in the schema, and the other way round, down to the leaves. What may be left out is named
/// here: a field that is there but null is not required by the schema either.
fn same_keys(schemas: &Value, schema: &Value, value: &Value, at: &str) {
    let schema = match schema["$ref"].as_str().or_else(|| schema["oneOf"][1]["$ref"].as_str()) {
        Some(name) => &schemas[name.rsplit('/').next().unwrap()],
        None => schema,
    };
    let (Some(properties), Some(fields)) = (schema["properties"].as_object(), value.as_object()) else {
        return;
    };
    let left_out: &[&str] = if at == "Rollout.proof.profile" { &["calibration", "k"] } else { &[] };
    let known = properties.keys().filter(|key| !left_out.contains(&key.as_str()));
    let (mut known, mut found): (Vec<_>, Vec<_>) = (known.collect(), fields.keys().collect());
    known.sort();
    found.sort();
    assert_eq!(known, found, "{at}");
    for (name, field) in fields {
        same_keys(schemas, &properties[name], field, &format!("{at}.{name}"));
    }
}
