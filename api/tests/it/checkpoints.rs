//! What jobs can run on.

use std::path::Path;

use checkpoint::Checkpoint;
use serde_json::{Value, json};
use store::registered_checkpoints::{self, Allowed};

use crate::harness::{Answer, Service, job_body};

#[tokio::test]
async fn the_current_checkpoint_is_known_and_replaced() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let current = service.get(&customer, "/v1/checkpoints/current").await.json(200);
    assert_eq!(
        (&current["status"], &current["config"]),
        (&json!("current"), &json!({ "context_length": 512 }))
    );
    let first = current["id"].as_str().unwrap().parse().unwrap();

    let next = grail::CheckpointId([7; 32]);
    let mut tx = service.db.begin().await.unwrap();
    let now = service.clock.now();
    store::checkpoints::publish(&mut tx, next, "next", Some(first), &json!({}), now).await.unwrap();
    store::checkpoints::publish(&mut tx, next, "renamed", None, &json!({}), now).await.unwrap();
    tx.commit().await.unwrap();
    let list = service.get(&customer, "/v1/checkpoints").await.json(200);
    let seen: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (&c["name"], &c["status"], &c["previous_id"]))
        .collect();
    let (next_name, current, available) = (json!("renamed"), json!("current"), json!("available"));
    assert_eq!(seen, [(&next_name, &current, &json!(first)), (&json!("tiny"), &available, &json!(null))]);
}

const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/arith-tiny/current");

fn source() -> Value {
    json!({ "hf_repo": "example/arith-tiny", "revision": "0123456789abcdef0123456789abcdef01234567" })
}

/// A job that names this model.
fn on(model: &Value) -> Value {
    let mut body = job_body(1);
    body["prompts"] = json!([{ "text": "Ana has 2 pens.\n", "reference": "2" }]);
    body["model"] = model.clone();
    body
}

impl Service {
    /// What the operator's command does; the hash of the files.
    async fn allow(&self, id: &str) -> String {
        let weights = Checkpoint::open(Path::new(TINY)).unwrap().id;
        let (config, now) = (json!({ "context_length": 512 }), self.clock.now());
        let allowed = Allowed { checkpoint: weights, config: &config, path: TINY };
        let mut tx = self.db.begin().await.unwrap();
        registered_checkpoints::allow(&mut tx, id.parse().unwrap(), allowed, now).await.unwrap();
        tx.commit().await.unwrap();
        weights.to_string()
    }

    async fn refuse(&self, id: &str, reason: &str) {
        let (mut conn, now) = (self.db.acquire().await.unwrap(), self.clock.now());
        registered_checkpoints::refuse(&mut conn, id.parse().unwrap(), reason, now).await.unwrap();
    }
}

#[tokio::test]
async fn a_checkpoint_is_asked_for_once_and_waits_for_the_operator() {
    let service = Service::start().await;
    let (customer, stranger) = (service.customer(100_000).await, service.customer(100_000).await);
    let asked = async |key: &str| {
        let request = service.request(reqwest::Method::POST, "/v1/checkpoints").bearer_auth(&customer.key);
        Answer::of(request.header("idempotency-key", key).json(&source()).send().await.unwrap()).await
    };
    let created = asked("one").await;
    let pending = created.json(201);
    let id = pending["id"].as_str().unwrap();
    let path = format!("/v1/checkpoints/{id}");
    assert_eq!(created.header("location"), path);
    assert!(id.starts_with("ckpt_"), "{id}");
    assert_eq!(pending["status"], "pending");
    assert_eq!(pending["name"], "example/arith-tiny@0123456789abcdef0123456789abcdef01234567");
    assert_eq!((&pending["checkpoint_id"], &pending["config"]), (&Value::Null, &Value::Null));
    let again = asked("one").await;
    assert_eq!((again.json(201), again.header("idempotency-replayed")), (pending.clone(), "true"));
    assert_eq!(asked("two").await.json(200), pending, "the project has it");
    assert_eq!(service.get(&customer, &path).await.json(200), pending);
    assert_eq!(service.get(&stranger, &path).await.problem(404), "not_found");
    // another project's of the same source is another wish
    let theirs = service.post(&stranger, "/v1/checkpoints", &source()).await.json(201);
    assert_ne!(theirs["id"], pending["id"]);

    let body = on(&json!({ "checkpoint": id }));
    for path in ["/v1/jobs", "/v1/quotes", "/v1/jobs?dry_run=true"] {
        let refused = service.post(&customer, path, &body).await;
        assert_eq!(refused.problem(403), "model_not_allowed", "{path}");
        assert_eq!(refused.json(403)["errors"][0]["pointer"], "#/model/checkpoint");
        assert_eq!(service.post(&stranger, path, &body).await.problem(422), "unknown_checkpoint", "{path}");
    }
    assert_eq!(service.sql("SELECT count(*) FROM jobs").await, "0");
    service.refuse(id, "its architecture is not served").await;
    let shown = service.get(&customer, &path).await.json(200);
    assert_eq!(
        (&shown["status"], &shown["reason"]),
        (&json!("unsupported"), &json!("its architecture is not served"))
    );
    assert!(shown["decided_at"].is_string());
    let refused = service.post(&customer, "/v1/jobs", &body).await;
    assert_eq!(refused.problem(403), "model_not_allowed");
    assert!(refused.text.contains("its architecture is not served"), "{}", refused.text);
}

#[tokio::test]
async fn jobs_run_on_an_allowed_checkpoint_by_each_of_its_names_and_only_its_project_s() {
    let service = Service::start().await;
    let (customer, stranger) = (service.customer(100_000).await, service.customer(100_000).await);
    let sibling = service.sibling(&customer).await;
    let asked = service.post(&customer, "/v1/checkpoints", &source()).await.json(201);
    let id = asked["id"].as_str().unwrap().to_owned();
    let weights = service.allow(&id).await;
    let shown = service.get(&customer, &format!("/v1/checkpoints/{id}")).await.json(200);
    assert_eq!((&shown["status"], &shown["checkpoint_id"]), (&json!("available"), &json!(weights)));

    let tokens = Checkpoint::open(Path::new(TINY)).unwrap().tokenizer.encode("Ana has 2 pens.\n").unwrap();
    for model in [json!({ "checkpoint": id }), json!({ "checkpoint": weights }), source()] {
        let job = service.post(&customer, "/v1/jobs", &on(&model)).await.json(201);
        assert_eq!(job["checkpoint_id"], json!(weights), "{model}");
        let dry = service.post(&customer, "/v1/jobs?dry_run=true", &on(&model)).await.json(200);
        assert_eq!(dry["prompt_tokens"], tokens.len(), "its own tokenizer");
        for outsider in [&stranger, &sibling] {
            let refused = service.post(outsider, "/v1/jobs", &on(&model)).await;
            assert_eq!(refused.problem(422), "unknown_checkpoint", "{model}");
        }
    }
    // an open job takes prompts, too
    let mut open = on(&json!({ "checkpoint": id }));
    open["open"] = json!(true);
    let job = service.post(&customer, "/v1/jobs", &open).await.json(201)["id"].as_str().unwrap().to_owned();
    let more = json!({ "prompts": [{ "text": "Ana has 2 pens.\n", "reference": "2" }] });
    service.post(&customer, &format!("/v1/jobs/{job}/prompts"), &more).await.json(201);
    let kept = "SELECT count(*) FROM prompts WHERE text = E'Ana has 2 pens.\\n' AND encoding = 'plain'";
    assert_eq!(service.sql(kept).await, "5");

    // nobody else sees the weights, whatever they ask
    for (caller, count) in [(&customer, 2), (&stranger, 1), (&sibling, 1)] {
        for path in ["/v1/checkpoints", "/v1/models"] {
            let list = service.get(caller, path).await;
            assert_eq!(list.json(200)["data"].as_array().unwrap().len(), count, "{path}");
            assert_eq!(list.text.contains(&id), count == 2, "{path}");
        }
    }
    for path in
        [format!("/v1/models/{id}"), format!("/v1/models/{weights}"), format!("/v1/checkpoints/{weights}")]
    {
        assert_eq!(service.get(&stranger, &path).await.problem(404), "not_found", "{path}");
    }
    assert_eq!(service.get(&customer, &format!("/v1/models/{id}")).await.json(200)["owned_by"], "you");
    let hidden = format!(
        "BEGIN; SET LOCAL ROLE reliquary_tenant; SET LOCAL reliquary.account = '{0}'; \
         SET LOCAL reliquary.project = '{0}'; SELECT count(*) FROM checkpoints; COMMIT",
        stranger.account.0
    );
    assert_eq!(service.sql(&hidden).await, "1", "the second wall");

    // the operator takes it back: what runs goes on, and nothing new begins
    service.refuse(&id, "the licence ended").await;
    let refused = service.post(&customer, "/v1/jobs", &on(&json!({ "checkpoint": id }))).await;
    assert_eq!(refused.problem(403), "model_not_allowed");
    let refused = service.post(&customer, "/v1/jobs", &on(&json!({ "checkpoint": weights }))).await;
    assert_eq!(refused.problem(422), "unknown_checkpoint");
    assert_eq!(service.sql("SELECT count(*) FROM jobs WHERE status = 'queued'").await, "4");
}

#[tokio::test]
async fn prompts_that_were_added_stay_answered_when_their_checkpoint_is_refused() {
    let service = Service::start().await;
    let customer = service.customer(100_000).await;
    let id = service.post(&customer, "/v1/checkpoints", &source()).await.json(201)["id"].clone();
    let id = id.as_str().unwrap();
    service.allow(id).await;
    let mut body = on(&json!({ "checkpoint": id }));
    body["open"] = json!(true);
    let job = service.post(&customer, "/v1/jobs", &body).await.json(201)["id"].clone();
    let path = format!("/v1/jobs/{}/prompts", job.as_str().unwrap());
    let more = async |key: &str| {
        let more = json!({ "prompts": [{ "text": "Ben has 3 pens.\n", "reference": "3" }] });
        let request = service.request(reqwest::Method::POST, &path).bearer_auth(&customer.key);
        Answer::of(request.header("idempotency-key", key).json(&more).send().await.unwrap()).await
    };
    let added = more("one").await;
    added.json(201);
    service.refuse(id, "no longer").await;
    assert_eq!(more("two").await.problem(409), "job_not_open");
    let again = more("one").await;
    assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &added.text));
}

#[tokio::test]
async fn what_is_wrong_with_a_wish_or_a_model_is_named() {
    let service = Service::start().await;
    let customer = service.customer(100_000).await;
    let wish = json!({ "hf_repo": "../x", "revision": "main", "adapter": { "hf_repo": "a/b" } });
    let refused = service.post(&customer, "/v1/checkpoints", &wish).await.json(422);
    let told: Vec<_> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["#/hf_repo", "#/revision", "#/adapter"]);
    assert_eq!(service.sql("SELECT count(*) FROM registered_checkpoints").await, "0");
    for (model, pointer, code) in [
        (json!({ "checkpoint": "ckpt_x" }), "#/model/checkpoint", "unknown_checkpoint"),
        (
            json!({ "checkpoint": "ckpt_01K9QZ4E8V7X2M3N4P5Q6R7S8T" }),
            "#/model/checkpoint",
            "unknown_checkpoint",
        ),
        (source(), "#/model/hf_repo", "unknown_checkpoint"),
        (json!({ "hf_repo": "a/b" }), "#/model/revision", "required"),
        (json!({ "revision": "0".repeat(40) }), "#/model/hf_repo", "required"),
        (json!({ "hf_repo": "a/b", "revision": "main" }), "#/model/revision", "invalid_revision"),
        (
            json!({ "checkpoint": "current", "hf_repo": "a/b", "revision": "0".repeat(40) }),
            "#/model",
            "model_form",
        ),
    ] {
        let mut body = on(&model);
        body["sampling"]["n"] = json!(0);
        let errors = service.post(&customer, "/v1/jobs", &body).await.json(422)["errors"].clone();
        let found: Vec<_> = errors.as_array().unwrap().iter().map(|e| (&e["pointer"], &e["code"])).collect();
        let (at, what) = (json!(pointer), json!(code));
        assert_eq!(found, [(&at, &what), (&json!("#/sampling/n"), &json!("out_of_range"))], "{model}");
    }
}

#[tokio::test]
async fn both_kinds_are_one_list_in_pages() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    for digit in ["1", "2", "3"] {
        let wish = json!({ "hf_repo": "example/arith-tiny", "revision": digit.repeat(40) });
        service.post(&customer, "/v1/checkpoints", &wish).await.json(201);
    }
    let mut seen = Vec::new();
    let mut path = "/v1/checkpoints?limit=2".to_owned();
    loop {
        let page = service.get(&customer, &path).await.json(200);
        seen.extend(
            page["data"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()[..].to_owned()),
        );
        if page["has_more"] == false {
            break;
        }
        path = format!("/v1/checkpoints?limit=2&after={}", page["last_id"].as_str().unwrap());
    }
    let name = |digit: &str| format!("example/arith-tiny@{}", digit.repeat(40));
    assert_eq!(seen, [name("3"), name("2"), name("1"), "tiny".to_owned()]);
    assert_eq!(
        service.get(&customer, "/v1/checkpoints?after=ckpt_x").await.problem(400),
        "invalid_parameter"
    );
}
