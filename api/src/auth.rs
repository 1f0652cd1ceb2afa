//! Who calls: `Authorization: Bearer rk_live_…`. Typing errors are refused before any look-up.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use chrono::{DateTime, Utc};
use protocol::{AccountId, KeyId, ProjectId};
use store::Tenant;
use store::api_keys::{self, ApiKey, KeyText};

use crate::error::ApiError;
use crate::state::AppState;

/// A revoked key may still open the account for this long.
const CACHE_TIME: Duration = Duration::from_secs(5);
const CACHE_KEYS: usize = 10_000;

/// Whom a request acts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Whose money it is.
    pub(crate) account: AccountId,
    /// Whose jobs, reward functions and keys these are.
    pub(crate) project: ProjectId,
    pub(crate) key: KeyId,
}

impl Caller {
    pub(crate) fn tenant(&self) -> Tenant {
        Tenant { account: self.account, project: self.project }
    }
}

/// Keys that were looked up a moment ago.
#[derive(Debug, Default)]
pub(crate) struct KeyCache(Mutex<HashMap<String, (DateTime<Utc>, ApiKey)>>);

impl KeyCache {
    fn find(&self, lookup: &str, now: DateTime<Utc>) -> Option<ApiKey> {
        let keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, key) = keys.get(lookup)?;
        let age = (now - *read_at).to_std().unwrap_or(CACHE_TIME);
        (age < CACHE_TIME).then(|| key.clone())
    }

    fn keep(&self, key: ApiKey, now: DateTime<Utc>) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= CACHE_KEYS {
            keys.clear();
        }
        keys.insert(key.lookup.clone(), (now, key));
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = bearer(request);
        let state = request.app_data::<web::Data<AppState>>().cloned();
        let cache = request.app_data::<web::Data<KeyCache>>().cloned();
        Box::pin(async move {
            let text = text.ok_or(ApiError::InvalidApiKey)?;
            let (Some(state), Some(cache)) = (state, cache) else {
                return Err(ApiError::Internal("the server lacks its state".into()));
            };
            authenticate(&state, &cache, &text).await
        })
    }
}

fn bearer(request: &HttpRequest) -> Option<KeyText> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") { KeyText::parse(token).ok() } else { None }
}

async fn authenticate(state: &AppState, cache: &KeyCache, text: &KeyText) -> Result<Caller, ApiError> {
    let now = state.ambient.now();
    let caller =
        |key: &ApiKey| Caller { account: key.tenant.account, project: key.tenant.project, key: key.id };
    if let Some(key) = cache.find(text.lookup(), now).filter(|key| key.admits(text)) {
        return Ok(caller(&key));
    }
    let found = api_keys::find(&mut *state.db.acquire().await?, text.lookup()).await?;
    let key = found.filter(|key| key.admits(text)).ok_or(ApiError::InvalidApiKey)?;
    let caller = caller(&key);
    cache.keep(key, now);
    Ok(caller)
}
