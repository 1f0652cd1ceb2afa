//! `/v1/files`, large ones in parts (`/v1/uploads`), and forms that can be sent again.

use std::io::SeekFrom;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use reqwest::multipart::{self, Part};
use reqwest::{Body as HttpBody, Method};
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use crate::client::{AsId, Body, Call, Client, segment};
use crate::error::Error;
use crate::query::Query;
use crate::{pages, types};

const UPLOAD: Duration = Duration::from_mins(10);
/// What goes up whole; larger files go in parts of this size, so that a cut costs a part.
const PART_BYTES: u64 = 64 << 20;

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

impl Upload {
    /// Its name, and how many bytes it has.
    async fn measured(&self) -> Result<(String, u64), Error> {
        Ok(match self {
            Self::Bytes(bytes) => ("upload".to_owned(), bytes.len() as u64),
            Self::Path(path) => {
                let name = path.file_name().map_or_else(|| "upload".into(), |name| name.to_string_lossy());
                (name.into_owned(), tokio::fs::metadata(path).await?.len())
            }
        })
    }

    /// One part; in memory while it is sent.
    async fn part(&self, start: u64, bytes: u64) -> Result<Bytes, Error> {
        match self {
            Self::Bytes(all) => {
                let start = start as usize;
                Ok(all.slice(start..all.len().min(start.saturating_add(bytes as usize))))
            }
            Self::Path(path) => {
                let mut file = tokio::fs::File::open(path).await?;
                file.seek(SeekFrom::Start(start)).await?;
                let mut part = Vec::new();
                file.take(bytes).read_to_end(&mut part).await?;
                Ok(part.into())
            }
        }
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
            Upload::Bytes(bytes) => {
                Part::stream_with_length(bytes.clone(), bytes.len() as u64).file_name("upload")
            }
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
    /// Uploads a path or bytes for `purpose`, such as `job_input`. What has more than 64 MiB goes in parts.
    pub async fn upload(&self, content: impl Into<Upload>, purpose: &str) -> Result<types::File, Error> {
        let content = content.into();
        if content.measured().await?.1 > PART_BYTES {
            return self.upload_in_parts(content, purpose, PART_BYTES).await;
        }
        let form = Form { fields: vec![("purpose", purpose.to_owned())], part: "file", content };
        let call = Call::post("/v1/files".to_owned());
        self.0.ask(Call { body: Body::Form(form), timeout: Some(UPLOAD), ..call }).await
    }

    /// The same in parts of so many bytes, at most 64 MiB. Each is sent again by itself where that helps.
    pub async fn upload_in_parts(
        &self,
        content: impl Into<Upload>,
        purpose: &str,
        part_bytes: u64,
    ) -> Result<types::File, Error> {
        let content = content.into();
        let (filename, bytes) = content.measured().await?;
        let wish = json!({ "filename": filename, "purpose": purpose, "bytes": bytes });
        let begun: Begun = self.0.ask(Call::post("/v1/uploads".to_owned()).json(&wish)?).await?;
        let at = |verb: &str| format!("/v1/uploads/{}/{verb}", segment(&begun.id));
        let done = async {
            let mut ids = Vec::new();
            for start in (0..bytes).step_by(usize::try_from(part_bytes.max(1)).unwrap_or(usize::MAX)) {
                let data = Upload::Bytes(content.part(start, part_bytes).await?);
                let form = Form { fields: Vec::new(), part: "data", content: data };
                let call = Call { body: Body::Form(form), timeout: Some(UPLOAD), ..Call::post(at("parts")) };
                ids.push(self.0.ask::<Begun>(call).await?.id);
            }
            let call = Call::post(at("complete")).json(&json!({ "part_ids": ids }))?;
            self.0.ask::<Completed>(Call { timeout: Some(UPLOAD), ..call }).await
        };
        match done.await {
            Ok(completed) => Ok(completed.file),
            Err(error) => {
                // if that fails, too, it is given up after an hour
                let call = Call::post(at("cancel"));
                let _ = self.0.whole(&Call { max_retries: Some(0), ..call }).await;
                Err(error)
            }
        }
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

/// An upload, or a part of one.
#[derive(Deserialize)]
struct Begun {
    id: String,
}

#[derive(Deserialize)]
struct Completed {
    file: types::File,
}
