//! `/v1/files`, and forms that can be sent again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use reqwest::multipart::{self, Part};
use reqwest::{Body as HttpBody, Method};
use tokio_util::io::ReaderStream;

use crate::client::{AsId, Body, Call, Client, segment};
use crate::error::Error;
use crate::query::Query;
use crate::{pages, types};

const UPLOAD: Duration = Duration::from_mins(10);

/// What is uploaded.
#[derive(Debug, Clone)]
pub enum Upload {
    /// Read from the disk while it is sent.
    Path(PathBuf),
    Bytes(Bytes),
}

impl From<&Path> for Upload {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_owned())
    }
}

impl From<&str> for Upload {
    fn from(path: &str) -> Self {
        Self::Path(path.into())
    }
}

impl From<Vec<u8>> for Upload {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) part: &'static str,
    pub(crate) content: Upload,
}

impl Form {
    /// Fields first, so that the service knows what it reads.
    pub(crate) async fn built(&self) -> Result<multipart::Form, Error> {
        let fields = self.fields.iter().cloned();
        let form = fields.fold(multipart::Form::new(), |form, (name, value)| form.text(name, value));
        let part = match &self.content {
            Upload::Bytes(bytes) => Part::stream(bytes.clone()).file_name("upload"),
            Upload::Path(path) => {
                let file = tokio::fs::File::open(path).await?;
                let length = file.metadata().await?.len();
                let name =
                    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
                Part::stream_with_length(HttpBody::wrap_stream(ReaderStream::new(file)), length)
                    .file_name(name)
            }
        };
        Ok(form.part(self.part, part))
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Files<'a>(pub(crate) &'a Client);

impl Files<'_> {
    /// Uploads a path or bytes for `purpose`, such as `job_input`.
    pub async fn upload(&self, content: impl Into<Upload>, purpose: &str) -> Result<types::File, Error> {
        let form =
            Form { fields: vec![("purpose", purpose.to_owned())], part: "file", content: content.into() };
        let call = Call::post("/v1/files".to_owned());
        self.0.ask(Call { body: Body::Form(form), timeout: Some(UPLOAD), ..call }).await
    }

    pub async fn retrieve(&self, file: &(impl AsId + ?Sized)) -> Result<types::File, Error> {
        self.0.ask(Call::get(format!("/v1/files/{}", segment(file)))).await
    }

    /// Those of one purpose, or all.
    pub fn list(&self, purpose: Option<&str>) -> BoxStream<'static, Result<types::File, Error>> {
        let query = Query::new().and("purpose", purpose).text();
        pages::items(self.0.clone(), "/v1/files".to_owned(), query, None)
    }

    pub async fn delete(&self, file: &(impl AsId + ?Sized)) -> Result<(), Error> {
        self.0.whole(&Call::new(Method::DELETE, format!("/v1/files/{}", segment(file)))).await.map(drop)
    }

    /// The bytes as they were sent.
    pub async fn content(&self, file: &(impl AsId + ?Sized)) -> Result<Bytes, Error> {
        let call = Call::get(format!("/v1/files/{}/content", segment(file)));
        let call = call.header("accept", "application/octet-stream".to_owned());
        self.0.whole(&Call { timeout: Some(UPLOAD), ..call }).await.map(|(_, bytes)| bytes)
    }
}
