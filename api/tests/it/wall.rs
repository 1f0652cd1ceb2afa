//! The second wall: row-level security, behind queries that name their tenant, for the day when one forgets to.

use protocol::JobId;

use crate::deliver::deliver;
use crate::harness::{Customer, Service, module_form};
use crate::people::join;

/// Rows of every table that tenants may read, as this tenant counts them without any WHERE.
async fn counts(service: &Service, account: &str, project: &str) -> Vec<(String, i64)> {
    let tables = service
        .sql(
            "SELECT DISTINCT table_name FROM information_schema.column_privileges \
             WHERE grantee = 'reliquary_tenant' AND privilege_type = 'SELECT' ORDER BY 1",
        )
        .await;
    let mut counts = Vec::new();
    for table in tables.lines() {
        let count = service
            .sql(&format!(
                "BEGIN; SET LOCAL ROLE reliquary_tenant; SET LOCAL reliquary.account = '{account}'; \
                 SET LOCAL reliquary.project = '{project}'; SELECT count(*) FROM {table}; COMMIT"
            ))
            .await;
        counts.push((table.to_owned(), count.trim().parse().unwrap()));
    }
    counts
}

/// A job with a delivered group, one under way, and a reward function.
async fn busy(service: &Service) -> (Customer, JobId) {
    let customer = service.customer(1_000_000).await;
    let name = serde_json::json!({ "name": "mine" });
    let function = service.post(&customer, "/v1/reward_functions", &name).await.json(201);
    let function = function["id"].as_str().unwrap();
    // of its own: the built-ins are everyone's
    let module = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/wall.rs"));
    let form = module_form(module);
    service.form(&customer, &format!("/v1/reward_functions/{function}/versions"), form).await.json(201);
    let request = service.request(reqwest::Method::POST, "/v1/jobs").bearer_auth(&customer.key);
    let request = request.header("idempotency-key", "once").json(&crate::harness::job_body(2));
    let job = crate::harness::Answer::of(request.send().await.unwrap()).await.json(201);
    let job = job["id"].as_str().unwrap().to_owned();
    deliver(service, &job, 0).await;
    join(service, &customer, "developer").await;
    (customer, job.parse().unwrap())
}

/// What all may read, and what is no customer's.
const OPEN: [&str; 3] = ["builtin_rewards", "checkpoints", "reward_modules"];

#[tokio::test]
async fn a_query_that_forgets_its_tenant_sees_only_that_tenants_rows() {
    let service = Service::start().await;
    let (owner, _) = busy(&service).await;
    let sibling = service.sibling(&owner).await;
    let stranger = service.customer(7).await;
    let account = owner.account.0.to_string();
    let all = counts(&service, &account, &account).await;
    let mut filled = 0;
    for (table, count) in &all {
        let whole: i64 = service.sql(&format!("SELECT count(*) FROM {table}")).await.parse().unwrap();
        match table.as_str() {
            // the stranger's, the house's and those that the miner's share made are not seen
            "accounts" => assert_eq!(*count, 1),
            "projects" => assert_eq!(*count, 4, "both projects with their twins, and no stranger's"),
            "api_keys" => assert_eq!(*count, 3, "of both projects and of the member, and no stranger's"),
            "ledger_entries" => assert_eq!(*count, whole - 1, "all but the stranger's grant"),
            _ => assert_eq!(*count, whole, "{table}: nobody else has rows"),
        }
        filled += i32::from(*count > 0);
    }
    assert!(filled >= 20, "the test fills what it looks at: {all:?}");

    // another organisation, another project, an archived one, no settings at all, and settings that do not fit together
    let stranger_id = stranger.account.0.to_string();
    let second = service.sql("SELECT id FROM projects WHERE name = 'second' AND twin_of IS NULL").await;
    let second = second.trim();
    for (account_seen, project_seen) in [
        (&*stranger_id, &*stranger_id),
        (&account, second),
        ("", ""),
        (&stranger_id, &account),
        ("", &account),
    ] {
        for (table, count) in counts(&service, account_seen, project_seen).await {
            let of_account = [
                "accounts",
                "api_keys",
                "audit_heads",
                "audit_log",
                "holds",
                "ledger_entries",
                "members",
                "projects",
                "session_tokens",
                "sessions",
                "sign_in_links",
                "spent_days",
                "usage_hours",
            ];
            let is_the_organisations = of_account.contains(&&*table);
            if OPEN.contains(&&*table) {
                assert!(count > 0, "{table}");
            } else if !is_the_organisations {
                assert_eq!(count, 0, "{table} for {account_seen}/{project_seen}");
            } else if account_seen.is_empty() {
                assert_eq!(count, 0, "{table} for nobody");
            }
        }
    }
    let modules = "SELECT count(*) FROM reward_modules WHERE NOT is_builtin";
    assert_eq!(service.sql(modules).await, "0", "the upload was no module, and nobody has validated it");
    service.sql(&format!("UPDATE projects SET archived_at = now() WHERE id = '{account}'")).await;
    for (table, count) in counts(&service, &account, &account).await {
        let has_project = ["jobs", "prompts", "groups", "rollouts", "events", "reward_functions"];
        assert!(!has_project.contains(&&*table) || count == 0, "{table} of an archived project");
    }
    drop(sibling);
}

#[tokio::test]
async fn nothing_is_written_into_another_tenant() {
    let service = Service::start().await;
    let (owner, job) = busy(&service).await;
    let (stranger, job) = (service.customer(7).await, job.0);
    let (theirs, own) = (owner.account.0, stranger.account.0);
    for (write, refused) in [
        (
            format!(
                "INSERT INTO reward_functions (id, account_id, project_id, name) VALUES ('{job}', '{theirs}', '{theirs}', 'x')"
            ),
            Some("row-level security"),
        ),
        (
            format!(
                "INSERT INTO events (job_id, sequence, id, type, body) VALUES ('{job}', 99, gen_random_uuid(), 'job.queued', '{{}}')"
            ),
            Some("row-level security"),
        ),
        (
            format!(
                "INSERT INTO idempotency_keys (project_id, operation, key, fingerprint, status, body) \
                VALUES ('{theirs}', 'x', 'x', sha256('x'), 201, '')"
            ),
            Some("row-level security"),
        ),
        (
            format!(
                "INSERT INTO api_keys (id, account_id, project_id, name, lookup, secret_sha256) \
                VALUES ('{job}', '{theirs}', '{theirs}', 'x', 'x', sha256('x'))"
            ),
            Some("row-level security"),
        ),
        // what is not seen is not changed
        (format!("UPDATE jobs SET status = 'cancelling' WHERE id = '{job}'"), None),
        ("UPDATE accounts SET held = 0".to_owned(), None),
        (format!("DELETE FROM prompts WHERE job_id = '{job}'"), None),
        // and what nobody may change through the gateway is refused to its owner, too
        (
            format!("UPDATE accounts SET credits_posted = 1000000 WHERE id = '{own}'"),
            Some("permission denied"),
        ),
        ("INSERT INTO transfers SELECT * FROM transfers".to_owned(), Some("permission denied")),
        ("SELECT * FROM miners".to_owned(), Some("permission denied")),
        ("UPDATE reward_modules SET world = 'x'".to_owned(), Some("permission denied")),
    ] {
        let before = service.sql("SELECT sum(held) FROM accounts").await;
        let as_tenant = format!(
            "BEGIN; SET LOCAL ROLE reliquary_tenant; SET LOCAL reliquary.account = '{own}'; \
             SET LOCAL reliquary.project = '{own}'; {write}; COMMIT"
        );
        let done = service.database.sql(&as_tenant).await;
        match refused {
            Some(why) => {
                let error = format!("{:?}", done.unwrap_err());
                assert!(error.contains(why), "{write}: {error}");
            }
            None => {
                done.unwrap();
            }
        }
        assert_eq!(service.sql("SELECT sum(held) FROM accounts").await, before, "{write}");
    }
    let status = format!("SELECT status, (SELECT count(*) FROM prompts) FROM jobs WHERE id = '{job}'");
    assert_eq!(service.sql(&status).await, "queued|2");
}

#[tokio::test]
async fn every_table_that_tenants_reach_has_its_policy() {
    let service = Service::start().await;
    let bare = "SELECT string_agg(DISTINCT c.relname, ', ') FROM pg_class c \
        JOIN information_schema.column_privileges p ON p.table_name = c.relname AND p.grantee = 'reliquary_tenant' \
        WHERE c.relkind = 'r' AND (NOT c.relrowsecurity OR NOT EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = c.oid))";
    assert_eq!(service.sql(bare).await, "", "granted to tenants without row-level security");
    // and every table with a tenant's column is behind the wall, or known to be no gateway's business
    let outside = "SELECT string_agg(DISTINCT c.table_name, ', ' ORDER BY c.table_name) FROM information_schema.columns c \
        JOIN pg_class t ON t.oid = format('%I.%I', c.table_schema, c.table_name)::regclass AND t.relkind = 'r' \
        WHERE c.table_schema = 'public' AND c.column_name IN ('account_id', 'project_id', 'job_id', 'group_id') \
        AND NOT t.relrowsecurity";
    assert_eq!(
        service.sql(outside).await,
        "audits, delivered_samples, escrow, reward_reruns, transfers",
        "tables of the workers alone; a new table of customers goes behind the wall (migration 0013, behind_wall)"
    );
}

/// sqlx 0.9.0 loses sight of a transaction whose `BEGIN` is given up half-way. Whoever got the connection next would be in it,
/// with the eyes of another tenant. A client can bring that about by hanging up.
#[tokio::test]
async fn a_transaction_that_is_given_up_while_it_begins_is_nobody_elses() {
    let service = Service::start().await;
    let customer = service.customer(0).await;
    let db = store::Db::connect(service.database.url(), 1).await.unwrap();
    let mut given_up = 0;
    for polls in 1..40 {
        {
            let mut begin = std::pin::pin!(db.begin_as(store::Tenant::default_of(customer.account)));
            let mut left = polls;
            let begun = std::future::poll_fn(|cx| {
                if left == 0 {
                    return std::task::Poll::Ready(false);
                }
                left -= 1;
                begin.as_mut().poll(cx).map(|begun| begun.is_ok())
            });
            given_up += i32::from(!begun.await);
        }
        // the one connection: what a tenant may not do, and what an aborted transaction cannot
        let mut conn = db.acquire().await.unwrap();
        let written = store::service_keys::publish(&mut conn, &[polls; 32], service.clock.now()).await;
        written.unwrap_or_else(|error| panic!("after {polls} polls: {error:?}"));
    }
    assert!(given_up > 0, "the test gives some up");
    assert_eq!(service.sql("SELECT count(*) FROM service_keys").await, "40", "all of it was committed");
}
