//! Requests of the service to a customer's endpoint, and what is like them.

use protocol::ids::{EventId, WebhookEndpointId};
use protocol::webhook::{Secrets, signature_header, test_payload};
use reliquary_client::webhooks::{WebhookFault, verify, verify_at};
use reqwest::header::{HeaderMap, HeaderValue};
use uuid::Uuid;

const SENT: i64 = 1_763_800_000;

#[test]
fn only_what_the_service_signed_not_long_ago_is_believed() {
    let endpoint = WebhookEndpointId(Uuid::from_u128(1));
    let keys = Secrets::from_seed(&[3; 32]).of(endpoint, 0);
    let body = test_payload(EventId(Uuid::from_u128(2)), endpoint, "2026-11-22T08:00:00Z");
    let headers = |id: &str, sent: &str| {
        let signature = signature_header(std::slice::from_ref(&keys), "evt_1", SENT, &body);
        let named = [("webhook-id", id), ("webhook-timestamp", sent), ("webhook-signature", &signature)];
        named
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect::<HeaderMap>()
    };
    let good = headers("evt_1", &SENT.to_string());
    let (secret, public) = (keys.secret(), keys.public_key());
    for secrets in [vec![&*secret], vec![&*public], vec![&*public, &*secret]] {
        let event = verify_at(body.as_bytes(), &good, &secrets, SENT + 299).unwrap();
        assert_eq!((event.kind.as_str(), event.timestamp.as_str()), ("webhook.test", "2026-11-22T08:00:00Z"));
        assert_eq!(event.data["id"], endpoint.to_string());
    }
    let of = |headers: &HeaderMap, secrets: &[&str], now| verify_at(body.as_bytes(), headers, secrets, now);
    assert_eq!(of(&good, &[&secret], SENT + 301), Err(WebhookFault::Time(301)));
    assert_eq!(of(&good, &[&secret], SENT - 301), Err(WebhookFault::Time(-301)));
    assert_eq!(of(&good, &[], SENT), Err(WebhookFault::Signature));
    assert_eq!(of(&good, &["sk_AAAA"], SENT), Err(WebhookFault::Secret));
    assert_eq!(of(&headers("evt_2", &SENT.to_string()), &[&secret], SENT), Err(WebhookFault::Signature));
    assert_eq!(of(&headers("evt_1", "soon"), &[&secret], SENT), Err(WebhookFault::Headers));
    assert_eq!(of(&HeaderMap::new(), &[&secret], SENT), Err(WebhookFault::Headers));
    assert_eq!(verify_at(b"{}", &good, &[&secret], SENT), Err(WebhookFault::Signature));
    // by the machine's own clock it is long ago
    assert!(matches!(verify(body.as_bytes(), &good, &[&secret]), Err(WebhookFault::Time(_))));
}
