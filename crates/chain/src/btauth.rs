//! `btauth/1`: HTTP requests signed by a hotkey, in the headers of Bittensor's SDK 11.
//!
//! Signed are, joined by newlines: `btauth/1`, `sr25519`, METHOD, target with query, hex SHA-256 of the body, nonce
//! (nanoseconds), sender ss58, receiver ss58 or `-`. A nonce is good from 10 s back to 2 s ahead, once. Only sr25519.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use grail::Hotkey;
use grail::keys::{HotkeyPair, SIGNATURE_BYTES};
use rand_core::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};

use crate::nonces::SeenNonces;
use crate::{Error, ss58};

pub const VERSION_HEADER: &str = "x-bittensor-version";
pub const HOTKEY_HEADER: &str = "x-bittensor-hotkey";
pub const RECEIVER_HEADER: &str = "x-bittensor-receiver";
pub const NONCE_HEADER: &str = "x-bittensor-nonce";
pub const CRYPTO_HEADER: &str = "x-bittensor-crypto";
pub const SIGNATURE_HEADER: &str = "x-bittensor-signature";

pub const MAX_AGE_NS: u64 = 10_000_000_000;
pub const MAX_AHEAD_NS: u64 = 2_000_000_000;

const VERSION: &str = "1";
const SCHEME: &str = "sr25519";
const NO_RECEIVER: &str = "-";

/// What of a request is signed: as sent, before any parsing.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub method: &'a str,
    /// Path with `?query`.
    pub target: &'a str,
    pub body: &'a [u8],
}

/// Signs a request. The nonce is the time, from a [`crate::nonces::NonceSource`]: every retry needs a new one.
/// Returns the headers to send.
pub fn sign(
    pair: &HotkeyPair,
    request: &Request<'_>,
    receiver: Option<&Hotkey>,
    nonce_ns: u64,
    rng: impl RngCore + CryptoRng,
) -> Vec<(&'static str, String)> {
    let sender = ss58::encode(&pair.hotkey());
    let receiver = receiver.map(ss58::encode);
    let payload = payload(request, nonce_ns, &sender, receiver.as_deref());
    let signature = pair.sign(&payload, rng);
    let mut headers = vec![
        (VERSION_HEADER, VERSION.to_owned()),
        (HOTKEY_HEADER, sender),
        (NONCE_HEADER, nonce_ns.to_string()),
        (SIGNATURE_HEADER, format!("0x{}", hex::encode(signature))),
    ];
    headers.extend(receiver.map(|receiver| (RECEIVER_HEADER, receiver)));
    headers
}

/// The bytes that are signed.
fn payload(request: &Request<'_>, nonce_ns: u64, sender: &str, receiver: Option<&str>) -> Vec<u8> {
    let method = request.method.to_ascii_uppercase();
    let body = hex::encode(Sha256::digest(request.body));
    let nonce = nonce_ns.to_string();
    let receiver = receiver.unwrap_or(NO_RECEIVER);
    ["btauth/1", SCHEME, &method, request.target, &body, &nonce, sender, receiver].join("\n").into_bytes()
}

/// What the headers of a request say of its sender, read but not verified.
#[derive(Clone)]
pub struct Claim {
    sender: Hotkey,
    receiver: Option<Hotkey>,
    nonce_ns: u64,
    signature: [u8; SIGNATURE_BYTES],
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claim({} at {})", self.sender, self.nonce_ns)
    }
}

impl Claim {
    /// Picks our headers out of all. One that comes twice, is not ASCII or is not canonical is refused.
    pub fn read<'h>(headers: impl IntoIterator<Item = (&'h str, &'h [u8])>) -> Result<Self, Error> {
        let mut found = [
            (VERSION_HEADER, None),
            (HOTKEY_HEADER, None),
            (NONCE_HEADER, None),
            (SIGNATURE_HEADER, None),
            (RECEIVER_HEADER, None),
            (CRYPTO_HEADER, None),
        ];
        for (name, value) in headers {
            let Some((header, slot)) = found.iter_mut().find(|(header, _)| header.eq_ignore_ascii_case(name))
            else {
                continue;
            };
            let text = std::str::from_utf8(value).ok().filter(|text| text.is_ascii());
            let text = text.ok_or(Error::Header { header, problem: "is not ASCII" })?;
            if slot.replace(text).is_some() {
                return Err(Error::Header { header, problem: "comes twice" });
            }
        }
        let [version, hotkey, nonce, signature, (_, receiver), (_, crypto)] = found;
        if needed(version)? != VERSION {
            return Err(Error::Header { header: VERSION_HEADER, problem: "is not 1" });
        }
        if crypto.is_some_and(|crypto| crypto != SCHEME) {
            return Err(Error::Header { header: CRYPTO_HEADER, problem: "is not sr25519" });
        }
        Ok(Self {
            sender: address(HOTKEY_HEADER, needed(hotkey)?)?,
            receiver: receiver.map(|text| address(RECEIVER_HEADER, text)).transpose()?,
            nonce_ns: read_nonce(needed(nonce)?)?,
            signature: read_signature(needed(signature)?)?,
        })
    }

    /// Whom the headers name as sender. Not verified.
    pub fn sender(&self) -> Hotkey {
        self.sender
    }
}

fn needed<'h>((header, value): (&'static str, Option<&'h str>)) -> Result<&'h str, Error> {
    value.ok_or(Error::MissingHeader(header))
}

fn address(header: &'static str, text: &str) -> Result<Hotkey, Error> {
    ss58::decode(text).map_err(|_| Error::Header { header, problem: "is not an ss58 address" })
}

/// Decimal digits as `to_string` writes them: the payload is rebuilt from the number.
fn read_nonce(text: &str) -> Result<u64, Error> {
    let bad = Error::Header { header: NONCE_HEADER, problem: "is not a count of nanoseconds" };
    match text.parse::<u64>() {
        Ok(nonce) if nonce.to_string() == text => Ok(nonce),
        _ => Err(bad),
    }
}

fn read_signature(text: &str) -> Result<[u8; SIGNATURE_BYTES], Error> {
    let mut signature = [0; SIGNATURE_BYTES];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut signature)
        .map_err(|_| Error::Header { header: SIGNATURE_HEADER, problem: "is not 64 bytes of hex" })?;
    Ok(signature)
}

/// The door of one receiver: whom it serves and which nonces it has seen.
#[derive(Debug)]
pub struct Verifier {
    me: Hotkey,
    unaddressed: bool,
    /// Empty: everybody.
    callers: HashSet<Hotkey>,
    seen: Mutex<SeenNonces>,
}

impl Verifier {
    /// Takes requests addressed to `me` from anybody who signs them.
    pub fn new(me: Hotkey) -> Self {
        Self { me, unaddressed: false, callers: HashSet::new(), seen: Mutex::default() }
    }

    /// Serves these callers only; an empty list serves everybody.
    #[must_use]
    pub fn only_from(mut self, callers: impl IntoIterator<Item = Hotkey>) -> Self {
        self.callers.extend(callers);
        self
    }

    /// Also takes requests that name no receiver. Such a request can be replayed once at every receiver that does.
    #[must_use]
    pub fn also_unaddressed(mut self) -> Self {
        self.unaddressed = true;
        self
    }

    /// Everything that can be refused before the body is read.
    pub fn screen(&self, claim: &Claim, now_ns: u64) -> Result<(), Error> {
        let addressed = match claim.receiver {
            Some(receiver) => receiver == self.me,
            None => self.unaddressed,
        };
        if !addressed {
            return Err(Error::WrongReceiver);
        }
        if !self.callers.is_empty() && !self.callers.contains(&claim.sender) {
            return Err(Error::NotServed);
        }
        if claim.nonce_ns < now_ns.saturating_sub(MAX_AGE_NS) {
            return Err(Error::Stale);
        }
        if claim.nonce_ns > now_ns.saturating_add(MAX_AHEAD_NS) {
            return Err(Error::Future);
        }
        Ok(())
    }

    /// The sender of a request, if it is good. Uses up the nonce, and only after the signature held.
    pub fn verify(&self, claim: &Claim, request: &Request<'_>, now_ns: u64) -> Result<Hotkey, Error> {
        self.screen(claim, now_ns)?;
        let sender = ss58::encode(&claim.sender);
        let receiver = claim.receiver.as_ref().map(ss58::encode);
        let payload = payload(request, claim.nonce_ns, &sender, receiver.as_deref());
        if !claim.sender.verify(&payload, &claim.signature) {
            return Err(Error::BadSignature);
        }
        let oldest_ns = now_ns.saturating_sub(MAX_AGE_NS);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.admit(claim.sender, claim.nonce_ns, oldest_ns)?;
        Ok(claim.sender)
    }
}
