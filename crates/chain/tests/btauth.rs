//! Signed requests: what is accepted once, and every way to be refused.

use chain::btauth::{self, Claim, MAX_AGE_NS, MAX_AHEAD_NS, Request, Verifier};
use chain::{Error, ss58};
use grail::Hotkey;
use grail::keys::HotkeyPair;
use proptest::prelude::*;
use rand_core::OsRng;

const NOW: u64 = 1_800_000_000_000_000_000;
const REQUEST: Request<'static> =
    Request { method: "POST", target: "/v1/work?lane=external", body: br#"{"version":1}"# };

fn sender() -> HotkeyPair {
    HotkeyPair::from_seed(&[1; 32])
}

fn me() -> Hotkey {
    HotkeyPair::from_seed(&[2; 32]).hotkey()
}

fn signed() -> Vec<(&'static str, String)> {
    btauth::sign(&sender(), &REQUEST, Some(&me()), NOW, OsRng)
}

fn read(headers: &[(&'static str, String)]) -> Result<Claim, Error> {
    Claim::read(headers.iter().map(|(name, value)| (*name, value.as_bytes())))
}

fn verify(headers: &[(&'static str, String)], request: &Request<'_>, now_ns: u64) -> Result<Hotkey, Error> {
    Verifier::new(me()).verify(&read(headers)?, request, now_ns)
}

fn code(outcome: Result<Hotkey, Error>) -> &'static str {
    outcome.expect_err("must be refused").code()
}

#[test]
fn the_sender_is_known_whatever_the_spelling_of_header_names() {
    let headers = signed();
    assert_eq!(verify(&headers, &REQUEST, NOW).unwrap(), sender().hotkey());
    let shouted: Vec<_> = headers.iter().map(|(name, value)| (name.to_uppercase(), value.clone())).collect();
    let claim = Claim::read(shouted.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))).unwrap();
    assert_eq!(claim.sender(), sender().hotkey());
    assert!(Verifier::new(me()).verify(&claim, &REQUEST, NOW).is_ok());
}

/// The payload is pinned: signed here by hand, line by line, as another implementation would.
#[test]
fn the_payload_is_the_documented_one() {
    let (from, to) = (ss58::encode(&sender().hotkey()), ss58::encode(&me()));
    // sha256 of an empty body
    let body = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let payload = format!("btauth/1\nsr25519\nGET\n/v1/status\n{body}\n{NOW}\n{from}\n{to}");
    let signature = hex::encode(sender().sign(payload.as_bytes(), OsRng));
    let headers = [
        (btauth::VERSION_HEADER, "1".to_owned()),
        (btauth::HOTKEY_HEADER, from),
        (btauth::RECEIVER_HEADER, to),
        (btauth::NONCE_HEADER, NOW.to_string()),
        (btauth::CRYPTO_HEADER, "sr25519".to_owned()),
        (btauth::SIGNATURE_HEADER, signature),
    ];
    let request = Request { method: "get", target: "/v1/status", body: b"" };
    assert!(verify(&headers, &request, NOW).is_ok());
}

#[test]
fn a_change_of_anything_signed_is_refused() {
    let headers = signed();
    for request in [
        Request { method: "PUT", ..REQUEST },
        Request { target: "/v1/work", ..REQUEST },
        Request { target: "/v1/work?lane=canonical", ..REQUEST },
        Request { body: br#"{"version":2}"#, ..REQUEST },
        Request { body: b"", ..REQUEST },
    ] {
        assert_eq!(code(verify(&headers, &request, NOW)), "auth_bad_signature", "{request:?}");
    }
    let changed = |header: &str, value: String| {
        let mut headers = headers.clone();
        headers.iter_mut().find(|(name, _)| *name == header).unwrap().1 = value;
        code(verify(&headers, &REQUEST, NOW))
    };
    let other = ss58::encode(&HotkeyPair::from_seed(&[3; 32]).hotkey());
    assert_eq!(changed(btauth::HOTKEY_HEADER, other.clone()), "auth_bad_signature");
    assert_eq!(changed(btauth::NONCE_HEADER, (NOW + 1).to_string()), "auth_bad_signature");
    assert_eq!(changed(btauth::RECEIVER_HEADER, other), "auth_wrong_receiver");
    let signature = &headers.iter().find(|(name, _)| *name == btauth::SIGNATURE_HEADER).unwrap().1;
    for at in 2..signature.len() {
        let mut forged = signature.clone().into_bytes();
        forged[at] = if forged[at] == b'0' { b'1' } else { b'0' };
        let forged = String::from_utf8(forged).unwrap();
        assert_eq!(changed(btauth::SIGNATURE_HEADER, forged), "auth_bad_signature", "hex digit {at}");
    }
}

#[test]
fn headers_that_are_missing_doubled_or_odd_are_refused() {
    let headers = signed();
    for name in
        [btauth::VERSION_HEADER, btauth::HOTKEY_HEADER, btauth::NONCE_HEADER, btauth::SIGNATURE_HEADER]
    {
        let without: Vec<_> = headers.iter().filter(|(header, _)| *header != name).cloned().collect();
        assert_eq!(code(verify(&without, &REQUEST, NOW)), "auth_missing", "{name}");
    }
    for (name, value) in &headers {
        let mut twice = headers.clone();
        twice.push((name, value.clone()));
        assert_eq!(code(verify(&twice, &REQUEST, NOW)), "auth_malformed", "{name}");
        let mut raw: Vec<(&str, &[u8])> = headers.iter().map(|(n, v)| (*n, v.as_bytes())).collect();
        for bytes in ["é".as_bytes(), &[0xff, 0x31], b"", b"+1", b"01", b"1 ", b"0xzz"] {
            raw.retain(|(header, _)| header != name);
            raw.push((name, bytes));
            let refused = Claim::read(raw.iter().copied()).expect_err("must be refused");
            assert_eq!(refused.code(), "auth_malformed", "{name} {bytes:?}");
        }
    }
    for crypto in ["ed25519", "1", "", "SR25519"] {
        let mut other = headers.clone();
        other.push((btauth::CRYPTO_HEADER, crypto.to_owned()));
        assert_eq!(code(verify(&other, &REQUEST, NOW)), "auth_malformed", "{crypto}");
    }
}

#[test]
fn the_window_is_ten_seconds_back_and_two_ahead() {
    let headers = signed();
    for (now, expected) in [
        (NOW + MAX_AGE_NS, None),
        (NOW + MAX_AGE_NS + 1, Some("auth_stale")),
        (NOW - MAX_AHEAD_NS, None),
        (NOW - MAX_AHEAD_NS - 1, Some("auth_future")),
        (0, Some("auth_future")),
        (u64::MAX, Some("auth_stale")),
    ] {
        let outcome = verify(&headers, &REQUEST, now);
        assert_eq!(outcome.err().map(|error| error.code()), expected, "at {now}");
    }
}

#[test]
fn a_request_counts_once_and_a_forged_one_does_not_use_up_the_nonce() {
    let verifier = Verifier::new(me());
    let claim = read(&signed()).unwrap();
    let forged = Request { body: b"{}", ..REQUEST };
    assert_eq!(code(verifier.verify(&claim, &forged, NOW)), "auth_bad_signature");
    assert!(verifier.verify(&claim, &REQUEST, NOW).is_ok());
    assert_eq!(code(verifier.verify(&claim, &REQUEST, NOW)), "auth_replayed");
    assert_eq!(code(verifier.verify(&claim, &REQUEST, NOW + MAX_AGE_NS)), "auth_replayed");
    // signed anew with the same nonce (signatures are randomised): still the same request
    assert_eq!(code(verifier.verify(&read(&signed()).unwrap(), &REQUEST, NOW)), "auth_replayed");
}

#[test]
fn the_receiver_and_the_callers_are_checked() {
    let claim = read(&signed()).unwrap();
    let elsewhere = Verifier::new(HotkeyPair::from_seed(&[3; 32]).hotkey()).also_unaddressed();
    assert_eq!(code(elsewhere.verify(&claim, &REQUEST, NOW)), "auth_wrong_receiver");
    let private = Verifier::new(me()).only_from([me()]);
    assert_eq!(code(private.verify(&claim, &REQUEST, NOW)), "auth_not_served");
    assert!(Verifier::new(me()).only_from([sender().hotkey()]).verify(&claim, &REQUEST, NOW).is_ok());

    let unaddressed = read(&btauth::sign(&sender(), &REQUEST, None, NOW, OsRng)).unwrap();
    assert_eq!(code(Verifier::new(me()).verify(&unaddressed, &REQUEST, NOW)), "auth_wrong_receiver");
    assert!(Verifier::new(me()).also_unaddressed().verify(&unaddressed, &REQUEST, NOW).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn headers_of_any_bytes_never_panic(values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 5)) {
        let names = [btauth::VERSION_HEADER, btauth::HOTKEY_HEADER, btauth::NONCE_HEADER,
            btauth::SIGNATURE_HEADER, btauth::RECEIVER_HEADER];
        let headers = names.iter().zip(&values).map(|(name, value)| (*name, value.as_slice()));
        prop_assert!(Claim::read(headers).is_err());
    }
}
