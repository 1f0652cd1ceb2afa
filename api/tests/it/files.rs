//! `/v1/files`: uploads that stream through, what is shown of them, and their end.

use std::time::Duration;

use api::{Ambient, AppState, Config};
use futures_util::future::join_all;
use protocol::FileId;
use rand_core::{CryptoRng, RngCore};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::objects::file_key;
use store::{Clock, Rates};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::harness::{Answer, Customer, Service, quick};

fn upload(purpose: &str, name: &str, bytes: Vec<u8>) -> Form {
    Form::new()
        .text("purpose", purpose.to_owned())
        .part("file", Part::bytes(bytes).file_name(name.to_owned()))
}

async fn delete(service: &Service, customer: &Customer, id: &str) -> Answer {
    let request = service.request(Method::DELETE, &format!("/v1/files/{id}")).bearer_auth(&customer.key);
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_file_comes_back_as_it_was_sent_until_it_is_deleted() {
    let service = Service::start().await;
    let (customer, other) = (service.customer(0).await, service.customer(0).await);
    // more than one piece, and no repeats that would hide a swapped one
    let bytes: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let created =
        service.form(&customer, "/v1/files", upload("job_input", "a \"b\".jsonl", bytes.clone())).await;
    let file = created.json(201);
    let id = file["id"].as_str().unwrap();
    assert_eq!(created.header("location"), format!("/v1/files/{id}"));
    let expected = json!({ "object": "file", "id": id, "purpose": "job_input", "filename": file["filename"],
        "bytes": 12_000_000, "status": "processed", "sha256": hex::encode(Sha256::digest(&bytes)), "created_at": file["created_at"] });
    assert_eq!(file, expected);
    let path = format!("/v1/files/{id}");
    assert_eq!(service.get(&customer, &path).await.json(200), file);
    let request = service.request(Method::GET, &format!("{path}/content")).bearer_auth(&customer.key);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-disposition"], "attachment");
    assert_eq!(answer.headers()["content-length"], "12000000");
    assert!(answer.bytes().await.unwrap() == bytes, "the same bytes");
    for path in [path.clone(), format!("{path}/content")] {
        assert_eq!(service.get(&other, &path).await.problem(404), "not_found");
    }
    assert_eq!(service.get(&other, "/v1/files").await.json(200)["data"], json!([]));
    service.form(&customer, "/v1/files", upload("batch", "b", vec![1])).await.json(201);
    let all = service.get(&customer, "/v1/files").await.json(200);
    assert_eq!(all["data"].as_array().unwrap().len(), 2);
    assert_eq!(service.get(&customer, "/v1/files?purpose=job_input").await.json(200)["data"], json!([file]));

    assert_eq!(delete(&service, &other, id).await.problem(404), "not_found");
    assert_eq!(delete(&service, &customer, id).await.status, 204);
    assert_eq!(delete(&service, &customer, id).await.problem(404), "not_found");
    assert_eq!(service.get(&customer, &path).await.problem(404), "not_found");
}

#[tokio::test]
async fn an_upload_is_kept_once_however_often_it_is_sent() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let send = async |bytes: &[u8]| {
        let request = service.request(Method::POST, "/v1/files").bearer_auth(&customer.key);
        let form = upload("job_input", "x", bytes.to_vec());
        Answer::of(request.header("idempotency-key", "k").multipart(form).send().await.unwrap()).await
    };
    let first = send(b"{}").await.json(201);
    let again = send(b"{}").await;
    assert_eq!((again.header("idempotency-replayed"), again.json(201)), ("true", first.clone()));
    assert_eq!(send(b"[]").await.problem(422), "idempotency_key_reused");
    assert_eq!(service.sql("SELECT count(*) FROM files").await, "1");
    // of the two others nothing is left
    assert_eq!(service.objects.delete_under("files").await.unwrap(), 1);
}

#[tokio::test]
async fn uploads_that_cannot_be_leave_nothing() {
    let service =
        Service::with(Config { max_file_bytes: 100_000, max_project_file_bytes: 150_000, ..quick() }).await;
    let customer = service.customer(0).await;
    let send = async |form: Form| service.form(&customer, "/v1/files", form).await;
    assert_eq!(send(upload("job_input", "x", vec![0; 100_001])).await.problem(413), "payload_too_large");
    assert_eq!(send(upload("fun", "x", vec![0; 10])).await.problem(422), "validation_failed");
    let nothing = send(Form::new().text("colour", "red")).await;
    assert_eq!(nothing.problem(400), "unknown_parameter");
    let missing: Value = send(Form::new().text("purpose", "batch")).await.json(422);
    assert_eq!(missing["errors"][0]["pointer"], "#/file");
    let twice = upload("batch", "x", vec![0; 10]).part("file", Part::bytes(vec![1]).file_name("y"));
    assert_eq!(send(twice).await.problem(400), "unknown_parameter");
    let posted = service.post(&customer, "/v1/files", &json!({})).await;
    assert_eq!(posted.problem(415), "unsupported_media_type");
    assert_eq!(service.sql("SELECT count(*) FROM files").await, "0");
    assert_eq!(service.objects.delete_under("files").await.unwrap(), 0);
    send(upload("batch", "x", vec![0; 100_000])).await.json(201);
    assert_eq!(send(upload("batch", "x", vec![0; 50_001])).await.problem(413), "payload_too_large");
    assert_eq!(service.sql("SELECT count(*) FROM files").await, "1");
}

/// A file that is whole, and then something else that is wrong.
#[tokio::test]
async fn a_form_that_goes_wrong_after_its_file_leaves_nothing() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let send = async |rest: &str| {
        let request = service.request(Method::POST, "/v1/files").bearer_auth(&customer.key);
        let request = request.header("content-type", "multipart/form-data; boundary=b");
        Answer::of(request.body(format!("{WHOLE}{rest}")).send().await.unwrap()).await
    };
    let purpose = |word: &str| format!("Content-Disposition: form-data; name=\"purpose\"\r\n\r\n{word}");
    let long = send(&format!("{}\r\n--b--\r\n", purpose(&"x".repeat(65)))).await;
    assert_eq!(long.problem(413), "payload_too_large");
    let cut_off = send(&purpose("batch")).await;
    assert_eq!(cut_off.problem(400), "invalid_form");
    assert_eq!(service.sql("SELECT count(*) FROM files").await, "0");
    assert_eq!(service.objects.delete_under("files").await.unwrap(), 0);
    send(&format!("{}\r\n--b--\r\n", purpose("batch"))).await.json(201);
    assert_eq!(service.objects.delete_under("files").await.unwrap(), 1);
}

/// The part `file` of a form, and the boundary after it.
const WHOLE: &str =
    "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nabcd\r\n--b\r\n";

/// Chance that is none: ids are known before they are given.
struct Same;

impl RngCore for Same {
    fn next_u32(&mut self) -> u32 {
        7
    }

    fn next_u64(&mut self) -> u64 {
        7
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(7);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        bytes.fill(7);
        Ok(())
    }
}

impl CryptoRng for Same {}

#[tokio::test]
async fn a_client_that_goes_away_after_its_file_leaves_nothing() {
    let service = Service::counting(quick(), Clock::manual(Clock::System.now()), Rates::local()).await;
    let customer = service.customer(0).await;
    let ambient = Ambient::new(service.clock.clone(), Same);
    let key = file_key(FileId(ambient.id()));
    let url = service.of(AppState { ambient, ..service.state.clone() }, quick(), Rates::local());
    let mut socket = TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!(
        "POST /v1/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 10000\r\n\r\n{WHOLE}",
        customer.key
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let becomes = async |is_there: bool| {
        while service.objects.read(&key, 0..4).await.is_ok() != is_there {
            tokio::time::sleep(Duration::from_millis(5)).await; // nobody tells this test of an object
        }
    };
    let wait = Duration::from_secs(20);
    tokio::time::timeout(wait, becomes(true)).await.expect("the file is stored while its form goes on");
    drop(socket);
    tokio::time::timeout(wait, becomes(false)).await.expect("and goes with its client");
}

#[tokio::test]
async fn files_that_come_at_once_do_not_pass_the_limit_together() {
    let service = Service::with(Config { max_project_file_bytes: 1_000, ..quick() }).await;
    let customer = service.customer(0).await;
    // each fits by itself
    let sent = (0..4).map(|_| service.form(&customer, "/v1/files", upload("batch", "x", vec![0; 400])));
    let mut statuses: Vec<u16> = join_all(sent).await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 413, 413]);
    assert_eq!(service.objects.delete_under("files").await.unwrap(), 2);
}
