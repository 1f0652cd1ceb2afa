//! How an export looks.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use store::exports::{Export, State};
use utoipa::ToSchema;

use super::link;

/// A file of a job's delivered rollouts, written in the background.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Export)]
pub(crate) struct ExportView {
    #[schema(example = "export")]
    object: &'static str,
    #[schema(example = "exp_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: String,
    /// Its job's: false of a test job.
    livemode: bool,
    job_id: String,
    #[schema(example = "tinker")]
    format: String,
    #[schema(example = "zstd")]
    compression: String,
    #[schema(value_type = Object)]
    filter: Value,
    /// `pending`, `running`, `ready` or `failed`.
    #[schema(example = "ready")]
    state: &'static str,
    /// Lines, records or rows of the file. Of a group that stands for filtered ones every format but `jsonl`, `parquet` and
    /// `arrow` has each row so often.
    #[schema(example = "1024")]
    rows: Option<String>,
    /// Delivered rollouts that are not in it, by the reason.
    #[schema(value_type = Option<Object>)]
    left_out: Option<Value>,
    #[schema(example = "1048576")]
    bytes: Option<String>,
    /// Of the file; hexadecimal.
    sha256: Option<String>,
    /// Where the file is, on this host: good without a key until `download_expires_at`. A new one comes with every look.
    download_url: Option<String>,
    download_expires_at: Option<DateTime<Utc>>,
    /// Why there will be no file.
    #[schema(example = "not_written")]
    error: Option<String>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl ExportView {
    pub(crate) fn new(export: Export, now: DateTime<Utc>) -> Self {
        let mut view = Self {
            object: "export",
            id: export.id.to_string(),
            livemode: export.livemode,
            job_id: export.job.to_string(),
            format: export.format,
            compression: export.compression,
            filter: export.filter,
            state: "pending",
            rows: None,
            left_out: None,
            bytes: None,
            sha256: None,
            download_url: None,
            download_expires_at: None,
            error: None,
            created_at: export.created_at,
            finished_at: export.finished_at,
        };
        match export.state {
            State::Pending => {}
            State::Running => view.state = "running",
            State::Failed { code } => {
                view.state = "failed";
                view.error = Some(code);
            }
            State::Ready(file) => {
                let (url, expires) = link::sign(export.id, &file, now);
                view.state = "ready";
                view.download_url = Some(url);
                view.download_expires_at = Some(expires);
                view.rows = Some(file.rows.to_string());
                view.bytes = Some(file.bytes.to_string());
                view.sha256 = Some(hex::encode(file.sha256));
                view.left_out = Some(file.left_out);
            }
        }
        view
    }
}
