//! Webhooks by the Standard Webhooks specification: secrets, signatures, which events they carry, when a delivery is tried again,
//! and which addresses may be asked for. Sending them is the worker's affair.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use grail::keys::{self, ServiceKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::{Host, Url};

use crate::event::EventType;
use crate::ids::{EventId, WebhookEndpointId};
use crate::public_address::is_public;

pub const MAX_URL_BYTES: usize = 2_048;
/// Endpoints of one customer.
pub const MAX_ENDPOINTS: usize = 16;
/// How long a secret that was rotated still signs.
pub const OVERLAP: Duration = Duration::from_hours(24);
/// How long an endpoint may take to answer.
pub const TIMEOUT: Duration = Duration::from_secs(15);
/// What is read of an answer.
pub const MAX_ANSWER_BYTES: usize = 1_024;
/// The type of what `test` sends: it is in no log.
pub const TEST_TYPE: &str = "webhook.test";

/// The waits after each try that failed, as the specification proposes them: ten tries over some 75 hours.
const WAITS_S: [u64; 9] =
    [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600];

/// The wait after so many failed tries, at least one; `None`: there is no other try.
pub fn wait_after(tries: u32) -> Option<Duration> {
    let at = usize::try_from(tries).ok()?.checked_sub(1)?;
    WAITS_S.get(at).copied().map(Duration::from_secs)
}

/// Whether webhooks carry events of this type: those of whole jobs. What there is of every group and rollout is for the stream.
pub fn carries(event: EventType) -> bool {
    let name = event.as_str();
    !name.starts_with("group.") && !name.starts_with("rollout.")
}

/// What all secrets are derived from. None is stored.
#[derive(Clone)]
pub struct Secrets([u8; 32]);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

/// The keys of one endpoint, from one rotation to the next.
pub struct EndpointKeys {
    secret: [u8; 32],
    signing: ServiceKey,
}

impl std::fmt::Debug for EndpointKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EndpointKeys").field("public", &self.public_key()).finish_non_exhaustive()
    }
}

impl Secrets {
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(*seed)
    }

    /// The keys of an endpoint after so many rotations.
    pub fn of(&self, endpoint: WebhookEndpointId, generation: u32) -> EndpointKeys {
        let derive = |label: &[u8]| {
            let message = [label, endpoint.as_bytes(), &generation.to_be_bytes()].concat();
            hmac_sha256(&self.0, &message)
        };
        EndpointKeys {
            secret: derive(b"reliquary/webhook-secret/1"),
            signing: ServiceKey::from_seed(&derive(b"reliquary/webhook-ed25519/1")),
        }
    }
}

impl EndpointKeys {
    /// As the customer keeps it: `whsec_…`.
    pub fn secret(&self) -> String {
        format!("whsec_{}", BASE64.encode(self.secret))
    }

    /// For whoever would rather check a signature than share a secret: `whpk_…`, ed25519.
    pub fn public_key(&self) -> String {
        format!("whpk_{}", BASE64.encode(self.signing.public()))
    }

    /// Both signatures of one message, as the header has them.
    fn signatures(&self, message: &[u8]) -> String {
        let symmetric = BASE64.encode(hmac_sha256(&self.secret, message));
        let asymmetric = BASE64.encode(self.signing.sign(message));
        format!("v1,{symmetric} v1a,{asymmetric}")
    }
}

/// The header `webhook-signature`: by all keys that are valid, the newest first.
pub fn signature_header(keys: &[EndpointKeys], id: &str, timestamp: i64, body: &str) -> String {
    let message = format!("{id}.{timestamp}.{body}");
    keys.iter().map(|keys| keys.signatures(message.as_bytes())).collect::<Vec<_>>().join(" ")
}

/// Whether such a header has a signature of this secret (`whsec_…`) or public key (`whpk_…`). `None`: it is neither.
pub fn is_signed(header: &str, id: &str, timestamp: i64, body: &[u8], secret: &str) -> Option<bool> {
    let message = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
    let (version, key) = match (secret.strip_prefix("whsec_"), secret.strip_prefix("whpk_")) {
        (Some(text), _) => ("v1", text),
        (None, Some(text)) => ("v1a", text),
        (None, None) => return None,
    };
    let key: [u8; 32] = BASE64.decode(key).ok()?.try_into().ok()?;
    let mut signatures = header.split(' ').filter_map(|one| {
        let (kind, text) = one.split_once(',')?;
        BASE64.decode(text).ok().filter(|_| kind == version)
    });
    let holds = |signature: Vec<u8>| match version {
        "v1" => is_same(&hmac_sha256(&key, &message), &signature),
        _ => signature.try_into().is_ok_and(|signature| keys::verify_service(&key, &message, &signature)),
    };
    Some(signatures.any(holds))
}

/// Compared in a time that does not tell where they differ.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}

/// HMAC (RFC 2104) with SHA-256. Keys are 32 bytes, below a block.
fn hmac_sha256(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let pad = |byte: u8| {
        let mut block = [byte; 64];
        block.iter_mut().zip(key).for_each(|(pad, key)| *pad ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

/// The body of a delivery: thin, and the same at every try. `event` is the body of the log's event.
pub fn payload(event: &Value) -> String {
    let mut data = json!({ "id": event["job_id"], "sequence": event["sequence"] });
    if let (Value::Object(data), Value::Object(own)) = (&mut data, &event["data"]) {
        data.extend(own.clone());
    }
    json!({ "id": event["id"], "type": event["type"], "timestamp": event["created_at"], "data": data })
        .to_string()
}

/// The body of a test.
pub fn test_payload(id: EventId, endpoint: WebhookEndpointId, timestamp: &str) -> String {
    json!({ "id": id, "type": TEST_TYPE, "timestamp": timestamp, "data": { "id": endpoint } }).to_string()
}

/// What is wrong with an endpoint's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    #[error("not a URL of at most {MAX_URL_BYTES} bytes")]
    NotAUrl,
    #[error("not https")]
    NotHttps,
    #[error("a URL with a user, a password or a fragment")]
    MoreThanAnAddress,
    #[error("not a public address")]
    NotPublic,
}

/// Reads an endpoint's address. Names are checked again when they are resolved; `private` lets plain http and addresses of
/// this machine pass, for tests.
pub fn address(text: &str, private: bool) -> Result<Url, InvalidAddress> {
    let url = Url::parse(text).ok().filter(|_| text.len() <= MAX_URL_BYTES).ok_or(InvalidAddress::NotAUrl)?;
    if url.scheme() != "https" && !(private && url.scheme() == "http") {
        return Err(InvalidAddress::NotHttps);
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(InvalidAddress::MoreThanAnAddress);
    }
    // the parser has already written every spelling of an address in one way
    let is_allowed = match url.host().ok_or(InvalidAddress::NotAUrl)? {
        Host::Ipv4(ip) => is_public(IpAddr::V4(ip)),
        Host::Ipv6(ip) => is_public(IpAddr::V6(ip)),
        Host::Domain(name) => is_name(name),
    };
    if is_allowed || private { Ok(url) } else { Err(InvalidAddress::NotPublic) }
}

/// Names that are of this machine or its network by what they say.
fn is_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let local = ["localhost", "local", "internal", "localdomain"];
    name.contains('.') && !local.iter().any(|last| name.rsplit('.').next() == Some(*last))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_mac_is_that_of_rfc_4231() {
        // test case 1 has a key of 20 bytes, which zeros up to the block do not change
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let mac = hmac_sha256(&key, b"Hi There");
        assert_eq!(hex::encode(mac), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    }

    #[test]
    fn a_header_is_of_its_keys_its_id_its_time_and_its_body_alone() {
        let secrets = Secrets::from_seed(&[1; 32]);
        let of = |generation| secrets.of(WebhookEndpointId(Uuid::from_u128(7)), generation);
        let header = signature_header(&[of(1), of(0)], "evt_1", 1_700_000_000, "{}");
        for keys in [of(0), of(1)] {
            for secret in [keys.secret(), keys.public_key()] {
                let is =
                    |id, timestamp, body: &str| is_signed(&header, id, timestamp, body.as_bytes(), &secret);
                assert_eq!(is("evt_1", 1_700_000_000, "{}"), Some(true), "{secret}");
                assert_eq!(is("evt_2", 1_700_000_000, "{}"), Some(false), "{secret}");
                assert_eq!(is("evt_1", 1_700_000_001, "{}"), Some(false), "{secret}");
                assert_eq!(is("evt_1", 1_700_000_000, "{ }"), Some(false), "{secret}");
            }
        }
        for secret in [of(2).secret(), of(2).public_key()] {
            assert_eq!(is_signed(&header, "evt_1", 1_700_000_000, b"{}", &secret), Some(false));
        }
        for garbage in ["", "v1", "v1,", "v1,AAAA v1a,AAAA", "v2,AAAA", "v1a,\u{20ac}"] {
            assert_eq!(is_signed(garbage, "evt_1", 1, b"{}", &of(0).secret()), Some(false), "{garbage}");
            assert_eq!(is_signed(garbage, "evt_1", 1, b"{}", &of(0).public_key()), Some(false), "{garbage}");
        }
        for secret in ["", "whsec_", "whpk_AAAA", "sk_AAAA"] {
            assert_eq!(is_signed(&header, "evt_1", 1, b"{}", secret), None, "{secret}");
        }
    }

    #[test]
    fn each_endpoint_and_each_rotation_has_its_own_keys() {
        let secrets = Secrets::from_seed(&[1; 32]);
        let endpoint = |n| WebhookEndpointId(Uuid::from_u128(n));
        let all = [secrets.of(endpoint(1), 0), secrets.of(endpoint(1), 1), secrets.of(endpoint(2), 0)];
        for (index, keys) in all.iter().enumerate() {
            assert!(keys.secret().starts_with("whsec_") && keys.public_key().starts_with("whpk_"));
            for other in &all[index + 1..] {
                assert!(keys.secret() != other.secret() && keys.public_key() != other.public_key());
            }
        }
        assert_eq!(secrets.of(endpoint(1), 1).secret(), all[1].secret());
        let header = signature_header(&all[..2], "evt_1", 7, "{}");
        let names: Vec<&str> = header.split(' ').map(|part| part.split(',').next().unwrap()).collect();
        assert_eq!(names, ["v1", "v1a", "v1", "v1a"]);
    }

    #[test]
    fn there_are_ten_tries_over_three_days() {
        let waits: Vec<Duration> = (1..).map_while(wait_after).collect();
        assert_eq!(waits.len(), 9);
        let hours = waits.iter().sum::<Duration>().as_secs() / 3_600;
        assert_eq!(hours, 75);
        assert_eq!((wait_after(0), wait_after(10)), (None, None));
    }

    #[test]
    fn only_public_https_addresses_may_be_asked_for() {
        for good in ["https://example.com/hook?x=1", "https://8.8.8.8", "https://hooks.example.com:8443/a"] {
            assert!(address(good, false).is_ok(), "{good}");
        }
        let public = |text: &str| address(text, false).map(|url| url.to_string());
        for bad in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://017700000001/",
            "https://0177.0.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1/",
            "https://10.0.0.8/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://[fd00:ec2::254]/",
            "https://[fe80::1]/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://app.localhost/",
            "https://metadata.google.internal/",
            "https://metadata/",
        ] {
            assert_eq!(public(bad), Err(InvalidAddress::NotPublic), "{bad}");
        }
        assert_eq!(public("http://example.com/"), Err(InvalidAddress::NotHttps));
        assert_eq!(public("ftp://example.com/"), Err(InvalidAddress::NotHttps));
        for bad in ["https://a:b@example.com/", "https://a@example.com/", "https://example.com/#x"] {
            assert_eq!(public(bad), Err(InvalidAddress::MoreThanAnAddress), "{bad}");
        }
        for bad in ["", "example.com", "https://", &format!("https://example.com/{}", "a".repeat(2_048))] {
            assert_eq!(public(bad), Err(InvalidAddress::NotAUrl), "{bad}");
        }
        assert!(address("http://127.0.0.1:9/", true).is_ok());
    }

    #[test]
    fn what_is_sent_is_thin_and_named_as_in_the_log() {
        let event = json!({ "object": "event", "id": "evt_1", "sequence": 9, "type": "job.completed", "job_id": "job_1",
            "created_at": "t", "trace_id": null, "data": { "status": "completed" } });
        let sent: Value = serde_json::from_str(&payload(&event)).unwrap();
        assert_eq!(
            sent,
            json!({ "id": "evt_1", "type": "job.completed", "timestamp": "t",
                "data": { "id": "job_1", "sequence": 9, "status": "completed" } })
        );
        let carried: Vec<&str> =
            EventType::ALL.iter().filter(|event| carries(**event)).map(|event| event.as_str()).collect();
        assert!(carried.contains(&"job.completed") && !carried.contains(&"rollout.verified"));
    }
}
