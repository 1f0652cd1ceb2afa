//! Events per second that reach 1, 100 and 1,000 readers at once: ours, a program that only writes the same bytes from
//! memory, and a server in Python. The readers are the same and share the machine with the writer.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use super::followers::{self, EVENTS, Follower, Log};
use super::peers;
use crate::bench::median;
use crate::up::{self, Running};

/// Readers, and the events that each of them gets.
const SHAPES: [(usize, usize); 3] = [(1, EVENTS), (100, EVENTS / 10), (1_000, EVENTS / 100)];
/// What the raw writer hands to the kernel at once.
const CHUNK: usize = 64 << 10;

/// Events per second of all readers together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rates {
    pub(super) ours: f64,
    pub(super) raw: f64,
    pub(super) python: f64,
}

/// By the number of readers.
pub(super) type Streams = BTreeMap<usize, Rates>;

pub(super) async fn measure(
    rounds: u32,
    log: &Log,
    running: &Running,
    key: &str,
    data: &Path,
) -> anyhow::Result<Streams> {
    let ours = running.port()?;
    let python = peers::python(data, &log.bodies).await?;
    let tasks = TaskTracker::new();
    let raw = raw_writer(log, &tasks).await?;
    let mut streams = Streams::new();
    for (readers, events) in SHAPES {
        let mut rates = Vec::new();
        for _ in 0..rounds {
            let asked = followers::ours(log.job, log.last - events as i64, key);
            rates.push(Rates {
                ours: together(ours, &asked, readers, events, log.last).await?,
                raw: together(raw, &followers::plain(events), readers, events, log.last).await?,
                python: together(python.port, &followers::plain(events), readers, events, log.last).await?,
            });
        }
        let of = |rate: fn(&Rates) -> f64| median(rates.iter().map(rate).collect());
        let rates = Rates { ours: of(|r| r.ours), raw: of(|r| r.raw), python: of(|r| r.python) };
        let Rates { ours, raw, python } = rates;
        up::say(&format!("{readers} readers: {ours:.0} events/s, raw writer {raw:.0}, Python {python:.0}"));
        streams.insert(readers, rates);
    }
    Ok(streams)
}

/// From the first connection until every reader has the last event.
async fn together(port: u16, request: &str, readers: usize, events: usize, last: i64) -> anyhow::Result<f64> {
    let started = Instant::now();
    let all = (0..readers).map(async |_| Follower::connect(port, request).await?.until(last).await);
    futures_util::future::try_join_all(all).await?;
    Ok((readers * events) as f64 / started.elapsed().as_secs_f64())
}

/// Writes the bytes of the log's last events to whoever asks, for as long as the tasks' tracker lives.
async fn raw_writer(log: &Log, tasks: &TaskTracker) -> anyhow::Result<u16> {
    let mut bytes = Vec::new();
    let mut starts = Vec::new();
    for (index, body) in log.bodies.iter().enumerate() {
        starts.push(bytes.len());
        bytes.extend_from_slice(
            format!("id: {}\nevent: rollout.verified\ndata: {body}\n\n", index + 1).as_bytes(),
        );
    }
    let frames = Arc::new((bytes, starts));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let inner = tasks.clone();
    tasks.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let frames = Arc::clone(&frames);
            // a reader that has what it wants goes away: no error
            inner.spawn(async move { serve(stream, &frames.0, &frames.1).await.ok() });
        }
    });
    Ok(port)
}

async fn serve(stream: TcpStream, bytes: &[u8], starts: &[usize]) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let count: usize = line.split(['/', ' ']).nth(2).context("no count")?.parse()?;
    let from = starts.len().checked_sub(count).and_then(|first| starts.get(first)).context("too many")?;
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n").await?;
    for chunk in bytes[*from..].chunks(CHUNK) {
        stream.write_all(chunk).await?;
    }
    stream.flush().await?;
    stream.read_to_end(&mut Vec::new()).await?;
    Ok(())
}
