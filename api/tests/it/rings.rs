//! No two transactions may wait for each other in a ring. Each test holds a lock that a request wants, sees the request wait
//! for it, and then takes a lock that comes later in the order that all have: this one the request must not hold by then.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use store::Tenant;

use crate::compat;
use crate::deliver::deliver;
use crate::harness::{Customer, Service};

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

/// Answers the request, which meets a transaction that has done `first`, and then does `then`.
async fn meet(service: &Service, (first, then): (&str, &str), request: RequestBuilder) {
    let mut other = service.db.begin().await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(first)).execute(&mut *other).await.unwrap();
    let meanwhile = async {
        somebody_waits(service).await;
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(then)).execute(&mut *other).await;
        done.expect("the request holds this already");
        other.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(request.send(), meanwhile);
    let answer = answer.unwrap();
    assert!(answer.status().is_success(), "{:?}", answer.text().await);
}

fn post(service: &Service, customer: &Customer, path: &str) -> RequestBuilder {
    service.request(Method::POST, path).bearer_auth(&customer.key)
}

fn account(customer: &Customer) -> String {
    format!("SELECT 1 FROM accounts WHERE id = '{}' FOR NO KEY UPDATE", customer.account.0)
}

fn audit_log(customer: &Customer) -> String {
    format!("SELECT 1 FROM audit_heads WHERE account_id = '{}' FOR UPDATE", customer.account.0)
}

#[tokio::test]
async fn a_batch_takes_its_account_before_the_audit_log() {
    let service = Service::start().await;
    let customer = service.customer(1_000).await;
    let body = compat::wish(&compat::upload(&service, &customer, &[compat::line("a", &json!({}))]).await);
    let locks = (account(&customer), audit_log(&customer));
    meet(&service, (&locks.0, &locks.1), post(&service, &customer, "/v1/batches").json(&body)).await;
}

#[tokio::test]
async fn a_deed_takes_its_project_before_the_audit_log() {
    let service = Service::start().await;
    let customer = service.customer(10_000).await;
    // a deed that nothing else tells of: no other row refers to the project
    let file = compat::upload(&service, &customer, &[compat::line("a", &json!({}))]).await;
    let request = service.request(Method::DELETE, &format!("/v1/files/{file}")).bearer_auth(&customer.key);
    let project = Tenant::default_of(customer.account).project;
    // as whoever archives it does
    let project = format!("SELECT 1 FROM projects WHERE id = '{}' FOR UPDATE", project.0);
    meet(&service, (&project, &audit_log(&customer)), request).await;
}

#[tokio::test]
async fn a_batch_that_ends_takes_all_accounts_of_its_jobs_in_order() {
    let service = Service::start().await;
    let customer = service.customer(10_000).await;
    // the first job pays nobody; the second one has paid the house, whose account comes before all others
    let three = json!({ "n": 3 });
    let lines = [compat::line("a", &json!({})), compat::line("b", &three), compat::line("c", &three)];
    let batch = compat::batch(&service, &customer, &lines).await;
    let jobs = batch["reliquary"]["job_ids"].as_array().unwrap();
    deliver(&service, jobs[1].as_str().unwrap(), 0).await;
    let house = format!("SELECT 1 FROM accounts WHERE id = '{}' FOR NO KEY UPDATE", store::ledger::HOUSE.0);
    let path = format!("/v1/batches/{}/cancel", batch["id"].as_str().unwrap());
    meet(&service, (&house, &account(&customer)), post(&service, &customer, &path)).await;
    assert_eq!(service.sql("SELECT count(*) FROM holds WHERE state = 'open'").await, "0");
    service.assert_ledger_clean().await;
}

#[tokio::test]
async fn a_project_is_not_archived_while_a_test_job_of_it_is_written() {
    let service = Service::start().await;
    let customer = service.customer(1_000).await;
    let project = service.post(&customer, "/v1/projects", &json!({ "name": "second" })).await.json(201);
    let id = project["id"].as_str().unwrap();
    // as a new job's reference to its project does
    let twin = "SELECT 1 FROM projects WHERE twin_of = (SELECT id FROM projects WHERE name = 'second' AND twin_of IS NULL)
        FOR KEY SHARE";
    let path = format!("/v1/projects/{id}/archive");
    meet(&service, (twin, "SELECT 1"), post(&service, &customer, &path)).await;
}

/// A client that goes away while its job is written: whether there is a job then is not left open.
#[tokio::test]
async fn a_chat_that_nobody_waits_for_is_cancelled_although_it_was_being_written() {
    let service = Service::start().await;
    let customer = service.customer(1_000_000).await;
    let mut other = service.db.begin().await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(account(&customer))).execute(&mut *other).await.unwrap();
    let body = &compat::line("a", &json!({}))["body"];
    let request = service.request(Method::POST, "/v1/chat/completions").bearer_auth(&customer.key).json(body);
    tokio::select! {
        answer = request.send() => panic!("{answer:?}"),
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
