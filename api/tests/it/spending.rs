//! What caps count is kept by day and moved with every hold: it is what a sum over all holds gives, whatever becomes of jobs, in
//! whatever order, and beside each other.

use std::time::Duration;

use chrono::DateTime;
use futures_util::future::join_all;
use protocol::{KeyId, ProjectId};
use reqwest::Method;
use serde_json::{Value, json};
use store::spend::{self, Cap, Payer, Reset};
use store::{Clock, Rates};

use crate::access::make;
use crate::deliver::deliver;
use crate::harness::{Answer, Customer, Service, job_body, quick};

/// A job, how many groups it has and had delivered, and whose it is.
struct Job {
    path: String,
    groups: u32,
    delivered: u32,
    of: usize,
}

/// An organisation: a key, one that it made, one that this made, and one of another project.
struct Payers {
    callers: Vec<Customer>,
    keys: Vec<KeyId>,
    projects: Vec<ProjectId>,
}

impl Payers {
    async fn new(service: &Service) -> Self {
        let root = service.customer(1_000_000).await;
        let wish = json!({ "name": "n", "scopes": ["jobs:read", "jobs:write", "keys:write"], "limit_rao": "60000",
            "limit_reset": "weekly" });
        let (first, child) = make(service, &root, &wish).await;
        let (second, grandchild) = make(service, &child, &wish).await;
        let sibling = service.sibling(&root).await;
        let own = service.get(&root, "/v1/api_keys/self").await.json(200)["id"].as_str().unwrap().to_owned();
        let other = "SELECT id FROM projects WHERE name = 'second' AND twin_of IS NULL";
        let other = ProjectId(service.sql(other).await.parse().unwrap());
        Self {
            keys: [own, first, second].map(|id| id.parse().unwrap()).into(),
            projects: vec![root.account.default_project(), other],
            callers: vec![root, child, grandchild, sibling],
        }
    }

    /// Every payer's days, in every period that a cap may have.
    async fn check(&self, service: &Service) {
        service.assert_ledger_clean().await;
        let now = service.clock.now();
        let mut conn = service.db.acquire().await.unwrap();
        let resets = Reset::ALL.map(Some).into_iter().chain([None]);
        for since in resets.map(|reset| Cap { limit: protocol::Rao::ZERO, reset }.since(now)) {
            let sum = async |whose: String| {
                let sum = "SELECT COALESCE(SUM(CASE state WHEN 'open' THEN amount ELSE captured END), 0) FROM holds";
                service.sql(&format!("{sum} WHERE {whose} AND created_at >= '{}'", since.to_rfc3339())).await
            };
            for key in &self.keys {
                let kept = spend::since(&mut conn, Payer::Key(*key), since).await.unwrap();
                assert_eq!(kept.to_string(), sum(format!("key_ids @> ARRAY['{}'::uuid]", key.0)).await);
            }
            let whole = Payer::Organization(self.callers[0].account);
            let kept = spend::since(&mut conn, whole, since).await.unwrap();
            assert_eq!(kept.to_string(), sum("TRUE".to_owned()).await);
            for project in &self.projects {
                let kept = spend::since(&mut conn, Payer::Project(*project), since).await.unwrap();
                assert_eq!(kept.to_string(), sum(format!("project_id = '{}'", project.0)).await);
            }
        }
    }
}

/// The numbers of one run, always the same.
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

fn body(draw: &mut Draw) -> (Value, u32) {
    let groups = 1 + draw.below(4) as u32;
    let mut body = job_body(groups as usize);
    match draw.below(4) {
        0 => body["budget"] = json!({ "max_amount_rao": (1_000 + draw.below(4_000)).to_string() }),
        1 if groups > 2 => {
            body["selection"] = json!({ "group_filter": { "mean_range": [0.0, 1.0] },
                "refill": "resample_new_prompts", "target_groups": 2, "max_generation_multiplier": 1.5 });
        }
        _ => {}
    }
    (body, groups)
}

async fn send(service: &Service, customer: &Customer, method: Method, path: &str, body: &Value) -> Answer {
    let request = service.request(method, path).bearer_auth(&customer.key).json(body);
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn days_are_the_sums_of_their_holds_whatever_becomes_of_jobs() {
    let service = Service::counting(
        quick(),
        Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap()),
        Rates::local(),
    )
    .await;
    let payers = Payers::new(&service).await;
    let (mut draw, mut jobs, mut done) = (Draw(7), Vec::<Job>::new(), [0; 6]);
    for step in 0..160 {
        let what = if jobs.is_empty() { 0 } else { draw.below(6) as usize };
        let at = draw.below(jobs.len().max(1) as u64) as usize;
        let went = match what {
            0 => {
                let (of, (body, groups)) = (draw.below(4) as usize, body(&mut draw));
                let answer = service.post(&payers.callers[of], "/v1/jobs", &body).await;
                if answer.status == 201 {
                    let id = answer.json(201)["id"].as_str().unwrap().to_owned();
                    jobs.push(Job { path: format!("/v1/jobs/{id}"), groups, delivered: 0, of });
                }
                answer.status
            }
            1 => {
                let Job { path, of, .. } = &jobs[at];
                let rao = (500 + draw.below(9_000)).to_string();
                let changes = json!({ "budget": { "max_amount_rao": rao } });
                send(&service, &payers.callers[*of], Method::PATCH, path, &changes).await.status
            }
            2 => {
                let Job { path, of, .. } = &jobs[at];
                let mode = ["graceful", "immediate"][draw.below(2) as usize];
                let cancel = format!("{path}/cancel");
                service.post(&payers.callers[*of], &cancel, &json!({ "mode": mode })).await.status
            }
            3 => {
                service.clock.advance(Duration::from_hours(draw.below(60)));
                200
            }
            _ => deliver_next(&service, &mut jobs[at]).await,
        };
        assert!(went < 500, "{what}: {went}");
        done[what] += usize::from(went < 300);
        if step % 8 == 0 {
            payers.check(&service).await;
        }
    }
    payers.check(&service).await;
    assert!(done[..5].iter().all(|count| *count > 5), "what was done: {done:?}");
    assert_ne!(service.sql("SELECT count(*) FROM holds WHERE state = 'closed' AND captured > 0").await, "0");
}

/// Delivers a group of a job that has one to deliver.
async fn deliver_next(service: &Service, job: &mut Job) -> u16 {
    let id = job.path.rsplit('/').next().unwrap();
    let uuid = id.parse::<protocol::JobId>().unwrap().0;
    let sql = format!(
        "SELECT COALESCE(min(g.prompt_index), -1) FROM groups g JOIN jobs j ON j.id = g.job_id JOIN holds h ON h.job_id = j.id \
         WHERE j.id = '{uuid}' AND g.state = 'pending' AND j.status IN ('queued', 'in_progress') AND h.amount - h.captured >= 2000"
    );
    let next: i64 = service.sql(&sql).await.parse().unwrap();
    if next < 0 || job.delivered >= job.groups {
        return 404;
    }
    deliver(service, id, next as u32).await;
    job.delivered += 1;
    200
}

/// Under a cap, with everything at once: no hold is counted twice or not at all, and the cap holds.
#[tokio::test]
async fn no_hold_is_lost_between_two_that_move_at_once() {
    let service = Service::start().await;
    let payers = Payers::new(&service).await;
    let (child, body) = (&payers.callers[1], job_body(2));
    let made = join_all((0..8).map(|_| service.post(child, "/v1/jobs", &body))).await;
    let paths: Vec<String> =
        made.iter().map(|answer| format!("/v1/jobs/{}", answer.json(201)["id"].as_str().unwrap())).collect();
    payers.check(&service).await;
    let more = join_all((0..12).map(|_| service.post(&payers.callers[2], "/v1/jobs", &body)));
    let budgets = join_all(paths[..4].iter().zip(1..).map(async |(path, times)| {
        let rao = (times * 900).to_string();
        let changes = json!({ "budget": { "max_amount_rao": rao } });
        send(&service, child, Method::PATCH, path, &changes).await
    }));
    let ended = join_all(paths[4..].iter().map(async |path| {
        service.post(child, &format!("{path}/cancel"), &json!({ "mode": "immediate" })).await
    }));
    let (more, budgets, ended) = futures_util::join!(more, budgets, ended);
    for answer in more.iter().chain(&budgets).chain(&ended) {
        assert!(answer.status < 300 || answer.problem(403) == "spend_cap_exceeded", "{}", answer.text);
    }
    payers.check(&service).await;
    let mut conn = service.db.acquire().await.unwrap();
    let spent =
        spend::since(&mut conn, Payer::Key(payers.keys[1]), DateTime::UNIX_EPOCH).await.unwrap().get();
    assert!((1..=60_000).contains(&spent), "{spent}");
}
