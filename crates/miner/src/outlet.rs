//! The way of an answer from the generation thread to its connection, bounded in bytes.
//!
//! The generation thread never waits for a reader: it starts no further group for one that lags ([`Outlet::lags`]) and
//! gives up on one that holds too much ([`Outlet::is_lost`]). The reader's end wakes the thread when that changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::generate::Message;

/// Unread bytes from which on no further group of the request is started.
const LAG_BYTES: usize = 1 << 20;
/// Unread bytes at which the request is given up. What runs when a reader starts to lag must fit in between.
const MAX_UNREAD_BYTES: usize = 32 << 20;

/// The generation thread's end. Dropping it ends the stream.
#[derive(Debug)]
pub(crate) struct Outlet {
    chunks: mpsc::UnboundedSender<Bytes>,
    unread: Arc<AtomicUsize>,
}

/// The connection's end. Dropping it cancels the work.
#[derive(Debug)]
pub(crate) struct Inlet {
    chunks: mpsc::UnboundedReceiver<Bytes>,
    unread: Arc<AtomicUsize>,
    generation: mpsc::Sender<Message>,
}

pub(crate) fn pipe(generation: mpsc::Sender<Message>) -> (Outlet, Inlet) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let unread = Arc::new(AtomicUsize::new(0));
    let outlet = Outlet { chunks: sender, unread: Arc::clone(&unread) };
    (outlet, Inlet { chunks: receiver, unread, generation })
}

impl Outlet {
    pub(crate) fn send(&self, chunk: Vec<u8>) {
        self.unread.fetch_add(chunk.len(), Ordering::Relaxed);
        // a closed stream is seen by `is_lost`
        self.chunks.send(Bytes::from(chunk)).ok();
    }

    pub(crate) fn lags(&self) -> bool {
        self.unread.load(Ordering::Relaxed) >= LAG_BYTES
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.chunks.is_closed() || self.unread.load(Ordering::Relaxed) >= MAX_UNREAD_BYTES
    }
}

impl Inlet {
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        let chunk = self.chunks.recv().await?;
        let before = self.unread.fetch_sub(chunk.len(), Ordering::Relaxed);
        if before >= LAG_BYTES && before - chunk.len() < LAG_BYTES {
            self.wake();
        }
        Some(chunk)
    }

    /// The thread may be asleep with nothing to run. If its mailbox is full it is about to look anyway.
    fn wake(&self) {
        self.generation.try_send(Message::Look).ok();
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        self.chunks.close();
        self.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lagging_reader_is_noticed_and_wakes_the_thread_when_it_has_caught_up() {
        let (generation, mut mailbox) = mpsc::channel(4);
        let (outlet, mut inlet) = pipe(generation);
        outlet.send(vec![0; LAG_BYTES - 1]);
        assert!(!outlet.lags());
        outlet.send(vec![0; 2]);
        assert!(outlet.lags() && !outlet.is_lost());
        assert_eq!(inlet.next().await.unwrap().len(), LAG_BYTES - 1);
        assert!(!outlet.lags());
        assert!(matches!(mailbox.try_recv(), Ok(Message::Look)));
        outlet.send(vec![0; MAX_UNREAD_BYTES]);
        assert!(outlet.is_lost());
    }

    #[tokio::test]
    async fn a_dropped_reader_is_noticed_at_once() {
        let (generation, mut mailbox) = mpsc::channel(4);
        let (outlet, inlet) = pipe(generation);
        drop(inlet);
        assert!(outlet.is_lost());
        assert!(matches!(mailbox.try_recv(), Ok(Message::Look)));
    }
}
