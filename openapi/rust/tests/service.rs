//! The client against a service that cuts, repeats, resets and refuses, on a loopback port.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod beside;

use futures_util::StreamExt as _;
use reliquary_client::{Client, Error, JobFilter, Options};
use reqwest::Method;
use serde_json::{Value, json};

use crate::beside::{answer, beside};

fn job(status: &str) -> Value {
    // what a job has, from the document's own example of one
    let document: Value = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let mut job = example(
        &document,
        &document["paths"]["/v1/jobs/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"],
    );
    (job["id"], job["status"], job["last_sequence"]) = (json!("job_1"), json!(status), json!(9));
    job
}

/// A value of this schema, with all that it requires.
fn example(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return example(document, document.pointer(reference.trim_start_matches('#')).unwrap());
    }
    let kind = schema["type"].as_str().unwrap_or_default();
    match (kind, schema["enum"].get(0)) {
        (_, Some(word)) => word.clone(),
        ("object", _) => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let named = required.iter().map(|name| name.as_str().unwrap());
            named.map(|name| (name.to_owned(), example(document, &schema["properties"][name]))).collect()
        }
        ("array", _) => json!([]),
        ("integer" | "number", _) => json!(1),
        ("boolean", _) => json!(true),
        ("string", _) if schema["format"] == "date-time" => json!("2026-11-22T08:00:00Z"),
        ("string", _) => json!("x"),
        _ => schema["oneOf"]
            .get(0)
            .or_else(|| schema["allOf"].get(0))
            .map_or(Value::Null, |one| example(document, one)),
    }
}

fn rollout(number: usize) -> Value {
    let document: Value = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let schema = &document["paths"]["/v1/rollouts/{id}"]["get"]["responses"]["200"]["content"]["application/json"]
        ["schema"];
    let mut rollout = example(&document, schema);
    (rollout["id"], rollout["completion_text"]) = (json!(format!("rol_{number}")), json!("naïve 😀"));
    rollout
}

/// A log: two events, `count` rollouts, and its end.
fn log(count: usize, end: &str) -> Vec<String> {
    let mut events = vec![("job.queued", json!({})), ("job.started", json!({}))];
    events.extend((0..count).map(|number| ("rollout.verified", json!({ "rollout": rollout(number) }))));
    events.push((end, json!({})));
    let text = |(index, (name, data)): (usize, (&str, Value))| {
        let sequence = index + 1;
        let body = json!({ "object": "event", "id": "evt_1", "sequence": sequence, "type": name, "job_id": "job_1",
            "created_at": "2026-11-22T08:00:00Z", "data": data });
        format!("id: {sequence}\nevent: {name}\ndata: {body}\n\n")
    };
    events.into_iter().enumerate().map(text).collect()
}

/// What has no id is no event of the log, wherever it comes.
const LIVE: &str = "event: job.progress\ndata: {\"percent\":5}\n\n";

/// The stream's answer after what the head says was seen last; `cut` bytes of it.
fn stream(events: &[String], head: &str, cut: usize) -> Vec<u8> {
    let last: usize =
        head.lines().find_map(|line| line.strip_prefix("last-event-id: ")).unwrap().parse().unwrap();
    let text = events[last..].join(LIVE);
    let cut = &text.as_bytes()[..cut.min(text.len())];
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\ncontent-length: 99999999\r\n\r\nretry: 3000\n\n: hb\n\n";
    [head.as_bytes(), cut].concat()
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("rol_{number}")).collect()
}

async fn read(client: &Client) -> (Vec<String>, Option<Error>) {
    let mut rollouts = client.jobs().stream("job_1");
    let mut found = Vec::new();
    while let Some(rollout) = rollouts.next().await {
        match rollout {
            Ok(rollout) => found.push(rollout.id.clone()),
            Err(error) => return (found, Some(error)),
        }
    }
    (found, None)
}

#[tokio::test]
async fn every_rollout_comes_once_over_cuts_at_any_byte() {
    let events = log(12, "job.completed");
    let whole: usize = events.iter().map(String::len).sum();
    // a little more than an event each time, which ends in the middle of one
    let cut = whole / 9 + 37;
    let ((found, error), seen) =
        beside(|_, head| stream(&events, head, cut), async |client| read(&client).await).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(found, ids(12));
    assert!(seen.len() > 5, "{} connections", seen.len());
    assert!(seen[0].0.starts_with("GET /v1/jobs/job_1/events?include=rollout "), "{}", seen[0].0);
}

#[tokio::test]
async fn after_a_reset_the_list_is_read_and_nothing_comes_twice() {
    let events = log(6, "job.completed");
    let answers = |number: usize, head: &str| {
        if head.starts_with("GET /v1/jobs/job_1/rollouts?limit=100&after=3 ") {
            // those of the events 4 and 5 are gone from the log, that of 6 is not
            let data: Vec<Value> = (1..4).map(rollout).collect();
            return answer(
                "200 OK",
                "",
                &json!({ "data": data, "has_more": false, "last_id": "rol_3" }).to_string(),
            );
        }
        if number == 0 {
            return stream(&events[..3], head, usize::MAX);
        }
        let reset = "event: stream.reset\ndata: {\"oldest_sequence\":6,\"rollouts_url\":\"/v1/jobs/job_1/rollouts\"}\n\n";
        let kept = [&[String::new(), String::new(), String::new(), reset.to_owned()], &events[5..]].concat();
        stream(&kept, head, usize::MAX)
    };
    let ((found, error), _) = beside(answers, async |client| read(&client).await).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(found, ids(6));
}

#[tokio::test]
async fn a_job_that_did_not_complete_is_an_error_after_its_rollouts() {
    let events = log(2, "job.expired");
    let answers = |_: usize, head: &str| {
        if head.contains("/events") {
            stream(&events, head, usize::MAX)
        } else {
            answer("200 OK", "", &job("expired").to_string())
        }
    };
    let ((found, error), _) = beside(answers, async |client| read(&client).await).await;
    assert_eq!(found, ids(2));
    assert!(matches!(&error, Some(Error::JobEnded(job)) if job.status.as_str() == "expired"), "{error:?}");
}

#[tokio::test]
async fn a_post_is_sent_again_with_the_same_key_and_body() {
    let created = job("a state of next year").to_string();
    let answers = |number: usize, _: &str| match number {
        0 => Vec::new(),
        1 => answer("503 Service Unavailable", "retry-after: 0\r\n", "<html>"),
        2 => answer("201 Created", "", &created)[..80].to_vec(),
        _ => answer("201 Created", "", &created),
    };
    let body = json!({ "prompts": [{ "text": "1+1=" }], "sampling": { "n": 2 } });
    let (job, seen) = beside(answers, async |client| client.jobs().create(&body).await).await;
    // a word that this client does not know is no reason to fail
    assert_eq!(job.unwrap().status.as_str(), "a state of next year");
    assert_eq!(seen.len(), 4);
    let key =
        |head: &str| head.lines().find(|line| line.starts_with("idempotency-key: ")).unwrap().to_owned();
    for (head, sent) in &seen {
        assert_eq!((key(head), sent), (key(&seen[0].0), &body.to_string()));
        assert!(
            head.contains("authorization: Bearer rk_test") && head.contains("reliquary-version: 20"),
            "{head}"
        );
    }
}

#[tokio::test]
async fn a_post_without_a_key_is_not_sent_again_once_it_may_have_been_done() {
    let answers = |number: usize, _: &str| match number {
        0 => Vec::new(),
        1 => answer("503 Service Unavailable", "x-should-retry: true\r\n", "{}"),
        // refused at the door
        2 => answer("429 Too Many Requests", "retry-after: 0\r\n", "{}"),
        _ => answer("201 Created", "", r#"{"object":"session","id":"ses_1"}"#),
    };
    let body = json!({ "token": "t" });
    let asked = async |client: Client| {
        let sign_in = || client.call::<Value>(Method::POST, "/v1/sessions", Some(&body));
        assert!(matches!(sign_in().await, Err(Error::Connection(_))));
        assert!(matches!(sign_in().await, Err(Error::Refused(refusal)) if refusal.status == 503));
        sign_in().await.unwrap()
    };
    let (session, seen) = beside(answers, asked).await;
    assert_eq!((session["id"].as_str(), seen.len()), (Some("ses_1"), 4));
    assert!(seen.iter().all(|(head, _)| !head.contains("idempotency-key")), "{seen:?}");
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = Client::new(Options { max_retries: 1, ..Options::new(&url, "rk_test") }).unwrap();
    let refused = client.events().stream_token("/v1/events/stream").await;
    assert!(matches!(refused, Err(Error::Unreachable(_))), "{refused:?}");
}

#[tokio::test]
async fn budgets_are_set_and_invoices_listed() {
    let document: Value = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let budget = json!({ "object": "budget", "scope": "proj_1", "in_flight_rao": "0" });
    let month = |id: &str| {
        let mut invoice = example(&document, &json!({ "$ref": "#/components/schemas/Invoice" }));
        invoice["id"] = json!(id);
        invoice
    };
    let page = |id: &str, has_more: bool| json!({ "data": [month(id)], "has_more": has_more, "last_id": id });
    let answers = |number: usize, _: &str| match number {
        0 | 1 => answer("200 OK", "", &budget.to_string()),
        2 => answer("200 OK", "", &page("inv_2", true).to_string()),
        _ => answer("200 OK", "", &page("inv_1", false).to_string()),
    };
    let limit = json!({ "limit_rao": "1000", "limit_reset": "monthly" });
    let asked = async |client: Client| {
        client.budgets().retrieve("proj_1").await.unwrap();
        client.budgets().update("proj_1", &limit).await.unwrap();
        client.invoices().list().map(|invoice| invoice.unwrap().id).collect::<Vec<_>>().await
    };
    let (ids, seen) = beside(answers, asked).await;
    assert_eq!(ids, ["inv_2", "inv_1"]);
    let lines: Vec<&str> = seen.iter().map(|(head, _)| head.split(" HTTP/").next().unwrap()).collect();
    let page = "GET /v1/invoices?limit=100";
    let next = format!("{page}&after=inv_2");
    assert_eq!(lines, ["GET /v1/budgets/proj_1", "PUT /v1/budgets/proj_1", page, next.as_str()]);
    assert_eq!(seen[1].1, limit.to_string());
}

#[tokio::test]
async fn a_refusal_says_all_that_the_service_said_and_is_not_repeated() {
    let problem = json!({ "code": "prompt_too_long", "detail": "900 tokens", "param": "prompts[3].text",
        "errors": [{ "pointer": "#/prompts/3/text", "code": "prompt_too_long", "detail": "900 tokens" }] });
    let answers =
        |_: usize, _: &str| answer("422 Unprocessable Entity", "request-id: req_1\r\n", &problem.to_string());
    let (refused, seen) = beside(answers, async |client| client.jobs().create(&json!({})).await).await;
    let Err(Error::Refused(refusal)) = refused else { panic!("{refused:?}") };
    assert_eq!((refusal.status, refusal.code.as_str(), refusal.retryable), (422, "prompt_too_long", false));
    assert_eq!(
        (refusal.param.as_deref(), refusal.request_id.as_deref()),
        (Some("prompts[3].text"), Some("req_1"))
    );
    assert_eq!(refusal.errors[0].pointer, "#/prompts/3/text");
    assert_eq!(seen.len(), 1);
}

#[tokio::test]
async fn lists_are_asked_for_as_their_filter_says_page_by_page() {
    let page = |number: usize| {
        let items = [
            json!({ "data": [job("failed")], "has_more": true, "last_id": "job_1" }),
            json!({ "data": [job("failed")], "has_more": false, "last_id": "job_2" }),
        ];
        items[number].to_string()
    };
    let filter = JobFilter {
        status: Some("failed".to_owned()),
        metadata: [("run".to_owned(), "a b".to_owned())].into(),
        ..JobFilter::default()
    };
    let answers = |number: usize, _: &str| answer("200 OK", "", &page(number));
    let list = async |client: Client| client.jobs().list_of(&filter).collect::<Vec<_>>().await;
    let (jobs, seen) = beside(answers, list).await;
    assert!(jobs.len() == 2 && jobs.iter().all(Result::is_ok), "{jobs:?}");
    let asked: Vec<&str> = seen.iter().map(|(head, _)| head.split(' ').nth(1).unwrap()).collect();
    let first = "/v1/jobs?limit=100&status=failed&metadata[run]=a%20b";
    assert_eq!(asked, [first.to_owned(), format!("{first}&after=job_1")]);
}

#[tokio::test]
async fn a_re_check_is_waited_for() {
    let document: Value = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let schema = &document["paths"]["/v1/verifications/{id}"]["get"]["responses"]["200"]["content"]["application/json"]
        ["schema"];
    let found = |state: &str| {
        let mut found = example(&document, schema);
        (found["id"], found["state"], found["verdict"]) = (json!("ver_1"), json!(state), json!("pass"));
        found.to_string()
    };
    let answers = |number: usize, _: &str| match number {
        0 => answer("201 Created", "", &found("queued")),
        1 => answer("200 OK", "", &found("queued")),
        _ => answer("200 OK", "", &found("completed")),
    };
    let work = async |client: Client| {
        let asked = client.verifications().create(&json!({ "rollouts": ["rol_1"] })).await?;
        client.verifications().wait(&asked).await
    };
    let (verification, seen) = beside(answers, work).await;
    assert_eq!(verification.unwrap().verdict, "pass");
    assert!(seen[0].0.starts_with("POST /v1/verifications ") && seen[0].1 == r#"{"rollouts":["rol_1"]}"#);
    assert_eq!((seen.len(), seen[2].0.starts_with("GET /v1/verifications/ver_1 ")), (3, true));
}

#[tokio::test]
async fn checkpoints_of_ones_own_are_asked_for_and_listed() {
    let document: Value = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let mut found = example(&document, &json!({ "$ref": "#/components/schemas/Checkpoint" }));
    (found["id"], found["status"]) = (json!("ckpt_1"), json!("pending"));
    let answers = |number: usize, _: &str| match number {
        0 => answer("201 Created", "", &found.to_string()),
        1 => answer("200 OK", "", &found.to_string()),
        _ => answer(
            "200 OK",
            "",
            &json!({ "data": [found], "has_more": false, "last_id": "ckpt_1" }).to_string(),
        ),
    };
    let work = async |client: Client| {
        let asked = client.checkpoints().create("example/arith-tiny", "0123").await.unwrap();
        assert_eq!(client.checkpoints().retrieve(&asked).await.unwrap().status, "pending");
        client.checkpoints().list().collect::<Vec<_>>().await
    };
    let (list, seen) = beside(answers, work).await;
    assert_eq!(list.into_iter().map(|one| one.unwrap().id).collect::<Vec<_>>(), ["ckpt_1"]);
    assert_eq!(seen[0].1, r#"{"hf_repo":"example/arith-tiny","revision":"0123"}"#);
    let asked: Vec<&str> = seen.iter().map(|(head, _)| head.split(' ').nth(1).unwrap()).collect();
    assert_eq!(asked, ["/v1/checkpoints", "/v1/checkpoints/ckpt_1", "/v1/checkpoints?limit=100"]);
}

#[tokio::test]
async fn groups_are_given_rewards_and_any_other_route_is_called() {
    let rewards = json!([{ "rollout_id": "rol_1", "reward": 0.5 }]);
    let taken = json!({ "object": "group_rewards", "group_id": "grp_1", "job_id": "job_1", "rollouts": [] });
    let answers = |number: usize, _: &str| match number {
        0 => answer("200 OK", "", &taken.to_string()),
        1 => answer("204 No Content", "", ""),
        _ => answer("200 OK", "", &json!({ "object": "list", "data": [1, 2] }).to_string()),
    };
    let asked = async |client: Client| {
        client.groups().post_rewards("grp_1", &rewards).await.unwrap();
        let nothing = None::<&serde_json::Value>;
        client.call::<()>(Method::DELETE, "/v1/webhook_endpoints/we_1", nothing).await.unwrap();
        client.call::<serde_json::Value>(Method::GET, "/v1/api_keys?limit=2", nothing).await.unwrap()
    };
    let (keys, seen) = beside(answers, asked).await;
    assert_eq!(keys["data"], json!([1, 2]));
    let first = |(head, _): &(String, String)| head.lines().next().unwrap().to_owned();
    assert_eq!(
        seen.iter().map(first).collect::<Vec<_>>(),
        [
            "POST /v1/groups/grp_1/rewards HTTP/1.1",
            "DELETE /v1/webhook_endpoints/we_1 HTTP/1.1",
            "GET /v1/api_keys?limit=2 HTTP/1.1",
        ]
    );
    assert_eq!(seen[0].1, rewards.to_string());
}

#[tokio::test]
async fn a_large_file_goes_in_parts_and_a_part_that_is_cut_goes_again() {
    let document: Value = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let schema = &document["paths"]["/v1/files/{id}"]["get"]["responses"]["200"]["content"]["application/json"]
        ["schema"];
    let mut file = example(&document, schema);
    file["id"] = json!("file_1");
    let named = |id: &str| answer("201 Created", "", &json!({ "id": id }).to_string());
    let answers = |number: usize, _: &str| match number {
        0 => named("upload_1"),
        1 => named("a"),
        2 => Vec::new(),
        3 => named("b"),
        4 => named("c"),
        _ => answer("200 OK", "", &json!({ "id": "upload_1", "file": file }).to_string()),
    };
    let asked =
        async |client: Client| client.files().upload_in_parts(b"0123456789".to_vec(), "job_input", 4).await;
    let (file, seen) = beside(answers, asked).await;
    assert_eq!(file.unwrap().id, "file_1");
    let paths: Vec<&str> = seen.iter().map(|(head, _)| head.split(' ').nth(1).unwrap()).collect();
    let part = "/v1/uploads/upload_1/parts";
    assert_eq!(paths, ["/v1/uploads", part, part, part, part, "/v1/uploads/upload_1/complete"]);
    for ((_, body), piece) in seen[1..5].iter().zip(["0123", "4567", "4567", "89"]) {
        assert!(body.contains("name=\"data\"") && body.contains(&format!("\r\n\r\n{piece}\r\n")), "{body}");
    }
    // those that take no key have none
    let keyed: Vec<bool> = seen.iter().map(|(head, _)| head.contains("idempotency-key: ")).collect();
    assert_eq!(keyed, [true, false, false, false, false, false]);
    let said: Value = serde_json::from_str(&seen[5].1).unwrap();
    assert_eq!(said, json!({ "part_ids": ["a", "b", "c"] }));
}
