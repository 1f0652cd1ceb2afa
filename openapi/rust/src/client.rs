//! One request over as many tries as it takes: key, version, time limit, retries, and answers turned into errors.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, Request, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::error::{Error, Refusal};
use crate::files::Form;
use crate::query::escaped;
use crate::tls::Tls;
use crate::{
    Budgets, Checkpoints, Events, Exports, Files, Groups, Invoices, Jobs, RewardFunctions, Verifications,
    WebhookEndpoints,
};
use crate::{retry, types};

pub(crate) const CONNECT: Duration = Duration::from_secs(10);
/// The service sends a sign of life every 15 seconds: a stream that is silent for so long is cut.
pub(crate) const SILENCE: Duration = Duration::from_mins(1);

/// How a client behaves.
#[derive(Debug, Clone)]
pub struct Options {
    pub api_key: String,
    pub base_url: String,
    /// Which project a key of a whole organisation speaks for.
    pub project: Option<String>,
    /// Further tries after the first.
    pub max_retries: u32,
    /// For one try of what is not a stream.
    pub timeout: Duration,
    /// How long a stream tries to reach a service that does not answer.
    pub patience: Duration,
    /// Your own, with TLS, proxies and the like as you need them: it is used for `https`, too, and the client's own TLS is not.
    /// Give it a read timeout: it ends silent streams.
    pub http: Option<reqwest::Client>,
}

impl Options {
    pub fn new(base_url: &str, api_key: &str) -> Self {
        Self {
            api_key: api_key.to_owned(),
            base_url: base_url.to_owned(),
            project: None,
            max_retries: 5,
            timeout: Duration::from_mins(1),
            patience: Duration::from_mins(10),
            http: None,
        }
    }
}

/// The service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    /// Writes every request, and sends it where there is no `tls`.
    http: reqwest::Client,
    tls: Option<Tls>,
    options: Arc<Options>,
}

/// A resource, or its id.
pub trait AsId {
    fn as_id(&self) -> &str;
}

impl AsId for str {
    fn as_id(&self) -> &str {
        self
    }
}

impl AsId for String {
    fn as_id(&self) -> &str {
        self
    }
}

macro_rules! as_id {
    ($($name:ident)+) => { $(
        impl AsId for types::$name {
            fn as_id(&self) -> &str {
                &self.id
            }
        }
    )+ };
}
as_id!(Checkpoint Event Export File Group Invoice Job Quote RewardFunction Rollout Verification WebhookDelivery WebhookEndpoint);

/// A request that can be sent again.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_retries: Option<u32>,
    /// The answer's body is read while it comes.
    pub(crate) is_streamed: bool,
}

#[derive(Debug)]
pub(crate) enum Body {
    None,
    Json(Bytes),
    Form(Form),
}

impl Call {
    pub(crate) fn new(method: Method, path: String) -> Self {
        let (headers, body) = (Vec::new(), Body::None);
        Self { method, path, headers, body, timeout: None, max_retries: None, is_streamed: false }
    }

    pub(crate) fn get(path: String) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: String) -> Self {
        Self::new(Method::POST, path)
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self, Error> {
        let text = serde_json::to_vec(body).map_err(|error| Error::Settings(error.to_string()))?;
        self.body = Body::Json(text.into());
        Ok(self)
    }

    pub(crate) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn streamed(mut self) -> Self {
        self.is_streamed = true;
        self
    }
}

impl Client {
    /// Key and address as `RELIQUARY_API_KEY` and `RELIQUARY_BASE_URL` say.
    pub fn from_env() -> Result<Self, Error> {
        #[expect(clippy::disallowed_methods, reason = "the client's only look at the environment")]
        let named =
            |name: &str| std::env::var(name).map_err(|_| Error::Settings(format!("{name} is not set")));
        Self::new(Options::new(&named("RELIQUARY_BASE_URL")?, &named("RELIQUARY_API_KEY")?))
    }

    pub fn new(options: Options) -> Result<Self, Error> {
        // a client of the caller's has its own
        let needs_tls = options.http.is_none() && options.base_url.starts_with("https:");
        let tls = needs_tls.then(Tls::new).transpose()?;
        Self::over(options, tls)
    }

    pub(crate) fn over(mut options: Options, tls: Option<Tls>) -> Result<Self, Error> {
        let http = match options.http.take() {
            Some(http) => http,
            None => reqwest::Client::builder().connect_timeout(CONNECT).read_timeout(SILENCE).build()?,
        };
        let trimmed = options.base_url.trim_end_matches('/').len();
        options.base_url.truncate(trimmed);
        Ok(Self { http, tls, options: Arc::new(options) })
    }

    pub fn jobs(&self) -> Jobs<'_> {
        Jobs(self)
    }

    pub fn events(&self) -> Events<'_> {
        Events(self)
    }

    pub fn reward_functions(&self) -> RewardFunctions<'_> {
        RewardFunctions(self)
    }

    pub fn files(&self) -> Files<'_> {
        Files(self)
    }

    pub fn exports(&self) -> Exports<'_> {
        Exports(self)
    }

    pub fn checkpoints(&self) -> Checkpoints<'_> {
        Checkpoints(self)
    }

    pub fn verifications(&self) -> Verifications<'_> {
        Verifications(self)
    }

    pub fn webhook_endpoints(&self) -> WebhookEndpoints<'_> {
        WebhookEndpoints(self)
    }

    pub fn groups(&self) -> Groups<'_> {
        Groups(self)
    }

    pub fn budgets(&self) -> Budgets<'_> {
        Budgets(self)
    }

    pub fn invoices(&self) -> Invoices<'_> {
        Invoices(self)
    }

    /// Any other route of the document whose body is JSON: `path` with its query, an answer of [`types`], and `()` for none. Tried
    /// again as all calls are.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Error> {
        let call = Call::new(method, path.to_owned());
        let call = match body {
            Some(body) => call.json(body)?,
            None => call,
        };
        let (_, bytes) = self.whole(&call).await?;
        // 204
        let text: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        serde_json::from_slice(text).map_err(Error::Answer)
    }

    pub async fn balance(&self) -> Result<types::Balance, Error> {
        self.ask(Call::get("/v1/balance".to_owned())).await
    }

    /// Locks the prices for a job of these terms: pass its id as `quote`.
    pub async fn quote(&self, job: &impl Serialize) -> Result<types::Quote, Error> {
        self.ask(Call::post("/v1/quotes".to_owned()).json(job)?).await
    }

    pub(crate) fn patience(&self) -> Duration {
        self.options.patience
    }

    /// The JSON of a success.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        let (_, bytes) = self.whole(&call).await?;
        serde_json::from_slice(&bytes).map_err(Error::Answer)
    }

    pub(crate) async fn whole(&self, call: &Call) -> Result<(HeaderMap, Bytes), Error> {
        self.tried(call, async |response: Response| {
            let headers = response.headers().clone();
            Ok((headers, response.bytes().await?)) // a cut in the middle of it is a failed try
        })
        .await
    }

    /// A success whose body is read by the caller.
    pub(crate) async fn open(&self, call: &Call) -> Result<Response, Error> {
        self.tried(call, async |response| Ok(response)).await
    }

    async fn tried<T>(
        &self,
        call: &Call,
        read: impl AsyncFn(Response) -> Result<T, Error>,
    ) -> Result<T, Error> {
        // the same over all tries
        let takes_key = call.method == Method::POST && retry::takes_key(&call.path);
        let key = takes_key.then(|| Uuid::new_v4().to_string());
        let may_repeat = retry::may_repeat(&call.method, &call.path);
        let most = call.max_retries.unwrap_or(self.options.max_retries);
        // what is streamed is only begun within it
        let limit = if call.is_streamed { SILENCE } else { call.timeout.unwrap_or(self.options.timeout) };
        let mut attempt = 0;
        loop {
            let tried = async { read(self.once(call, key.as_deref()).await?).await };
            let error = match tokio::time::timeout(limit, tried).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => error,
                Err(_) => Error::Connection(format!("nothing within {limit:?}")),
            };
            let is_safe = may_repeat || error.was_not_done();
            match retry::pause(&error, attempt) {
                Some(pause) if attempt < most && is_safe => tokio::time::sleep(pause).await,
                _ => return Err(error),
            }
            attempt += 1;
        }
    }

    async fn once(&self, call: &Call, key: Option<&str>) -> Result<Response, Error> {
        let request = self.request(call, key).await?;
        let response = match &self.tls {
            Some(tls) => tls.send(request).await?,
            None => self.http.execute(request).await?,
        };
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let headers = response.headers().clone();
        let refusal = Refusal::of(status.as_u16(), &headers, &response.bytes().await?);
        Err(Error::Refused(Box::new(refusal)))
    }

    async fn request(&self, call: &Call, key: Option<&str>) -> Result<Request, Error> {
        let url = format!("{}{}", self.options.base_url, call.path);
        let mut request = self.http.request(call.method.clone(), url).bearer_auth(&self.options.api_key);
        request = request.header("Reliquary-Version", types::VERSION);
        if let Some(project) = &self.options.project {
            request = request.header("Reliquary-Project", project);
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if !call.headers.iter().any(|(name, _)| *name == ACCEPT.as_str()) {
            request = request.header(ACCEPT, "application/json");
        }
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let request = match &call.body {
            Body::None => request,
            Body::Json(text) => request.header(CONTENT_TYPE, "application/json").body(text.clone()),
            Body::Form(form) => request.multipart(form.built().await?),
        };
        Ok(request.build()?)
    }
}

/// One part of a path, whatever is in it.
pub(crate) fn segment(id: &(impl AsId + ?Sized)) -> String {
    escaped(id.as_id())
}
