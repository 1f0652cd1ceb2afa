//! No two transactions may wait for each other in a ring. Each test holds a lock that a request wants, sees the request wait
//! for it, and then takes a lock that comes later in the order that all have: this one the request must not hold by then.

use std::time::Duration;

use protocol::{JobId, LedgerEntryId, Mode, ProjectId, Rao};
use rand_core::OsRng;
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use store::api_keys::KeyText;
use store::audit_log::Deed;
use store::{Postgres, Tenant, Transaction};
use uuid::Uuid;

use crate::compat;
use crate::harness::{Customer, Service, new_key};

/// A transaction of somebody else.
type Other = Transaction<'static, Postgres>;

/// Until a transaction of this database waits for another one's lock.
async fn somebody_waits(service: &Service) {
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0";
    let seen = async {
        while service.sql(waiting).await == "0" {
            tokio::time::sleep(Duration::from_millis(5)).await; // Postgres tells nobody
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen).await.expect("nobody waits");
}

/// Answers the request, which meets somebody else's transaction where it is, and sees that one do what is left of it.
async fn meet(
    service: &Service,
    mut other: Other,
    then: impl AsyncFnOnce(&mut Other) -> Result<(), store::Error>,
    request: RequestBuilder,
) {
    let meanwhile = async {
        somebody_waits(service).await;
        then(&mut other).await.expect("the request holds this already");
        other.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(request.send(), meanwhile);
    let answer = answer.unwrap();
    assert!(answer.status().is_success(), "{:?}", answer.text().await);
}

fn post(service: &Service, customer: &Customer, path: &str) -> RequestBuilder {
    service.request(Method::POST, path).bearer_auth(&customer.key)
}

/// Takes the account's row.
async fn grant(service: &Service, customer: &Customer, other: &mut Other) -> Result<(), store::Error> {
    let (id, one) = (LedgerEntryId(Uuid::now_v7()), Rao::new(1).unwrap());
    store::ledger::grant(other, id, customer.account, one, service.clock.now()).await.map(drop)
}

/// Takes the end of the audit log.
async fn log(service: &Service, customer: &Customer, other: &mut Other) -> Result<(), store::Error> {
    let tenant = Tenant::default_of(customer.account);
    let deed = Deed { tenant, key: None, action: "test.done", subject: String::new(), detail: json!({}) };
    store::audit_log::append(other, &deed, service.clock.now()).await
}

#[tokio::test]
async fn a_batch_takes_its_account_before_the_audit_log() {
    let service = Service::start().await;
    let customer = service.customer(1_000).await;
    let body = compat::wish(&compat::upload(&service, &customer, &[compat::line("a", &json!({}))]).await);
    assert_eq!(service.post(&customer, "/v1/batches", &body).await.status, 201);
    let mut other = service.db.begin().await.unwrap();
    grant(&service, &customer, &mut other).await.unwrap();
    let meanwhile = async {
        somebody_waits(&service).await;
        log(&service, &customer, &mut other).await.expect("the reader holds this already");
        other.commit().await.unwrap();
    };
    tokio::join!(service.read_batches(), meanwhile);
    assert_eq!(service.sql("SELECT state FROM compat_batches").await, "open");
}

#[tokio::test]
async fn a_deed_takes_its_project_before_the_audit_log() {
    let service = Service::start().await;
    let customer = service.customer(10_000).await;
    // a deed that nothing else tells of: no other row refers to the project
    let file = compat::upload(&service, &customer, &[compat::line("a", &json!({}))]).await;
    let request = service.request(Method::DELETE, &format!("/v1/files/{file}")).bearer_auth(&customer.key);
    let mut other = service.db.begin().await.unwrap();
    let project = Tenant::default_of(customer.account).project;
    store::projects::lock(&mut other, customer.account, project).await.unwrap();
    let then = async |other: &mut Other| log(&service, &customer, other).await;
    meet(&service, other, then, request).await;
}

#[tokio::test]
async fn a_batch_that_ends_takes_all_holds_of_its_jobs_before_their_account() {
    let service = Service::start().await;
    let customer = service.customer(10_000).await;
    let three = json!({ "n": 3 });
    let lines = [compat::line("a", &json!({})), compat::line("b", &three), compat::line("c", &three)];
    let batch = compat::batch(&service, &customer, &lines).await;
    let mut jobs: Vec<JobId> = serde_json::from_value(batch["reliquary"]["job_ids"].clone()).unwrap();
    jobs.sort_unstable();
    let mut other = service.db.begin().await.unwrap();
    // what it is already: the hold is locked, and nothing is changed
    let held = service.sql(&format!("SELECT amount FROM holds WHERE job_id = '{}'", jobs[1].0)).await;
    let held = Rao::new(held.parse().unwrap()).unwrap();
    store::ledger::adjust(&mut other, jobs[1], held, service.clock.now()).await.unwrap();
    let then = async |other: &mut Other| grant(&service, &customer, other).await;
    let path = format!("/v1/batches/{}/cancel", batch["id"].as_str().unwrap());
    meet(&service, other, then, post(&service, &customer, &path)).await;
    assert_eq!(service.sql("SELECT count(*) FROM holds WHERE state = 'open'").await, "0");
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn a_project_is_not_archived_while_something_of_its_twin_is_written() {
    let service = Service::start().await;
    let customer = service.customer(1_000).await;
    let project = service.post(&customer, "/v1/projects", &json!({ "name": "second" })).await.json(201);
    let id: ProjectId = serde_json::from_value(project["id"].clone()).unwrap();
    let mut other = service.db.begin().await.unwrap();
    // refers to it as a test job does
    let twin = store::projects::in_mode(&mut other, id, Mode::Test).await.unwrap();
    let (text, tenant) = (KeyText::generate(&mut OsRng), Tenant { account: customer.account, project: twin });
    store::api_keys::create(&mut other, &new_key(tenant, &text), service.clock.now()).await.unwrap();
    let path = format!("/v1/projects/{id}/archive");
    meet(&service, other, async |_| Ok(()), post(&service, &customer, &path)).await;
}

/// A client that goes away while its job is written: whether there is a job then is not left open.
#[tokio::test]
async fn a_chat_that_nobody_waits_for_is_cancelled_although_it_was_being_written() {
    let service = Service::start().await;
    service.miner().await;
    let customer = service.customer(1_000_000).await;
    let mut other = service.db.begin().await.unwrap();
    grant(&service, &customer, &mut other).await.unwrap();
    let body = &compat::line("a", &json!({}))["body"];
    tokio::select! {
        answer = post(&service, &customer, "/v1/chat/completions").json(body).send() => panic!("{answer:?}"),
        () = somebody_waits(&service) => {} // and the client is gone
    }
    other.commit().await.unwrap();
    let cancelled = async {
        while service.sql("SELECT status FROM jobs").await != "cancelled" {
            tokio::time::sleep(Duration::from_millis(20)).await; // nobody tells this test of a row
        }
    };
    tokio::time::timeout(Duration::from_secs(20), cancelled).await.expect("a cancelled job");
    assert_eq!(service.sql("SELECT count(*) FROM holds WHERE state = 'open'").await, "0");
    service.assert_ledger_clean().await;
}
