//! The people of an organisation: who may have whom, and that an owner always stays.

use std::time::Duration;

use chrono::DateTime;
use futures_util::future::join_all;
use protocol::{Rao, Scope};
use reqwest::Method;
use serde_json::{Value, json};
use store::api_keys::Terms;
use store::spend::Cap;
use store::{Clock, Rates};

use crate::harness::{Customer, Service, job_body, quick};
use crate::people::{invite, join, members, refresh, send, sign_in};

fn person(by: &Customer, member: &str) -> String {
    format!("{}/{member}", members(by))
}

#[tokio::test]
async fn nobody_gives_a_role_that_may_do_more_than_they() {
    let service = Service::start().await;
    let root = service.customer(7).await;
    let (owner, admin) = (join(&service, &root, "owner").await, join(&service, &root, "admin").await);
    let wish = |role: &str| json!({ "email": format!("{role}@example.com"), "role": role });
    for (by, may) in [(&owner, ["owner", "billing"]), (&admin, ["admin", "developer"])] {
        for role in may {
            service.post(&by.customer(), &members(&root), &wish(role)).await.json(201);
        }
    }
    let (_, unused) = invite(&service, &root, "owner").await;
    for role in ["owner", "billing"] {
        let refused = service.post(&admin.customer(), &members(&root), &wish(role)).await.json(422);
        let error = &refused["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!("#/role"), &json!("exceeds_your_key")));
    }
    let up = json!({ "role": "owner" });
    let own = person(&root, &admin.member);
    for (method, path, body) in [
        (Method::PATCH, own.clone(), Some(&up)),
        (Method::PATCH, person(&root, &owner.member), Some(&json!({ "role": "viewer" }))),
        (Method::DELETE, person(&root, &owner.member), None),
        // whoever holds the link is that member
        (Method::POST, format!("{}/sign_in_link", person(&root, &owner.member)), None),
        (Method::DELETE, format!("/v1/sessions/{}", owner.session), None),
    ] {
        let answer = send(&service, &admin.customer(), method, &path, body).await;
        assert_eq!(answer.problem(403), "exceeds_your_key", "{path}");
    }
    // a key with a limit, an end or one project cannot make members who have none
    let cap = Some(Cap { limit: Rao::new(5).unwrap(), reset: None });
    let end = Some(service.clock.now() + chrono::TimeDelta::days(1));
    for terms in [Terms { cap, ..Terms::everything() }, Terms { expires_at: end, ..Terms::everything() }] {
        let key = service.another(&root, terms).await;
        let refused = service.post(&key, &members(&root), &wish("viewer")).await.json(422);
        assert_eq!(refused["errors"][0]["code"], "exceeds_your_key");
    }
    let project = service.another(&root, Terms::of_project()).await;
    assert_eq!(service.post(&project, &members(&root), &wish("viewer")).await.problem(404), "not_found");
    // with the scope of members alone one can have none of them: each may do more
    let scopes = [Scope::MembersWrite, Scope::MembersRead].into_iter().collect();
    let narrow = service.another(&root, Terms { scopes, ..Terms::everything() }).await;
    assert_eq!(service.post(&narrow, &members(&root), &wish("viewer")).await.status, 422);
    assert_eq!(service.get(&narrow, &members(&root)).await.status, 200);
    sign_in(&service, &unused).await.json(201);
}

#[tokio::test]
async fn what_is_wrong_with_a_member_is_said_at_once() {
    let service = Service::start().await;
    let (root, other) = (service.customer(7).await, service.customer(7).await);
    let bad = json!({ "email": "nobody", "role": "king" });
    let refused = service.post(&root, &members(&root), &bad).await.json(422);
    let pointers: Vec<&Value> = refused["errors"].as_array().unwrap().iter().map(|e| &e["pointer"]).collect();
    assert_eq!(pointers, [&json!("#/email"), &json!("#/role")]);
    let ada = json!({ "email": "Ada@example.com", "role": "viewer" });
    let made = service.post(&root, &members(&root), &ada).await.json(201);
    let again = json!({ "email": "ada@example.com", "role": "owner" });
    let taken = service.post(&root, &members(&root), &again).await.json(422);
    assert_eq!(taken["errors"][0]["code"], "already_a_member");
    service.post(&other, &members(&other), &ada).await.json(201); // another organisation tells nothing
    let member = made["id"].as_str().unwrap();
    assert_eq!(service.get(&other, &person(&other, member)).await.problem(404), "not_found");
    assert_eq!(service.get(&other, &person(&root, member)).await.problem(404), "not_found");
    let role = json!({ "role": "king" });
    let refused = send(&service, &root, Method::PATCH, &person(&root, member), Some(&role)).await;
    assert_eq!(refused.json(422)["errors"][0]["pointer"], "#/role");

    // the same request again: the same member, and no token
    let once = async || {
        let request = service.request(Method::POST, &members(&root)).bearer_auth(&root.key);
        let request = request.header("idempotency-key", "one");
        let wish = json!({ "email": "one@example.com", "role": "viewer" });
        crate::harness::Answer::of(request.json(&wish).send().await.unwrap()).await
    };
    let (first, second) = (once().await, once().await);
    assert_eq!(second.header("idempotency-replayed"), "true");
    let (first, second) = (first.json(201), second.json(201));
    assert_eq!(first["id"], second["id"]);
    assert!(first["sign_in_link"]["token"].is_string() && second["sign_in_link"]["token"].is_null());
    // whoever is gone may come again
    assert_eq!(send(&service, &root, Method::DELETE, &person(&root, member), None).await.status, 204);
    service.post(&root, &members(&root), &ada).await.json(201);
    let listed = service.get(&root, &members(&root)).await.json(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    let gone = service.get(&root, &person(&root, member)).await.json(200);
    assert_eq!(gone["status"], "removed");
}

#[tokio::test]
async fn a_removed_member_is_out_and_a_changed_role_counts() {
    let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let service = Service::counting(quick(), clock, Rates::local()).await;
    let root = service.customer(1_000_000).await;
    let member = join(&service, &root, "developer").await;
    service.job(&member.customer(), 1).await;
    let viewer = json!({ "role": "viewer" });
    let path = person(&root, &member.member);
    let changed = send(&service, &root, Method::PATCH, &path, Some(&viewer)).await.json(200);
    assert_eq!((&changed["role"], &changed["status"]), (&json!("viewer"), &json!("active")));
    service.clock.advance(Duration::from_secs(6));
    let refused = service.post(&member.customer(), "/v1/jobs", &job_body(1)).await;
    assert_eq!(refused.problem(403), "missing_scope", "the token from before says more than the member may");
    assert_eq!(service.get(&member.customer(), "/v1/jobs").await.status, 200);

    let link = format!("{path}/sign_in_link");
    let token = service.post(&root, &link, &json!({})).await.json(201)["token"].as_str().unwrap().to_owned();
    assert_eq!(send(&service, &root, Method::DELETE, &path, None).await.status, 204);
    assert_eq!(refresh(&service, &member.refresh).await.problem(401), "invalid_sign_in", "at once");
    assert_eq!(sign_in(&service, &token).await.problem(401), "invalid_sign_in", "at once");
    service.clock.advance(Duration::from_secs(6));
    assert_eq!(service.get(&member.customer(), "/v1/jobs").await.problem(401), "invalid_access_token");
    for (method, path) in [(Method::DELETE, &path), (Method::POST, &link)] {
        assert_eq!(send(&service, &root, method, path, None).await.problem(404), "not_found");
    }
    assert_eq!(service.sql("SELECT end_reason FROM sessions").await, "member_removed");
}

#[tokio::test]
async fn an_owner_stays_whoever_is_faster() {
    let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let service = Service::counting(quick(), clock, Rates::local()).await;
    let down = json!({ "role": "viewer" });
    for (round, method) in [Method::DELETE, Method::PATCH, Method::DELETE].into_iter().enumerate() {
        let root = service.customer(7).await;
        let owners = [join(&service, &root, "owner").await, join(&service, &root, "owner").await];
        invite(&service, &root, "owner").await; // who never came counts for nothing
        for owner in &owners {
            assert_eq!(service.get(&owner.customer(), "/v1/jobs").await.status, 200);
        }
        let body = (method == Method::PATCH).then_some(&down);
        // each the other, and both at once
        let attempts = [(0, 1), (1, 0)].map(|(by, of)| {
            let (by, path) = (owners[by].customer(), person(&root, &owners[of].member));
            let (service, method) = (&service, method.clone());
            async move { send(service, &by, method, &path, body).await }
        });
        let mut answers = join_all(attempts).await;
        answers.sort_by_key(|answer| answer.status);
        let left = format!(
            "SELECT count(*) FROM members WHERE account_id = '{}' AND role = 'owner' AND joined_at IS NOT NULL \
             AND removed_at IS NULL",
            root.account.0
        );
        assert_eq!(service.sql(&left).await, "1", "round {round}");
        assert!(answers[0].status < 300, "{}", answers[0].text);
        // the loser was an owner when they asked, and is refused as what they are now, or as the last
        let code = answers[1].problem(answers[1].status);
        assert!(matches!(code.as_str(), "last_owner" | "exceeds_your_key"), "{code}");
        // nor can a key take the last one
        let listed = service.get(&root, &members(&root)).await.json(200);
        let mut all = listed["data"].as_array().unwrap().iter();
        let last = all.find(|m| m["role"] == "owner" && m["status"] == "active").unwrap();
        let path = person(&root, last["id"].as_str().unwrap());
        for (method, body) in [(Method::DELETE, None), (Method::PATCH, Some(&down))] {
            assert_eq!(send(&service, &root, method, &path, body).await.problem(409), "last_owner");
        }
    }
}
