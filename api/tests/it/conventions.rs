//! What holds for every answer: ids, versions, unknown parameters, media types, tags, compression.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Customer, Service, job_body};

async fn with(service: &Service, customer: &Customer, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = service.request(Method::GET, path).bearer_auth(&customer.key);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn every_answer_has_an_id_of_ours_and_the_client_s_own() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let first =
        with(&service, &customer, "/v1/balance", &[("request-id", "mine"), ("x-request-id", "mine")]).await;
    let second = with(&service, &customer, "/v1/nothing", &[("x-client-request-id", "mine-1")]).await;
    assert!(first.header("request-id").starts_with("req_"));
    assert_eq!(first.header("request-id"), first.header("x-request-id"));
    assert_ne!(first.header("request-id"), second.header("request-id"));
    assert_eq!((first.header("x-client-request-id"), second.header("x-client-request-id")), ("", "mine-1"));
    // what may not stand in a log line is not taken over
    let bad = with(&service, &customer, "/v1/balance", &[("x-client-request-id", "a\"b")]).await;
    assert_eq!((bad.status, bad.header("x-client-request-id")), (200, ""));
    assert_eq!(
        service.request(Method::GET, "/healthz").send().await.unwrap().headers()["request-id"].len(),
        36
    );
}

#[tokio::test]
async fn versions_are_dated_and_echoed() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    for headers in [&[][..], &[("reliquary-version", "2026-11-22")]] {
        let answer = with(&service, &customer, "/v1/balance", headers).await;
        assert_eq!((answer.status, answer.header("reliquary-version")), (200, "2026-11-22"));
    }
    for bad in ["2019-01-01", "", "latest"] {
        let answer = with(&service, &customer, "/v1/balance", &[("reliquary-version", bad)]).await;
        assert_eq!(answer.problem(400), "unsupported_version", "{bad}");
        let problem = answer.json(400);
        assert_eq!(
            (&problem["param"], &problem["meta"]["supported"][0]),
            (&json!("Reliquary-Version"), &json!("2026-11-22"))
        );
        assert_eq!(answer.header("x-should-retry"), "false");
    }
}

#[tokio::test]
async fn unknown_parameters_are_refused_everywhere_and_all_at_once() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 1).await;
    let list = service.get(&customer, "/v1/jobs?limti=3&status=queued&page=2").await;
    assert_eq!(list.problem(400), "unknown_parameter");
    let problem = list.json(400);
    assert_eq!(problem["param"], "limti");
    assert_eq!(
        (&problem["errors"][0]["pointer"], &problem["errors"][1]["pointer"]),
        (&json!("?limti"), &json!("?page"))
    );
    assert!(problem["errors"][0]["detail"].as_str().unwrap().ends_with("did you mean `limit`?"));
    for path in [format!("/v1/jobs/{job}?include=x"), "/v1/balance?a".to_owned(), "/healthz?x=1".to_owned()] {
        assert_eq!(service.get(&customer, &path).await.problem(400), "unknown_parameter", "{path}");
    }
    let cancel = service.post(&customer, &format!("/v1/jobs/{job}/cancel?force=true"), &json!({})).await;
    assert_eq!(cancel.problem(400), "unknown_parameter");
    assert_eq!(service.get(&customer, &format!("/v1/jobs/{job}")).await.json(200)["status"], "queued");
    // a known one with a value that is none says which
    for bad in ["limit=x", "limit=1&limit=2", "limit=0", "limit=", "limit=99999999999999999999"] {
        let answer = service.get(&customer, &format!("/v1/jobs?{bad}")).await;
        assert_eq!(
            (answer.problem(400).as_str(), &answer.json(400)["param"]),
            ("invalid_parameter", &json!("limit")),
            "{bad}"
        );
    }

    let mut body = job_body(2);
    body["prompts"][1]["txt"] = json!("x");
    body["smapling"] = json!({});
    body["sampling"]["max_token"] = json!(3);
    let answer = service.post(&customer, "/v1/jobs", &body).await;
    assert_eq!(answer.problem(400), "unknown_parameter");
    let errors = answer.json(400)["errors"].as_array().unwrap().clone();
    let mut pointers: Vec<&str> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["#/prompts/1/txt", "#/sampling/max_token", "#/smapling"]);
}

#[tokio::test]
async fn what_cannot_be_given_or_is_too_long_is_a_problem() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let accept = async |value: &str| with(&service, &customer, "/v1/balance", &[("accept", value)]).await;
    for fine in ["*/*", "application/json", "text/html, application/*;q=0.5"] {
        accept(fine).await.json(200);
    }
    assert_eq!(accept("text/html").await.problem(406), "not_acceptable");
    let none = with(&service, &customer, "/v1/balance", &[("accept-encoding", "identity;q=0, br")]).await;
    assert_eq!(none.problem(406), "not_acceptable");
    let long = service.get(&customer, &format!("/v1/jobs/{}", "x".repeat(9_000))).await;
    assert_eq!(long.problem(414), "uri_too_long");
    for odd in ["/v1/jobs/%ff", "/v1/jobs/%00", "/v1/jobs/%", "/v1/jobs/%zz", "/v1/jobs/job_", "/%ff"] {
        let answer = service.get(&customer, odd).await;
        assert!(matches!(answer.status, 400 | 404), "{odd}: {}", answer.status);
        answer.problem(answer.status);
    }
    let wrong = Answer::of(service.request(Method::PUT, "/v1/jobs").send().await.unwrap()).await;
    assert_eq!((wrong.problem(405).as_str(), wrong.header("allow")), ("method_not_allowed", "GET, POST"));
}

#[tokio::test]
async fn a_job_that_has_not_changed_is_not_sent_again() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let path = format!("/v1/jobs/{}", service.job(&customer, 1).await);
    let first = with(&service, &customer, &path, &[]).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with("W/\"") && first.header("cache-control") == "private, no-cache", "{tag}");
    let strong = tag.trim_start_matches("W/").to_owned();
    for known in [tag.as_str(), &strong, "*", &format!("\"other\", {tag}")] {
        let answer = with(&service, &customer, &path, &[("if-none-match", known)]).await;
        assert_eq!(
            (answer.status, answer.text.as_str(), answer.header("etag")),
            (304, "", tag.as_str()),
            "{known}"
        );
    }
    for other in ["\"other\"", "nonsense", ""] {
        assert_eq!(with(&service, &customer, &path, &[("if-none-match", other)]).await.text, first.text);
    }
    service.post(&customer, &format!("{path}/pause"), &json!({})).await.json(202);
    let changed = with(&service, &customer, &path, &[("if-none-match", &tag)]).await;
    assert_eq!(changed.json(200)["status"], "paused");
    assert_ne!(changed.header("etag"), tag);
    // whoever may not see it learns nothing from the tag either
    let stranger = service.customer(0).await;
    assert_eq!(with(&service, &stranger, &path, &[("if-none-match", "*")]).await.problem(404), "not_found");
}

#[tokio::test]
async fn answers_are_compressed_on_demand_and_streams_are_not() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let job = service.job(&customer, 20).await;
    let path = format!("/v1/jobs/{job}");
    let plain = service.get(&customer, &path).await;
    assert!(plain.header("vary").contains("Accept-Encoding"));
    for (encoding, magic) in [("zstd", &[0x28, 0xb5, 0x2f, 0xfd][..]), ("gzip", &[0x1f, 0x8b])] {
        let request = service.request(Method::GET, &path).bearer_auth(&customer.key);
        let response = request.header("accept-encoding", encoding).send().await.unwrap();
        assert_eq!(response.headers()["content-encoding"], encoding);
        assert!(response.headers().contains_key("etag"));
        let bytes = response.bytes().await.unwrap();
        assert!(bytes.starts_with(magic) && bytes.len() < plain.text.len());
        if encoding == "zstd" {
            assert_eq!(zstd::decode_all(bytes.as_ref()).unwrap(), plain.text.as_bytes());
        }
    }
    let problem = with(&service, &customer, "/v1/jobs/x", &[("accept-encoding", "zstd")]).await;
    assert_eq!((problem.problem(404).as_str(), problem.header("content-encoding")), ("not_found", ""));
    let request = service.request(Method::GET, &format!("{path}/events")).bearer_auth(&customer.key);
    let request = request.header("accept-encoding", "zstd, gzip").header("accept", "text/event-stream");
    let mut stream = request.send().await.unwrap();
    assert!(!stream.headers().contains_key("content-encoding"));
    let first = stream.chunk().await.unwrap().unwrap();
    assert!(
        first.starts_with(b"retry:") || first.starts_with(b"id:") || first.starts_with(b":"),
        "{first:?}"
    );
}
