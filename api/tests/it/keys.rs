//! API keys: what opens an account and what does not.

use protocol::KeyId;
use reqwest::Method;
use store::api_keys::Terms;
use uuid::Uuid;

use crate::harness::{Answer, Customer, Service};

async fn balance(service: &Service, authorization: &str) -> Answer {
    let request = service.request(Method::GET, "/v1/balance").header("authorization", authorization);
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn only_the_whole_key_opens_the_account() {
    let service = Service::start().await;
    let Customer { key, .. } = service.customer(7).await;
    assert_eq!(balance(&service, &format!("Bearer {key}")).await.json(200)["available_rao"], "7");
    assert_eq!(balance(&service, &format!("bearer {key}")).await.status, 200);

    // the lookup part of a real key with another secret: well formed, and not it
    let other = service.customer(7).await.key;
    let forged = {
        let secret = other.split('_').nth(3).unwrap();
        let unchecked = format!("rk_live_{}_{secret}", key.split('_').nth(2).unwrap());
        format!("{unchecked}_{}", checksum(&unchecked))
    };
    let mut typo = key.clone();
    typo.replace_range(20..21, if &key[20..21] == "a" { "b" } else { "a" });
    let fresh = store::api_keys::KeyText::generate(&mut rand_core::OsRng).reveal();
    for bad in [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        key.clone(),
        format!("Basic {key}"),
        format!("Bearer {key}x"),
        format!("Bearer {forged}"),
        format!("Bearer {typo}"),
        format!("Bearer {fresh}"),
    ] {
        let answer = balance(&service, &bad).await;
        assert_eq!(answer.problem(401), "invalid_api_key", "{bad}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert!(!answer.text.contains("rk_live"), "{}", answer.text);
    }
    let none = Answer::of(service.request(Method::GET, "/v1/balance").send().await.unwrap()).await;
    assert_eq!(none.problem(401), "invalid_api_key");
}

fn checksum(text: &str) -> String {
    const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [0; 6];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    String::from_utf8(digits.to_vec()).unwrap()
}

#[tokio::test]
async fn a_typing_error_costs_no_look_up() {
    let service = Service::start().await;
    let Customer { mut key, .. } = service.customer(0).await;
    key.pop();
    key.push('!');
    // with the database gone a well-formed key would be a 503
    service.db.close().await;
    assert_eq!(balance(&service, &format!("Bearer {key}")).await.problem(401), "invalid_api_key");
    let fresh = store::api_keys::KeyText::generate(&mut rand_core::OsRng).reveal();
    let away = balance(&service, &format!("Bearer {fresh}")).await;
    assert_eq!((away.problem(503).as_str(), away.header("retry-after")), ("unavailable", "2"));
    assert_eq!(away.json(503)["retryable"], true);
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_and_its_secret_is_nowhere() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let key = &customer.key;
    let secret = key.split('_').nth(3).unwrap();
    let rows = service.sql("SELECT id, lookup, secret_sha256::text, name FROM api_keys").await;
    assert!(!rows.contains(secret), "{rows}");
    let id: Uuid = rows.split('|').next().unwrap().parse().unwrap();
    let mut conn = service.db.acquire().await.unwrap();
    assert!(store::api_keys::revoke(&mut conn, KeyId(id), service.clock.now()).await.unwrap());
    assert!(!store::api_keys::revoke(&mut conn, KeyId(id), service.clock.now()).await.unwrap());
    assert_eq!(balance(&service, &format!("Bearer {key}")).await.problem(401), "invalid_api_key");
    // another key of the account is not touched
    let other = service.another(&customer, Terms::of_project()).await;
    assert_eq!(balance(&service, &format!("Bearer {}", other.key)).await.status, 200);
}

#[tokio::test]
async fn the_keys_of_an_archived_project_open_nothing() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let sibling = service.sibling(&customer).await;
    service.sql("UPDATE projects SET archived_at = now() WHERE name = 'second'").await;
    assert_eq!(service.get(&sibling, "/v1/balance").await.problem(401), "invalid_api_key");
    assert_eq!(service.get(&customer, "/v1/balance").await.status, 200);
}
