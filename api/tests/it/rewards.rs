//! Reward functions: names, uploads, versions, reports, and what is refused.

use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::harness::{Answer, Customer, Service, job_body, module_form, quick};

pub(crate) async fn function(service: &Service, customer: &Customer, name: &str) -> String {
    let function = service.post(customer, "/v1/reward_functions", &json!({ "name": name })).await.json(201);
    function["id"].as_str().unwrap().to_owned()
}

async fn upload(service: &Service, customer: &Customer, function: &str, module: &[u8]) -> Answer {
    service.form(customer, &versions(function), module_form(module)).await
}

pub(crate) fn versions(function: &str) -> String {
    format!("/v1/reward_functions/{function}/versions")
}

pub(crate) fn last_number() -> &'static [u8] {
    include_bytes!("../../../sandbox/guests/assemblyscript/last-number.wasm")
}

pub(crate) fn sample(text: &str) -> Value {
    json!({ "prompt": "What is 40 + 2?", "completion_text": text, "reference": "42" })
}

/// Pointer and code of everything that is wrong.
pub(crate) fn faults(answer: &Answer, status: u16) -> Vec<(String, String)> {
    let problem = answer.json(status);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    problem["errors"].as_array().unwrap().iter().map(|e| (text(&e["pointer"]), text(&e["code"]))).collect()
}

#[tokio::test]
async fn uploads_become_versions_and_jobs_name_them() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let id = function(&service, &customer, "mine").await;
    let first: &[u8] = include_bytes!("../../../sandbox/guests/assemblyscript/last-number.wasm");
    let second: &[u8] = include_bytes!("../../../sandbox/guests/wat/shortest.wasm");
    let samples = json!([sample("#### 42"), sample("no idea")]).to_string();
    let form = module_form(first)
        .text("samples", samples)
        .text("source_url", "https://example.com/reward.ts")
        .text("description", "ünï");
    let one = service.form(&customer, &versions(&id), form).await;
    let version = one.json(201);
    assert_eq!((&version["version"], &version["state"]), (&json!(1), &json!("validating")));
    assert_eq!((&version["id"], &version["report"]), (&json!(format!("{id}@1")), &Value::Null));
    assert_eq!((&version["upload_bytes"], &version["wasi"]), (&json!(first.len()), &json!("none")));
    assert_eq!(version["source_url"], "https://example.com/reward.ts");
    assert_eq!(upload(&service, &customer, &id, second).await.json(201)["version"], 2);
    let again = upload(&service, &customer, &id, first).await.json(200);
    assert_eq!(again, version, "the same bytes, the same version");

    // not yet
    let mut body = job_body(1);
    body["reward"] = json!({ "mode": "wasm", "function": format!("{id}@1"), "limits": { "fuel": 7 }, "on_error": "reject" });
    let early = service.post(&customer, "/v1/jobs", &body).await;
    assert_eq!(early.problem(422), "reward_function_not_ready");
    assert_eq!(early.json(422)["errors"][0]["pointer"], "#/reward/function");
    let test = format!("{}/test", one.header("location"));
    let early = service.post(&customer, &test, &json!({ "samples": [sample("42")] })).await;
    assert_eq!(early.problem(409), "reward_function_not_ready");

    assert_eq!(service.validate().await, 2);
    let ready = service.get(&customer, one.header("location")).await.json(200);
    assert_eq!((&ready["state"], &ready["world"]), (&json!("ready"), &json!("reward-simple")));
    assert_eq!((&ready["description"], &ready["rejection"]), (&json!("ünï"), &Value::Null));
    let report = &ready["report"];
    assert_eq!(report["module"]["component_sha256"], ready["component_sha256"]);
    let scores: Vec<&Value> = report["samples"].as_array().unwrap().iter().map(|s| &s["score"]).collect();
    assert_eq!(scores, [&json!(1.0), &json!(0.0)]);
    assert_eq!(service.sql("SELECT count(*) FROM reward_uploads").await, "0");
    assert_eq!(
        service.get(&customer, &format!("/v1/reward_functions/{id}")).await.json(200)["latest_version"],
        2
    );

    let job = service.post(&customer, "/v1/jobs", &body).await.json(201);
    assert_eq!(job["reward"]["component_sha256"], ready["component_sha256"]);
    assert_eq!((&job["reward"]["limits"]["fuel"], &job["reward"]["on_error"]), (&json!(7), &json!("reject")));
    for missing in ["@3", "@0", "@01", ""] {
        body["reward"]["function"] = json!(format!("{id}{missing}"));
        let refused = service.post(&customer, "/v1/jobs", &body).await;
        assert_eq!(refused.problem(422), "unknown_reward_function", "{missing}");
    }

    // what was stored is what the worker gets
    let hash = hex::decode(ready["component_sha256"].as_str().unwrap()).unwrap().try_into().unwrap();
    let mut conn = service.db.acquire().await.unwrap();
    let module = store::reward_functions::module(&mut conn, &hash).await.unwrap().unwrap();
    assert_eq!(module.component.len() as u64, ready["component_bytes"].as_u64().unwrap());
}

/// The same version, whichever way its bytes came, and no need of the file afterwards.
#[tokio::test]
async fn a_module_may_come_in_a_file() {
    let service = Service::start().await;
    let (customer, stranger) = (service.customer(0).await, service.customer(0).await);
    let id = function(&service, &customer, "mine").await;
    let stored = async |customer: &Customer, purpose: &str| {
        let part = Part::bytes(last_number().to_vec()).file_name("reward.wasm");
        let form = Form::new().text("purpose", purpose.to_owned()).part("file", part);
        let file = service.form(customer, "/v1/files", form).await.json(201);
        file["id"].as_str().unwrap().to_owned()
    };
    let of_file = async |path: &str, file: &str| {
        service.form(&customer, path, Form::new().text("file_id", file.to_owned())).await
    };
    let file = stored(&customer, "reward_function").await;
    let version = of_file(&versions(&id), &file).await.json(201);
    assert_eq!(
        (&version["state"], &version["upload_bytes"]),
        (&json!("validating"), &json!(last_number().len()))
    );
    let path = format!("/v1/files/{file}");
    let deleted = service.request(Method::DELETE, &path).bearer_auth(&customer.key).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    assert_eq!(service.validate().await, 1);
    let again = upload(&service, &customer, &id, last_number()).await.json(200);
    assert_eq!((&again["id"], &again["state"]), (&version["id"], &json!("ready")));

    let file = stored(&customer, "reward_function").await;
    let verdict = of_file("/v1/reward_functions/validate", &file).await.json(200);
    assert_eq!(verdict["state"], "ready");
    let theirs = stored(&stranger, "reward_function").await;
    let other = stored(&customer, "job_input").await;
    for (file, code) in [(theirs, "unknown_file"), ("x".to_owned(), "unknown_file"), (other, "wrong_purpose")]
    {
        let refused = of_file(&versions(&id), &file).await;
        assert_eq!(faults(&refused, 422), [("#/file_id".to_owned(), code.to_owned())]);
    }
    let both = module_form(last_number()).text("file_id", file);
    let refused = service.form(&customer, &versions(&id), both).await;
    assert_eq!(faults(&refused, 422), [("#/file_id".to_owned(), "not_allowed".to_owned())]);
}

#[tokio::test]
async fn what_is_no_module_is_rejected_with_a_report() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let id = function(&service, &customer, "bad").await;
    for (number, (bytes, reason)) in [
        (&b"def reward(x): return 1"[..], "not_wasm"),
        (b"", "not_wasm"),
        (b"\0asm\x01\0\0\0", "missing_export"),
        (b"\0asm\x01\0\0\0\xff", "invalid_wasm"),
    ]
    .into_iter()
    .enumerate()
    {
        let taken = upload(&service, &customer, &id, bytes).await;
        assert_eq!(taken.json(201)["state"], "validating");
        assert_eq!(service.validate().await, 1);
        let rejected = service.get(&customer, taken.header("location")).await.json(200);
        assert_eq!((&rejected["state"], &rejected["rejection"]), (&json!("rejected"), &json!(reason)));
        let said = &rejected["report"]["rejection"];
        assert_eq!(said["code"], reason);
        assert!(said["message"].as_str().unwrap().len() > 5 && said["hint"].as_str().unwrap().len() > 20);
        assert_eq!(upload(&service, &customer, &id, bytes).await.json(200), rejected, "and stays so");

        let mut body = job_body(1);
        body["reward"] = json!({ "mode": "wasm", "function": format!("{id}@{}", number + 1) });
        let refused = service.post(&customer, "/v1/jobs", &body).await;
        assert_eq!(refused.problem(422), "reward_function_invalid");
        assert_eq!(refused.json(422)["errors"][0]["pointer"], "#/reward/function");
        let test = format!("{}/test", taken.header("location"));
        let refused = service.post(&customer, &test, &json!({ "samples": [sample("42")] })).await;
        assert_eq!(refused.problem(409), "reward_function_invalid");
    }
    let left = "SELECT (SELECT count(*) FROM reward_uploads),
        (SELECT count(*) FROM reward_modules WHERE component_sha256 NOT IN (SELECT component_sha256 FROM builtin_rewards))";
    assert_eq!(service.sql(left).await, "0|0");
    service.assert_nothing_stored().await;
}

#[tokio::test]
async fn the_same_upload_at_once_is_one_version() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let id = function(&service, &customer, "race").await;
    let one = async || upload(&service, &customer, &id, last_number()).await.status;
    let (a, b, c, d) = tokio::join!(one(), one(), one(), one());
    let mut statuses = [a, b, c, d];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 201]);
    assert_eq!(service.sql("SELECT count(*), max(version) FROM reward_versions").await, "1|1");

    // another profile is another version
    let form = module_form(last_number()).text("wasi", "deterministic");
    assert_eq!(service.form(&customer, &versions(&id), form).await.json(201)["wasi"], "deterministic");
}

#[tokio::test]
async fn so_many_uploads_wait_and_no_more() {
    let service = Service::start().await;
    let (customer, other) = (service.customer(0).await, service.customer(0).await);
    let id = function(&service, &customer, "many").await;
    for number in 0..store::reward_versions::MAX_WAITING {
        upload(&service, &customer, &id, &[number as u8]).await.json(201);
    }
    let refused = upload(&service, &customer, &id, b"one more").await;
    assert_eq!(refused.problem(429), "too_many_waiting");
    assert_eq!((refused.header("retry-after"), &refused.json(429)["retryable"]), ("2", &json!(true)));
    assert_eq!(upload(&service, &customer, &id, &[0]).await.status, 200, "what is there is there");
    let theirs = function(&service, &other, "other").await;
    upload(&service, &other, &theirs, b"x").await.json(201);
    service.validate().await;
    upload(&service, &customer, &id, b"one more").await.json(201);

    service.sql("UPDATE reward_versions SET version = 1000 WHERE version = 1").await;
    assert_eq!(upload(&service, &customer, &id, b"and more").await.problem(409), "too_many_versions");
}

#[tokio::test]
async fn whoever_waits_for_a_version_is_woken() {
    let service = Service::with(api::Config { sse_poll_ms: 600_000, ..quick() }).await;
    let customer = service.customer(0).await;
    let id = function(&service, &customer, "waited for").await;
    let place = upload(&service, &customer, &id, last_number()).await.header("location").to_owned();
    let started = Instant::now();
    let validated_later = async {
        tokio::time::sleep(Duration::from_millis(300)).await; // until the request waits; if it does not, it is not woken
        service.validate().await;
    };
    let waiting = format!("{place}?wait_s=25");
    let (answer, ()) = tokio::join!(service.get(&customer, &waiting), validated_later);
    assert_eq!(answer.json(200)["state"], "ready");
    assert!(started.elapsed() < Duration::from_secs(20), "it was woken: {:?}", started.elapsed());
    assert_eq!(service.get(&customer, &waiting).await.json(200)["state"], "ready");

    let other = upload(&service, &customer, &id, b"other").await.header("location").to_owned();
    let short = service.get(&customer, &format!("{other}?wait_s=1")).await;
    assert_eq!(short.json(200)["state"], "validating", "the wait has an end");
    for bad in ["wait_s=31", "wait_s=-1", "wait_s=x"] {
        let refused = service.get(&customer, &format!("{place}?{bad}")).await;
        assert_eq!(refused.problem(400), "invalid_parameter", "{bad}");
    }
}

#[tokio::test]
async fn versions_are_listed_newest_first() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let id = function(&service, &customer, "listed").await;
    assert_eq!(service.get(&customer, &versions(&id)).await.json(200)["data"], json!([]));
    for module in [&b"a"[..], b"b", b"c"] {
        upload(&service, &customer, &id, module).await.json(201);
    }
    let list = service.get(&customer, &format!("{}?limit=2", versions(&id))).await.json(200);
    let numbers: Vec<&Value> = list["data"].as_array().unwrap().iter().map(|v| &v["version"]).collect();
    assert_eq!((numbers, &list["has_more"]), (vec![&json!(3), &json!(2)], &json!(true)));
    assert!(list["data"][0].get("report").is_none());
    let after = list["last_id"].as_str().unwrap();
    let rest = service.get(&customer, &format!("{}?after={after}", versions(&id))).await.json(200);
    assert_eq!((&rest["data"][0]["version"], &rest["has_more"]), (&json!(1), &json!(false)));
    let other = function(&service, &customer, "other").await;
    for bad in ["1", &format!("{other}@1"), ""] {
        let refused = service.get(&customer, &format!("{}?after={bad}", versions(&id))).await;
        assert_eq!(refused.problem(400), "invalid_parameter", "{bad}");
    }
}

#[tokio::test]
async fn a_module_is_validated_without_being_kept() {
    const PATH: &str = "/v1/reward_functions/validate";
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let form = module_form(last_number()).text("samples", json!([sample("#### 42")]).to_string());
    let ready = service.form(&customer, PATH, form).await.json(200);
    assert_eq!((&ready["object"], &ready["state"]), (&json!("reward_function.validation"), &json!("ready")));
    assert_eq!(ready["report"]["samples"][0]["score"], 1.0);
    assert_eq!(ready["report"]["module"]["upload_bytes"], last_number().len());
    let rejected = service.form(&customer, PATH, module_form(b"\0asm\x01\0\0\0")).await.json(200);
    assert_eq!((&rejected["state"], &rejected["rejection"]), (&json!("rejected"), &json!("missing_export")));
    assert_eq!(rejected["report"]["rejection"]["code"], "missing_export");
    let length = include_bytes!("../../../sandbox/guests/wat/length.wasm");
    let of = |text: &str, tokens: u32| {
        let tokens: Vec<u32> = (0..tokens).collect();
        json!({ "prompt": "Be short.", "completion_text": text, "token_ids": tokens, "reference": "1" })
    };
    let form =
        module_form(length).text("samples", json!([of("Ok.", 1), of("Well, let me see.", 6)]).to_string());
    let abused = service.form(&customer, PATH, form).await.json(200);
    let codes: Vec<&Value> =
        abused["report"]["lint"].as_array().unwrap().iter().map(|f| &f["code"]).collect();
    assert_eq!(codes, [&json!("max_on_empty")], "{abused}");
    let refused = service.form(&customer, PATH, Form::new().text("wasi", "x")).await;
    let expected = [("#/wasi", "unsupported_value"), ("#/module", "required")];
    assert_eq!(faults(&refused, 422), expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    assert_eq!(service.request(Method::POST, PATH).send().await.unwrap().status(), 401);
    let left = "SELECT (SELECT count(*) FROM reward_functions), (SELECT count(*) FROM reward_versions),
        (SELECT count(*) FROM reward_uploads)";
    assert_eq!(service.sql(left).await, "0|0|0");
}

#[tokio::test]
async fn a_version_is_tested_on_samples() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let id = function(&service, &customer, "tested").await;
    let place = upload(&service, &customer, &id, last_number()).await.header("location").to_owned();
    service.validate().await;
    let path = format!("{place}/test");
    let body = json!({ "samples": [sample("#### 42"), sample("#### 41")], "repeat": 2 });
    let tested = service.post(&customer, &path, &body).await.json(200);
    assert_eq!(
        (&tested["object"], &tested["version_id"]),
        (&json!("reward_function.test"), &json!(format!("{id}@1")))
    );
    let samples = tested["samples"].as_array().unwrap();
    assert_eq!(samples.iter().map(|s| &s["score"]).collect::<Vec<_>>(), [&json!(1.0), &json!(0.0)]);
    assert!(
        samples[0]["fuel_used"].as_u64().unwrap() > 0
            && samples[0]["peak_memory_bytes"].as_u64().unwrap() > 0
    );
    assert_eq!(tested["determinism"], json!({ "runs": 4, "processes": 2, "agreed": true }));
    assert!(tested["suggested_limits"]["fuel"].as_u64().unwrap() < 50_000_000, "{tested}");
    assert_eq!(tested["lint"], json!([]));
    let surprise = json!({ "prompt": "40 + 2?", "completion_text": "41", "reference": "42", "expect": 1.0 });
    let surprised = service.post(&customer, &path, &json!({ "samples": [surprise] })).await.json(200);
    let lint = surprised["lint"].as_array().unwrap();
    assert!(lint.iter().any(|found| found["code"] == "unexpected_reward"), "{surprised}");
    let starved = json!({ "samples": [sample("#### 42")], "limits": { "fuel": 1 } });
    let starved = service.post(&customer, &path, &starved).await.json(200);
    assert_eq!(
        (&starved["samples"][0]["outcome"], &starved["samples"][0]["score"]),
        (&json!("fuel_exhausted"), &Value::Null)
    );

    let one = || json!([sample("42")]);
    for (body, status, expected) in [
        (json!({ "samples": [] }), 422, ("#/samples", "required")),
        (json!({ "samples": vec![sample("42"); 65] }), 422, ("#/samples", "too_many")),
        (json!({ "samples": one(), "repeat": 11 }), 422, ("#/repeat", "out_of_range")),
        (json!({ "samples": one(), "repeat": 0 }), 422, ("#/repeat", "out_of_range")),
        (json!({ "samples": one(), "limits": { "fuel": 0 } }), 422, ("#/limits/fuel", "out_of_range")),
        (
            json!({ "samples": one(), "limits": { "memory_bytes": 1 } }),
            422,
            ("#/limits/memory_bytes", "out_of_range"),
        ),
        (
            json!({ "samples": vec![sample("42"); 64], "limits": { "fuel": 1_000_000_000 } }),
            422,
            ("#/limits/fuel", "too_much_fuel"),
        ),
        (json!({ "samples": one(), "args": [] }), 422, ("#/args", "not_an_object")),
        (json!({ "samples": one(), "arg": {} }), 400, ("#/arg", "unknown_parameter")),
        (json!({ "samples": [{ "prompt": "x" }] }), 400, ("#/samples/0", "invalid_json")),
    ] {
        let refused = service.post(&customer, &path, &body).await;
        assert_eq!(faults(&refused, status), [(expected.0.to_owned(), expected.1.to_owned())], "{body:.80}");
    }
    let missing = service.post(&customer, &path.replace("/1/test", "/2/test"), &body).await;
    assert_eq!(missing.problem(404), "not_found");
}

#[tokio::test]
async fn the_contract_is_open_to_read() {
    let service = Service::start().await;
    let abi = service.request(Method::GET, "/v1/reward_functions/abi").send().await.unwrap();
    let abi: Value = Answer::of(abi).await.json(200);
    assert!(abi["wit"].as_str().unwrap().contains("world reward-simple"));
    assert_eq!(abi["limits"]["fuel"], json!({ "default": 50_000_000, "max": 2_000_000_000 }));
    let none = sandbox::config_hash(sandbox::WasiProfile::None).to_string();
    assert_eq!(
        (&abi["wasi"][0]["config_hash"], &abi["engine"]["wasmtime"]),
        (&json!(none), &json!(sandbox::WASMTIME))
    );
    let names = |of: &str| -> Vec<String> {
        abi[of].as_array().unwrap().iter().map(|word| word["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("wasi"), ["none", "deterministic"]);
    assert!(names("outcomes").contains(&"fuel_exhausted".to_owned()));
    assert!(names("rejections").contains(&"forbidden_import".to_owned()));
}

#[tokio::test]
async fn the_built_in_rewards_are_open_to_read() {
    let service = Service::start().await;
    let list = service.request(Method::GET, "/v1/reward_functions/builtins").send().await.unwrap();
    let list: Value = Answer::of(list).await.json(200);
    let data = list["data"].as_array().unwrap();
    assert_eq!(data.len(), builtins::CATALOGUE.len());
    for entry in data {
        assert_eq!(entry["args_schema"]["type"], "object", "{entry}");
        assert!(entry["example"].is_object() && !entry["summary"].as_str().unwrap().is_empty(), "{entry}");
    }
}

#[tokio::test]
async fn names_are_checked_and_listed() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    for bad in ["", "a\0b", "line\nbreak", &"n".repeat(129)] {
        let refused = service.post(&customer, "/v1/reward_functions", &json!({ "name": bad })).await;
        assert_eq!(refused.json(422)["errors"][0]["pointer"], "#/name", "{bad:?}");
    }
    assert_eq!(
        service.post(&customer, "/v1/reward_functions", &json!({ "nme": "x" })).await.problem(400),
        "unknown_parameter"
    );
    let (first, second) =
        (function(&service, &customer, "é").await, function(&service, &customer, "b").await);
    let list = service.get(&customer, "/v1/reward_functions?limit=1").await.json(200);
    assert_eq!((&list["data"][0]["id"], &list["has_more"]), (&json!(second), &json!(true)));
    let rest = service.get(&customer, &format!("/v1/reward_functions?after={second}")).await.json(200);
    assert_eq!((&rest["data"][0]["id"], &rest["data"][0]["name"]), (&json!(first), &json!("é")));
}
