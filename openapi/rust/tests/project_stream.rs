//! The stream of a project against a service that cuts, repeats, resets and says nothing, and what stands beside it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod beside;

use futures_util::StreamExt as _;
use reliquary_client::words::EventType;
use reliquary_client::{Client, Error, EventFilter};
use serde_json::{Value, json};

use crate::beside::{answer, beside};

/// An event of one of three jobs, at a place that is not its sequence.
fn event(place: i64) -> Value {
    let name = if place % 5 == 0 { "job.completed" } else { "group.scored" };
    json!({ "object": "event", "id": format!("evt_{place}"), "sequence": place / 3 + 1, "type": name, "livemode": true,
        "job_id": format!("job_{}", place % 3), "created_at": "2026-11-22T08:00:00Z", "data": { "text": "naïve 😀" } })
}

fn placed(place: i64) -> String {
    format!("id: {place}\n{}", without_id(place))
}

fn without_id(place: i64) -> String {
    let body = event(place);
    format!("event: {}\ndata: {body}\n\n", body["type"].as_str().unwrap())
}

fn places(from: i64, to: i64) -> String {
    (from..=to).map(placed).collect()
}

fn seen_last(head: &str) -> Option<i64> {
    head.lines().find_map(|line| line.strip_prefix("last-event-id: ")).map(|id| id.parse().unwrap())
}

/// A stream that begins at a place, with an id alone, and is then cut.
fn stream(place: i64, rest: &str) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\ncontent-length: 99999999\r\n";
    format!("{head}\r\nretry: 3000\n\nid: {place}\n\n: hb\n\n{rest}").into_bytes()
}

fn from(place: i64) -> EventFilter {
    EventFilter { starting_after: Some(place), ..EventFilter::default() }
}

/// The first so many of a stream that has no end, with what it says of where it is.
async fn read(client: &Client, filter: &EventFilter, count: usize) -> (Vec<(String, i64)>, Option<Error>) {
    let (mut events, mut found) = (client.events().stream(filter), Vec::new());
    assert_eq!(events.last_id(), filter.starting_after);
    while found.len() < count {
        match events.next().await.unwrap() {
            Ok(event) => found.push((event.id, events.last_id().unwrap())),
            Err(error) => {
                assert!(events.next().await.is_none(), "nothing comes behind an error");
                assert_eq!(
                    events.last_id(),
                    found.last().map_or(filter.starting_after, |(_, place)| Some(*place))
                );
                return (found, Some(error));
            }
        }
    }
    (found, None)
}

fn ids(from: i64, to: i64) -> Vec<(String, i64)> {
    (from..=to).map(|place| (format!("evt_{place}"), place)).collect()
}

#[tokio::test]
async fn every_event_comes_once_over_cuts_at_any_byte() {
    let cut = placed(11).len() * 5 / 2;
    let answers = |_: usize, head: &str| {
        let last = seen_last(head).unwrap();
        let text = places(last + 1, 12);
        let mut bytes = stream(last, "");
        bytes.extend(&text.as_bytes()[..cut.min(text.len())]);
        bytes
    };
    let work = async |client: Client| read(&client, &from(0), 12).await;
    let ((found, error), seen) = beside(answers, work).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(found, ids(1, 12));
    // jobs that end in the middle of it end nothing
    assert!(seen.len() > 5, "{} connections", seen.len());
    assert!(seen.iter().all(|(head, _)| head.starts_with("GET /v1/events/stream HTTP")), "{seen:?}");
}

#[tokio::test]
async fn it_begins_where_the_service_says_and_a_cut_before_the_first_event_loses_nothing() {
    let answers = |number: usize, head: &str| {
        assert_eq!(seen_last(head), [None, None, Some(700), Some(700), Some(702)][number]);
        match number {
            0 => Vec::new(),
            1 | 2 => stream(700, ""),
            3 => stream(700, &places(701, 702)),
            // a server that does not honour the cursor
            _ => stream(702, &places(701, 704)),
        }
    };
    let work = async |client: Client| read(&client, &EventFilter::default(), 4).await;
    let ((found, error), _) = beside(answers, work).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(found, ids(701, 704));
}

#[tokio::test]
async fn an_answer_without_content_is_no_end_and_what_has_no_id_is_no_event_of_the_log() {
    let stray = without_id(9);
    let answers = |number: usize, head: &str| match number {
        0 => answer("204 No Content", "", ""),
        1 => stream(5, &format!("{stray}{}{stray}{}", placed(6), placed(8))), // 7 was lost on the way
        _ => {
            assert_eq!(seen_last(head), Some(6));
            stream(6, &places(7, 9))
        }
    };
    let work = async |client: Client| read(&client, &EventFilter::default(), 4).await;
    let ((found, error), seen) = beside(answers, work).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!((found, seen.len()), (ids(6, 9), 3));
}

#[tokio::test]
async fn some_types_only_are_asked_for_and_the_places_between_are_no_gaps() {
    let answers = |number: usize, head: &str| {
        assert!(head.starts_with("GET /v1/events/stream?types=job.completed "), "{head}");
        if number == 0 {
            return stream(3, &placed(5));
        }
        assert_eq!(seen_last(head), Some(5));
        stream(5, &[placed(10), placed(20)].concat())
    };
    let filter = EventFilter { types: vec![EventType::JobCompleted], ..EventFilter::default() };
    let work = async |client: Client| read(&client, &filter, 3).await;
    let ((found, error), _) = beside(answers, work).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(found.into_iter().map(|(_, place)| place).collect::<Vec<_>>(), [5, 10, 20]);
}

#[tokio::test]
async fn what_the_log_has_lost_is_said_and_not_stepped_over() {
    let reset = "event: stream.reset\ndata: {\"oldest_sequence\":40}\n\n";
    let answers = |number: usize, _: &str| match number {
        0 => stream(2, &placed(3)),
        1 => stream(3, &format!("{reset}{}", placed(40))),
        _ => stream(39, &format!("{reset}{}", placed(40))),
    };
    let work = async |client: Client| {
        let lost = read(&client, &from(2), 2).await;
        let (found, error) = read(&client, &from(39), 1).await;
        assert!(error.is_none() && found == ids(40, 40), "{error:?}");
        lost
    };
    let ((found, error), _) = beside(answers, work).await;
    assert_eq!(found, ids(3, 3));
    assert!(matches!(error, Some(Error::EventsExpired { oldest_sequence: 40 })), "{error:?}");
}

#[tokio::test]
async fn a_refusal_for_good_is_not_repeated() {
    let answers =
        |_: usize, _: &str| answer("400 Bad Request", "", &json!({ "code": "invalid_cursor" }).to_string());
    let work = async |client: Client| read(&client, &from(1_000_000), 1).await;
    let ((_, error), seen) = beside(answers, work).await;
    assert!(matches!(&error, Some(Error::Refused(refusal)) if refusal.code == "invalid_cursor"), "{error:?}");
    assert_eq!(seen.len(), 1);
}

#[tokio::test]
async fn the_log_comes_in_pages_and_browsers_get_tokens() {
    let answers = |number: usize, _: &str| match number {
        // the filter may leave nothing of a page that is not the last
        0 => answer("200 OK", "", &json!({ "data": [], "has_more": true, "last_id": "105" }).to_string()),
        1 => answer(
            "200 OK",
            "",
            &json!({ "data": [event(110)], "has_more": false, "last_id": "130" }).to_string(),
        ),
        2 => answer("200 OK", "", &event(110).to_string()),
        _ => {
            let token = json!({ "object": "stream_token", "token": "eyJ", "path": "/v1/events/stream",
                "expires_in": 60, "expires_at": "2026-11-22T08:01:00Z" });
            answer("201 Created", "", &token.to_string())
        }
    };
    let filter = EventFilter { starting_after: Some(5), types: vec![EventType::JobCompleted] };
    let work = async |client: Client| {
        let list: Vec<_> = client.events().list(&filter).collect().await;
        let one = client.events().retrieve(list[0].as_ref().unwrap()).await.unwrap();
        assert_eq!((list.len(), one.id.as_str()), (1, "evt_110"));
        client.events().stream_token("/v1/events/stream").await
    };
    let (token, seen) = beside(answers, work).await;
    assert_eq!(token.unwrap().token, "eyJ");
    let asked: Vec<&str> = seen.iter().map(|(head, _)| head.split(' ').nth(1).unwrap()).collect();
    let page = "/v1/events?limit=100&types=job.completed&after=";
    let expected = [
        format!("{page}5"),
        format!("{page}105"),
        "/v1/events/evt_110".to_owned(),
        "/v1/stream_tokens".to_owned(),
    ];
    assert_eq!(asked, expected);
    assert_eq!(seen[3].1, r#"{"path":"/v1/events/stream"}"#);
}
