//! Export: writes the files of rollouts that customers asked for into the object store.
//!
//! A file is a function of the job's log up to the export's last sequence, so that whoever writes it writes the same
//! bytes. Each try writes an object of its own; the row names the one that became whole, and only its transaction makes the
//! file exist. A page of records and the parts that are on their way are in memory at a time.

use std::sync::Arc;
use std::time::Duration;

use ::export::{Compression, Exporter, Filter, Format, Outlet, Summary};
use protocol::event::EventType;
use protocol::rollout::RolloutRecord;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::events::{self, NewEvent};
use store::exports::{self, Leased, Written};
use store::objects::{Incoming, export_key};
use store::records;

use crate::driver::retrying;
use crate::keep::while_held;
use crate::{Context, Error, Progress, metrics};

/// Records read at once.
const PAGE: i64 = 32;
/// The code of an export that could not be written.
const NOT_WRITTEN: &str = "not_written";

/// Writes one export. Safe to run twice, and beside itself.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    let leased = exports::lease(&mut *cx.db.acquire().await?, cx.config.lease()).await?;
    let Some(leased) = leased else { return Ok(Progress::None) };
    let work = Box::pin(cx.stop.run_until_cancelled(conclude(cx, &leased)));
    let Some(concluded) = while_held(cx, None, || renew(cx, &leased), work).await else {
        tracing::info!(export.id = %leased.id, "the export is held by another");
        return Ok(Progress::Some);
    };
    if let Err(error) = concluded.unwrap_or(Err(Error::Stopping)) {
        give_back(cx, &leased, &error).await;
    }
    Ok(Progress::Some)
}

async fn renew(cx: &Context, leased: &Leased) -> Result<bool, store::Error> {
    exports::renew(&mut *cx.db.acquire().await?, leased, cx.config.lease()).await
}

/// Writes the file, and says that it is there.
async fn conclude(cx: &Context, leased: &Leased) -> Result<(), Error> {
    // an export that takes its worker down with it is not begun for ever
    if leased.tries > cx.config.export_tries {
        return end(cx, leased, Err(NOT_WRITTEN)).await;
    }
    let written = write(cx, leased).await?;
    let ended = end(cx, leased, Ok(&written)).await;
    // another has written the same in another object; or our own commit went through and its answer was lost
    if matches!(ended, Err(Error::Store(store::Error::StaleLease)))
        && !exports::is_file(&mut *cx.db.acquire().await?, leased.id, &written.key).await?
    {
        cx.objects.delete(&written.key).await?;
    }
    ended
}

/// A file on its way: what was encoded goes through the outlet.
struct Writing {
    exporter: Exporter<Outlet>,
    outlet: Outlet,
    hash: Sha256,
    bytes: u64,
}

impl Writing {
    fn new(leased: &Leased) -> Result<Self, Error> {
        let unknown = Error::Inconsistent("an export that no gateway of ours has written");
        let (Some(format), Some(compression), Ok(filter)) = (
            Format::parse(&leased.format),
            Compression::parse(&leased.compression),
            serde_json::from_value::<Filter>(leased.filter.clone()),
        ) else {
            return Err(unknown);
        };
        let outlet = Outlet::default();
        let exporter = Exporter::new(outlet.clone(), format, compression, filter)?;
        Ok(Self { exporter, outlet, hash: Sha256::new(), bytes: 0 })
    }

    fn write(&mut self, records: Vec<RolloutRecord>) -> Result<Vec<u8>, Error> {
        records.into_iter().try_for_each(|record| self.exporter.write(record))?;
        Ok(self.taken())
    }

    fn taken(&mut self) -> Vec<u8> {
        let bytes = self.outlet.take();
        self.hash.update(&bytes);
        self.bytes += bytes.len() as u64;
        bytes
    }

    /// What is left, and what the file is.
    fn finish(self) -> Result<(Summary, Vec<u8>, Sha256, u64), Error> {
        let Self { exporter, outlet, mut hash, mut bytes } = self;
        let (summary, _) = exporter.finish()?;
        let last = outlet.take();
        hash.update(&last);
        bytes += last.len() as u64;
        Ok((summary, last, hash, bytes))
    }
}

async fn write(cx: &Context, leased: &Leased) -> Result<Written, Error> {
    let key = export_key(leased.job, leased.id, leased.tries);
    let mut writing = Writing::new(leased)?;
    let mut upload = cx.objects.incoming(&key).await?;
    let mut after = 0;
    while after < leased.upto {
        let mut page = records::page(cx.db.begin().await?, &cx.objects, leased.job, after, PAGE).await?;
        let is_short = (page.len() as i64) < PAGE;
        page.retain(|(sequence, _)| *sequence <= leased.upto);
        let Some((last, _)) = page.last() else { break };
        after = *last;
        let records = page.into_iter().map(|(_, record)| record).collect();
        let encoding = cx.tracker.spawn_blocking(move || {
            let bytes = writing.write(records)?;
            Ok::<_, Error>((writing, bytes))
        });
        let (returned, bytes) = encoding.await.map_err(|_| Error::TaskEnded("export"))??;
        writing = returned;
        hand_on(&mut upload, bytes).await?;
        if is_short {
            break;
        }
    }
    let finishing = cx.tracker.spawn_blocking(move || writing.finish());
    let (summary, last, hash, bytes) = finishing.await.map_err(|_| Error::TaskEnded("export"))??;
    hand_on(&mut upload, last).await?;
    upload.finish().await?;
    let left_out = serde_json::to_value(&summary.left_out)
        .map_err(|_| Error::Inconsistent("a summary that is not JSON"))?;
    Ok(Written { key, rows: summary.rows, bytes, sha256: hash.finalize().into(), left_out })
}

async fn hand_on(upload: &mut Incoming, bytes: Vec<u8>) -> Result<(), Error> {
    if !bytes.is_empty() {
        upload.write(&bytes).await?;
    }
    Ok(())
}

async fn end(cx: &Context, leased: &Leased, outcome: Result<&Written, &str>) -> Result<(), Error> {
    let now = cx.clock.now();
    retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        exports::conclude(&mut tx, leased, outcome, now).await?;
        if let Ok(file) = outcome {
            let data = json!({
                "export_id": leased.id,
                "format": leased.format,
                "rows": file.rows.to_string(),
                "bytes": file.bytes.to_string(),
                "sha256": hex::encode(file.sha256),
            });
            let ready = NewEvent::new(EventType::ExportReady, data);
            events::append(&mut tx, leased.job, now, &[ready]).await?;
        }
        Ok(tx.commit().await?)
    })
    .await?;
    cx.wake.events(leased.job);
    Ok(())
}

/// For another try, unless it must fail again or was tried often enough.
async fn give_back(cx: &Context, leased: &Leased, error: &Error) {
    let Leased { id, tries, .. } = leased;
    if matches!(error, Error::Store(store::Error::StaleLease)) {
        tracing::info!(export.id = %id, "the lease was lost; the file is dropped");
        return;
    }
    let stopping = matches!(error, Error::Stopping);
    let last = !stopping && (!error.is_retryable() || *tries >= cx.config.export_tries);
    if !stopping {
        metrics::step_failed("export");
        let error = error as &dyn std::error::Error;
        tracing::error!(export.id = %id, tries, last, error, "the export failed");
    }
    let ended = if last {
        end(cx, leased, Err(NOT_WRITTEN)).await
    } else {
        let after = if stopping { Duration::ZERO } else { cx.config.backoff(*tries) };
        back(cx, leased, after).await
    };
    if let Err(error) = ended {
        // the lease expires by itself
        let error = &error as &dyn std::error::Error;
        tracing::warn!(export.id = %id, error, "an export was not given back");
    }
}

async fn back(cx: &Context, leased: &Leased, after: Duration) -> Result<(), Error> {
    Ok(exports::give_back(&mut *cx.db.acquire().await?, leased, after).await?)
}
