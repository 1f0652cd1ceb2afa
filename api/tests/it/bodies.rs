//! Bodies that are no request at all: refused with the place of the fault, before anything is done.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Customer, Service, job_body};

async fn send(
    service: &Service,
    customer: &Customer,
    content_type: &str,
    body: impl Into<reqwest::Body>,
) -> Answer {
    let request = service.request(Method::POST, "/v1/jobs").bearer_auth(&customer.key);
    Answer::of(request.header("content-type", content_type).body(body).send().await.unwrap()).await
}

#[tokio::test]
async fn unreadable_json_is_refused_with_its_place() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let mut unknown = job_body(1);
    unknown["prompts"][0]["prompt"] = json!("x");
    let mut typed = job_body(1);
    typed["sampling"]["n"] = json!("2");
    let deep =
        format!(r#"{{"prompts":[{{"text":"a","reward_input":{}1{}}}]}}"#, "[".repeat(100), "]".repeat(100));
    let cases: Vec<(Vec<u8>, &str, &str, &str)> = vec![
        (
            b"{\"prompts\":[{\"text\":\"\xff\"}]}".to_vec(),
            "invalid_json",
            "#",
            "not UTF-8 at line 1 column 22",
        ),
        (b"".to_vec(), "invalid_json", "#", "EOF"),
        (b"{".to_vec(), "invalid_json", "#", "EOF"),
        (b"[]".to_vec(), "invalid_json", "#", "line 1 column"),
        (format!("{} x", job_body(1)).into_bytes(), "invalid_json", "#", "trailing characters"),
        (deep.into_bytes(), "invalid_json", "#", "inside each other"),
        (
            unknown.to_string().into_bytes(),
            "unknown_parameter",
            "#/prompts/0/prompt",
            "unknown field `prompt`",
        ),
        (br#"{"prompt":[]}"#.to_vec(), "unknown_parameter", "#/prompt", "unknown field `prompt`"),
        (typed.to_string().into_bytes(), "invalid_json", "#/sampling/n", "invalid type: string"),
        (br#"{"sampling":{"n":1.5}}"#.to_vec(), "invalid_json", "#/sampling/n", "1.5"),
        (
            br#"{"sampling":{"temperature":1e999}}"#.to_vec(),
            "invalid_json",
            "#/sampling/temperature",
            "out of range",
        ),
        (br#"{"prompts":[{"token_ids":[-1]}]}"#.to_vec(), "invalid_json", "#/prompts/0/token_ids/0", "-1"),
        (br#"{"reward":{"mode":3}}"#.to_vec(), "invalid_json", "#/reward/mode", "expected a string"),
        (br#"{"sampling":{"n":1,"n":2}}"#.to_vec(), "invalid_json", "#/sampling", "duplicate field"),
    ];
    for (body, code, pointer, words) in cases {
        let shown = String::from_utf8_lossy(&body).into_owned();
        let answer = send(&service, &customer, "application/json", body).await;
        assert_eq!(answer.problem(400), code, "{shown}");
        let error = &answer.json(400)["errors"][0];
        assert_eq!(error["pointer"], pointer, "{shown}: {}", answer.text);
        assert!(error["detail"].as_str().unwrap().contains(words), "{shown}: {}", answer.text);
    }
    service.assert_nothing_stored().await;
}

#[tokio::test]
async fn bodies_that_are_too_large_are_refused() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    // a little too large, far too large, and without saying so beforehand
    let text = |bytes: usize| json!({ "prompts": [{ "text": "a".repeat(bytes) }] }).to_string();
    let little = send(&service, &customer, "application/json", text(300 << 10)).await;
    assert_eq!(little.problem(413), "payload_too_large");
    assert_eq!(little.json(413)["meta"]["limit_bytes"], 256 << 10);
    let chunks = (0..9).map(|_| Ok::<_, std::io::Error>(vec![b' '; 32 << 10]));
    let unannounced = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    assert_eq!(
        send(&service, &customer, "application/json", unannounced).await.problem(413),
        "payload_too_large"
    );
    let request = service.request(Method::POST, "/v1/jobs").bearer_auth(&customer.key);
    // its sender may be cut off while it sends; it never gets through
    if let Ok(response) = request.header("content-type", "application/json").body(text(20 << 20)).send().await
    {
        assert_eq!(response.status(), 413);
    }
    service.assert_nothing_stored().await;
}

#[tokio::test]
async fn only_plain_json_is_taken() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let body = job_body(1).to_string();
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        let answer = send(&service, &customer, content_type, body.clone()).await;
        assert_eq!(answer.problem(415), "unsupported_media_type", "{content_type}");
    }
    let request = service.request(Method::POST, "/v1/jobs").bearer_auth(&customer.key).json(&job_body(1));
    let encoded = Answer::of(request.header("content-encoding", "gzip").send().await.unwrap()).await;
    assert_eq!(encoded.problem(415), "unsupported_media_type");
}

#[tokio::test]
async fn unknown_routes_and_methods_are_problems_too() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let unknown = service.get(&customer, "/v2/jobs").await;
    assert_eq!(unknown.problem(404), "not_found");
    assert_eq!(unknown.json(404)["instance"], "/v2/jobs");
    let wrong = Answer::of(service.request(Method::DELETE, "/v1/jobs").send().await.unwrap()).await;
    assert_eq!((wrong.problem(405).as_str(), wrong.header("allow")), ("method_not_allowed", "GET, POST"));
    for (name, value) in [("x-content-type-options", "nosniff"), ("cache-control", "no-store")] {
        assert_eq!(unknown.header(name), value);
    }
}

#[tokio::test]
async fn a_request_that_never_ends_its_headers_is_cut_off() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let service = Service::with(api::Config { header_timeout_ms: 1_500, ..crate::harness::quick() }).await;
    let address = service.url.strip_prefix("http://").unwrap();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Drip: ").await.unwrap();
    let mut answer = Vec::new();
    let read = socket.read_to_end(&mut answer);
    tokio::time::timeout(std::time::Duration::from_secs(20), read)
        .await
        .expect("the server hangs up")
        .unwrap();
    let text = String::from_utf8_lossy(&answer);
    assert!(text.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");
    assert_eq!(service.request(Method::GET, "/healthz").send().await.unwrap().status(), 200);
}
