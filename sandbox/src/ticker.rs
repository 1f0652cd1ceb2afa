//! The wall clock's only way in: a thread that advances the engine's epoch, so that a stuck call ends.
//! Never decides a reward; fuel does.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often the epoch advances.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// Ticks until dropped; dropping waits for the thread.
pub(crate) struct Ticker {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(crate) fn start(tick: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let (stop, stopped) = channel::<()>();
        let thread = thread::Builder::new().name("sandbox-epoch".to_owned()).spawn(move || {
            // A closed channel ends the wait at once, so drop never waits for a tick.
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                tick();
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It runs no code of ours that can panic, and a drop has nobody to tell.
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_and_ends_with_its_owner() {
        let (ticked, ticks) = channel();
        let ticker = Ticker::start(move || ticked.send(()).unwrap_or_default()).unwrap();
        ticks.recv_timeout(Duration::from_secs(20)).expect("it ticks");
        drop(ticker);
        // The thread owned the only sender: once it is gone, the channel is closed.
        while ticks.try_recv().is_ok() {}
        assert_eq!(ticks.try_recv(), Err(std::sync::mpsc::TryRecvError::Disconnected));
    }
}
