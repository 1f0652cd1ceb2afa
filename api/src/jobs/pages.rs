//! Rollouts read a few at a time, however many are asked for, and the list that they are sent as. Records are large.

use std::collections::HashMap;

use actix_web::web::{Bytes, Data};
use bundle::Parts;
use chrono::SecondsFormat;
use futures_util::Stream;
use protocol::rollout::RolloutRecord;
use protocol::{JobId, RolloutId};
use serde_json::{Value, json};
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

/// Cuts a read to what is wanted. One more was read, which tells whether more follow.
fn page<T>(mut items: Vec<T>, asked: i64, wanted: &mut i64) -> Page<T> {
    let is_short = (items.len() as i64) < asked;
    let has_more = items.len() as i64 > *wanted;
    if has_more {
        items.pop();
    }
    *wanted -= items.len() as i64;
    Page { items, has_more, is_last: has_more || is_short }
}

/// What was delivered, in the order of the log.
pub(super) struct DeliveredPages {
    pub(super) state: Data<AppState>,
    pub(super) caller: Caller,
    pub(super) job: JobId,
    pub(super) after: i64,
    pub(super) wanted: i64,
    pub(super) parts: Parts,
}

impl DeliveredPages {
    pub(super) async fn read(&mut self) -> Result<Page<RolloutRecord>, store::Error> {
        let size = PAGE.min(self.wanted.saturating_add(1));
        let tx = self.state.tenant(self.caller).await?;
        let rows = store::records::page(tx, &self.state.objects, self.job, self.after, size).await?;
        if let Some((sequence, _)) = rows.last() {
            self.after = *sequence;
        }
        Ok(page(rows.into_iter().map(|(_, record)| record).collect(), size, &mut self.wanted))
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
    pub(super) after: Option<RolloutId>,
    pub(super) wanted: i64,
    pub(super) parts: Parts,
}

impl Pages for UndeliveredPages {
    async fn next(&mut self) -> Result<Page<Item>, store::Error> {
        let size = PAGE.min(self.wanted.saturating_add(1));
        let mut tx = self.state.tenant(self.caller).await?;
        let rows = store::undelivered::page(&mut tx, self.job, self.kind, self.after, size).await?;
        drop(tx);
        self.after = rows.last().map(|outline| outline.id).or(self.after);
        let Page { items, has_more, is_last } = page(rows, size, &mut self.wanted);
        // what nobody has paid for is not shown: only the reason is
        let paid: Vec<RolloutId> =
            items.iter().filter(|item| item.price.get() > 0).map(|item| item.id).collect();
        let records = match self.kind {
            Undelivered::Filtered => {
                let tx = self.state.tenant(self.caller).await?;
                store::records::of_filtered(tx, &self.state.objects, self.job, &paid).await?
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
    let mut value = serde_json::to_value(record).map_err(|_| store::Error::Corrupt("rollout record"))?;
    parts.trim(&mut value);
    Ok(value)
}
