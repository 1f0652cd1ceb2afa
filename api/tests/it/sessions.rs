//! Signing in, access tokens, refresh tokens: what opens the door, what does not, and what ends it.

use std::time::Duration;

use api::Config;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use chrono::DateTime;
use futures_util::future::join_all;
use grail::keys::ServiceKey;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::{Clock, Rates};

use crate::harness::{Answer, Customer, Service, quick};
use crate::people::{Person, invite, join, members, refresh, send, sign_in};

/// Longer than a gateway believes what it has read of a session.
const SETTLED: Duration = Duration::from_secs(6);

async fn timed(config: Config) -> Service {
    let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    Service::counting(config, clock, Rates::local()).await
}

async fn actions(service: &Service, by: &Customer) -> Vec<String> {
    let log = service.get(by, "/v1/audit_log?limit=100").await.json(200);
    let entries = log["data"].as_array().unwrap();
    entries.iter().rev().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_link_signs_in_once() {
    let service = timed(quick()).await;
    let root = service.customer(1_000_000).await;
    let (made, token) = invite(&service, &root, "developer").await;
    assert_eq!((&made["status"], &made["role"]), (&json!("invited"), &json!("developer")));
    let answers = join_all((0..4).map(|_| sign_in(&service, &token))).await;
    let (fine, spent): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((fine.len(), spent.len()), (1, 3), "of four at once, one");
    let person = Person::of(&root, &fine[0].json(201));
    let expected = (&json!("Bearer"), &json!(900), &json!("developer"));
    let grant = fine[0].json(201);
    assert_eq!((&grant["token_type"], &grant["expires_in"], &grant["role"]), expected);

    // whatever is wrong, the answer is the same
    let (_, stale) = invite(&service, &root, "viewer").await;
    service.clock.advance(Duration::from_hours(73));
    let unknown = format!("rk_link_{}", BASE64URL.encode([7; 32]));
    let mut told = vec![without_ids(&spent[0])];
    for bad in [token.as_str(), &stale, &unknown, "", "rk_link_x", &person.refresh] {
        let answer = sign_in(&service, bad).await;
        assert_eq!(answer.problem(401), "invalid_sign_in", "{bad}");
        told.push(without_ids(&answer));
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");

    // no secret is kept, and used links are on the log
    let kept = service
        .sql("SELECT sha256::text FROM sign_in_links UNION ALL SELECT sha256::text FROM session_tokens")
        .await;
    assert!(!kept.contains(&token) && !kept.contains(&person.refresh));
    let log = actions(&service, &root).await;
    assert_eq!(log.iter().filter(|action| *action == "session.created").count(), 1);
    assert_eq!(log.iter().filter(|action| *action == "session.refused").count(), 5, "{log:?}");
}

fn without_ids(answer: &Answer) -> String {
    answer.text.replace(answer.header("request-id"), "<request>")
}

#[tokio::test]
async fn a_session_acts_as_its_member() {
    let service = Service::start().await;
    let root = service.customer(1_000_000).await;
    let admin = join(&service, &root, "admin").await;
    let person = admin.customer();
    let job = service.job(&person, 1).await;
    assert_eq!(service.get(&root, &format!("/v1/jobs/{job}")).await.status, 200, "it is the project's");
    let log = service.get(&root, "/v1/audit_log?limit=1").await.json(200);
    let entry = &log["data"][0];
    assert_eq!((&entry["action"], &entry["member_id"]), (&json!("job.created"), &json!(admin.member)));
    assert_eq!(actions(&service, &root).await, ["member.invited", "session.created", "job.created"]);

    // their key is no key: nobody lists, shows, changes or rotates it, and a session has none
    let key = admin.member.replace("mem_", "key_");
    let listed = service.get(&root, "/v1/api_keys").await.json(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    for (method, path) in [
        (Method::GET, format!("/v1/api_keys/{key}")),
        (Method::PATCH, format!("/v1/api_keys/{key}")),
        (Method::DELETE, format!("/v1/api_keys/{key}")),
        (Method::POST, format!("/v1/api_keys/{key}/rotate")),
    ] {
        let answer = send(&service, &root, method, &path, Some(&json!({}))).await;
        assert_eq!(answer.problem(404), "not_found", "{path}");
    }
    let own = service.get(&person, "/v1/api_keys/self").await;
    assert_eq!(own.problem(403), "api_key_required");
    assert!(own.text.contains("GET /v1/sessions"), "{}", own.text);
    // keys that they make may do no more than they
    let wish = json!({ "name": "mine", "scopes": ["jobs:read"] });
    service.post(&person, "/v1/api_keys", &wish).await.json(201);
    let more = json!({ "name": "more", "scopes": ["jobs:read", "billing:write"] });
    let refused = service.post(&person, "/v1/api_keys", &more).await.json(422);
    assert_eq!(refused["errors"][0]["code"], "exceeds_your_key");
}

/// A token as this key would sign it, with this head and these claims.
fn forged(key: &ServiceKey, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64URL.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = BASE64URL.encode(key.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn kid(key: &ServiceKey) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, BASE64URL.encode(key.public()));
    BASE64URL.encode(Sha256::digest(members))
}

/// RFC 2104, with a key of 32 bytes.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let pad = |byte: u8| (0..64).map(|at| byte ^ key.get(at).unwrap_or(&0)).collect::<Vec<u8>>();
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

async fn balance(service: &Service, token: &str) -> Answer {
    let request = service.request(Method::GET, "/v1/balance").bearer_auth(token);
    Answer::of(request.send().await.unwrap()).await
}

/// Tokens with the claims of a real one that somebody else could make, or we with another head.
fn of_other_heads(real: &str, key: &ServiceKey, header: &Value, own: &Value) -> Vec<(&'static str, String)> {
    let stranger = ServiceKey::from_seed(&[78; 32]);
    let receipts = ServiceKey::from_seed(&[9; 32]);
    let head = |changes: &Value| {
        let mut header = header.clone();
        header.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        header
    };
    let parts: Vec<&str> = real.split('.').collect();
    let none = BASE64URL.encode(head(&json!({ "alg": "none" })).to_string());
    let hs256 = {
        let part = |value: &Value| BASE64URL.encode(value.to_string());
        let message = format!("{}.{}", part(&head(&json!({ "alg": "HS256" }))), part(own));
        let signature = BASE64URL.encode(hmac_sha256(&key.public(), message.as_bytes()));
        format!("{message}.{signature}")
    };
    let flipped = real.replacen(parts[2], &parts[2].chars().rev().collect::<String>(), 1);
    vec![
        ("alg none", format!("{none}.{}.", parts[1])),
        ("alg none, signed", format!("{none}.{}.{}", parts[1], parts[2])),
        ("HS256 with the public key", hs256),
        ("alg ES256", forged(key, &head(&json!({ "alg": "ES256" })), own)),
        ("another type", forged(key, &head(&json!({ "typ": "JWT" })), own)),
        ("unknown kid", forged(&stranger, &head(&json!({ "kid": kid(&stranger) })), own)),
        ("no kid", forged(key, &json!({ "typ": "at+jwt", "alg": "EdDSA" }), own)),
        ("another's signature", forged(&stranger, header, own)),
        ("the key of receipts", forged(&receipts, &head(&json!({ "kid": kid(&receipts) })), own)),
        ("its own key in the head", forged(&stranger, &head(&json!({ "jwk": { "kty": "OKP" } })), own)),
        ("another signature", flipped),
        ("other claims", format!("{}.{}.{}", parts[0], BASE64URL.encode("{}"), parts[2])),
        ("nothing", "..".to_owned()),
        ("too long", format!("{real}{}", "A".repeat(4_000))),
    ]
}

#[tokio::test]
async fn only_our_own_tokens_open_the_door() {
    let service = timed(quick()).await;
    // a key that we hold: what it signs differs from what the service signs in nothing but what the test says
    let key = ServiceKey::from_seed(&[77; 32]);
    let insert = format!(
        "INSERT INTO session_keys (id, public_key, created_at) VALUES (gen_random_uuid(), '\\x{}', to_timestamp(1800000000))",
        hex::encode(key.public())
    );
    service.sql(&insert).await;
    let root = service.customer(7).await;
    let person = join(&service, &root, "owner").await;
    let real = person.customer().key;
    let own: Value = {
        let claims = BASE64URL.decode(real.split('.').nth(1).unwrap()).unwrap();
        serde_json::from_slice(&claims).unwrap()
    };
    assert_eq!((&own["iss"], &own["aud"]), (&json!("reliquary"), &json!("reliquary-api")));
    assert_eq!((&own["sub"], &own["sid"]), (&json!(person.member), &json!(person.session)));
    assert_eq!(own["exp"].as_i64().unwrap() - own["iat"].as_i64().unwrap(), 900);
    let header = json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": kid(&key) });
    assert_eq!(
        balance(&service, &forged(&key, &header, &own)).await.status,
        200,
        "the test's own key is good"
    );

    let now = service.clock.now().timestamp();
    let other = join(&service, &service.customer(7).await, "owner").await;
    for (name, value) in [
        ("iss", json!("somebody")),
        ("aud", json!("somebody")),
        ("aud", json!(["somebody", "else"])),
        ("exp", json!(now)),
        ("exp", json!(now - 1)),
        ("exp", json!("never")),
        ("nbf", json!(now + 60)),
        ("sid", json!(other.session)),
        ("sid", json!("ses_00000000000000000000000001")),
        ("sub", json!(other.member)),
        ("org", json!("org_00000000000000000000000001")),
    ] {
        let mut claims = own.clone();
        claims[name] = value.clone();
        let answer = balance(&service, &forged(&key, &header, &claims)).await;
        assert_eq!(answer.problem(401), "invalid_access_token", "{name} = {value}");
        assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"");
        claims.as_object_mut().unwrap().remove(name);
        let answer = balance(&service, &forged(&key, &header, &claims)).await;
        assert_eq!(answer.problem(401), "invalid_access_token", "without {name}");
    }

    // the head decides nothing but which key
    for (what, token) in of_other_heads(&real, &key, &header, &own) {
        assert_eq!(balance(&service, &token).await.problem(401), "invalid_access_token", "{what}");
    }
    assert_eq!(balance(&service, &real).await.status, 200);

    // and no token does more than it says
    let mut less = own.clone();
    less["scope"] = json!("jobs:read members:root");
    assert_eq!(balance(&service, &forged(&key, &header, &less)).await.problem(403), "missing_scope");
}

#[tokio::test]
async fn keys_change_and_tokens_of_the_last_one_hold() {
    let service = timed(Config { session_key_days: 1, ..quick() }).await;
    let root = service.customer(7).await;
    let kids = async || -> Vec<String> {
        let request = service.request(Method::GET, "/.well-known/jwks.json").send().await.unwrap();
        let set = Answer::of(request).await.json(200);
        let keys = set["keys"].as_array().unwrap();
        assert!(keys.iter().all(|key| key["alg"] == "EdDSA" && key["kty"] == "OKP" && key["d"].is_null()));
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    let kid_of = |person: &Person| -> String {
        let token = person.customer().key;
        let header = BASE64URL.decode(token.split('.').next().unwrap()).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        header["kid"].as_str().unwrap().to_owned()
    };
    assert!(kids().await.is_empty(), "nobody has signed in");
    let first = join(&service, &root, "viewer").await;
    service.clock.advance(Duration::from_hours(24) - Duration::from_mins(5));
    let late = join(&service, &root, "viewer").await;
    assert_eq!(kid_of(&first), kid_of(&late));
    assert_eq!(
        balance(&service, &first.customer().key).await.problem(401),
        "invalid_access_token",
        "expired"
    );

    service.clock.advance(Duration::from_mins(6));
    // of several that sign in when it is time, one makes the key
    let links = join_all((0..4).map(|_| invite(&service, &root, "viewer"))).await;
    let grants = join_all(links.iter().map(|(_, token)| sign_in(&service, token))).await;
    let next: Vec<Person> = grants.iter().map(|grant| Person::of(&root, &grant.json(201))).collect();
    let new = kid_of(&next[0]);
    assert!(next.iter().all(|person| kid_of(person) == new) && new != kid_of(&first));
    assert_eq!(kids().await, [new.clone(), kid_of(&first)]);
    // another gateway, which has read no key yet
    let beside = service.beside(quick(), Rates::local());
    for (person, status) in [(&late, 200), (&next[0], 200), (&next[3], 200)] {
        let token = person.customer().key;
        assert_eq!(balance(&service, &token).await.status, status);
        let there = reqwest::Client::builder().no_proxy().build().unwrap();
        let there = there.get(format!("{beside}/v1/balance")).bearer_auth(&token).send().await.unwrap();
        assert_eq!(there.status(), status);
    }
    service.clock.advance(Duration::from_mins(9));
    assert_eq!(balance(&service, &late.customer().key).await.problem(401), "invalid_access_token");
    assert_eq!(balance(&service, &next[0].customer().key).await.status, 200);
    service.clock.advance(Duration::from_mins(7));
    assert_eq!(kids().await, [new]);
}

#[tokio::test]
async fn a_refresh_token_has_one_successor_and_a_copy_ends_the_session() {
    let service = timed(quick()).await;
    let root = service.customer(7).await;
    let person = join(&service, &root, "viewer").await;
    let together = join_all((0..8).map(|_| refresh(&service, &person.refresh))).await;
    let mut next: Vec<Person> = together.iter().map(|answer| Person::of(&root, &answer.json(200))).collect();
    assert!(next.iter().all(|one| one.refresh == next[0].refresh && one.session == person.session));
    assert_eq!(service.sql("SELECT count(*) FROM session_tokens").await, "2", "one line");
    for one in &next {
        assert_eq!(balance(&service, &one.customer().key).await.status, 200);
    }
    // the answer was lost: a moment later it comes again
    service.clock.advance(Duration::from_secs(9));
    assert_eq!(
        Person::of(&root, &refresh(&service, &person.refresh).await.json(200)).refresh,
        next[0].refresh
    );
    let last = Person::of(&root, &refresh(&service, &next[0].refresh).await.json(200));

    // the first one again, whose successor is used: somebody has a copy, even within the ten seconds
    assert_eq!(refresh(&service, &person.refresh).await.problem(401), "invalid_sign_in");
    assert_eq!(
        refresh(&service, &last.refresh).await.problem(401),
        "invalid_sign_in",
        "the whole line is over"
    );
    service.clock.advance(SETTLED);
    next.push(last);
    for one in &next {
        assert_eq!(balance(&service, &one.customer().key).await.problem(401), "invalid_access_token");
    }
    let log = service.get(&root, "/v1/audit_log?limit=1").await.json(200);
    assert_eq!(log["data"][0]["action"], "session.ended");
    assert_eq!(log["data"][0]["detail"]["why"], "refresh_token_reused");

    // a thief who is late ends it, too
    let person = join(&service, &root, "viewer").await;
    let next = Person::of(&root, &refresh(&service, &person.refresh).await.json(200));
    service.clock.advance(Duration::from_secs(11));
    assert_eq!(refresh(&service, &person.refresh).await.problem(401), "invalid_sign_in");
    assert_eq!(refresh(&service, &next.refresh).await.problem(401), "invalid_sign_in");
    let reasons = service.sql("SELECT DISTINCT end_reason FROM sessions WHERE ended_at IS NOT NULL").await;
    assert_eq!(reasons, "refresh_token_reused");
}

#[tokio::test]
async fn a_session_ends_when_it_is_left_and_after_its_longest() {
    let service = timed(Config { session_idle_days: 2, session_days: 5, ..quick() }).await;
    let root = service.customer(7).await;
    let idle = join(&service, &root, "viewer").await;
    let mut busy = join(&service, &root, "viewer").await;
    for day in 1..=4 {
        service.clock.advance(Duration::from_hours(24));
        busy = Person::of(&root, &refresh(&service, &busy.refresh).await.json(200));
        let expected = if day < 2 { 200 } else { 401 };
        assert_eq!(balance(&service, &busy.customer().key).await.status, 200);
        assert_eq!(service.get(&busy.customer(), "/v1/sessions").await.status, 200);
        let others = service.get(&root, "/v1/sessions").await.json(200)["data"].as_array().unwrap().len();
        assert_eq!(others, if expected == 200 { 2 } else { 1 });
    }
    assert_eq!(refresh(&service, &idle.refresh).await.problem(401), "invalid_sign_in");
    service.clock.advance(Duration::from_hours(24));
    assert_eq!(refresh(&service, &busy.refresh).await.problem(401), "invalid_sign_in", "five days are over");
}

#[tokio::test]
async fn whoever_signs_out_is_out() {
    let service = timed(quick()).await;
    let root = service.customer(7).await;
    let (one, other) = (join(&service, &root, "viewer").await, join(&service, &root, "viewer").await);
    service.clock.advance(Duration::from_millis(1)); // ids are in the order of time
    // the same person elsewhere
    let link = format!("{}/{}/sign_in_link", members(&root), one.member);
    let made = service.post(&one.customer(), &link, &json!({})).await.json(201);
    let second = sign_in(&service, made["token"].as_str().unwrap()).await.json(201);
    let second = Person::of(&root, &second);
    let listed = service.get(&one.customer(), "/v1/sessions").await.json(200);
    let current: Vec<(&Value, &Value)> =
        listed["data"].as_array().unwrap().iter().map(|s| (&s["id"], &s["is_current"])).collect();
    assert_eq!(current, [(&json!(second.session), &json!(false)), (&json!(one.session), &json!(true))]);

    let path = |person: &Person| format!("/v1/sessions/{}", person.session);
    let end =
        async |by: &Customer, person: &Person| send(&service, by, Method::DELETE, &path(person), None).await;
    assert_eq!(end(&one.customer(), &other).await.problem(403), "missing_scope");
    assert_eq!(end(&one.customer(), &second).await.status, 204, "one's own");
    assert_eq!(end(&one.customer(), &one).await.status, 204, "this one");
    assert_eq!(refresh(&service, &one.refresh).await.problem(401), "invalid_sign_in");
    service.clock.advance(SETTLED);
    for gone in [&one, &second] {
        assert_eq!(balance(&service, &gone.customer().key).await.problem(401), "invalid_access_token");
    }
    assert_eq!(balance(&service, &other.customer().key).await.status, 200);
    assert_eq!(end(&root, &other).await.status, 204, "with `members:write`");
    assert_eq!(end(&root, &other).await.problem(404), "not_found");
}

#[tokio::test]
async fn tries_to_sign_in_are_counted_by_address() {
    let config = Config {
        max_sign_ins_per_minute: 3,
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..quick()
    };
    let service = timed(config).await;
    let attempt = async |from: &str, path: &str| {
        let body = json!({ "token": "x", "refresh_token": "x" });
        let request = service.request(Method::POST, path).header("x-forwarded-for", from).json(&body);
        Answer::of(request.send().await.unwrap()).await.status
    };
    for path in ["/v1/sessions", "/v1/sessions/refresh", "/v1/sessions"] {
        assert_eq!(attempt("203.0.113.1", path).await, 400, "one member too many");
    }
    assert_eq!(attempt("203.0.113.1", "/v1/sessions").await, 429);
    assert_eq!(attempt("203.0.113.1", "/v1/sessions/refresh").await, 429, "one count for both");
    assert_eq!(attempt("203.0.113.2", "/v1/sessions").await, 400);
    for last in 1..=3 {
        assert_eq!(attempt(&format!("2001:db8::{last}"), "/v1/sessions").await, 400);
    }
    assert_eq!(attempt("2001:db8::ffff:4", "/v1/sessions").await, 429, "one network");
    let request = service.request(Method::POST, "/v1/sessions").header("x-forwarded-for", "203.0.113.1");
    let refused = Answer::of(request.json(&json!({})).send().await.unwrap()).await;
    assert_eq!((refused.problem(429).as_str(), refused.header("retry-after")), ("rate_limited", "20"));
    service.clock.advance(Duration::from_secs(20));
    assert_eq!(attempt("203.0.113.1", "/v1/sessions").await, 400);
}

#[tokio::test]
async fn the_oldest_of_too_many_sessions_makes_room() {
    let service = timed(quick()).await;
    let root = service.customer(7).await;
    let first = join(&service, &root, "viewer").await;
    let link = format!("{}/{}/sign_in_link", members(&root), first.member);
    for _ in 0..50 {
        service.clock.advance(Duration::from_millis(1));
        let made = service.post(&root, &link, &json!({})).await.json(201);
        sign_in(&service, made["token"].as_str().unwrap()).await.json(201);
    }
    let live = "SELECT count(*) FROM sessions WHERE ended_at IS NULL";
    assert_eq!(service.sql(live).await, "50");
    assert_eq!(refresh(&service, &first.refresh).await.problem(401), "invalid_sign_in");
}
