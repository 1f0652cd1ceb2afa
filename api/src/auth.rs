//! Who calls, and whether they may: `Authorization: Bearer` and an API key or a session's access token, from an allowed
//! address, with the scope of the route. Typing errors are refused before any look-up.
//!
//! A session acts with its member's own key, so that all that holds for keys holds for people.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderName};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use chrono::{DateTime, TimeDelta, Utc};
use protocol::{AccountId, KeyId, MemberId, Mode, ProjectId, Scope, Scopes, SessionId};
use serde_json::Value;
use store::api_keys::{self, ApiKey, KeyText, Reach};
use store::audit_log::Deed;
use store::{PgConnection, Tenant};

use crate::config::Config;
use crate::error::{ApiError, CallerKind};
use crate::events::StreamClaims;
use crate::limits;
use crate::sessions::{KeyRing, looks_like_one};
use crate::state::AppState;
use crate::version::VERSION;
use crate::{address, params, scopes};

/// What was changed of a key, a member or a session may take this long to count.
const CACHE_TIME: Duration = Duration::from_secs(5);
const CACHE_KEYS: usize = 10_000;
/// A key's last use is noted this often.
const NOTE_USE: TimeDelta = TimeDelta::minutes(1);

/// `tml-rk_live_…`, in place of `Authorization`.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// Which project a key that reaches several means; its own without it.
const PROJECT: HeaderName = HeaderName::from_static("reliquary-project");
/// Whether a session acts on live or on test data; live without it. Of a key it can only repeat what the key says.
const MODE: HeaderName = HeaderName::from_static("reliquary-mode");

/// Whom a request acts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Whose money it is.
    pub(crate) account: AccountId,
    /// Whose jobs, reward functions and keys these are: in test mode, the twin of `home`.
    pub(crate) project: ProjectId,
    /// The project as customers know it.
    pub(crate) home: ProjectId,
    pub(crate) mode: Mode,
    /// What acts; a member's own where it is a session.
    pub(crate) key: KeyId,
    /// `None`: a key that somebody holds.
    pub(crate) session: Option<SessionId>,
    pub(crate) scopes: Scopes,
    pub(crate) reach: Reach,
}

impl Caller {
    pub(crate) fn tenant(&self) -> Tenant {
        Tenant { account: self.account, project: self.project }
    }

    /// Who is signed in, if it is a person.
    pub(crate) fn member(&self) -> Option<MemberId> {
        self.session.map(|_| MemberId(self.key.0))
    }

    /// What it does, for the audit log.
    pub(crate) fn did<'a>(&self, action: &'a str, subject: &impl ToString, mut detail: Value) -> Deed<'a> {
        if let (Mode::Test, Some(detail)) = (self.mode, detail.as_object_mut()) {
            detail.insert("livemode".to_owned(), false.into());
        }
        let tenant = Tenant { account: self.account, project: self.home };
        Deed { tenant, key: Some(self.key), action, subject: subject.to_string(), detail }
    }

    /// For what a route does beyond its own scope.
    pub(crate) fn must_have(&self, scope: Scope) -> Result<(), ApiError> {
        if self.scopes.has(scope) {
            return Ok(());
        }
        Err(ApiError::MissingScope { scope, caller: self.kind() })
    }

    pub(crate) fn kind(&self) -> CallerKind {
        if self.session.is_some() { CallerKind::Session } else { CallerKind::ApiKey }
    }

    /// For what concerns the organisation, and not one project of it. Nothing of that is for trying out.
    pub(crate) fn must_reach_organization(&self) -> Result<(), ApiError> {
        match (self.reach, self.mode) {
            (Reach::Organization, Mode::Live) => Ok(()),
            _ => Err(ApiError::OrganizationKeyRequired),
        }
    }
}

/// Keys that were looked up a moment ago: by their public part, and those of members by their session.
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
            let Identity { key, session, bound } = identify(&request).await?;
            let (state, config) = (data::<AppState>(&request)?, data::<Config>(&request)?);
            if !request.headers().contains_key(VERSION) {
                request.extensions_mut().insert(config.versions.pinned(key.api_version.as_deref()));
            }
            if let Some(nets) = &key.terms.allowed_cidrs {
                let client = address::client(&request, &config.trusted_proxies);
                if !client.is_some_and(|client| address::is_within(client, nets)) {
                    return Err(ApiError::AddressNotAllowed);
                }
            }
            let mode = mode(&request, &key, session.is_some(), bound)?;
            let (home, project) = project(&request, state, &key, mode, bound).await?;
            let scopes = key.terms.scopes;
            let caller = Self {
                account: key.tenant.account,
                project,
                home,
                mode,
                key: key.id,
                session,
                scopes: if mode.is_live() { scopes } else { scopes.within(Scopes::of_tests()) },
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

fn data<T: 'static>(request: &HttpRequest) -> Result<&web::Data<T>, ApiError> {
    request.app_data().ok_or_else(|| ApiError::Internal("the server lacks its state".into()))
}

/// What acts, with what it may do this time.
struct Identity {
    key: ApiKey,
    /// The session that acts with it, if one does.
    session: Option<SessionId>,
    /// All that it is about, whatever the headers say.
    bound: Option<Bound>,
}

/// What a stream token was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bound {
    project: ProjectId,
    mode: Mode,
}

async fn identify(request: &HttpRequest) -> Result<Identity, ApiError> {
    let Some(bearer) = bearer(request) else { return by_stream_token(request).await };
    let (state, cache) = (data::<AppState>(request)?, data::<KeyCache>(request)?);
    if !looks_like_one(bearer) {
        let text = KeyText::parse(bearer).map_err(|_| ApiError::InvalidApiKey)?;
        return Ok(Identity { key: authenticate(state, cache, &text).await?, session: None, bound: None });
    }
    let config = data::<Config>(request)?;
    let claims = data::<KeyRing>(request)?.read(state, config, bearer).await?;
    let mut key = of_session(state, cache, claims.sid).await?;
    if (claims.sub.key(), claims.org) != (key.id, key.tenant.account) {
        return Err(ApiError::InvalidAccessToken);
    }
    // what the token says, as far as the member may still do it
    key.terms.scopes = key.terms.scopes.within(claims.scopes());
    Ok(Identity { key, session: Some(claims.sid), bound: None })
}

/// Where there is no header: a token in the address of a stream, while what asked for it may still do the same.
async fn by_stream_token(request: &HttpRequest) -> Result<Identity, ApiError> {
    let headers = request.headers();
    if headers.contains_key(AUTHORIZATION) || headers.contains_key(&X_API_KEY) {
        return Err(ApiError::InvalidApiKey);
    }
    let (state, config) = (data::<AppState>(request)?, data::<Config>(request)?);
    let claims = StreamClaims::of(request, (state, config, data::<KeyRing>(request)?)).await?;
    let claims = claims.ok_or(ApiError::InvalidApiKey)?;
    let now = state.ambient.now();
    // as the database has it, and not as it was a moment ago
    let mut conn = state.db.acquire().await?;
    let key = match claims.sid {
        Some(session) => store::sessions::key(&mut conn, session, now).await?,
        None => api_keys::of_account(&mut conn, claims.org, claims.sub).await?,
    };
    let acts = |key: &ApiKey| {
        let reaches = key.terms.reach == Reach::Organization || key.home == claims.project;
        let is_live = key.revoked_at.is_none() && key.terms.expires_at.is_none_or(|end| now < end);
        is_live
            && reaches
            && key.id == claims.sub
            && key.is_member == claims.sid.is_some()
            && (key.is_member || key.mode == claims.mode())
            && key.tenant.account == claims.org
    };
    let mut key = key.filter(acts).ok_or(ApiError::InvalidStreamToken)?;
    let project = store::projects::find(&mut conn, claims.org, claims.project).await?;
    if project.is_none_or(|project| project.archived_at.is_some()) {
        return Err(ApiError::InvalidStreamToken);
    }
    key.terms.scopes = key.terms.scopes.within(StreamClaims::scopes());
    let bound = Some(Bound { project: claims.project, mode: claims.mode() });
    Ok(Identity { key, session: claims.sid, bound })
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    if let Some(value) = request.headers().get(&X_API_KEY) {
        // Tinker's package takes keys of this form only, and sends them so
        return value.to_str().ok()?.strip_prefix("tml-").filter(|token| !looks_like_one(token));
    }
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// The key of the member whose session this is. What is over is over within [`CACHE_TIME`].
async fn of_session(state: &AppState, cache: &KeyCache, id: SessionId) -> Result<ApiKey, ApiError> {
    let (now, lookup) = (state.ambient.now(), id.to_string());
    if let Some(key) = cache.find(&lookup, now) {
        return Ok(key);
    }
    let mut conn = state.db.acquire().await?;
    let found = store::sessions::key(&mut conn, id, now).await?;
    let key = found.ok_or(ApiError::InvalidAccessToken)?;
    note_use(&mut conn, &key, now).await?;
    cache.keep(&lookup, key.clone(), now);
    Ok(key)
}

async fn note_use(conn: &mut PgConnection, key: &ApiKey, now: DateTime<Utc>) -> Result<(), ApiError> {
    if key.last_used_at.is_none_or(|last| last <= now - NOTE_USE) {
        api_keys::used(conn, key.id, now).await?;
    }
    Ok(())
}

async fn authenticate(state: &AppState, cache: &KeyCache, text: &KeyText) -> Result<ApiKey, ApiError> {
    let now = state.ambient.now();
    if let Some(key) = cache.find(text.lookup(), now).filter(|key| key.admits(text, now)) {
        return Ok(key);
    }
    let mut conn = state.db.acquire().await?;
    let found = api_keys::find(&mut conn, text.lookup()).await?;
    let key = found.filter(|key| key.admits(text, now)).ok_or(ApiError::InvalidApiKey)?;
    note_use(&mut conn, &key, now).await?;
    cache.keep(text.lookup(), key.clone(), now);
    Ok(key)
}

/// Whether a request is about live or test data.
fn mode(
    request: &HttpRequest,
    key: &ApiKey,
    is_session: bool,
    bound: Option<Bound>,
) -> Result<Mode, ApiError> {
    const NAME: &str = "Reliquary-Mode";
    let own = bound.map_or(key.mode, |bound| bound.mode);
    let Some(named) = params::header(request, &MODE, NAME)? else { return Ok(own) };
    let fault = |detail: String| ApiError::InvalidHeader { name: NAME, detail };
    let named = Mode::parse(named).ok_or_else(|| fault("`live` or `test`".to_owned()))?;
    if named == own || (is_session && bound.is_none()) {
        Ok(named)
    } else {
        Err(fault(format!("this is a {} key or token; only sessions choose", own.as_str())))
    }
}

/// The project that a request is about, and where its rows are. A key of one project may name that one, and no other is there.
async fn project(
    request: &HttpRequest,
    state: &AppState,
    key: &ApiKey,
    mode: Mode,
    bound: Option<Bound>,
) -> Result<(ProjectId, ProjectId), ApiError> {
    let own = bound.map_or(key.home, |bound| bound.project);
    let home = match params::header(request, &PROJECT, "Reliquary-Project")? {
        Some(named) => named_project(state, key, params::id(named, "project")?, (own, bound)).await?,
        None => own,
    };
    if home == key.home && mode == key.mode {
        return Ok((home, key.tenant.project));
    }
    let mut conn = state.db.acquire().await?;
    Ok((home, store::projects::in_mode(&mut conn, home, mode).await?))
}

async fn named_project(
    state: &AppState,
    key: &ApiKey,
    named: ProjectId,
    (own, bound): (ProjectId, Option<Bound>),
) -> Result<ProjectId, ApiError> {
    if named == own {
        return Ok(named);
    }
    if bound.is_some() {
        return Err(ApiError::NotFound("project"));
    }
    if key.terms.reach == Reach::Project {
        return Err(ApiError::NotFound("project"));
    }
    let mut conn = state.db.acquire().await?;
    let found = store::projects::find(&mut conn, key.tenant.account, named).await?;
    let found = found.filter(|project| project.archived_at.is_none());
    found.map(|project| project.id).ok_or(ApiError::NotFound("project"))
}
