//! Who and what is turned away, with which status and code.

use chain::btauth::{self, Request};
use grail::{CheckpointId, ProfileId};
use miner::Behaviour;
use protocol::work::{WORK_PATH, WorkRequest};
use rand_core::OsRng;
use serde_json::{Value, json};

use crate::checkpoints::{CONTEXT, VOCAB};
use crate::client::{Ask, Miner, caller, nonce, start, start_with};

const ASK: Ask<'static> = Ask { prompts: &[&[5, 9]], group_size: 2, max_tokens: 4 };

type Change = fn(&mut WorkRequest);

/// Status and code of a refusal.
async fn refusal(response: reqwest::Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{status}");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status);
    (status, problem["code"].as_str().unwrap().to_owned())
}

async fn refused_body(miner: &Miner, body: impl Into<Vec<u8>>) -> (u16, String) {
    refusal(miner.post(body.into()).await).await
}

#[tokio::test]
async fn callers_that_are_not_who_they_say_are_refused_before_the_body_is_read() {
    let miner = start(Behaviour::Honest).await;
    // not JSON: had it been parsed first, the code would be another
    let body = b"not json".to_vec();
    let signed = |target: &str, body: &[u8], receiver| {
        let request = Request { method: "POST", target, body };
        btauth::sign(&caller(), &request, receiver, nonce(), OsRng)
    };
    let me = miner.hotkey;
    let stranger = caller().hotkey();
    let old = Request { method: "POST", target: WORK_PATH, body: &body };
    let old = |ns| btauth::sign(&caller(), &old, Some(&me), ns, OsRng);
    for (headers, code) in [
        (Vec::new(), "auth_missing"),
        (signed("/v1/other", &body, Some(&me)), "auth_bad_signature"),
        (signed(WORK_PATH, b"other", Some(&me)), "auth_bad_signature"),
        (signed(WORK_PATH, &body, Some(&stranger)), "auth_wrong_receiver"),
        (signed(WORK_PATH, &body, None), "auth_wrong_receiver"),
        (old(nonce() - 11_000_000_000), "auth_stale"),
        (old(nonce() + 60_000_000_000), "auth_future"),
    ] {
        let refused = refusal(miner.send(headers, body.clone()).await).await;
        assert_eq!(refused, (401, code.to_owned()));
    }
    let mut malformed = signed(WORK_PATH, &body, Some(&me));
    malformed[0].1 = "2".to_owned();
    assert_eq!(refusal(miner.send(malformed, body.clone()).await).await.1, "auth_malformed");
    miner.end().await;
}

#[tokio::test]
async fn a_request_is_served_once() {
    let miner = start(Behaviour::Honest).await;
    let body = serde_json::to_vec(&miner.request(ASK)).unwrap();
    let request = Request { method: "POST", target: WORK_PATH, body: &body };
    let headers = btauth::sign(&caller(), &request, Some(&miner.hotkey), nonce(), OsRng);
    assert_eq!(miner.send(headers.clone(), body.clone()).await.status(), 200);
    let again = refusal(miner.send(headers, body).await).await;
    assert_eq!(again, (401, "auth_replayed".to_owned()));
    miner.end().await;
}

#[tokio::test]
async fn only_listed_callers_are_served() {
    let miner = start_with(|config, _| config.callers = vec![config.key.hotkey()]).await;
    let body = serde_json::to_vec(&miner.request(ASK)).unwrap();
    assert_eq!(refused_body(&miner, body).await, (403, "auth_not_served".to_owned()));
    miner.end().await;
    let miner = start_with(|config, _| config.callers = vec![caller().hotkey()]).await;
    assert!(miner.ask(&miner.request(ASK)).await.is_ok());
    miner.end().await;
}

#[tokio::test]
async fn work_that_cannot_be_served_is_refused_with_its_reason() {
    let miner = start_with(|config, _| config.kv_tokens = 2048).await;
    let good = miner.request(ASK);
    let cases: [(u16, &str, Change); 17] = [
        (400, "unsupported_version", |r| r.version = 2),
        (409, "wrong_checkpoint", |r| r.checkpoint = CheckpointId([0; 32])),
        (409, "wrong_profile", |r| r.profile = ProfileId([0; 32])),
        (422, "sampling", |r| r.sampling.temperature = 0.0),
        (422, "sampling", |r| r.sampling.top_p = 1.5),
        (422, "max_tokens", |r| r.sampling.max_tokens = 0),
        (422, "context", |r| r.sampling.max_tokens = u32::MAX),
        (422, "context", |r| r.sampling.max_tokens = CONTEXT as u32 - 1),
        (422, "context", |r| r.tasks[0].tokens = vec![3; CONTEXT]),
        (422, "tasks", |r| r.tasks.clear()),
        (422, "tasks", |r| r.tasks = vec![r.tasks[0].clone(); 257]),
        (422, "group_size", |r| r.tasks[0].group_size = 0),
        (422, "group_size", |r| r.tasks[0].group_size = 65),
        (422, "group_too_large", |r| r.tasks[0].group_size = 64),
        (422, "tokens", |r| r.tasks[0].tokens.clear()),
        (422, "tokens", |r| r.tasks[0].tokens[1] = VOCAB as u32),
        (422, "traceparent", |r| r.traceparent = Some("0".repeat(500))),
    ];
    for (status, code, change) in cases {
        let mut request = good.clone();
        change(&mut request);
        let refused = refused_body(&miner, serde_json::to_vec(&request).unwrap()).await;
        assert_eq!(refused, (status, code.to_owned()));
    }
    let mut unknown = serde_json::to_value(&good).unwrap();
    unknown["extra"] = json!(1);
    let mut negative = serde_json::to_value(&good).unwrap();
    negative["tasks"][0]["tokens"][0] = json!(-1);
    for body in [unknown.to_string(), negative.to_string(), String::new(), "[".repeat(100_000)] {
        assert_eq!(refused_body(&miner, body).await, (400, "invalid_json".to_owned()));
    }
    assert_eq!(refused_body(&miner, [0xff, 0xfe]).await, (400, "invalid_json".to_owned()));
    assert!(miner.ask(&good).await.is_ok(), "and still serves");
    miner.end().await;
}

#[tokio::test]
async fn a_huge_body_is_refused() {
    let miner = start(Behaviour::Honest).await;
    assert_eq!(refused_body(&miner, vec![b' '; (8 << 20) + 1]).await, (413, "body_too_large".to_owned()));
    assert_eq!(refused_body(&miner, vec![b' '; 8 << 20]).await, (400, "invalid_json".to_owned()));
    miner.end().await;
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let miner = start(Behaviour::Hang).await;
    let http = reqwest::Client::builder().build().unwrap();
    let response = http.get(format!("{}/v2/work", miner.base)).send().await.unwrap();
    assert_eq!(refusal(response).await, (404, "not_found".to_owned()));
    let response = http.get(format!("{}{WORK_PATH}", miner.base)).send().await.unwrap();
    assert_eq!(response.status(), 405);
    miner.end().await;
}

#[tokio::test]
async fn the_status_names_hotkey_checkpoint_and_profile() {
    let miner = start_with(|config, _| config.max_rows = 24).await;
    let (status, request) = (miner.status().await, miner.request(ASK));
    assert_eq!(chain::ss58::decode(&status.hotkey).unwrap(), miner.hotkey);
    assert_eq!((status.checkpoint, status.profile), (request.checkpoint, request.profile));
    assert_eq!((status.capacity, status.in_flight), (24, 0));
    miner.end().await;
}
