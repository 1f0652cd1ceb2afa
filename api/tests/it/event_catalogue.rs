//! The catalogue of events is whole wherever it is: at `Event` in the document, in its webhooks, in docs/EVENTS.md. And what holds
//! events against it sees what is wrong with one.

use std::collections::BTreeSet;

use protocol::event::EventType;
use protocol::webhook;
use serde_json::{Value, json};

use crate::event_data::faults;

const PAGE: &str = include_str!("../../../docs/EVENTS.md");
const FAILED: &str = "#/components/schemas/GroupFailedData";

fn document() -> Value {
    serde_json::from_str(&api::openapi::json()).unwrap()
}

fn names(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn every_type_of_event_is_in_the_catalogue() {
    let document = document();
    let event = &document["components"]["schemas"]["Event"];
    let all: BTreeSet<&str> = EventType::ALL.iter().map(|event| event.as_str()).collect();
    assert_eq!(names(&event["x-event-data"]), all);
    let text = event["properties"]["data"]["description"].as_str().unwrap();
    for (kind, reference) in event["x-event-data"].as_object().unwrap() {
        let schema = document.pointer(reference.as_str().unwrap().strip_prefix('#').unwrap()).unwrap();
        assert_eq!(schema["type"], "object", "{kind}");
        let name = reference.as_str().unwrap().rsplit('/').next().unwrap();
        assert!(text.contains(&format!("| `{kind}` | `{name}` |")), "{kind}: {text}");
        assert_eq!(
            PAGE.matches(&format!("\n| `{kind}` |")).count(),
            1,
            "{kind} has a line in docs/EVENTS.md"
        );
        for member in names(&schema["properties"]) {
            assert!(PAGE.contains(&format!("`{member}`")), "{kind}: {member} is in docs/EVENTS.md");
        }
    }
}

#[test]
fn every_webhook_is_in_the_document() {
    let document = document();
    let carried = EventType::ALL.iter().filter(|event| webhook::carries(**event));
    let mut sent: BTreeSet<&str> = carried.map(|event| event.as_str()).collect();
    sent.insert(webhook::TEST_TYPE);
    assert_eq!(names(&document["webhooks"]), sent);
    for (event, item) in document["webhooks"].as_object().unwrap() {
        let body = &item["post"]["requestBody"]["content"]["application/json"]["schema"]["allOf"];
        assert_eq!(body[1]["properties"]["type"]["const"], *event);
        assert_eq!(item["post"]["security"], json!([]));
    }
}

#[test]
fn what_is_wrong_with_an_event_is_seen() {
    let good = json!({ "group_id": "grp_1", "prompt_index": 0, "custom_id": "a", "attempts": 3, "reason": "timeout" });
    assert_eq!(faults(FAILED, &good), Vec::<String>::new());
    let wrong = |member: &str, value: Value| {
        let mut event = good.clone();
        event[member] = value;
        faults(FAILED, &event).len()
    };
    assert_eq!(wrong("reason", Value::Null), 1);
    assert_eq!(wrong("attempts", json!("3")), 1);
    assert_eq!(wrong("attempts", json!(-1)), 1);
    assert_eq!(wrong("attempts", json!(1.5)), 1);
    assert_eq!(wrong("more", json!(1)), 1, "no member that the document does not have");
    for member in names(&good) {
        let mut event = good.clone();
        event.as_object_mut().unwrap().remove(member);
        assert_eq!(faults(FAILED, &event).len(), 1, "{member} is always there");
    }

    let rotated = |reason: Value| {
        let data =
            json!({ "from": "", "to": "", "staleness_versions": 1, "action": "finish", "reason": reason });
        faults("#/components/schemas/CheckpointRotatedData", &data).len()
    };
    assert_eq!((rotated(Value::Null), rotated(json!("x")), rotated(json!(1))), (0, 0, 1));
    let due = |at: &str| {
        let mut data = good.clone();
        data.as_object_mut().unwrap().remove("reason");
        data.as_object_mut().unwrap().remove("attempts");
        data["attempt"] = json!(1);
        data["hotkey"] = json!("5F");
        data["rewards_due_at"] = json!(at);
        faults("#/components/schemas/GroupAwaitingRewardsData", &data).len()
    };
    assert_eq!((due("2026-11-22T08:00:00.000Z"), due("tomorrow")), (0, 1));
}

/// In a webhook an event's own data stands beside what every one has.
#[test]
fn what_is_wrong_with_a_webhook_is_seen() {
    let of = |kind: &str, data: Value| {
        let body =
            json!({ "id": "evt_1", "type": kind, "timestamp": "2026-11-22T08:00:00.000Z", "data": data });
        faults("#/webhooks/job.closed/post/requestBody/content/application~1json/schema", &body).len()
    };
    assert_eq!(of("job.closed", json!({ "id": "job_1", "sequence": 2, "prompts": 3 })), 0);
    assert_eq!(of("job.queued", json!({ "id": "job_1", "sequence": 2, "prompts": 3 })), 1);
    assert_eq!(of("job.closed", json!({ "id": "job_1", "prompts": 3 })), 1);
    assert_eq!(of("job.closed", json!({ "id": "job_1", "sequence": 2, "prompts": 3, "more": 1 })), 1);
}
