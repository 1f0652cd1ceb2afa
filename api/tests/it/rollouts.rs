//! Delivered rollouts: as lists, as lines, one by one, and whole enough to be verified by anyone.

use bundle::{Format, Writer};
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
    record.check(&Rules { vocab_size: 160, eos: &[EOS] }, &[key]).unwrap();

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
        "status=selected",
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

async fn bytes(service: &Service, customer: &Customer, path: &str, accept: &str) -> (String, Vec<u8>) {
    let request = service.request(Method::GET, path).bearer_auth(&customer.key).header("accept", accept);
    let answer = request.header("accept-encoding", "zstd").send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &accept.parse().unwrap())
    );
    let encoding =
        answer.headers().get("content-encoding").map_or("identity", |value| value.to_str().unwrap());
    let encoding = encoding.to_owned();
    (encoding, answer.bytes().await.unwrap().to_vec())
}

/// The same rollouts, whatever they are asked for as.
#[tokio::test]
async fn columns_hold_what_lines_hold() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 40).await;
    for index in 0..35 {
        deliver(&service, &job, index).await;
    }
    let path = format!("/v1/jobs/{job}/rollouts");
    let (encoding, lines) = bytes(&service, &customer, &path, "application/x-ndjson").await;
    assert_eq!(encoding, "zstd");
    let lines = zstd::decode_all(&lines[..]).unwrap();
    let whole = |format: Format| {
        let mut writer = Writer::new(Vec::new(), format).unwrap();
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            writer.write(&serde_json::from_slice(line).unwrap()).unwrap();
        }
        let (count, bytes) = writer.finish().unwrap();
        assert_eq!(count, 70);
        bytes
    };
    for (accept, format) in [
        ("application/vnd.apache.parquet", Format::Parquet),
        ("application/vnd.apache.arrow.stream", Format::Arrow),
    ] {
        let (encoding, found) = bytes(&service, &customer, &path, accept).await;
        // compressed inside, so not once more around
        assert_eq!((encoding.as_str(), found), ("identity", whole(format)), "{accept}");
        let (_, module) =
            bytes(&service, &customer, &format!("{path}?include=reward_module&limit=1"), accept).await;
        assert!(module.windows(24).any(|text| text == b"reliquary.reward_module."), "{accept}");
    }
}

#[tokio::test]
async fn heavy_parts_come_when_they_are_asked_for() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    deliver(&service, &job, 0).await;
    let path = format!("/v1/jobs/{job}/rollouts");
    let parts = [
        ("prompt_ids", "tokens"),
        ("loss_mask", "tokens"),
        ("behavior_logprobs", "logprobs"),
        ("verifier_logprobs", "logprobs"),
        ("proof", "proof"),
        ("reward_receipt", "proof"),
    ];
    for include in ["summary", "tokens", "logprobs,proof", "tokens,logprobs,proof"] {
        let list = service.get(&customer, &format!("{path}?include={include}")).await.json(200);
        let lines = lines(&service, &customer, &format!("{path}?include={include}")).await;
        assert_eq!(list["data"], json!(lines), "{include}");
        for (field, part) in parts {
            assert_eq!(lines[0].get(field).is_some(), include.contains(part), "{include}: {field}");
        }
        assert_eq!(lines[0]["reward"], json!(0.0), "{include}");
    }
}

/// Every way to read a rollout says the same of it in the same digits, and says what its log-probs and its policy are.
#[tokio::test]
async fn a_rollout_reads_the_same_wherever_it_is_read() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    let ids = deliver(&service, &job, 0).await;
    let read = async |path: &str| {
        let answer = service.get(&customer, path).await;
        answer.json(200);
        answer.text
    };
    let whole = read(&format!("/v1/rollouts/{}", ids[0])).await;
    let record: Value = serde_json::from_str(&whole).unwrap();
    let checkpoint = json!(service.state.offer.checkpoint.id);
    assert_eq!(
        record["policy"],
        json!({ "checkpoint_id": checkpoint, "repo": "tiny", "revision": null, "version": null, "window": null })
    );
    assert_eq!(
        record["logprob_spec"],
        json!({ "kind": "raw", "temperature_applied": false, "truncation": "none", "dtype": "float32",
            "engine": "test/1", "attn": "eager", "matches_sampling": true })
    );
    assert_eq!((&record["truncated"], &record["reward_valid"]), (&json!(false), &json!(true)));
    assert_eq!(
        (&record["group"]["n_verified"], &record["group"]["filter_reason"]),
        (&json!(2), &Value::Null)
    );
    // the digits are text, which a reading of it would lose
    let digits = |text: &str, field: &str| {
        let at = text.find(&format!("\"{field}\":[")).unwrap();
        let end = at + text[at..].find(']').unwrap();
        text[at..end].to_owned()
    };
    let path = format!("/v1/jobs/{job}/rollouts?limit=1");
    let logprobs = digits(&whole, "behavior_logprobs");
    for more in ["", "&include=logprobs", "&include=tokens,logprobs,proof"] {
        assert_eq!(digits(&read(&format!("{path}{more}")).await, "behavior_logprobs"), logprobs, "{more}");
    }
    let lines = service.request(reqwest::Method::GET, &format!("{path}&include=logprobs"));
    let lines =
        lines.bearer_auth(&customer.key).header("accept", "application/x-ndjson").send().await.unwrap();
    assert_eq!(digits(&lines.text().await.unwrap(), "behavior_logprobs"), logprobs);
    let group = service.get(&customer, &format!("/v1/groups/{}", record["group_id"].as_str().unwrap())).await;
    let outcome = &group.json(200)["outcome"];
    assert_eq!((&outcome["n_verified"], &outcome["filter_reason"]), (&json!(2), &Value::Null));

    // the job keeps the name that its checkpoint had, and what is older than that says none
    service.sql("UPDATE checkpoints SET name = 'renamed'").await;
    assert_eq!(read(&format!("/v1/rollouts/{}", ids[0])).await, whole);
    service.sql("UPDATE jobs SET checkpoint_repo = NULL").await;
    let older: Value = serde_json::from_str(&read(&format!("/v1/rollouts/{}", ids[0])).await).unwrap();
    assert_eq!(older["policy"]["repo"], Value::Null);
}

/// A job with rollouts of every kind: of three prompts one was filtered and is paid for.
async fn with_undelivered(service: &Service, customer: &Customer) -> String {
    let job = service.job(customer, 3).await;
    for index in 0..3 {
        deliver(service, &job, index).await;
    }
    let set = "UPDATE rollouts SET sequence = NULL";
    service
        .sql(&format!(
            "{set}, state = 'filtered', reason = 'low_variance', price = 250 WHERE prompt_index = 1;
             {set}, state = 'filtered', reason = 'duplicate', price = 0 WHERE prompt_index = 0 AND sample_index = 1;
             {set}, state = 'rejected', reason = 'bad_signature', price = 0 WHERE prompt_index = 2 AND sample_index = 0;
             {set}, state = 'cancelled', price = 0 WHERE prompt_index = 2 AND sample_index = 1;
             UPDATE groups SET state = 'filtered', reason = 'low_variance' WHERE prompt_index = 1;
             UPDATE groups SET reason = 'max_amount_reached' WHERE prompt_index = 2;"
        ))
        .await;
    job
}

/// What was paid for is fetched, and checked again, as what was delivered.
#[tokio::test]
async fn a_filtered_rollout_that_was_paid_for_is_there_by_itself() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = with_undelivered(&service, &customer).await;
    let path = format!("/v1/jobs/{job}/rollouts?status=filtered");
    let list = service.get(&customer, &path).await.json(200);
    let (unpaid, item) = (&list["data"][0], &list["data"][1]);
    let id = item["id"].as_str().unwrap();
    let one = format!("/v1/rollouts/{id}");
    let record = |value: &Value| serde_json::from_value::<RolloutRecord>(value.clone()).unwrap();
    assert_eq!(record(&service.get(&customer, &one).await.json(200)), record(&item["rollout"]));
    assert_eq!(item["rollout"]["group"]["filter_reason"], "low_variance");
    assert_eq!(item["rollout"]["group"]["n_selected"], 0);
    let proof = service.get(&customer, &format!("{one}/proof")).await.json(200);
    assert_eq!(proof["head"], item["rollout"]["proof"]["head"]);
    let receipt = service.get(&customer, &format!("{one}/receipt")).await.json(200);
    assert_eq!(receipt["reward_receipt"], item["rollout"]["reward_receipt"]);
    let mut other = item["rollout"].clone();
    other["price_rao"] = json!("1000");
    let sent = json!({ "level": "signatures", "rollouts": [id, item["rollout"], item, other] });
    let again = service.post(&customer, "/v1/verifications", &sent).await.json(201);
    let found: Vec<&Value> = again["rollouts"].as_array().unwrap().iter().map(|f| &f["verdict"]).collect();
    assert_eq!(found, ["pass", "pass", "pass", "fail"], "{again}");
    // what nobody has paid for is not shown, and nothing to others
    let unpaid = format!("/v1/rollouts/{}", unpaid["id"].as_str().unwrap());
    assert_eq!(service.get(&customer, &unpaid).await.problem(404), "not_found");
    let stranger = service.customer(1).await;
    assert_eq!(service.get(&stranger, &one).await.status, 404);
}

/// Of what was not delivered the reasons are told, and of what was paid for the record, too; nothing else.
#[tokio::test]
async fn what_is_not_delivered_is_listed_with_its_reason() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = with_undelivered(&service, &customer).await;
    let path = format!("/v1/jobs/{job}/rollouts");
    let told = async |query: &str| -> Vec<(Value, Value, bool)> {
        let list = service.get(&customer, &format!("{path}?{query}")).await.json(200);
        assert_eq!(list["data"], json!(lines(&service, &customer, &format!("{path}?{query}")).await));
        let items = list["data"].as_array().unwrap().clone();
        items
            .into_iter()
            .map(|item| {
                assert_eq!(item["object"], json!("undelivered_rollout"));
                (item["custom_id"].clone(), item["reason"].clone(), item["rollout"].is_object())
            })
            .collect()
    };
    let said = |custom: &str, reason: &str, paid| (json!(custom), json!(reason), paid);
    let filtered = told("status=filtered").await;
    assert_eq!(
        filtered,
        [
            said("prompt-0", "duplicate", false),
            said("prompt-1", "low_variance", true),
            said("prompt-1", "low_variance", true)
        ]
    );
    assert_eq!(told("status=rejected").await, [said("prompt-2", "bad_signature", false)]);
    assert_eq!(told("status=failed").await, [said("prompt-2", "max_amount_reached", false)]);
    let first = service.get(&customer, &format!("{path}?status=filtered&limit=1")).await.json(200);
    assert_eq!(first["has_more"], json!(true));
    let last = first["last_id"].as_str().unwrap();
    assert_eq!(told(&format!("status=filtered&after={last}")).await, filtered[1..]);
    // the record of a filtered rollout can be verified like any other
    let list = service.get(&customer, &format!("{path}?status=filtered&after={last}")).await.json(200);
    let record: RolloutRecord = serde_json::from_value(list["data"][0]["rollout"].clone()).unwrap();
    record.check(&Rules { vocab_size: 160, eos: &[EOS] }, &[service.key.public()]).unwrap();
    assert_eq!(record.price_rao.to_string(), "250");
    let none = lines(&service, &customer, &path).await;
    assert_eq!(none.len(), 1, "only one is delivered");

    let stranger = service.customer(1).await;
    assert_eq!(service.get(&stranger, &format!("{path}?status=filtered")).await.status, 404);
    for bad in
        ["status=filtered&after=5", "status=filtered&include=reward_module", "status=rejected&after=rol_x"]
    {
        assert_eq!(service.get(&customer, &format!("{path}?{bad}")).await.problem(400), "invalid_parameter");
    }
    let request = service.request(Method::GET, &format!("{path}?status=filtered")).bearer_auth(&customer.key);
    let columns = request.header("accept", "application/vnd.apache.parquet").send().await.unwrap();
    assert_eq!(columns.status(), 400);
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
