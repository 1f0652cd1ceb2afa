//! The same request with the same key is answered once and then again; with another body it is refused.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use store::idempotency;

use crate::harness::{Answer, Customer, Service, job_body, module_form, quick};

async fn create(service: &Service, customer: &Customer, key: &str, body: &Value) -> Answer {
    let request = service.request(Method::POST, "/v1/jobs").bearer_auth(&customer.key).json(body);
    Answer::of(request.header("Idempotency-Key", key).send().await.unwrap()).await
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let first = create(&service, &customer, "k", &job_body(2)).await;
    let again = create(&service, &customer, "k", &job_body(2)).await;
    assert_eq!((first.status, &first.text), (201, &again.text));
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
    assert_eq!(again.status, 201);
    assert_eq!(create(&service, &customer, "k", &job_body(3)).await.problem(422), "idempotency_key_reused");
    // even a body that is not valid
    assert_eq!(
        create(&service, &customer, "k", &json!({ "nonsense": 1 })).await.problem(422),
        "idempotency_key_reused"
    );
    assert_eq!(service.sql("SELECT count(*) FROM jobs").await, "1");
    // other keys and other accounts are other requests
    assert_ne!(create(&service, &customer, "l", &job_body(2)).await.text, first.text);
    let other = service.customer(1_000_000).await;
    assert_ne!(create(&service, &other, "k", &job_body(2)).await.json(201)["id"], first.json(201)["id"]);
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn the_spelling_of_the_body_does_not_matter() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let send = async |text: String| {
        let request = service.request(Method::POST, "/v1/jobs").bearer_auth(&customer.key).body(text);
        let request = request.header("Content-Type", "application/json").header("Idempotency-Key", "k");
        Answer::of(request.send().await.unwrap()).await
    };
    let first =
        send(r#"{"prompts":[{"text":"a","reference":"1"}],"sampling":{"n":1,"max_tokens":4}}"#.to_owned())
            .await;
    first.json(201);
    let again = "{ \"sampling\": { \"max_tokens\": 4, \"n\": 1 },\n\"prompts\": [ {\"reference\":\"\\u0031\", \"text\":\"a\"} ] }";
    let again = send(again.to_owned()).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"), "{}", again.text);
    assert_eq!(
        (again.text.as_str(), again.header("location")),
        (first.text.as_str(), first.header("location"))
    );
    assert_eq!(service.sql("SELECT count(*) FROM jobs").await, "1");
}

#[tokio::test]
async fn many_at_once_make_one_job() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let body = job_body(20);
    let answers = join_all((0..12).map(|_| create(&service, &customer, "race", &body))).await;
    let (made, waiting): (Vec<&Answer>, Vec<&Answer>) =
        answers.iter().partition(|answer| answer.status == 201);
    assert!(made.iter().all(|answer| answer.text == made[0].text));
    assert_eq!(made.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count(), 1);
    for answer in waiting {
        assert_eq!(answer.problem(409), "idempotency_in_progress");
        assert_eq!((answer.header("retry-after"), answer.json(409)["retryable"].clone()), ("1", json!(true)));
    }
    assert_eq!(
        service.sql("SELECT count(*), sum(held) FROM jobs, accounts WHERE kind = 'customer'").await,
        "1|40000"
    );
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn a_request_beside_one_that_is_under_way_is_told_to_wait() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let request = idempotency::Request {
        project: customer.account.default_project(),
        operation: "POST /v1/jobs",
        key: "k",
        fingerprint: [7; 32],
    };
    let mut tx = service.db.begin().await.unwrap();
    assert_eq!(idempotency::claim(&mut tx, &request, service.clock.now()).await.unwrap(), None);
    assert_eq!(create(&service, &customer, "k", &job_body(1)).await.problem(409), "idempotency_in_progress");
    // other keys, and the keys of others, are free
    create(&service, &customer, "l", &job_body(1)).await.json(201);
    let other = service.customer(1_000_000).await;
    create(&service, &other, "k", &job_body(1)).await.json(201);
    tx.rollback().await.unwrap();
    create(&service, &customer, "k", &job_body(1)).await.json(201);
}

#[tokio::test]
async fn a_key_is_free_after_a_week_and_its_answer_is_deleted() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let first = create(&service, &customer, "k", &job_body(1)).await.json(201);
    create(&service, &customer, "l", &job_body(1)).await.json(201);
    let forget = async |limit| {
        let mut conn = service.db.acquire().await.unwrap();
        idempotency::forget(&mut conn, service.clock.now(), limit).await.unwrap()
    };
    service
        .sql("UPDATE idempotency_keys SET created_at = created_at - interval '7 days' + interval '1 minute'")
        .await;
    assert_eq!(forget(10).await, 0);
    create(&service, &customer, "k", &job_body(2)).await.problem(422);
    service.sql("UPDATE idempotency_keys SET created_at = created_at - interval '1 minute'").await;
    // free on its time, whether or not somebody has swept
    let second = create(&service, &customer, "k", &job_body(2)).await;
    assert_ne!(second.json(201)["id"], first["id"]);
    assert_eq!(create(&service, &customer, "k", &job_body(2)).await.text, second.text);
    assert_eq!((forget(10).await, forget(10).await), (1, 0));
    assert_eq!(service.sql("SELECT string_agg(key, ',') FROM idempotency_keys").await, "k");
}

#[tokio::test]
async fn reward_functions_are_made_once() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let create = async |path: &str, key: &str, body: &Value| {
        let request = service.request(Method::POST, path).bearer_auth(&customer.key).json(body);
        Answer::of(request.header("Idempotency-Key", key).send().await.unwrap()).await
    };
    let path = "/v1/reward_functions";
    let first = create(path, "k", &json!({ "name": "a" })).await;
    let again = create(path, "k", &json!({ "name": "a" })).await;
    assert_eq!((first.json(201), again.header("idempotency-replayed")), (again.json(201), "true"));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(create(path, "k", &json!({ "name": "b" })).await.problem(422), "idempotency_key_reused");
    assert_eq!(create(path, "l", &json!({ "name": "" })).await.problem(422), "validation_failed");
    create(path, "l", &json!({ "name": "b" })).await.json(201);

    let versions = format!("{}/versions", first.header("location"));
    let upload = async |key: &str, module: &[u8]| {
        let request = service.request(Method::POST, &versions).bearer_auth(&customer.key);
        let request = request.header("Idempotency-Key", key).multipart(module_form(module));
        Answer::of(request.send().await.unwrap()).await
    };
    let first = upload("k", b"\0asm one").await;
    let again = upload("k", b"\0asm one").await;
    assert_eq!((first.json(201), again.header("idempotency-replayed")), (again.json(201), "true"));
    assert_eq!(upload("k", b"\0asm two").await.problem(422), "idempotency_key_reused");
    assert_eq!(upload("l", b"\0asm one").await.status, 200, "these bytes are a version already");
    assert_eq!(service.sql("SELECT count(*) FROM reward_versions").await, "1");
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let service = Service::start().await;
    let customer = service.customer(1_000).await;
    assert_eq!(create(&service, &customer, "k", &job_body(2)).await.problem(402), "insufficient_credits");
    let bad = json!({ "prompts": [] });
    assert_eq!(create(&service, &customer, "k", &bad).await.status, 422);
    service.assert_nothing_stored().await;
    create(
        &service,
        &customer,
        "k",
        &json!({ "prompts": [{ "text": "a" }], "sampling": { "n": 1, "max_tokens": 1 } }),
    )
    .await
    .json(201);
}

#[tokio::test]
async fn keys_have_a_length() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    for key in ["", &"k".repeat(256)] {
        assert_eq!(create(&service, &customer, key, &job_body(1)).await.problem(400), "invalid_header");
    }
    create(&service, &customer, &"k".repeat(255), &job_body(1)).await.json(201);
}

/// POSTs that have no key though they make something or set something going.
fn needs_no_key(path: &str) -> bool {
    // a token that is good once; who lost the answer asks for another link, or for another session
    let signs_in = path.starts_with("/v1/sessions");
    // the state that a resource is to have: said twice, it is the same
    let state = ["archive", "cancel", "close", "complete", "pause", "resume"];
    let sets_state = state.iter().any(|verb| path.ends_with(&format!("/{verb}")));
    // rewards of a group are posted once: the same again are the same answer, and others are refused
    let posts_rewards = path.ends_with("/rewards");
    // a part that was sent twice is two parts, of which one is named
    let is_part = path.ends_with("/parts");
    // keeps nothing
    let tries = ["/validate", "/versions/{version}/test"].iter().any(|end| path.ends_with(end));
    // Tinker's own client sends none, and names what it repeats by its own numbers
    let tinker = path.starts_with("/tinker/");
    // of a minute, kept nowhere: another one does as well
    let is_token = path == "/v1/stream_tokens";
    is_part || is_token || signs_in || sets_state || posts_rewards || tries || tinker
}

/// Whether a route reads the header is seen by one that cannot be a key.
#[tokio::test]
async fn every_post_that_creates_reads_a_key_and_says_so() {
    // a stream of a project ends by its age alone
    let service = Service::with(api::Config { sse_max_age_ms: 200, ..quick() }).await;
    let customer = service.customer(0).await;
    let document: Value = serde_json::from_str(&api::openapi::json()).unwrap();
    let mut with_key = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            let operation = &item[method];
            if operation.is_null() || operation["security"] == json!([{}]) {
                continue;
            }
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let is_told =
                parameters.filter_map(|one| one["name"].as_str()).any(|name| name == "Idempotency-Key");
            let concrete = path.replace("{version}", "1").replace(['{', '}'], "");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let request = service.request(method.clone(), &concrete).bearer_auth(&customer.key);
            let is_form = operation["requestBody"]["content"]["multipart/form-data"].is_object();
            let request = match () {
                () if method == Method::GET || method == Method::DELETE => request,
                () if is_form => request.multipart(module_form(b"x")),
                () => request.json(&json!({})),
            };
            let answer =
                Answer::of(request.header("idempotency-key", "k".repeat(256)).send().await.unwrap()).await;
            let is_read = answer.status == 400
                && answer.problem(400) == "invalid_header"
                && answer.json(400)["param"] == "Idempotency-Key";
            assert_eq!(is_read, is_told, "{method} {path}: read, and told in the document");
            with_key += usize::from(is_told);
            if method == Method::POST {
                assert!(is_told != needs_no_key(path), "{path}: a key, or a reason in `needs_no_key`");
            }
        }
    }
    assert!(with_key >= 18, "the document has lost keys: {with_key}");
}
