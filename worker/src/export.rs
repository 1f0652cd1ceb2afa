//! Export: writes the files of rollouts that customers asked for into the object store.
//!
//! A file is a function of the job's log up to the export's last sequence, so that whoever writes it writes the same
//! bytes. Each try writes an object of its own; the row names the one that became whole, and only its transaction makes the
//! file exist. A page of records and the parts that are on their way are in memory at a time.

use std::fmt;
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
use crate::see_through::{Work, see_through};
use crate::{Context, Error, Progress};

/// Records read at once.
const PAGE: i64 = 32;
/// The code of an export that could not be written.
const NOT_WRITTEN: &str = "not_written";

/// Writes one export. Safe to run twice, and beside itself.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    see_through(cx, exports::lease(&mut *cx.db.acquire().await?, cx.config.lease()).await?).await
}

impl Work for Leased {
    const STEP: &'static str = "export";

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
        exports::renew(&mut *cx.db.acquire().await?, self, cx.config.lease()).await
    }

    async fn give_back(&self, cx: &Context, after: Duration) -> Result<(), store::Error> {
        exports::give_back(&mut *cx.db.acquire().await?, self, after).await
    }

    /// Writes the file, and says that it is there.
    async fn conclude(&self, cx: &Arc<Context>) -> Result<(), Error> {
        let written = write(cx, self).await?;
        let ended = end(cx, self, Ok(&written)).await;
        // another has written the same in another object; or our own commit went through and its answer was lost
        if matches!(ended, Err(Error::Store(store::Error::StaleLease)))
            && !exports::is_file(&mut *cx.db.acquire().await?, self.id, &written.key).await?
        {
            cx.objects.delete(&written.key).await?;
        }
        ended
    }

    async fn give_up(&self, cx: &Context) -> Result<(), Error> {
        end(cx, self, Err(NOT_WRITTEN)).await
    }
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
