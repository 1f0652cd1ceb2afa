//! One request over as many tries as it takes: key, version, time limit, retries, and answers turned into errors.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::error::{Error, Refusal};
use crate::files::Form;
use crate::query::escaped;
use crate::{
    Checkpoints, Events, Exports, Files, Groups, Jobs, RewardFunctions, Verifications, WebhookEndpoints,
};
use crate::{retry, types};

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
    /// Your own, with TLS, proxies and the like as you need them. Give it a read timeout: it ends silent streams.
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
    http: reqwest::Client,
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
as_id!(Checkpoint Event Export File Group Job Quote RewardFunction Rollout Verification WebhookDelivery WebhookEndpoint);

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

    pub fn new(mut options: Options) -> Result<Self, Error> {
        let http = match options.http.take() {
            Some(http) => http,
            None => reqwest::Client::builder()
                .connect_timeout(Duration::from_secs(10))
                // the service sends a sign of life every 15 seconds
                .read_timeout(Duration::from_mins(1))
                .build()?,
        };
        let trimmed = options.base_url.trim_end_matches('/').len();
        options.base_url.truncate(trimmed);
        Ok(Self { http, options: Arc::new(options) })
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

    /// Any other route of the document: `path` with its query, an answer of [`types`], and `()` for none. Tried again as all
    /// calls are.
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
        let key = Uuid::new_v4().to_string();
        let most = call.max_retries.unwrap_or(self.options.max_retries);
        let mut attempt = 0;
        loop {
            let tried = async { read(self.once(call, &key).await?).await };
            let error = match tried.await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match retry::pause(&error, attempt) {
                Some(pause) if attempt < most => tokio::time::sleep(pause).await,
                _ => return Err(error),
            }
            attempt += 1;
        }
    }

    async fn once(&self, call: &Call, key: &str) -> Result<Response, Error> {
        let response = self.request(call, key).await?.send().await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let headers = response.headers().clone();
        let refusal = Refusal::of(status.as_u16(), &headers, &response.bytes().await?);
        Err(Error::Refused(Box::new(refusal)))
    }

    async fn request(&self, call: &Call, key: &str) -> Result<RequestBuilder, Error> {
        let url = format!("{}{}", self.options.base_url, call.path);
        let mut request = self.http.request(call.method.clone(), url).bearer_auth(&self.options.api_key);
        request = request.header("Reliquary-Version", types::VERSION);
        if let Some(project) = &self.options.project {
            request = request.header("Reliquary-Project", project);
        }
        if call.method == Method::POST {
            request = request.header("Idempotency-Key", key);
        }
        if !call.headers.iter().any(|(name, _)| *name == ACCEPT.as_str()) {
            request = request.header(ACCEPT, "application/json");
        }
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if !call.is_streamed {
            request = request.timeout(call.timeout.unwrap_or(self.options.timeout));
        }
        Ok(match &call.body {
            Body::None => request,
            Body::Json(text) => request.header(CONTENT_TYPE, "application/json").body(text.clone()),
            Body::Form(form) => request.multipart(form.built().await?),
        })
    }
}

/// One part of a path, whatever is in it.
pub(crate) fn segment(id: &(impl AsId + ?Sized)) -> String {
    escaped(id.as_id())
}
