//! What the readers of one log share: each page is read from the database once, for whoever asks first, and stays while the
//! log has readers.
//!
//! Whose log it is, every reader has asked the database before it opens a tail. Pages hold what the table of events holds,
//! which no deletion of a job's data touches, and which is dropped only of jobs that ended long ago; rollouts inside events are never shared.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use protocol::{JobId, ProjectId};
use telemetry::metrics::{IntCounterVec, IntGauge, counters, gauge};
use tokio::time::Instant;

use super::page::Page;

/// Text of all pages of the process. More, and all of it is let go: whoever still needs a page reads it again.
const MOST_BYTES: usize = 64 << 20;
/// What a place for a page costs.
const SLOT_BYTES: usize = 256;

static PAGES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters("reliquary_stream_pages_total", "Pages of job logs that streams took.", &["from"])
});
static HELD: LazyLock<IntGauge> =
    LazyLock::new(|| gauge("reliquary_stream_page_bytes", "Text of pages that streams share."));

/// A log, and whose it is: a reader of another project never meets its pages.
type Log = (ProjectId, JobId);

/// The shared pages of a process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tails(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    bytes: usize,
    logs: HashMap<Log, Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    readers: usize,
    bytes: usize,
    /// By the sequence that a page follows.
    slots: HashMap<i64, Arc<Slot>>,
}

/// Place for one page.
#[derive(Debug, Default)]
struct Slot {
    page: OnceLock<Arc<Page>>,
    /// When somebody looked last and there was nothing. Locked by who looks.
    looked: tokio::sync::Mutex<Option<Instant>>,
}

impl Tails {
    pub(crate) fn open(&self, log: Log) -> Tail {
        self.lock().logs.entry(log).or_default().readers += 1;
        Tail { tails: self.clone(), log }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn charge(&mut self, log: Log, bytes: usize) {
        self.bytes += bytes;
        self.logs.entry(log).or_default().bytes += bytes;
        if self.bytes > MOST_BYTES {
            for shared in self.logs.values_mut() {
                shared.slots.clear();
                shared.bytes = 0;
            }
            self.bytes = 0;
        }
        HELD.set(self.bytes as i64);
    }
}

/// One reader's part in it.
#[derive(Debug)]
pub(crate) struct Tail {
    tails: Tails,
    log: Log,
}

impl Tail {
    /// The page after this sequence: as it was read for another reader, or by `read`. `None` if nothing is there, which
    /// somebody has seen since `since`. Safe to cancel: then the next reader reads.
    pub(crate) async fn page<E>(
        &self,
        after: i64,
        since: Instant,
        read: impl Future<Output = Result<Option<Page>, E>>,
    ) -> Result<Option<Arc<Page>>, E> {
        let slot = self.slot(after);
        let shared = || {
            slot.page.get().map(|page| {
                PAGES.with_label_values(&["memory"]).inc();
                Arc::clone(page)
            })
        };
        if let Some(page) = shared() {
            return Ok(Some(page));
        }
        let mut looked = slot.looked.lock().await;
        if let Some(page) = shared() {
            return Ok(Some(page));
        }
        if looked.is_some_and(|at| at >= since) {
            return Ok(None);
        }
        let now = Instant::now();
        let Some(page) = read.await? else {
            *looked = Some(now);
            return Ok(None);
        };
        PAGES.with_label_values(&["database"]).inc();
        let page = Arc::clone(slot.page.get_or_init(|| Arc::new(page)));
        let mut inner = self.tails.lock();
        // a place that was let go meanwhile is nobody's any more
        let shared = inner.logs.get(&self.log).and_then(|shared| shared.slots.get(&after));
        if shared.is_some_and(|kept| Arc::ptr_eq(kept, &slot)) {
            inner.charge(self.log, page.bytes());
        }
        drop(inner);
        Ok(Some(page))
    }

    /// Another part in the same, for reading ahead; `None` where somebody has read that page, or is reading it.
    pub(crate) fn ahead(&self, after: i64) -> Option<Self> {
        let slot = self.slot(after);
        let is_free = slot.page.get().is_none() && slot.looked.try_lock().is_ok();
        is_free.then(|| self.tails.open(self.log))
    }

    fn slot(&self, after: i64) -> Arc<Slot> {
        let mut inner = self.tails.lock();
        let shared = inner.logs.entry(self.log).or_default();
        if let Some(slot) = shared.slots.get(&after) {
            return Arc::clone(slot);
        }
        inner.charge(self.log, SLOT_BYTES);
        let slots = &mut inner.logs.entry(self.log).or_default().slots;
        Arc::clone(slots.entry(after).or_default())
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        let mut inner = self.tails.lock();
        let Some(shared) = inner.logs.get_mut(&self.log) else { return };
        shared.readers -= 1;
        if shared.readers == 0 {
            let bytes = shared.bytes;
            inner.logs.remove(&self.log);
            inner.bytes -= bytes;
            HELD.set(inner.bytes as i64);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use protocol::event::EventType;
    use store::events::Event;
    use uuid::Uuid;

    use super::*;

    fn log(project: u128, job: u128) -> Log {
        (ProjectId(Uuid::from_u128(project)), JobId(Uuid::from_u128(job)))
    }

    fn page(bytes: usize) -> Option<Page> {
        let event = Event { sequence: 1, event: EventType::GroupScored, body: "x".repeat(bytes) };
        Page::of([(1, &event)].into_iter(), 10)
    }

    /// Reads that are counted.
    #[derive(Default)]
    struct Reads(AtomicUsize);

    impl Reads {
        async fn give(&self, page: Option<Page>) -> Result<Option<Page>, Infallible> {
            self.0.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(page)
        }

        fn count(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[tokio::test]
    async fn readers_of_one_log_read_each_page_once() {
        let (tails, reads) = (Tails::default(), Reads::default());
        let readers: Vec<Tail> = (0..50).map(|_| tails.open(log(1, 1))).collect();
        let since = Instant::now();
        let pages = readers.iter().map(|tail| tail.page(0, since, reads.give(page(10))));
        let pages = futures_util::future::join_all(pages).await;
        assert!(pages.iter().all(|page| page.as_ref().is_ok_and(Option::is_some)));
        assert_eq!(reads.count(), 1);
        // other places, other logs, and the same job's number under another project are other pages
        for (tail, after) in
            [(tails.open(log(1, 1)), 1), (tails.open(log(1, 2)), 0), (tails.open(log(2, 1)), 0)]
        {
            let before = reads.count();
            tail.page(after, since, reads.give(page(10))).await.unwrap();
            assert_eq!(reads.count(), before + 1, "{:?}", tail.log);
        }
        // with its last reader a log's pages go
        drop(readers);
        let bytes = tails.lock().bytes;
        assert_eq!((tails.lock().logs.len(), bytes), (0, 0));
        tails.open(log(1, 1)).page(0, since, reads.give(page(10))).await.unwrap();
        assert_eq!(reads.count(), 5);
    }

    #[tokio::test]
    async fn that_there_is_nothing_counts_for_those_who_asked_before() {
        let (tails, reads) = (Tails::default(), Reads::default());
        let (tail, asked) = (tails.open(log(1, 1)), Instant::now());
        assert!(tail.page(0, asked, reads.give(None)).await.unwrap().is_none());
        assert!(tail.page(0, asked, reads.give(page(1))).await.unwrap().is_none(), "nobody looks again");
        // a hint after that look may tell of more
        let later = Instant::now() + std::time::Duration::from_millis(1);
        assert!(tail.page(0, later, reads.give(page(1))).await.unwrap().is_some());
        assert_eq!(reads.count(), 2);
    }

    #[tokio::test]
    async fn a_reader_that_goes_away_leaves_the_reading_to_the_next() {
        let (tails, reads) = (Tails::default(), Reads::default());
        let (tail, since) = (tails.open(log(1, 1)), Instant::now());
        {
            let mut gone = std::pin::pin!(tail.page(0, since, reads.give(page(1))));
            assert!(futures_util::poll!(gone.as_mut()).is_pending());
            assert!(tails.open(log(1, 1)).ahead(0).is_none(), "somebody is reading it");
        }
        assert!(tail.ahead(0).is_some());
        assert!(tail.page(0, since, reads.give(page(1))).await.unwrap().is_some());
        assert_eq!(reads.count(), 2);
        assert!(tail.ahead(0).is_none());
    }

    #[tokio::test]
    async fn the_memory_of_all_is_bounded() {
        let (tails, reads) = (Tails::default(), Reads::default());
        let open: Vec<Tail> = (0..80).map(|job| tails.open(log(1, job))).collect();
        let since = Instant::now();
        for tail in &open {
            assert!(tail.page(0, since, reads.give(page(1 << 20))).await.unwrap().is_some());
            assert!(tails.lock().bytes <= MOST_BYTES);
        }
        assert_eq!(reads.count(), 80);
        drop(open);
        assert_eq!(tails.lock().bytes, 0);
    }
}
