//! A batch as OpenAI's clients see it: times in seconds, and a status that its jobs make.

use chrono::{DateTime, Utc};
use protocol::{BatchId, FileId, JobId};
use serde::Serialize;
use serde_json::Value;
use store::compat_batches::{Batch, State};
use utoipa::ToSchema;

use super::line_faults::LineFault;

pub(crate) const WINDOW: &str = "24h";

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Batch)]
pub(crate) struct BatchView {
    #[schema(value_type = String, example = "batch_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: BatchId,
    #[schema(example = "batch")]
    object: &'static str,
    #[schema(example = "/v1/chat/completions")]
    endpoint: String,
    /// What is wrong with the file of a batch that has failed.
    #[schema(value_type = Option<BatchErrors>)]
    errors: Option<BatchErrorsView>,
    #[schema(value_type = String, example = "file_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    input_file_id: FileId,
    #[schema(example = "24h")]
    completion_window: &'static str,
    #[schema(value_type = BatchStatus)]
    status: &'static str,
    /// Answers, a line each. There once the batch has ended, if there are any.
    #[schema(value_type = Option<String>)]
    output_file_id: Option<FileId>,
    /// Requests without an answer, and why.
    #[schema(value_type = Option<String>)]
    error_file_id: Option<FileId>,
    /// Times are seconds since 1970.
    #[schema(example = 1_763_800_000)]
    created_at: i64,
    in_progress_at: Option<i64>,
    expires_at: i64,
    finalizing_at: Option<i64>,
    completed_at: Option<i64>,
    failed_at: Option<i64>,
    expired_at: Option<i64>,
    cancelling_at: Option<i64>,
    cancelled_at: Option<i64>,
    request_counts: RequestCounts,
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    metadata: Value,
    reliquary: BatchExtension,
}

#[derive(Debug, Serialize)]
struct BatchErrorsView {
    object: &'static str,
    data: Value,
}

/// Everything that is wrong with a file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "shows in the OpenAPI document what BatchErrorsView writes")]
struct BatchErrors {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<LineFault>,
}

#[derive(Debug, Serialize, ToSchema)]
struct RequestCounts {
    /// 0 until the file is read.
    total: u64,
    /// With an answer whose every token is verified, as the job asks for it.
    completed: u64,
    failed: u64,
}

/// What OpenAI's batches do not have.
#[derive(Debug, Serialize, ToSchema)]
struct BatchExtension {
    /// The jobs that it is: their rollouts, receipts, manifests and costs are there.
    #[schema(value_type = Vec<String>)]
    job_ids: Vec<JobId>,
}

/// What a batch is doing.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "shows in the OpenAPI document what BatchView writes")]
enum BatchStatus {
    /// Its file is being read.
    Validating,
    Failed,
    InProgress,
    Finalizing,
    Completed,
    Expired,
    Cancelling,
    Cancelled,
}

/// In OpenAI's words.
pub(crate) fn status(batch: &Batch) -> &'static str {
    match batch.state {
        State::Validating => "validating",
        State::Open if batch.jobs_ended_at.is_some() => "finalizing",
        State::Open if batch.cancelling_at.is_some() => "cancelling",
        State::Open => "in_progress",
        ended => ended.as_str(),
    }
}

impl From<Batch> for BatchView {
    fn from(batch: Batch) -> Self {
        let (seconds, status) = (|time: DateTime<Utc>| time.timestamp(), status(&batch));
        let ended = |state: State| batch.finished_at.filter(|_| batch.state == state).map(seconds);
        // those that are written while the file is read have not begun
        let jobs = if batch.state == State::Validating { Vec::new() } else { batch.jobs };
        let ran = !jobs.is_empty();
        Self {
            id: batch.id,
            object: "batch",
            status,
            input_file_id: batch.input_file,
            completion_window: WINDOW,
            output_file_id: batch.output_file,
            error_file_id: batch.error_file,
            created_at: seconds(batch.created_at),
            in_progress_at: ran.then(|| seconds(batch.created_at)),
            expires_at: seconds(batch.expires_at),
            finalizing_at: batch.jobs_ended_at.filter(|_| ran).map(seconds),
            completed_at: ended(State::Completed),
            failed_at: ended(State::Failed),
            expired_at: ended(State::Expired),
            cancelled_at: ended(State::Cancelled),
            cancelling_at: batch.cancelling_at.map(seconds),
            request_counts: RequestCounts {
                total: batch.requests.into(),
                completed: batch.completed,
                failed: batch.failed,
            },
            endpoint: batch.endpoint,
            errors: batch.errors.map(|data| BatchErrorsView { object: "list", data }),
            metadata: batch.metadata,
            reliquary: BatchExtension { job_ids: jobs },
        }
    }
}
