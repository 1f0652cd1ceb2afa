//! Tokens in the address of a stream: each opens one, for a minute, while what asked for it may still read it.

use std::time::Duration;

use chrono::DateTime;
use protocol::{Scope, Scopes};
use reqwest::{Method, Response};
use serde_json::json;
use store::api_keys::Terms;
use store::{Clock, Rates};

use crate::events::{Stream, parse};
use crate::harness::{Answer, Customer, Service, quick};
use crate::people::join;

const PROJECT: &str = "/v1/events/stream";

async fn token(service: &Service, customer: &Customer, path: &str) -> String {
    let made = service.post(customer, "/v1/stream_tokens", &json!({ "path": path })).await;
    let made = made.json(201);
    assert_eq!((&made["path"], &made["expires_in"]), (&json!(path), &json!(60)));
    made["token"].as_str().unwrap().to_owned()
}

/// As a browser asks: no header but what it accepts.
async fn browse(service: &Service, path: &str) -> Response {
    let request = service.request(Method::GET, path).header("accept", "text/event-stream");
    request.header("origin", "https://dashboard.example").send().await.unwrap()
}

async fn refused(service: &Service, path: &str) -> String {
    Answer::of(browse(service, path).await).await.problem(401)
}

#[tokio::test]
async fn a_token_opens_one_stream() {
    let service = Service::start().await;
    let (customer, stranger) = (service.customer(1_000_000).await, service.customer(1_000_000).await);
    let (job, other) = (service.job(&customer, 1).await, service.job(&customer, 1).await);
    let path = format!("/v1/jobs/{job}/events");
    let (one, all) = (token(&service, &customer, &path).await, token(&service, &customer, PROJECT).await);

    let response = browse(&service, &format!("{path}?stream_token={one}&types=job.queued")).await;
    assert_eq!(
        response.headers()["access-control-allow-origin"],
        "*",
        "a page of any origin has its token only"
    );
    assert_eq!(Stream::of(response).events(1).await[0].event, "job.queued");
    let response = browse(&service, &format!("{PROJECT}?starting_after=0&stream_token={all}")).await;
    let mut stream = Stream::of(response);
    while parse(&stream.text).len() < 2 {
        assert!(stream.more().await);
    }

    // no other stream, nothing that is no stream, and no other form of itself
    for path in [
        format!("/v1/jobs/{other}/events?stream_token={one}"),
        format!("{PROJECT}?stream_token={one}"),
        format!("{path}?stream_token={all}"),
        format!("{path}?stream_token={}", customer.key),
        format!("{path}?stream_token={one}x"),
        format!("{path}?stream_token="),
    ] {
        assert_eq!(refused(&service, &path).await, "invalid_stream_token", "{path}");
    }
    let page = service.request(Method::GET, &format!("{path}?stream_token={one}")).send().await.unwrap();
    assert_eq!(Answer::of(page).await.problem(401), "invalid_api_key", "a page is no stream");
    let elsewhere = browse(&service, &format!("/v1/jobs/{job}?stream_token={one}")).await;
    assert_eq!(Answer::of(elsewhere).await.problem(400), "unknown_parameter");
    let as_key = Customer { key: one.clone(), ..customer.clone() };
    assert_eq!(service.get(&as_key, "/v1/jobs").await.problem(401), "invalid_access_token");
    // a header is not overruled by an address
    let both = service.request(Method::GET, &format!("{path}?stream_token={one}")).bearer_auth(&stranger.key);
    let both = both.header("accept", "text/event-stream").send().await.unwrap();
    assert_eq!(Answer::of(both).await.problem(404), "not_found");

    // it reads events, whatever its owner may do
    let rollouts = browse(&service, &format!("{path}?include=rollout&stream_token={one}")).await;
    assert_eq!(Answer::of(rollouts).await.problem(403), "missing_scope");
    let named = service.request(Method::GET, &format!("{PROJECT}?stream_token={all}"));
    let named = named.header("accept", "text/event-stream");
    let named = named.header("reliquary-project", stranger.account.default_project().to_string());
    assert_eq!(Answer::of(named.send().await.unwrap()).await.problem(404), "not_found");
}

#[tokio::test]
async fn nobody_is_given_one_for_what_they_cannot_read() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let (sibling, stranger) = (service.sibling(&customer).await, service.customer(0).await);
    let job = service.job(&customer, 1).await;
    let body = json!({ "path": format!("/v1/jobs/{job}/events") });
    for outsider in [&sibling, &stranger] {
        assert_eq!(service.post(outsider, "/v1/stream_tokens", &body).await.problem(404), "not_found");
    }
    let scopes: Scopes = [Scope::JobsRead, Scope::RolloutsRead].into_iter().collect();
    let blind = service.another(&customer, Terms { scopes, ..Terms::of_project() }).await;
    assert_eq!(service.post(&blind, "/v1/stream_tokens", &body).await.problem(403), "missing_scope");
    for bad in ["", "/v1/events", "/v1/jobs/x/events", "https://elsewhere.example/v1/events/stream"] {
        let answer = service.post(&customer, "/v1/stream_tokens", &json!({ "path": bad })).await;
        assert_eq!(answer.json(422)["errors"][0]["pointer"], "#/path", "{bad}");
    }
    // a project's own stream shows its own project
    let theirs = token(&service, &sibling, PROJECT).await;
    let stream = browse(&service, &format!("{PROJECT}?starting_after=0&stream_token={theirs}")).await;
    let mut stream = Stream::of(stream);
    while !stream.text.contains(": hb ") {
        assert!(stream.more().await);
    }
    assert!(!stream.text.contains(&job) && stream.text.contains("id: 0\n\n"), "{}", stream.text);
}

#[tokio::test]
async fn a_token_is_over_after_a_minute_and_with_what_asked_for_it() {
    let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let service = Service::counting(quick(), clock, Rates::local()).await;
    let customer = service.customer(1_000_000).await;
    service.job(&customer, 1).await;
    let open = async |token: &str| {
        let response = browse(&service, &format!("{PROJECT}?stream_token={token}")).await;
        if response.status() == 200 { None } else { Some(Answer::of(response).await) }
    };
    let first = token(&service, &customer, PROJECT).await;
    service.clock.advance(Duration::from_secs(59));
    assert!(open(&first).await.is_none());
    let mut running = Stream::of(browse(&service, &format!("{PROJECT}?stream_token={first}")).await);
    service.clock.advance(Duration::from_secs(1));
    let expired = open(&first).await.unwrap();
    assert_eq!(expired.problem(401), "invalid_stream_token");
    assert!(expired.json(401)["detail"].as_str().unwrap().contains("expired"), "{}", expired.text);
    assert!(expired.header("www-authenticate").contains("invalid_token"));
    // what is open goes on
    let job = service.job(&customer, 1).await;
    while !running.text.contains(&job) {
        assert!(running.more().await);
    }

    // a key that is revoked, and one that reaches less than before
    let wish = json!({ "name": "page", "scopes": ["events:read"] });
    let made = service.post(&customer, "/v1/api_keys", &wish).await.json(201);
    let key = Customer { key: made["key"].as_str().unwrap().to_owned(), ..customer.clone() };
    let theirs = token(&service, &key, PROJECT).await;
    assert!(open(&theirs).await.is_none());
    let revoke = format!("/v1/api_keys/{}", made["id"].as_str().unwrap());
    let revoked = service.request(Method::DELETE, &revoke).bearer_auth(&customer.key).send().await.unwrap();
    assert!(revoked.status().is_success());
    assert_eq!(open(&theirs).await.unwrap().problem(401), "invalid_stream_token");

    // a person who is removed, at once
    let person = join(&service, &customer, "developer").await;
    let theirs = token(&service, &person.customer(), PROJECT).await;
    assert!(open(&theirs).await.is_none());
    let remove = format!("/v1/organizations/{}/members/{}", customer.account, person.member);
    let removed = service.request(Method::DELETE, &remove).bearer_auth(&customer.key).send().await.unwrap();
    assert!(removed.status().is_success());
    assert_eq!(open(&theirs).await.unwrap().problem(401), "invalid_stream_token");
}
