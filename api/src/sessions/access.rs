//! Access tokens, and the keys that sign them and whatever else is a short-lived token of ours: JWTs (RFC 9068) signed with ed25519 by a key that changes every month, good for a quarter of an hour.
//!
//! Reading and checking them is `jsonwebtoken`'s; the signature itself is the one that receipts have. Nothing but EdDSA is
//! read, and only under a key that is known by its `kid`: what a token says of its own algorithm decides nothing.

use std::collections::HashMap;
use std::sync::{Mutex, Once, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use grail::keys::{ServiceKey, verify_service};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result as JwtResult};
use jsonwebtoken::signature::{Error as SignatureError, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey, Header, Validation};
use protocol::{AccountId, MemberId, Scope, Scopes, SessionId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::session_keys::{self, SessionKey};
use store::sessions::Session;
use uuid::Uuid;

use crate::config::Config;
use crate::error::ApiError;
use crate::meta::thumbprint;
use crate::state::AppState;

/// Whom access tokens are for, and what they say they are.
const ACCESS: Form = Form { typ: "at+jwt", audience: "reliquary-api" };
/// Ours have some 700.
const MAX_CHARS: usize = 2_048;
/// Clocks of gateways may differ so much.
const SKEW_S: i64 = 5;
/// Keys are read anew after this time, and for one that is unknown at most this often.
const FRESH: TimeDelta = TimeDelta::seconds(60);
const PAUSE: TimeDelta = TimeDelta::seconds(1);

/// What tells tokens of one kind from those of another, under the same keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) typ: &'static str,
    pub(crate) audience: &'static str,
}

/// Claims that hold for a while.
pub(crate) trait Timed {
    /// From when, and until when.
    fn times(&self) -> (i64, i64);
}

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    pub(crate) sub: MemberId,
    pub(crate) org: AccountId,
    pub(crate) sid: SessionId,
    scope: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
}

impl Timed for Claims {
    fn times(&self) -> (i64, i64) {
        (self.nbf, self.exp)
    }
}

impl Claims {
    /// What it may do at most.
    pub(crate) fn scopes(&self) -> Scopes {
        self.scope.split(' ').filter_map(Scope::parse).collect()
    }
}

/// Whether a bearer is meant to be one: an API key has no dots.
pub(crate) fn looks_like_one(bearer: &str) -> bool {
    bearer.split('.').count() == 3
}

/// The public keys of access tokens, as they were read a moment ago.
#[derive(Debug, Default)]
pub(crate) struct KeyRing(Mutex<Ring>);

#[derive(Debug, Default)]
struct Ring {
    read_at: Option<DateTime<Utc>>,
    /// By `kid`.
    keys: HashMap<String, [u8; 32]>,
}

impl KeyRing {
    /// What an access token of ours says, if it holds now. One error for everything that may be wrong with one.
    pub(crate) async fn read(
        &self,
        state: &AppState,
        config: &Config,
        token: &str,
    ) -> Result<Claims, ApiError> {
        self.verified(state, config, token, ACCESS).await?.ok_or(ApiError::InvalidAccessToken)
    }

    /// What a token of ours of this form says, if it holds now.
    pub(crate) async fn verified<C: Timed + DeserializeOwned>(
        &self,
        state: &AppState,
        config: &Config,
        token: &str,
        form: Form,
    ) -> Result<Option<C>, ApiError> {
        let Some(kid) = kid(token, form) else { return Ok(None) };
        let now = state.ambient.now();
        let known = match self.find(&kid, now) {
            Ok(key) => Some(key),
            Err(Miss::Final) => None,
            Err(Miss::Stale) => self.reload(state, config, &kid, now).await?,
        };
        Ok(known.and_then(|key| checked(token, &key, (&config.session_issuer, form), now)))
    }

    /// A token of this form, by the key that signs now.
    pub(crate) async fn signed<C: Serialize>(
        &self,
        state: &AppState,
        config: &Config,
        claims: &C,
        form: Form,
    ) -> Result<String, ApiError> {
        let key = self.signing(state, config).await?;
        signed(claims, form, &state.sessions.signing(key.id))
            .map_err(|error| ApiError::Internal(error.into()))
    }

    fn find(&self, kid: &str, now: DateTime<Utc>) -> Result<[u8; 32], Miss> {
        let ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let age = ring.read_at.map_or(TimeDelta::MAX, |read_at| now - read_at);
        match ring.keys.get(kid) {
            Some(key) if age < FRESH => Ok(*key),
            None if age < PAUSE => Err(Miss::Final),
            _ => Err(Miss::Stale),
        }
    }

    async fn reload(
        &self,
        state: &AppState,
        config: &Config,
        kid: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<[u8; 32]>, ApiError> {
        let keys = valid_keys(state, config, now).await?;
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.read_at = Some(now);
        ring.keys = keys.iter().map(|key| (thumbprint(&key.public_key), key.public_key)).collect();
        Ok(ring.keys.get(kid).copied())
    }

    /// The key that signs now; a new one where the last has signed for long enough.
    pub(super) async fn signing(&self, state: &AppState, config: &Config) -> Result<SessionKey, ApiError> {
        let (id, created_at) = (state.ambient.id(), state.ambient.now());
        let next = SessionKey { id, public_key: state.sessions.public(id), created_at };
        let is_ours = |key: &SessionKey| state.sessions.public(key.id) == key.public_key;
        // on its own: who signs in waits for nobody who does something else meanwhile
        let mut tx = state.db.begin().await?;
        let key = session_keys::current(&mut tx, config.session_key_period(), &next, is_ours).await?;
        tx.commit().await.map_err(store::Error::from)?;
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.keys.insert(thumbprint(&key.public_key), key.public_key);
        Ok(key)
    }
}

enum Miss {
    /// The keys were read a moment ago, and this is none of them.
    Final,
    /// They are to be read.
    Stale,
}

/// Keys of which a token may still hold.
pub(super) async fn valid_keys(
    state: &AppState,
    config: &Config,
    now: DateTime<Utc>,
) -> Result<Vec<SessionKey>, ApiError> {
    let since =
        now - config.session_access().max(crate::events::STREAM_TOKEN_LIFE) - TimeDelta::seconds(SKEW_S);
    Ok(session_keys::since(&mut *state.db.acquire().await?, since).await?)
}

/// A token for this session.
pub(super) fn issue(
    (state, config): (&AppState, &Config),
    key: &SessionKey,
    session: &Session,
    scopes: Scopes,
) -> Result<String, ApiError> {
    let now = state.ambient.now().timestamp();
    let claims = Claims {
        iss: config.session_issuer.clone(),
        aud: ACCESS.audience.to_owned(),
        sub: session.member,
        org: session.account,
        sid: session.id,
        scope: scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" "),
        iat: now,
        nbf: now,
        exp: now + config.session_access().num_seconds(),
        jti: Uuid::from_bytes(state.ambient.bytes()).simple().to_string(),
    };
    signed(&claims, ACCESS, &state.sessions.signing(key.id)).map_err(|error| ApiError::Internal(error.into()))
}

fn signed<C: Serialize>(claims: &C, form: Form, seed: &[u8; 32]) -> JwtResult<String> {
    provide();
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(form.typ.to_owned());
    header.kid = Some(thumbprint(&ServiceKey::from_seed(seed).public()));
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_ed_der(seed))
}

/// The key that a token names, if its head is one of ours.
fn kid(token: &str, form: Form) -> Option<String> {
    if token.len() > MAX_CHARS {
        return None;
    }
    let header = jsonwebtoken::decode_header(token).ok()?;
    let is_ours = header.alg == Algorithm::EdDSA && header.typ.as_deref() == Some(form.typ);
    header.kid.filter(|_| is_ours)
}

fn checked<C: Timed + DeserializeOwned>(
    token: &str,
    key: &[u8; 32],
    (issuer, form): (&str, Form),
    now: DateTime<Utc>,
) -> Option<C> {
    provide();
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_audience(&[form.audience]);
    rules.set_issuer(&[issuer]);
    rules.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
    // by our own clock, below
    rules.validate_exp = false;
    rules.validate_nbf = false;
    let claims = jsonwebtoken::decode::<C>(token, &DecodingKey::from_ed_der(key), &rules).ok()?.claims;
    let (now, (from, until)) = (now.timestamp(), claims.times());
    (from <= now + SKEW_S && now < until).then_some(claims)
}

/// Makes `jsonwebtoken` use our ed25519, and nothing else.
fn provide() {
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| match (algorithm, key.family()) {
            (Algorithm::EdDSA, AlgorithmFamily::Ed) => {
                let seed: &[u8; 32] = key.as_bytes().try_into().map_err(|_| ErrorKind::InvalidEddsaKey)?;
                Ok(Box::new(Private(ServiceKey::from_seed(seed))))
            }
            _ => Err(ErrorKind::InvalidAlgorithm.into()),
        },
        verifier_factory: |algorithm, key| match (algorithm, key.family()) {
            (Algorithm::EdDSA, AlgorithmFamily::Ed) => {
                let public = key.try_get_as_bytes()?.try_into().map_err(|_| ErrorKind::InvalidEddsaKey)?;
                Ok(Box::new(Public(public)))
            }
            _ => Err(ErrorKind::InvalidAlgorithm.into()),
        },
        key_utils: KeyUtils::new_unimplemented(),
    };
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // refused only where another is there, and there is none
        let _ = PROVIDER.install_default();
    });
}

struct Private(ServiceKey);

impl Signer<Vec<u8>> for Private {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        Ok(self.0.sign(message).to_vec())
    }
}

impl JwtSigner for Private {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct Public([u8; 32]);

impl Verifier<Vec<u8>> for Public {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        let signature = signature.as_slice().try_into().map_err(|_| SignatureError::new())?;
        if verify_service(&self.0, message, signature) { Ok(()) } else { Err(SignatureError::new()) }
    }
}

impl JwtVerifier for Public {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}
