//! No two requests may wait for each other in a ring. Each test holds a lock that a request wants, sees the request wait for it,
//! and then takes the last lock of all, that of the audit log: this one the request must not hold by then.

use std::time::Duration;

use protocol::{LedgerEntryId, Rao};
use serde_json::{Value, json};
use store::audit_log::Deed;
use store::{Postgres, Tenant, Transaction};
use uuid::Uuid;

use crate::compat;
use crate::harness::{Customer, Service};

/// Until a transaction of this database waits for another one's lock.
async fn somebody_waits(service: &Service) {
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0";
    let seen = async {
        while service.sql(waiting).await == "0" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen).await.expect("nobody waits");
}

/// Sends the request while somebody else's transaction is where `held` left it, and lets that one append its deed meanwhile.
async fn meet(
    service: &Service,
    customer: &Customer,
    held: Transaction<'static, Postgres>,
    path: &str,
    body: &Value,
    status: u16,
) {
    let mut held = held;
    let asked = service.post(customer, path, body);
    let meanwhile = async {
        somebody_waits(service).await;
        let tenant = Tenant::default_of(customer.account);
        let deed = Deed { tenant, key: None, action: "test.done", subject: String::new(), detail: json!({}) };
        store::audit_log::append(&mut held, &deed, service.clock.now())
            .await
            .expect("the request holds the log already");
        held.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(asked, meanwhile);
    answer.json(status);
}

#[tokio::test]
async fn a_batch_and_whoever_holds_its_account() {
    let service = Service::start().await;
    let customer = service.customer(1_000).await;
    let body = compat::wish(&compat::upload(&service, &customer, &[compat::line("a", &json!({}))]).await);
    let mut tx = service.db.begin().await.unwrap();
    let (id, one) = (LedgerEntryId(Uuid::now_v7()), Rao::new(1).unwrap());
    store::ledger::grant(&mut tx, id, customer.account, one, service.clock.now()).await.unwrap();
    meet(&service, &customer, tx, "/v1/batches", &body, 201).await;
}

#[tokio::test]
async fn a_deed_and_whoever_changes_its_project() {
    let service = Service::start().await;
    let customer = service.customer(1_000).await;
    let job = service.job(&customer, 1).await;
    let mut tx = service.db.begin().await.unwrap();
    let project = Tenant::default_of(customer.account).project;
    store::projects::lock(&mut tx, customer.account, project).await.unwrap();
    meet(&service, &customer, tx, &format!("/v1/jobs/{job}/pause"), &json!({}), 202).await;
}
