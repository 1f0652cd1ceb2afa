//! Who calls, and whether they may: `Authorization: Bearer rk_live_…`, from an allowed address, with the scope of the route.
//! Typing errors are refused before any look-up.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderName};
use actix_web::{FromRequest, HttpRequest, web};
use chrono::{DateTime, TimeDelta, Utc};
use protocol::{AccountId, KeyId, ProjectId, Scope, Scopes};
use serde_json::Value;
use store::Tenant;
use store::api_keys::{self, ApiKey, KeyText, Reach};
use store::audit_log::Deed;

use crate::config::Config;
use crate::error::ApiError;
use crate::limits;
use crate::state::AppState;
use crate::{address, params, scopes};

/// What was changed of a key may take this long to count.
const CACHE_TIME: Duration = Duration::from_secs(5);
const CACHE_KEYS: usize = 10_000;
/// A key's last use is noted this often.
const NOTE_USE: TimeDelta = TimeDelta::minutes(1);

/// Which project a key that reaches several means; its own without it.
const PROJECT: HeaderName = HeaderName::from_static("reliquary-project");

/// Whom a request acts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Whose money it is.
    pub(crate) account: AccountId,
    /// Whose jobs, reward functions and keys these are.
    pub(crate) project: ProjectId,
    pub(crate) key: KeyId,
    pub(crate) scopes: Scopes,
    pub(crate) reach: Reach,
}

impl Caller {
    pub(crate) fn tenant(&self) -> Tenant {
        Tenant { account: self.account, project: self.project }
    }

    /// What it does, for the audit log.
    pub(crate) fn did<'a>(&self, action: &'a str, subject: &impl ToString, detail: Value) -> Deed<'a> {
        Deed { tenant: self.tenant(), key: Some(self.key), action, subject: subject.to_string(), detail }
    }

    /// For what a route does beyond its own scope.
    pub(crate) fn must_have(&self, scope: Scope) -> Result<(), ApiError> {
        if self.scopes.has(scope) { Ok(()) } else { Err(ApiError::MissingScope(scope)) }
    }

    /// For what concerns the organisation, and not one project of it.
    pub(crate) fn must_reach_organization(&self) -> Result<(), ApiError> {
        match self.reach {
            Reach::Organization => Ok(()),
            Reach::Project => Err(ApiError::OrganizationKeyRequired),
        }
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

    fn keep(&self, lookup: &str, key: ApiKey, now: DateTime<Utc>) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= CACHE_KEYS {
            keys.clear();
        }
        keys.insert(lookup.to_owned(), (now, key));
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let text = bearer(&request).ok_or(ApiError::InvalidApiKey)?;
            let parts = (
                request.app_data::<web::Data<AppState>>(),
                request.app_data::<web::Data<KeyCache>>(),
                request.app_data::<web::Data<Config>>(),
            );
            let (Some(state), Some(cache), Some(config)) = parts else {
                return Err(ApiError::Internal("the server lacks its state".into()));
            };
            let key = authenticate(state, cache, &text).await?;
            if let Some(nets) = &key.terms.allowed_cidrs {
                let client = address::client(&request, &config.trusted_proxies);
                if !client.is_some_and(|client| address::is_within(client, nets)) {
                    return Err(ApiError::AddressNotAllowed);
                }
            }
            let caller = Self {
                account: key.tenant.account,
                project: project(&request, state, &key).await?,
                key: key.id,
                scopes: key.terms.scopes,
                reach: key.terms.reach,
            };
            limits::admit(&request, caller).await?;
            if let Some(scope) = scopes::required(&request)? {
                caller.must_have(scope)?;
            }
            Ok(caller)
        })
    }
}

fn bearer(request: &HttpRequest) -> Option<KeyText> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") { KeyText::parse(token).ok() } else { None }
}

async fn authenticate(state: &AppState, cache: &KeyCache, text: &KeyText) -> Result<ApiKey, ApiError> {
    let now = state.ambient.now();
    if let Some(key) = cache.find(text.lookup(), now).filter(|key| key.admits(text, now)) {
        return Ok(key);
    }
    let mut conn = state.db.acquire().await?;
    let found = api_keys::find(&mut conn, text.lookup()).await?;
    let key = found.filter(|key| key.admits(text, now)).ok_or(ApiError::InvalidApiKey)?;
    if key.last_used_at.is_none_or(|last| last <= now - NOTE_USE) {
        api_keys::used(&mut conn, key.id, now).await?;
    }
    cache.keep(text.lookup(), key.clone(), now);
    Ok(key)
}

/// The project that a request is about. A key of one project may name that one, and no other is there.
async fn project(request: &HttpRequest, state: &AppState, key: &ApiKey) -> Result<ProjectId, ApiError> {
    let own = key.tenant.project;
    let Some(named) = params::header(request, &PROJECT, "Reliquary-Project")? else { return Ok(own) };
    let named: ProjectId = params::id(named, "project")?;
    if named == own {
        return Ok(own);
    }
    if key.terms.reach == Reach::Project {
        return Err(ApiError::NotFound("project"));
    }
    let mut conn = state.db.acquire().await?;
    let found = store::projects::find(&mut conn, key.tenant.account, named).await?;
    let found = found.filter(|project| project.archived_at.is_none());
    found.map(|project| project.id).ok_or(ApiError::NotFound("project"))
}
