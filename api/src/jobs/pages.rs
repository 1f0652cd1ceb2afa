//! Rollouts read a few at a time, however many are asked for, and the list that they are sent as. Records are large.

use std::collections::HashMap;

use actix_web::web::{Bytes, Data};
use bundle::Parts;
use chrono::SecondsFormat;
use futures_util::Stream;
use protocol::rollout::RolloutRecord;
use protocol::{JobId, RolloutId};
use serde_json::{Value, json};
use store::records::Stretch;
use store::undelivered::{Outline, Undelivered};

use crate::auth::Caller;
use crate::state::AppState;

/// Records in memory at once.
const PAGE: i64 = 32;

/// Items of one read; `is_last` when nothing is to be read after them.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    has_more: bool,
    pub(super) is_last: bool,
}

/// An item of a list.
pub(super) struct Item {
    id: RolloutId,
    pub(super) text: String,
}

/// Pages of a list, one after the other.
pub(super) trait Pages {
    fn next(&mut self) -> impl Future<Output = Result<Page<Item>, store::Error>>;
}

/// The part of a list that is read: between two of its rows, neither of them included.
pub(super) struct Part<T> {
    after: Option<T>,
    before: Option<T>,
    wanted: i64,
    /// Whether more stand before it, where that is what the client wants to know.
    has_more: Option<bool>,
}

impl<T> Part<T> {
    /// So many rows from here on.
    pub(super) fn after(after: Option<T>, wanted: i64) -> Self {
        Self { after, before: None, wanted, has_more: None }
    }

    /// What was found to stand before a row, where nothing comes between.
    pub(super) fn found(found: Stretch<T>) -> Self {
        let has_more = Some(found.after.is_some());
        Self { after: found.after, before: None, wanted: found.rows, has_more }
    }

    /// What was found to stand before a row, where more may have come between: it is read up to that row, however much it
    /// is by then. Cut to a number, it would lack the rows next to the cursor.
    pub(super) fn up_to(before: T, found: Stretch<T>) -> Self {
        Self { before: Some(before), wanted: i64::MAX, ..Self::found(found) }
    }

    /// How many rows to read next: one more than is wanted tells whether more follow.
    fn size(&self) -> i64 {
        PAGE.min(self.wanted.saturating_add(1))
    }

    /// Cuts a read of this size to what is wanted.
    fn page<R>(&mut self, mut items: Vec<R>, size: i64) -> Page<R> {
        let is_short = (items.len() as i64) < size;
        let has_more = items.len() as i64 > self.wanted;
        if has_more {
            items.pop();
        }
        self.wanted -= items.len() as i64;
        Page { items, has_more: self.has_more.unwrap_or(has_more), is_last: has_more || is_short }
    }
}

/// What was delivered, in the order of the log.
pub(super) struct DeliveredPages {
    pub(super) state: Data<AppState>,
    pub(super) caller: Caller,
    pub(super) job: JobId,
    pub(super) part: Part<i64>,
    pub(super) parts: Parts,
}

impl DeliveredPages {
    pub(super) async fn read(&mut self) -> Result<Page<RolloutRecord>, store::Error> {
        let (size, after) = (self.part.size(), self.part.after.unwrap_or(0));
        let tx = self.state.tenant(self.caller).await?;
        let rows = store::records::page(tx, &self.state.objects, self.job, after, size).await?;
        self.part.after = rows.last().map(|(sequence, _)| *sequence).or(self.part.after);
        Ok(self.part.page(rows.into_iter().map(|(_, record)| record).collect(), size))
    }
}

impl Pages for DeliveredPages {
    async fn next(&mut self) -> Result<Page<Item>, store::Error> {
        let Page { items, has_more, is_last } = self.read().await?;
        let item = |record: &RolloutRecord| {
            Ok(Item { id: record.id, text: text(record, self.parts)? }) //
        };
        Ok(Page { items: items.iter().map(item).collect::<Result<_, store::Error>>()?, has_more, is_last })
    }
}

/// What was not delivered, by prompt and sample.
pub(super) struct UndeliveredPages {
    pub(super) state: Data<AppState>,
    pub(super) caller: Caller,
    pub(super) job: JobId,
    pub(super) kind: Undelivered,
    pub(super) part: Part<RolloutId>,
    pub(super) parts: Parts,
}

impl Pages for UndeliveredPages {
    async fn next(&mut self) -> Result<Page<Item>, store::Error> {
        let (size, between) = (self.part.size(), (self.part.after, self.part.before));
        let mut tx = self.state.tenant(self.caller).await?;
        let rows = store::undelivered::page(&mut tx, self.job, self.kind, between, size).await?;
        drop(tx);
        self.part.after = rows.last().map(|outline| outline.id).or(self.part.after);
        let Page { items, has_more, is_last } = self.part.page(rows, size);
        // what nobody has paid for is not shown: only the reason is
        let paid: Vec<RolloutId> =
            items.iter().filter(|item| item.price.get() > 0).map(|item| item.id).collect();
        let records = match self.kind {
            Undelivered::Filtered => {
                let tx = self.state.tenant(self.caller).await?;
                store::records::of_rollouts(tx, &self.state.objects, self.caller.project, &paid).await?
            }
            Undelivered::Rejected | Undelivered::Failed => Vec::new(),
        };
        let mut records: HashMap<RolloutId, RolloutRecord> =
            records.into_iter().map(|record| (record.id, record)).collect();
        let items = items
            .into_iter()
            .map(|outline| {
                let record = records.remove(&outline.id);
                let record = record.map(|record| value(&record, self.parts)).transpose()?;
                Ok(Item { id: outline.id, text: self.outline(&outline, record.as_ref()).to_string() })
            })
            .collect::<Result<_, store::Error>>()?;
        Ok(Page { items, has_more, is_last })
    }
}

impl UndeliveredPages {
    fn outline(&self, outline: &Outline, record: Option<&Value>) -> Value {
        json!({
            "object": "undelivered_rollout",
            "id": outline.id,
            "job_id": self.job,
            "group_id": outline.group,
            "custom_id": outline.custom_id,
            "prompt_index": outline.prompt_index,
            "sample_index": outline.sample_index,
            "attempt": outline.attempt,
            "status": self.kind.as_str(),
            "reason": outline.reason,
            "price_rao": outline.price,
            "created_at": outline.created_at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "rollout": record,
        })
    }
}

/// The pages as one list. An error cuts the connection: a body that ends well is complete.
pub(super) fn as_list(
    first: Page<Item>,
    mut pages: impl Pages,
) -> impl Stream<Item = Result<Bytes, store::Error>> {
    async_stream::try_stream! {
        yield Bytes::from_static(br#"{"object":"list","data":["#);
        let (mut page, mut first_id, mut last_id) = (first, None, None);
        loop {
            for item in std::mem::take(&mut page.items) {
                let mut text = item.text;
                if first_id.is_some() {
                    text.insert(0, ',');
                }
                yield Bytes::from(text);
                first_id = first_id.or(Some(item.id));
                last_id = Some(item.id);
            }
            if page.is_last {
                break;
            }
            page = pages.next().await?;
        }
        let quoted = |id: Option<RolloutId>| id.map_or_else(|| "null".to_owned(), |id| format!("\"{id}\""));
        let (has_more, first_id, last_id) = (page.has_more, quoted(first_id), quoted(last_id));
        yield Bytes::from(format!(r#"],"has_more":{has_more},"first_id":{first_id},"last_id":{last_id}}}"#));
    }
}

fn text(record: &RolloutRecord, parts: Parts) -> Result<String, store::Error> {
    if parts == Parts::ALL {
        return serde_json::to_string(record).map_err(|_| store::Error::Corrupt("rollout record"));
    }
    Ok(value(record, parts)?.to_string())
}

fn value(record: &RolloutRecord, parts: Parts) -> Result<Value, store::Error> {
    let mut value = record.to_json().map_err(|_| store::Error::Corrupt("rollout record"))?;
    parts.trim(&mut value);
    Ok(value)
}
