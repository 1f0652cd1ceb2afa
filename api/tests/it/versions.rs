//! Which dated version a request is answered by: the one it names, the one its key is pinned to, or the newest.

use std::time::Duration;

use api::{Config, Versions};
use chrono::DateTime;
use reqwest::Method;
use serde_json::{Value, json};
use store::{Clock, Rates};

use crate::harness::{Answer, Customer, Service, quick};
use crate::people::join;

const FIRST: &str = "2026-11-22";
/// One that there is not yet.
const NEXT: &str = "2027-03-01";

/// A gateway of the release that will know the next version.
fn next_release() -> Config {
    Config { versions: Versions::of(FIRST, &[NEXT]), ..quick() }
}

async fn made(service: &Service, by: &Customer) -> (Customer, Value) {
    let wish = json!({ "name": "program", "scopes": ["billing:read", "keys:write"] });
    let key = service.post(by, "/v1/api_keys", &wish).await.json(201);
    (Customer { account: by.account, key: key["key"].as_str().unwrap().to_owned() }, key)
}

async fn answered_by(service: &Service, url: &str, key: &Customer, asked: Option<&str>) -> Answer {
    let mut request = service.at(url, Method::GET, "/v1/balance").bearer_auth(&key.key);
    if let Some(version) = asked {
        request = request.header("reliquary-version", version);
    }
    Answer::of(request.send().await.unwrap()).await
}

async fn moved(service: &Service, by: &Customer, key: &Value, to: &str) -> Answer {
    let path = format!("/v1/api_keys/{}", key["id"].as_str().unwrap());
    let request = service.request(Method::PATCH, &path).bearer_auth(&by.key);
    Answer::of(request.json(&json!({ "api_version": to })).send().await.unwrap()).await
}

#[tokio::test]
async fn a_key_stays_with_the_version_that_it_was_made_under() {
    let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    // the database of one release; the gateway of the one before it stands beside
    let service = Service::counting(next_release(), clock.clone(), Rates::local()).await;
    let before = service.beside(quick(), Rates::local());
    let (owner, new) = (service.customer(0).await, service.url.clone());

    let (young, key) = made(&service, &owner).await;
    assert_eq!(key["api_version"], NEXT, "pinned to the newest");
    let echoed = answered_by(&service, &new, &young, None).await;
    assert_eq!((echoed.status, echoed.header("reliquary-version")), (200, NEXT));
    // a gateway that does not know it yet answers by the last one before
    assert_eq!(answered_by(&service, &before, &young, None).await.header("reliquary-version"), FIRST);
    assert_eq!(answered_by(&service, &before, &young, Some(NEXT)).await.problem(400), "unsupported_version");

    let wish = json!({ "name": "old", "scopes": ["billing:read"] });
    let request = service.at(&before, Method::POST, "/v1/api_keys").bearer_auth(&owner.key);
    let key = Answer::of(request.json(&wish).send().await.unwrap()).await.json(201);
    assert_eq!(key["api_version"], FIRST);
    let old = Customer { account: owner.account, key: key["key"].as_str().unwrap().to_owned() };
    assert_eq!(answered_by(&service, &new, &old, None).await.header("reliquary-version"), FIRST);
    // one request may name another, and one that is refused says by which it was
    assert_eq!(answered_by(&service, &new, &old, Some(NEXT)).await.header("reliquary-version"), NEXT);
    let refused = service.get(&old, "/v1/jobs").await;
    assert_eq!(
        (refused.problem(403).as_str(), refused.header("reliquary-version")),
        ("missing_scope", FIRST)
    );
    assert_eq!(refused.json(403)["meta"]["caller"], "api_key");

    // its owner moves it on, and neither back nor to what there is not
    assert_eq!(moved(&service, &owner, &key, "2027-01-01").await.problem(422), "validation_failed");
    let done = moved(&service, &owner, &key, NEXT).await.json(200);
    assert_eq!((&done["api_version"], &done["name"]), (&json!(NEXT), &json!("old")));
    let back = moved(&service, &owner, &key, FIRST).await.json(422);
    let (pointer, code) = (&back["errors"][0]["pointer"], &back["errors"][0]["code"]);
    assert_eq!((pointer, code), (&json!("#/api_version"), &json!("older_version")));
    clock.advance(Duration::from_secs(6));
    assert_eq!(answered_by(&service, &new, &old, None).await.header("reliquary-version"), NEXT);
    let log = service.get(&owner, "/v1/audit_log?limit=1").await.json(200);
    assert_eq!(log["data"][0]["detail"]["api_version"], NEXT);
}

#[tokio::test]
async fn whoever_is_signed_in_or_nobody_gets_the_newest() {
    let service = Service::with(next_release()).await;
    let owner = service.customer(0).await;
    let person = join(&service, &owner, "viewer").await.customer();
    let newest = answered_by(&service, &service.url, &person, None).await;
    assert_eq!((newest.status, newest.header("reliquary-version")), (200, NEXT));
    assert_eq!(
        answered_by(&service, &service.url, &person, Some(FIRST)).await.header("reliquary-version"),
        FIRST
    );
    let nobody = Answer::of(service.request(Method::GET, "/v1/balance").send().await.unwrap()).await;
    assert_eq!((nobody.problem(401).as_str(), nobody.header("reliquary-version")), ("invalid_api_key", NEXT));
    // and a person who may not is told so as one
    let refused = service.post(&person, "/v1/projects", &json!({ "name": "x" })).await;
    assert_eq!(
        (refused.problem(403).as_str(), &refused.json(403)["meta"]["caller"]),
        ("missing_scope", &json!("session"))
    );
    let detail = refused.json(403)["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("the member's session lacks the scope `"), "{detail}");
}
