//! Compat: writes the files of OpenAI's batches whose jobs have all ended: answers in one, requests without an answer in the
//! other.
//!
//! Both are functions of rows that do not change any more, and their ids are the batch's from the start: whoever writes
//! them writes the same bytes to the same place, and only the transaction that ends the batch makes them files. One group
//! and a page of records are in memory at a time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::export::chat::{self, Wanted};
use chrono::{DateTime, SubsecRound as _, Utc};
use protocol::job::GroupState;
use protocol::rollout::RolloutRecord;
use protocol::{FileId, GroupId};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::compat_batches::{self, BatchJob, Leased, Written};
use store::files::{File, Purpose};
use store::job_groups::{self, Summary};
use store::keyset::{Cursor, Page};
use store::objects::{Incoming, file_key};
use store::records;

use crate::driver::retrying;
use crate::see_through::{Work, see_through};
use crate::{Context, Error, Progress};

/// Records read at once; a group has at most twice as many.
const PAGE: i64 = 32;
/// Groups read at once.
const GROUPS: i64 = 500;
/// The states of groups without an answer.
const UNANSWERED: [GroupState; 4] =
    [GroupState::Filtered, GroupState::Failed, GroupState::Cancelled, GroupState::Expired];
/// The code of a batch whose files could not be written.
const NOT_WRITTEN: &str = "not_written";

/// Ends one batch. Safe to run twice, and beside itself.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    see_through(cx, compat_batches::lease(&mut *cx.db.acquire().await?, cx.config.lease()).await?).await
}

impl Work for Leased {
    const STEP: &'static str = "compat";

    fn id(&self) -> impl fmt::Display {
        self.id
    }

    fn tries(&self) -> u32 {
        self.tries
    }

    fn most_tries(cx: &Context) -> u32 {
        cx.config.export_tries
    }

    async fn renew(&self, cx: &Context) -> Result<bool, store::Error> {
        compat_batches::renew(&mut *cx.db.acquire().await?, self, cx.config.lease()).await
    }

    async fn give_back(&self, cx: &Context, after: Duration) -> Result<(), store::Error> {
        compat_batches::give_back(&mut *cx.db.acquire().await?, self, after).await
    }

    /// Writes the files, and says that they are there.
    async fn conclude(&self, cx: &Arc<Context>) -> Result<(), Error> {
        let jobs = compat_batches::jobs(&mut *cx.db.acquire().await?, self.id).await?;
        let now = cx.clock.now().trunc_subsecs(6);
        let mut output = Lines::new(cx, self.output_file);
        for job in &jobs {
            answers(cx, job, &mut output).await?;
        }
        let mut errors = Lines::new(cx, self.error_file);
        for job in &jobs {
            unanswered(cx, job, &mut errors).await?;
        }
        let written = Written {
            output: output.finish(format!("{}_output.jsonl", self.id), now).await?,
            errors: errors.finish(format!("{}_error.jsonl", self.id), now).await?,
        };
        end(cx, self, Some(&written)).await
    }

    async fn give_up(&self, cx: &Context) -> Result<(), Error> {
        end(cx, self, None).await
    }
}

/// A file on its way. Its object begins with its first line.
struct Lines<'a> {
    cx: &'a Context,
    id: FileId,
    upload: Option<Incoming>,
    hash: Sha256,
    bytes: i64,
    count: i64,
}

impl<'a> Lines<'a> {
    fn new(cx: &'a Context, id: FileId) -> Self {
        Self { cx, id, upload: None, hash: Sha256::new(), bytes: 0, count: 0 }
    }

    async fn write(&mut self, line: &Value) -> Result<(), Error> {
        let mut text = line.to_string();
        text.push('\n');
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(self.cx.objects.incoming(&file_key(self.id)).await?),
        };
        upload.write(text.as_bytes()).await?;
        self.hash.update(&text);
        self.bytes += text.len() as i64;
        self.count += 1;
        Ok(())
    }

    /// The file; `None` if it has no line.
    async fn finish(self, filename: String, created_at: DateTime<Utc>) -> Result<Option<File>, Error> {
        let Some(upload) = self.upload else { return Ok(None) };
        upload.finish().await?;
        Ok(Some(File {
            id: self.id,
            purpose: Purpose::BatchOutput,
            filename,
            bytes: self.bytes,
            lines: Some(self.count),
            sha256: self.hash.finalize().into(),
            object_key: file_key(self.id),
            created_at,
        }))
    }
}

/// The answered requests of a job, in the order of its log: a group's rollouts stand together there.
async fn answers(cx: &Arc<Context>, job: &BatchJob, output: &mut Lines<'_>) -> Result<(), Error> {
    let mut after = 0;
    let mut group: Vec<RolloutRecord> = Vec::new();
    loop {
        let page = records::page(cx.db.begin().await?, &cx.objects, job.job, after, PAGE).await?;
        let is_last = (page.len() as i64) < PAGE;
        for (sequence, record) in page {
            after = sequence;
            if group.first().is_some_and(|first| first.group_id != record.group_id) {
                answer(cx, job, std::mem::take(&mut group), output).await?;
            }
            group.push(record);
        }
        if is_last {
            return answer(cx, job, group, output).await;
        }
    }
}

async fn answer(
    cx: &Arc<Context>,
    job: &BatchJob,
    group: Vec<RolloutRecord>,
    output: &mut Lines<'_>,
) -> Result<(), Error> {
    let Some(first) = group.first() else { return Ok(()) };
    let (id, custom_id) = (first.group_id, first.custom_id.clone());
    // a checkpoint of before: its tokens are named by their numbers
    let served = match cx.served(first.proof.checkpoint_id).await {
        Ok(served) => Some(served),
        Err(Error::NotServed(_)) => None,
        Err(error) => return Err(error),
    };
    let job = job.clone();
    let writing = cx.tracker.spawn_blocking(move || {
        let wanted = Wanted { logprobs: job.logprobs, stop: &job.stop };
        let completion = chat::completion(&group, wanted, |ids| {
            let known = served.as_ref().map(|served| &served.checkpoint.tokenizer);
            known.and_then(|tokenizer| tokenizer.pieces(ids).ok()).unwrap_or_default()
        });
        serde_json::to_value(completion)
    });
    let body = writing.await.map_err(|_| Error::TaskEnded("compat"))?;
    let body = body.map_err(|_| Error::Inconsistent("an answer that is not JSON"))?;
    let response = json!({ "status_code": 200, "request_id": id, "body": body });
    output.write(&line(id, &custom_id, &response, &Value::Null)).await
}

/// The requests of a job that have no answer, and why.
async fn unanswered(cx: &Context, job: &BatchJob, errors: &mut Lines<'_>) -> Result<(), Error> {
    for state in UNANSWERED {
        let mut page = Page { cursor: Cursor::Start, limit: GROUPS };
        loop {
            let mut conn = cx.db.acquire().await?;
            let found = job_groups::list(&mut conn, job.job, page, Some(state)).await?;
            drop(conn);
            for group in &found.rows {
                errors.write(&line(group.id, &group.custom_id, &Value::Null, &reason(group))).await?;
            }
            let Some(last) = found.rows.last().filter(|_| found.has_more) else { break };
            page.cursor = Cursor::After(last.prompt_index as i32);
        }
    }
    Ok(())
}

fn line(id: GroupId, custom_id: &str, response: &Value, error: &Value) -> Value {
    let id = format!("batch_req_{}", id.to_string().trim_start_matches(GroupId::PREFIX));
    json!({ "id": id, "custom_id": custom_id, "response": response, "error": error })
}

/// In OpenAI's words where it has some.
fn reason(group: &Summary) -> Value {
    let own = group.reason.as_deref().unwrap_or(group.state.as_str());
    let (code, message) = match own {
        "cancelled_by_customer" => {
            ("batch_cancelled", "the batch was cancelled before this request was answered")
        }
        "deadline_passed" => ("batch_expired", "the batch expired before this request was answered"),
        own => (own, "there is no verified answer to this request"),
    };
    json!({ "code": code, "message": message })
}

/// Ends the batch: with its files, or as failed.
async fn end(cx: &Context, leased: &Leased, written: Option<&Written>) -> Result<(), Error> {
    let now = cx.clock.now();
    retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        let message = "the files could not be written; the rollouts are at the batch's jobs";
        let faults = json!([{ "code": NOT_WRITTEN, "message": message, "line": null, "param": null }]);
        compat_batches::conclude(&mut tx, leased, written.ok_or(faults), now).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    Ok(())
}
