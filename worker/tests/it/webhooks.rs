//! Webhooks as a customer's server meets them: the official library checks what arrives.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use protocol::webhook::Secrets;
use protocol::{EventId, JobId, WebhookDeliveryId, WebhookEndpointId};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use store::webhook_deliveries::{self, Outcome};
use store::webhooks::{self, Settings};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;
use worker::{Audit, Config, Progress};

use crate::event_data;
use crate::world::{NewJob, WEBHOOK_SEED, World, config};

/// One request as it came.
#[derive(Debug, Clone)]
struct Received {
    headers: HashMap<String, String>,
    body: String,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// What of it is not as the document says of such a webhook.
    fn undocumented(&self) -> Vec<String> {
        let body = self.json();
        let kind = body["type"].as_str().unwrap();
        let schema = format!("#/webhooks/{kind}/post/requestBody/content/application~1json/schema");
        event_data::faults(&schema, &body)
    }

    /// Whether the official library takes it with this secret.
    fn is_signed_with(&self, secret: &str) -> bool {
        // the test's clock is its own, so that the library is asked for its signature and not for its view of the time
        let timestamp = self.header("webhook-timestamp").parse().unwrap();
        let library = Webhook::new(secret).unwrap();
        let expected = library.sign(self.header("webhook-id"), timestamp, self.body.as_bytes()).unwrap();
        self.header("webhook-signature").split(' ').any(|signature| signature == expected)
    }

    /// Whether one of the asymmetric signatures is this key's.
    fn is_signed_by(&self, public_key: &str) -> bool {
        let message =
            format!("{}.{}.{}", self.header("webhook-id"), self.header("webhook-timestamp"), self.body);
        let bytes = |text: &str| from_base64(text);
        let key: [u8; 32] = bytes(public_key.strip_prefix("whpk_").unwrap()).try_into().unwrap();
        let signatures =
            self.header("webhook-signature").split(' ').filter_map(|part| part.strip_prefix("v1a,"));
        let mut signatures = signatures.map(|text| <[u8; 64]>::try_from(bytes(text)).unwrap());
        signatures.any(|signature| grail::keys::verify_service(&key, message.as_bytes(), &signature))
    }
}

fn from_base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

/// A customer's server. It answers with the head that it was told last, and keeps what it got.
struct Receiver {
    url: String,
    answer: Arc<Mutex<String>>,
    received: Arc<Mutex<Vec<Received>>>,
    _stop: DropGuard,
}

impl Receiver {
    async fn start(world: &World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (answer, received) = (Arc::new(Mutex::new("204 No Content".to_owned())), Arc::default());
        let stop = CancellationToken::new();
        let (told, kept, stopped) = (Arc::clone(&answer), Arc::clone(&received), stop.clone());
        world.tracker.spawn(stopped.run_until_cancelled_owned(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answer = told.lock().unwrap().clone();
                serve(stream, &answer, &kept).await;
            }
        }));
        Self { url, answer, received, _stop: stop.drop_guard() }
    }

    fn says(&self, answer: &str) {
        answer.clone_into(&mut self.answer.lock().unwrap());
    }

    fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.received.lock().unwrap())
    }
}

async fn serve(mut stream: TcpStream, answer: &str, received: &Mutex<Vec<Received>>) {
    let mut bytes = Vec::new();
    let (head, start) = loop {
        if stream.read_buf(&mut bytes).await.unwrap() == 0 {
            return;
        }
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break (String::from_utf8(bytes[..at].to_vec()).unwrap(), at + 4);
        }
    };
    let pairs = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers: HashMap<String, String> =
        pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let length: usize = headers["content-length"].parse().unwrap();
    while bytes.len() < start + length {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0);
    }
    let body = String::from_utf8(bytes[start..start + length].to_vec()).unwrap();
    received.lock().unwrap().push(Received { headers, body });
    let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap();
}

fn private() -> Config {
    Config { allow_private_webhooks: true, ..config() }
}

async fn endpoint(world: &World, url: &str, types: Option<&[&str]>) -> WebhookEndpointId {
    let id = WebhookEndpointId(Uuid::now_v7());
    let settings = Settings {
        url: url.to_owned(),
        description: String::new(),
        event_types: types.map(|types| types.iter().map(|name| (*name).to_owned()).collect()),
        enabled: true,
    };
    let mut conn = world.db.acquire().await.unwrap();
    let project = world.account.default_project();
    assert!(webhooks::create(&mut conn, project, id, &settings, 16, world.clock.now()).await.unwrap());
    id
}

async fn send(world: &World) {
    while worker::webhooks::step(&world.cx).await.unwrap() == Progress::Some {}
}

/// A job that ends at once.
async fn ended(world: &World) -> JobId {
    let job = world.job(NewJob::scored(1, 2)).await;
    world.cancel(job, false).await;
    job
}

/// Deliveries by state, tries and last status.
async fn log(world: &World) -> String {
    world.sql("SELECT state, tries, status FROM webhook_deliveries ORDER BY position").await
}

async fn make_due(world: &World) {
    world.sql("UPDATE webhook_deliveries SET due_at = now() WHERE state = 'pending'").await;
}

#[tokio::test]
async fn what_happens_to_a_job_arrives_signed_and_thin_under_the_logs_own_names() {
    let world = World::with(private(), Audit::WithoutModel).await;
    let receiver = Receiver::start(&world).await;
    let id = endpoint(&world, &receiver.url, None).await;
    let only_failed = endpoint(&world, &receiver.url, Some(&["job.failed"])).await;
    let job = ended(&world).await;
    send(&world).await;
    let keys = Secrets::from_seed(&WEBHOOK_SEED).of(id, 0);
    let other = Secrets::from_seed(&WEBHOOK_SEED).of(only_failed, 0);
    let mut received = receiver.take();
    received.sort_by_key(|received| received.json()["data"]["sequence"].as_i64());
    let events = world.events(job).await;
    assert_eq!((received.len(), events.len()), (2, 2), "queued and cancelled, each once");
    for (received, event) in received.iter().zip(&events) {
        assert!(received.is_signed_with(&keys.secret()) && received.is_signed_by(&keys.public_key()));
        assert!(!received.is_signed_with(&other.secret()) && !received.is_signed_by(&other.public_key()));
        let body = received.json();
        assert_eq!(received.undocumented(), Vec::<String>::new());
        assert_eq!(received.header("webhook-id"), event["id"].as_str().unwrap());
        assert_eq!(
            (&body["id"], &body["type"], &body["timestamp"]),
            (&event["id"], &event["type"], &event["created_at"])
        );
        assert_eq!(
            (&body["data"]["id"], &body["data"]["status"]),
            (&event["job_id"], &event["data"]["status"])
        );
        // a changed letter is seen
        let forged = Received { body: received.body.replacen("job_", "jbo_", 1), ..received.clone() };
        assert!(!forged.is_signed_with(&keys.secret()) && !forged.is_signed_by(&keys.public_key()));
    }
    assert_eq!(log(&world).await, "delivered|0|204\ndelivered|0|204");
    let named: EventId = events[1]["id"].as_str().unwrap().parse().unwrap();
    let mut conn = world.db.acquire().await.unwrap();
    let project = world.account.default_project();
    let text = store::events::find(&mut conn, project, named).await.unwrap().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), events[1]);
    let stranger = protocol::AccountId(Uuid::now_v7()).default_project();
    assert_eq!(store::events::find(&mut conn, stranger, named).await.unwrap(), None);
}

#[tokio::test]
async fn a_failed_try_is_made_again_ten_times_and_is_the_same_message() {
    let world = World::with(private(), Audit::WithoutModel).await;
    let receiver = Receiver::start(&world).await;
    endpoint(&world, &receiver.url, Some(&["job.cancelled"])).await;
    ended(&world).await;
    let mut bodies = Vec::new();
    for answer in ["500 Internal Server Error", "302 Found\r\nlocation: /elsewhere", "429 Too Many Requests"]
    {
        receiver.says(answer);
        make_due(&world).await;
        send(&world).await;
        let mut received = receiver.take();
        assert_eq!(received.len(), 1, "no redirect is followed");
        let received = received.remove(0);
        bodies.push((received.header("webhook-id").to_owned(), received.body));
    }
    assert_eq!(log(&world).await, "pending|3|429");
    let wait = "SELECT due_at - now() BETWEEN interval '29 minutes' AND interval '34 minutes' FROM webhook_deliveries";
    assert_eq!(world.sql(wait).await, "t");
    receiver.says("200 OK");
    make_due(&world).await;
    send(&world).await;
    let received = receiver.take().remove(0);
    bodies.push((received.header("webhook-id").to_owned(), received.body));
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "the same id and the same text each time");
    assert_eq!(log(&world).await, "delivered|3|200");

    // nine waits, ten tries, and then it has failed
    receiver.says("503 Service Unavailable");
    ended(&world).await;
    for _ in 0..20 {
        make_due(&world).await;
        send(&world).await;
    }
    assert_eq!(receiver.take().len(), 10);
    assert_eq!(log(&world).await, "delivered|3|200\nfailed|10|503");
    // again by hand, from the first try on
    receiver.says("200 OK");
    let id = world.sql("SELECT id FROM webhook_deliveries WHERE state = 'failed'").await;
    let id = WebhookDeliveryId(id.parse().unwrap());
    let mut conn = world.db.acquire().await.unwrap();
    let project = world.account.default_project();
    assert!(webhook_deliveries::redeliver(&mut conn, project, id).await.unwrap());
    let stranger = protocol::AccountId(Uuid::now_v7()).default_project();
    assert!(!webhook_deliveries::redeliver(&mut conn, stranger, id).await.unwrap());
    drop(conn);
    send(&world).await;
    assert_eq!(log(&world).await, "delivered|3|200\ndelivered|0|200");
}

#[tokio::test]
async fn an_endpoint_that_is_gone_gets_no_more() {
    let world = World::with(private(), Audit::WithoutModel).await;
    let receiver = Receiver::start(&world).await;
    let id = endpoint(&world, &receiver.url, Some(&["job.cancelled"])).await;
    receiver.says("410 Gone");
    ended(&world).await;
    send(&world).await;
    ended(&world).await;
    make_due(&world).await;
    send(&world).await;
    assert_eq!(receiver.take().len(), 1);
    assert_eq!(log(&world).await, "failed|1|410", "what came after was not even queued");
    let mut conn = world.db.acquire().await.unwrap();
    let project = world.account.default_project();
    let found = webhooks::find(&mut conn, project, id).await.unwrap().unwrap();
    assert_eq!((found.settings.enabled, found.disabled_reason.as_deref()), (false, Some("gone")));
}

#[tokio::test]
async fn a_worker_that_dies_on_the_way_loses_nothing() {
    let world = World::with(private(), Audit::WithoutModel).await;
    let receiver = Receiver::start(&world).await;
    endpoint(&world, &receiver.url, Some(&["job.cancelled"])).await;
    ended(&world).await;
    // it takes the delivery, and is heard of no more
    let mut conn = world.db.acquire().await.unwrap();
    let hold = std::time::Duration::from_mins(1);
    let dead = webhook_deliveries::lease(&mut conn, 16, 4, hold).await.unwrap();
    assert_eq!(dead.len(), 1);
    send(&world).await;
    assert_eq!(receiver.take().len(), 0, "it is held");
    world.sql("UPDATE webhook_deliveries SET lease_until = now() - interval '1 second'").await;
    send(&world).await;
    assert_eq!(receiver.take().len(), 1);
    // what the dead one comes to say is too late
    let late = Outcome::Failed { status: None, problem: "late".to_owned() };
    let said = webhook_deliveries::conclude(&mut conn, &dead[0], &late, world.clock.now()).await;
    assert!(matches!(said, Err(store::Error::StaleLease)));
    assert_eq!(log(&world).await, "delivered|0|204");
}

#[tokio::test]
async fn nothing_that_is_not_public_is_dialled_by_any_of_its_names() {
    let world = World::new().await;
    let receiver = Receiver::start(&world).await;
    let port = receiver.url.rsplit(':').next().unwrap().to_owned();
    // as if the API's check had let them pass: http and https, an address and names of this machine
    for url in [
        receiver.url.clone(),
        format!("https://127.0.0.1:{port}"),
        format!("https://2130706433:{port}"),
        format!("https://[::ffff:127.0.0.1]:{port}"),
        format!("https://localhost:{port}"),
        // a name that says nothing of itself and resolves to this machine, as a re-bound one does
        format!("https://ip6-localhost:{port}"),
        format!("https://a.localhost.localdomain:{port}"),
    ] {
        endpoint(&world, &url, Some(&["job.cancelled"])).await;
    }
    ended(&world).await;
    for _ in 0..3 {
        send(&world).await;
    }
    assert_eq!(receiver.take().len(), 0);
    let problems = world.sql("SELECT DISTINCT problem FROM webhook_deliveries ORDER BY 1").await;
    assert!(!problems.contains("refused"), "{problems}");
    assert_eq!(world.sql("SELECT DISTINCT state, tries FROM webhook_deliveries").await, "pending|1");
}

#[tokio::test]
async fn after_a_rotation_both_secrets_sign_for_a_day() {
    let world = World::with(private(), Audit::WithoutModel).await;
    let receiver = Receiver::start(&world).await;
    let id = endpoint(&world, &receiver.url, Some(&["job.cancelled"])).await;
    let secrets = Secrets::from_seed(&WEBHOOK_SEED);
    let (old, new) = (secrets.of(id, 0), secrets.of(id, 1));
    let project = world.account.default_project();
    let mut conn = world.db.acquire().await.unwrap();
    let until = chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(40_000);
    assert!(webhooks::rotate(&mut conn, project, id, until).await.unwrap());
    ended(&world).await;
    send(&world).await;
    let received = receiver.take().remove(0);
    for keys in [&old, &new] {
        assert!(received.is_signed_with(&keys.secret()) && received.is_signed_by(&keys.public_key()));
    }
    world.sql("UPDATE webhook_endpoints SET overlap_until = now() - interval '1 second'").await;
    ended(&world).await;
    send(&world).await;
    let received = receiver.take().remove(0);
    assert!(received.is_signed_with(&new.secret()) && !received.is_signed_with(&old.secret()));
    assert!(received.is_signed_by(&new.public_key()) && !received.is_signed_by(&old.public_key()));
}

#[tokio::test]
async fn a_test_is_sent_like_any_other() {
    let world = World::with(private(), Audit::WithoutModel).await;
    let receiver = Receiver::start(&world).await;
    let id = endpoint(&world, &receiver.url, Some(&["job.failed"])).await;
    let event = EventId(Uuid::now_v7());
    let mut conn = world.db.acquire().await.unwrap();
    let delivery = WebhookDeliveryId(Uuid::now_v7());
    webhook_deliveries::enqueue_test(&mut conn, delivery, id, event).await.unwrap();
    send(&world).await;
    let received = receiver.take().remove(0);
    assert!(received.is_signed_with(&Secrets::from_seed(&WEBHOOK_SEED).of(id, 0).secret()));
    let body = received.json();
    assert_eq!((&body["id"], &body["type"]), (&json!(event), &json!("webhook.test")));
    assert_eq!(body["data"]["id"], json!(id));
    assert_eq!(received.undocumented(), Vec::<String>::new());
}
