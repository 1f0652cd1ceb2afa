//! Reward functions: names, uploads, versions, and what is refused.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Customer, Service, job_body};

async fn upload(service: &Service, customer: &Customer, function: &str, module: &[u8]) -> Answer {
    let path = format!("/v1/reward_functions/{function}/versions");
    let request = service.request(Method::POST, &path).bearer_auth(&customer.key);
    let request = request.header("content-type", "application/wasm").body(module.to_vec());
    Answer::of(request.send().await.unwrap()).await
}

async fn function(service: &Service, customer: &Customer, name: &str) -> String {
    let function = service.post(customer, "/v1/reward_functions", &json!({ "name": name })).await.json(201);
    function["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn uploads_become_versions_and_jobs_name_them() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let id = function(&service, &customer, "mine").await;
    let first: &[u8] = include_bytes!("../../../sandbox/guests/wat/length.wasm");
    let second: &[u8] = include_bytes!("../../../sandbox/guests/wat/shortest.wasm");
    let one = upload(&service, &customer, &id, first).await;
    let version = one.json(201);
    assert_eq!((&version["version"], &version["state"]), (&json!(1), &json!("ready")));
    assert_eq!(version["id"], json!(format!("{id}@1")));
    assert_eq!(version["upload_bytes"], json!(first.len()));
    assert_eq!(upload(&service, &customer, &id, second).await.json(201)["version"], 2);
    assert_eq!(
        upload(&service, &customer, &id, first).await.json(200),
        version,
        "the same bytes, the same version"
    );
    assert_eq!(service.get(&customer, one.header("location")).await.json(200), version);
    assert_eq!(
        service.get(&customer, &format!("/v1/reward_functions/{id}")).await.json(200)["latest_version"],
        2
    );

    let mut body = job_body(1);
    body["reward"] = json!({ "mode": "wasm", "function": format!("{id}@1"), "limits": { "fuel": 7 }, "on_error": "reject" });
    let job = service.post(&customer, "/v1/jobs", &body).await.json(201);
    assert_eq!(job["reward"]["component_sha256"], version["component_sha256"]);
    assert_eq!((&job["reward"]["limits"]["fuel"], &job["reward"]["on_error"]), (&json!(7), &json!("reject")));
    for missing in ["@3", "@0", "@01", ""] {
        body["reward"]["function"] = json!(format!("{id}{missing}"));
        assert_eq!(
            service.post(&customer, "/v1/jobs", &body).await.problem(422),
            "unknown_reward_function",
            "{missing}"
        );
    }

    // what was stored is what the worker gets
    let hash = hex::decode(version["component_sha256"].as_str().unwrap()).unwrap().try_into().unwrap();
    let mut conn = service.db.acquire().await.unwrap();
    let module = store::reward_functions::module(&mut conn, &hash).await.unwrap().unwrap();
    assert_eq!(
        (module.component.len() as u64, &*module.world),
        (version["component_bytes"].as_u64().unwrap(), version["world"].as_str().unwrap())
    );
}

#[tokio::test]
async fn what_is_no_module_is_refused_with_a_reason() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let id = function(&service, &customer, "bad").await;
    for (bytes, reason) in [
        (&b"def reward(x): return 1"[..], "not_wasm"),
        (b"", "not_wasm"),
        (b"\0asm\x01\0\0\0", "missing_export"),
        (b"\0asm\x01\0\0\0\xff", "invalid_wasm"),
    ] {
        let refused = upload(&service, &customer, &id, bytes).await;
        assert_eq!(refused.problem(422), "reward_function_invalid");
        assert_eq!(refused.json(422)["errors"][0]["code"], reason, "{}", refused.text);
    }
    assert_eq!(
        upload(&service, &customer, &id, &vec![0; (1 << 20) + 1]).await.problem(413),
        "payload_too_large"
    );
    let path = format!("/v1/reward_functions/{id}/versions");
    assert_eq!(service.post(&customer, &path, &json!({})).await.problem(415), "unsupported_media_type");
    assert_eq!(service.sql("SELECT count(*) FROM reward_versions").await, "0");
    assert_eq!(service.get(&customer, &format!("{path}/1")).await.problem(404), "not_found");
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
