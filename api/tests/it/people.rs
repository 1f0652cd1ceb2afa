//! People of an organisation, as the tests need them.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Customer, Service};

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) member: String,
    pub(crate) session: String,
    pub(crate) refresh: String,
    customer: Customer,
}

impl Person {
    /// Of the answer to a sign-in or a refresh.
    pub(crate) fn of(account: &Customer, grant: &Value) -> Self {
        let text = |name: &str| grant[name].as_str().unwrap().to_owned();
        Self {
            member: text("member_id"),
            session: text("id"),
            refresh: text("refresh_token"),
            customer: Customer { account: account.account, key: text("access_token") },
        }
    }

    /// Whoever acts with their access token.
    pub(crate) fn customer(&self) -> Customer {
        self.customer.clone()
    }
}

pub(crate) fn members(of: &Customer) -> String {
    format!("/v1/organizations/{}/members", of.account)
}

/// Invites somebody; the answer, and the token of their link.
pub(crate) async fn invite(service: &Service, by: &Customer, role: &str) -> (Value, String) {
    let wish = json!({ "email": format!("{}@example.com", Uuid::new_v4().simple()), "role": role });
    let made = service.post(by, &members(by), &wish).await.json(201);
    let token = made["sign_in_link"]["token"].as_str().unwrap().to_owned();
    (made, token)
}

/// Anything that needs no key.
pub(crate) async fn open(service: &Service, path: &str, body: &Value) -> Answer {
    Answer::of(service.request(Method::POST, path).json(body).send().await.unwrap()).await
}

pub(crate) async fn sign_in(service: &Service, token: &str) -> Answer {
    open(service, "/v1/sessions", &json!({ "token": token })).await
}

pub(crate) async fn refresh(service: &Service, token: &str) -> Answer {
    open(service, "/v1/sessions/refresh", &json!({ "refresh_token": token })).await
}

/// Invites somebody, and signs them in.
pub(crate) async fn join(service: &Service, by: &Customer, role: &str) -> Person {
    let (_, token) = invite(service, by, role).await;
    Person::of(by, &sign_in(service, &token).await.json(201))
}

pub(crate) async fn send(
    service: &Service,
    by: &Customer,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Answer {
    let mut request = service.request(method, path).bearer_auth(&by.key);
    if let Some(body) = body {
        request = request.json(body);
    }
    Answer::of(request.send().await.unwrap()).await
}
