//! Files in parts: put together once and whole, in the order that is named, and by nobody else.

use std::time::Duration;

use api::{AppState, Config};
use protocol::{FileId, UploadId};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::objects::{file_key, parts_folder};
use store::{Clock, Objects, Rates, Tenant, uploads};

use crate::harness::{Answer, Customer, Service, quick};

fn wish(bytes: usize) -> Value {
    json!({ "filename": "in.jsonl", "purpose": "job_input", "bytes": bytes, "mime_type": "text/plain" })
}

async fn begun(service: &Service, customer: &Customer, bytes: usize) -> String {
    let upload = service.post(customer, "/v1/uploads", &wish(bytes)).await.json(201);
    upload["id"].as_str().unwrap().to_owned()
}

async fn send(service: &Service, customer: &Customer, upload: &str, bytes: &[u8]) -> Answer {
    let form = Form::new().part("data", Part::bytes(bytes.to_vec()).file_name("part"));
    service.form(customer, &format!("/v1/uploads/{upload}/parts"), form).await
}

async fn part(service: &Service, customer: &Customer, upload: &str, bytes: &[u8]) -> Value {
    send(service, customer, upload, bytes).await.json(201)["id"].clone()
}

async fn complete(service: &Service, customer: &Customer, upload: &str, body: &Value) -> Answer {
    service.post(customer, &format!("/v1/uploads/{upload}/complete"), body).await
}

/// The codes of what is wrong, with their pointers.
fn faults(answer: &Answer) -> Vec<(String, String)> {
    let problem = answer.json(422);
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|error| (word(&error["pointer"]), word(&error["code"]))).collect()
}

fn hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[tokio::test]
async fn parts_become_a_file_in_the_order_that_is_named() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let upload = begun(&service, &customer, 9).await;
    let path = format!("/v1/uploads/{upload}");
    let shown = service.get(&customer, &path).await.json(200);
    assert_eq!((&shown["object"], &shown["status"]), (&json!("upload"), &json!("pending")));
    assert_eq!(
        (&shown["file"], &shown["bytes"], &shown["mime_type"]),
        (&Value::Null, &json!(9), &json!("text/plain"))
    );
    assert_eq!(shown["expires_at"].as_i64().unwrap() - shown["created_at"].as_i64().unwrap(), 3600);
    // out of order, and one of them twice
    let last = part(&service, &customer, &upload, b"{\"c\"").await;
    let first = part(&service, &customer, &upload, b"a\nb\n\n").await;
    let again = part(&service, &customer, &upload, b"a\nb\n\n").await;
    assert_ne!(first, again);
    let body = json!({ "part_ids": [again, last], "sha256": hex(b"a\nb\n\n{\"c\"") });
    let done = complete(&service, &customer, &upload, &body).await.json(200);
    assert_eq!((&done["status"], &done["file"]["bytes"]), (&json!("completed"), &json!(9)));
    assert_eq!(
        (&done["file"]["filename"], &done["file"]["purpose"]),
        (&json!("in.jsonl"), &json!("job_input"))
    );
    let file = done["file"]["id"].as_str().unwrap();
    let content = service.get(&customer, &format!("/v1/files/{file}/content")).await;
    assert_eq!((content.status, content.text.as_str()), (200, "a\nb\n\n{\"c\""));
    assert_eq!(service.sql("SELECT lines FROM files").await, "4");
    let list = service.get(&customer, "/v1/files").await.json(200);
    assert_eq!(list["data"][0], done["file"]);
    // again, whoever had not heard the answer
    let twice = complete(&service, &customer, &upload, &json!({ "part_ids": [] })).await.json(200);
    assert_eq!(twice, done);
    assert_eq!(service.get(&customer, &path).await.json(200), done);
    for late in [
        send(&service, &customer, &upload, b"x").await,
        service.post(&customer, &format!("{path}/cancel"), &json!({})).await,
    ] {
        assert_eq!(late.problem(409), "upload_not_pending");
    }
    assert_eq!(service.sql("SELECT count(*) FROM files").await, "1");
}

#[tokio::test]
async fn what_is_wrong_is_said_and_can_be_mended() {
    let service = Service::with(Config { max_part_bytes: 1_000, max_file_bytes: 5_000, ..quick() }).await;
    let customer = service.customer(0).await;
    let bad = json!({ "filename": "", "purpose": "batch_output", "bytes": 5_001, "mime_type": "a\nb" });
    let refused = service.post(&customer, "/v1/uploads", &bad).await;
    let pointers: Vec<String> = faults(&refused).into_iter().map(|fault| fault.0).collect();
    assert_eq!(pointers, ["#/filename", "#/mime_type", "#/purpose", "#/bytes"]);
    let upload = begun(&service, &customer, 1_500).await;
    assert_eq!(send(&service, &customer, &upload, &[7; 1_001]).await.problem(413), "payload_too_large");
    assert_eq!(
        faults(&send(&service, &customer, &upload, b"").await),
        [("#/data".into(), "out_of_range".into())]
    );
    let path = format!("/v1/uploads/{upload}/parts");
    let other = Form::new().part("file", Part::bytes(b"x".to_vec()).file_name("x"));
    assert_eq!(service.form(&customer, &path, other).await.problem(400), "unknown_parameter");
    let nothing = service.request(Method::POST, &path).bearer_auth(&customer.key);
    let nothing = nothing.header("content-type", "multipart/form-data; boundary=x").body("--x--\r\n");
    let nothing = Answer::of(nothing.send().await.unwrap()).await;
    assert_eq!(faults(&nothing), [("#/data".into(), "required".into())]);
    let one = part(&service, &customer, &upload, &[1; 1_000]).await;
    let two = part(&service, &customer, &upload, &[2; 500]).await;
    let elsewhere = begun(&service, &customer, 4).await;
    let foreign = part(&service, &customer, &elsewhere, b"abcd").await;
    for (body, expected) in [
        (json!({ "part_ids": [one] }), vec![("#/part_ids", "size_mismatch")]),
        (
            json!({ "part_ids": [one, one, foreign, "part_x"] }),
            vec![
                ("#/part_ids/1", "duplicate_part"),
                ("#/part_ids/2", "unknown_part"),
                ("#/part_ids/3", "unknown_part"),
            ],
        ),
        (json!({ "part_ids": [one, two], "sha256": "zz" }), vec![("#/sha256", "invalid")]),
        (json!({ "part_ids": [one, two], "sha256": hex(b"other") }), vec![("#/sha256", "hash_mismatch")]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
        assert_eq!(faults(&complete(&service, &customer, &upload, &body).await), expected, "{body}");
    }
    // no more than twice its size
    part(&service, &customer, &upload, &[3; 1_000]).await;
    assert_eq!(send(&service, &customer, &upload, &[3; 501]).await.problem(413), "payload_too_large");
    complete(&service, &customer, &upload, &json!({ "part_ids": [one, two] })).await.json(200);
    assert_eq!(service.sql("SELECT count(*) FROM files").await, "1");
}

#[tokio::test]
async fn whose_it_is_comes_before_what_is_wrong_with_the_request() {
    let service = Service::start().await;
    let (owner, stranger) = (service.customer(0).await, service.customer(0).await);
    let sibling = service.sibling(&owner).await;
    let upload = begun(&service, &owner, 4).await;
    let id = part(&service, &owner, &upload, b"abcd").await;
    for other in [&stranger, &sibling] {
        assert_eq!(service.get(other, &format!("/v1/uploads/{upload}")).await.problem(404), "not_found");
        assert_eq!(send(&service, other, &upload, b"x").await.problem(404), "not_found");
        for body in [json!({}), json!({ "part_ids": [id] }), json!([1])] {
            assert_eq!(complete(&service, other, &upload, &body).await.problem(404), "not_found", "{body}");
        }
        let path = format!("/v1/uploads/{upload}/parts");
        assert_eq!(service.post(other, &path, &json!({})).await.problem(404), "not_found", "no form at all");
        let path = format!("/v1/uploads/{upload}/cancel");
        assert_eq!(service.post(other, &path, &json!({})).await.problem(404), "not_found");
    }
    complete(&service, &owner, &upload, &json!({ "part_ids": [id] })).await.json(200);
}

#[tokio::test]
async fn uploads_end_and_leave_room() {
    let clock = Clock::manual(Clock::System.now());
    let config = Config { max_project_file_bytes: 1_000, ..quick() };
    let service = Service::counting(config, clock.clone(), Rates::local()).await;
    let customer = service.customer(0).await;
    let first = begun(&service, &customer, 600).await;
    let full = service.post(&customer, "/v1/uploads", &wish(401)).await;
    assert_eq!(full.problem(413), "payload_too_large", "what is on its way counts");
    let path = format!("/v1/uploads/{first}/cancel");
    for _ in 0..2 {
        let cancelled = service.post(&customer, &path, &json!({})).await.json(200);
        assert_eq!(cancelled["status"], "cancelled");
    }
    let second = begun(&service, &customer, 4).await;
    let id = part(&service, &customer, &second, b"abcd").await;
    clock.advance(Duration::from_hours(1));
    let shown = service.get(&customer, &format!("/v1/uploads/{second}")).await.json(200);
    assert_eq!(shown["status"], "expired", "before anybody has noted it");
    let body = json!({ "part_ids": [id] });
    assert_eq!(complete(&service, &customer, &second, &body).await.problem(409), "upload_not_pending");
    assert_eq!(send(&service, &customer, &second, b"x").await.problem(409), "upload_not_pending");
    for _ in 0..15 {
        begun(&service, &customer, 1).await;
    }
    // the one that has expired is still in the way until the sweep
    assert_eq!(service.post(&customer, "/v1/uploads", &wish(1)).await.problem(429), "too_many_at_once");
    // the same request is the same upload
    let keyed = async || {
        let request = service.request(Method::POST, "/v1/uploads").bearer_auth(&customer.key);
        let request = request.header("idempotency-key", "k").json(&wish(1));
        Answer::of(request.send().await.unwrap()).await
    };
    service.sql("UPDATE uploads SET state = 'cancelled'").await;
    assert_eq!(keyed().await.json(201), keyed().await.json(201));
}

/// What a process that died on the way has written to is known, and goes when another completes it.
#[tokio::test]
async fn one_of_two_that_complete_it_does_and_what_died_leaves_nothing() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let tenant = Tenant::default_of(customer.account);
    let upload = begun(&service, &customer, 4).await;
    let id: UploadId = upload.parse().unwrap();
    let body = json!({ "part_ids": [part(&service, &customer, &upload, b"abcd").await] });
    let dead = FileId(uuid::Uuid::now_v7());
    let mut conn = service.db.acquire().await.unwrap();
    let begun =
        uploads::assemble(&mut conn, tenant.project, id, Duration::from_mins(1)).await.unwrap().unwrap();
    assert_eq!(begun.abandoned, None);
    uploads::writes_to(&mut conn, &begun, dead).await.unwrap();
    let mut incoming = service.objects.incoming(&file_key(dead)).await.unwrap();
    incoming.write(b"abcd").await.unwrap();
    incoming.finish().await.unwrap();
    let busy = complete(&service, &customer, &upload, &body).await;
    assert_eq!(busy.problem(409), "upload_in_progress");
    assert_eq!(busy.header("x-should-retry"), "true");
    service.sql("UPDATE uploads SET lease_until = now() - interval '1 second'").await;
    let done = complete(&service, &customer, &upload, &body).await.json(200);
    assert_ne!(done["file"]["id"], json!(dead));
    assert!(service.objects.read(&file_key(dead), 0..1).await.is_err(), "its object is gone");
    // and who comes back from the dead makes no second file
    let file = store::files::File {
        id: dead,
        purpose: store::files::Purpose::JobInput,
        filename: "x".to_owned(),
        bytes: 4,
        lines: Some(1),
        sha256: [0; 32],
        object_key: file_key(dead),
        created_at: service.clock.now(),
    };
    let late = uploads::complete(&mut conn, tenant, &begun, &file).await;
    assert!(matches!(late, Err(store::Error::StaleLease)), "{late:?}");
    let late = uploads::writes_to(&mut conn, &begun, dead).await;
    assert!(matches!(late, Err(store::Error::StaleLease)), "{late:?}");
    assert_eq!(service.sql("SELECT count(*) FROM files").await, "1");
    assert_eq!(
        service.objects.delete_under(&parts_folder(id)).await.unwrap(),
        1,
        "the sweep takes the parts"
    );
}

/// What a dead try wrote cannot be deleted: it stays known, and nobody waits for a lease that is used by none.
#[tokio::test]
async fn what_cannot_be_deleted_is_not_forgotten() {
    let mut service = Service::start().await;
    let dir = tempfile::tempdir().unwrap();
    let objects = Objects::local(dir.path()).unwrap();
    service.url = service.of(AppState { objects, ..service.state.clone() }, quick(), Rates::local());
    let customer = service.customer(0).await;
    let upload = begun(&service, &customer, 4).await;
    let body = json!({ "part_ids": [part(&service, &customer, &upload, b"abcd").await] });
    let dead = FileId(uuid::Uuid::now_v7());
    // no store deletes a folder as if it were an object
    let blocked = dir.path().join(file_key(dead));
    std::fs::create_dir_all(&blocked).unwrap();
    service.sql(&format!("UPDATE uploads SET file_id = '{}'", dead.0)).await;
    let standing = "SELECT concat_ws(' ', file_id, state, lease_until) FROM uploads";
    for _ in 0..2 {
        assert_eq!(complete(&service, &customer, &upload, &body).await.problem(500), "internal");
        assert_eq!(service.sql(standing).await, format!("{} pending", dead.0));
    }
    std::fs::remove_dir(&blocked).unwrap();
    let done = complete(&service, &customer, &upload, &body).await.json(200);
    assert_eq!(done["file"]["bytes"], 4);
    assert_eq!(service.sql("SELECT count(*) FROM uploads JOIN files ON files.id = file_id").await, "1");
}

#[tokio::test]
async fn the_room_of_an_upload_is_its_own_until_it_has_ended() {
    let service = Service::with(Config { max_project_file_bytes: 1_000, ..quick() }).await;
    let customer = service.customer(0).await;
    let whole = async |bytes: usize| {
        let form = Form::new().text("purpose", "job_input");
        let form = form.part("file", Part::bytes(vec![7; bytes]).file_name("x"));
        service.form(&customer, "/v1/files", form).await
    };
    let upload = begun(&service, &customer, 600).await;
    let body = json!({ "part_ids": [part(&service, &customer, &upload, &[1; 600]).await] });
    assert_eq!(whole(401).await.problem(413), "payload_too_large", "what is on its way counts");
    whole(400).await.json(201);
    // there is less room than there was: what was written for nothing is not left
    service.sql("UPDATE files SET bytes = 401").await;
    assert_eq!(complete(&service, &customer, &upload, &body).await.problem(413), "payload_too_large");
    assert_eq!(service.objects.delete_under("files").await.unwrap(), 1, "the other file's");
    assert_eq!(service.sql("SELECT count(*) FROM uploads WHERE lease_until IS NULL").await, "1");
    service.sql("UPDATE files SET bytes = 400").await;
    complete(&service, &customer, &upload, &body).await.json(200);
    assert_eq!(whole(1).await.problem(413), "payload_too_large");
}
