//! Intake: reads the files that jobs name as their input, line by line, and queues the jobs or says what is wrong.
//!
//! A batch of lines is in memory at a time, and the prompts of the one before on their way to the database, each batch in
//! one transaction with how far the file is read. Whoever takes over goes on behind the last batch: no line is lost, and
//! none read twice. From the first fault on nothing more is written, and the rest is read only for what else is wrong.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::intake::{Fault, Line, Lines, Names, Reader, Room};
use bytes::Bytes;
use checkpoint::Checkpoint;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use protocol::Mode;
use protocol::job::{GroupState, Prompt, SamplingSpec, max_prompts};
use protocol::reward::RewardTerms;
use store::job_inputs::{self, InputError, Leased};

use crate::driver::retrying;
use crate::see_through::{Work, see_through};
use crate::{Context, Error, Progress};

/// Of one batch: whichever is reached first.
const BATCH_LINES: usize = 1_000;
const BATCH_BYTES: usize = 1 << 20;
/// Errors of one file that its owner is told of.
const MAX_ERRORS: usize = 100;

/// Why a job failed whose file was read.
const INVALID: &str = "input_file_invalid";
const INSUFFICIENT_CREDITS: &str = "insufficient_credits";
const SPEND_CAP_EXCEEDED: &str = "spend_cap_exceeded";
const INFLIGHT_EXHAUSTED: &str = "inflight_budget_exhausted";
/// And one whose file could not be.
const NOT_READ: &str = "input_file_not_read";

/// Reads one file. Safe to run twice, and beside itself.
pub async fn step(cx: &Arc<Context>) -> Result<Progress, Error> {
    let hold = cx.config.lease();
    let served = cx.all_served().await?;
    let leased = job_inputs::lease(&mut *cx.db.acquire().await?, &served, hold).await?;
    see_through(cx, leased).await
}

impl Work for Leased {
    const STEP: &'static str = "intake";

    fn id(&self) -> impl fmt::Display {
        self.job
    }

    fn tries(&self) -> u32 {
        self.tries
    }

    fn most_tries(cx: &Context) -> u32 {
        cx.config.intake_tries
    }

    async fn renew(&self, cx: &Context) -> Result<bool, store::Error> {
        job_inputs::renew(&mut *cx.db.acquire().await?, self, cx.config.lease()).await
    }

    async fn give_back(&self, cx: &Context, after: Duration) -> Result<(), store::Error> {
        job_inputs::give_back(&mut *cx.db.acquire().await?, self, after).await
    }

    /// Reads the file to its end, and does what follows.
    async fn conclude(&self, cx: &Arc<Context>) -> Result<(), Error> {
        if !self.is_wanted {
            return discard(cx, self).await;
        }
        let mut reading = Reading { leased: self.clone(), errors: Vec::new(), room: Room::default() };
        read(cx, &mut reading).await?;
        if reading.errors.is_empty() {
            check_whole(&mut reading);
        }
        if reading.errors.is_empty() {
            return queue(cx, &reading.leased).await;
        }
        reading.errors.truncate(MAX_ERRORS);
        refuse(cx, &reading.leased, INVALID, &reading.errors).await
    }

    async fn give_up(&self, cx: &Context) -> Result<(), Error> {
        // a job that has ended needs no reason
        if self.is_wanted { not_read(cx, self).await } else { discard(cx, self).await }
    }
}

/// A file, how far its prompts are written, and what was found.
struct Reading {
    leased: Leased,
    errors: Vec<InputError>,
    room: Room,
}

impl Reading {
    fn error(&mut self, line: Option<u32>, fault: Fault) {
        let Some(Fault { pointer, code, detail }) = self.room.keep(fault) else { return };
        self.errors.push(InputError { line, pointer, code: code.to_owned(), detail });
    }
}

/// What only the whole file shows.
fn check_whole(reading: &mut Reading) {
    let count = reading.leased.lines;
    let fault = |pointer: &str, code, detail| Fault { pointer: pointer.to_owned(), code, detail };
    if count == 0 {
        reading.error(None, fault("#", "empty_file", "the file has no lines".to_owned()));
    } else if let Some(target) = reading.leased.spec.selection.refill.target()
        && target.groups > count
    {
        let detail = format!("{} is not from 1 to {count}, the number of prompts", target.groups);
        reading.error(None, fault("#/selection/target_groups", "out_of_range", detail));
    }
}

/// Reads from behind what is written to the end, or until enough is wrong.
async fn read(cx: &Arc<Context>, reading: &mut Reading) -> Result<(), Error> {
    let start = reading.leased.bytes;
    if start >= reading.leased.size {
        return Ok(());
    }
    let mut parsing = Parsing::of(cx, &reading.leased).await?;
    let mut file = Box::pin(cx.objects.stream_from(&reading.leased.object_key, start).await?.fuse());
    let (mut lines, mut ready) = (Lines::default(), None);
    loop {
        let batch = batch(&mut file, &mut lines).await?;
        let (is_last, upto) = (batch.is_empty(), start + lines.taken());
        let parsed = cx.tracker.spawn_blocking(move || {
            let found = parsing.parse(&batch);
            (parsing, found)
        });
        // the batch before is written meanwhile
        let (written, parsed) = tokio::join!(write(cx, &mut reading.leased, ready.take()), parsed);
        written?;
        let found;
        (parsing, found) = parsed.map_err(|_| Error::TaskEnded("intake"))?;
        match found {
            Ok(prompts) => ready = Some(Batch { prompts, upto }).filter(|_| reading.errors.is_empty()),
            Err(found) => {
                for (index, fault) in found {
                    reading.error(Some(index + 1), fault);
                }
            }
        }
        if is_last || reading.errors.len() >= MAX_ERRORS || parsing.is_over {
            return Ok(());
        }
    }
}

/// The next lines; none: that was all.
async fn batch(
    file: &mut (impl Stream<Item = Result<Bytes, store::Error>> + Unpin),
    lines: &mut Lines,
) -> Result<Vec<Line>, Error> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while batch.len() < BATCH_LINES && bytes < BATCH_BYTES {
        let line = match lines.whole() {
            Some(line) => line,
            None => match file.try_next().await? {
                Some(piece) => {
                    lines.push(&piece);
                    continue;
                }
                None => match lines.last() {
                    Some(line) => line,
                    None => break,
                },
            },
        };
        bytes += if let Line::Text(text) = &line { text.len() } else { 0 };
        batch.push(line);
    }
    Ok(batch)
}

/// What lines are parsed by: off the async threads, on all cores.
struct Parsing {
    checkpoint: Arc<Checkpoint>,
    sampling: SamplingSpec,
    is_builtin: bool,
    names: Names,
    /// Lines that were parsed.
    lines: u32,
    /// How many the job may have.
    most: usize,
    /// There are more than that.
    is_over: bool,
}

impl Parsing {
    /// Goes on behind what is written.
    async fn of(cx: &Arc<Context>, leased: &Leased) -> Result<Self, Error> {
        let mut names = Names::default();
        let written = job_inputs::names(&mut *cx.db.acquire().await?, leased.job).await?;
        for (name, index) in written.into_iter().zip(0..) {
            let taken = names.take(name, index);
            taken.map_err(|_| Error::Inconsistent("a name that two prompts of a job have"))?;
        }
        Ok(Self {
            checkpoint: Arc::clone(&cx.served(leased.checkpoint).await?.checkpoint),
            sampling: leased.spec.sampling,
            is_builtin: leased.spec.reward.as_ref().is_some_and(RewardTerms::is_builtin),
            names,
            lines: leased.lines,
            most: max_prompts(Mode::of(leased.livemode)),
            is_over: false,
        })
    }

    fn parse(&mut self, batch: &[Line]) -> Result<Vec<Prompt>, Vec<(u32, Fault)>> {
        let first = self.lines;
        self.lines += batch.len() as u32;
        if self.lines as usize > self.most {
            self.is_over = true;
            let detail = format!("at most {} in one job", self.most);
            let fault = Fault { pointer: "#".to_owned(), code: "too_many", detail };
            return Err(vec![(self.most as u32, fault)]);
        }
        Reader::new(&self.checkpoint, &self.sampling, self.is_builtin).lines(first, batch, &mut self.names)
    }
}

/// Prompts that are to be written, and up to where the file is read then.
struct Batch {
    prompts: Vec<Prompt>,
    upto: u64,
}

async fn write(cx: &Context, leased: &mut Leased, batch: Option<Batch>) -> Result<(), Error> {
    let Some(Batch { prompts, upto }) = batch.filter(|batch| !batch.prompts.is_empty()) else {
        return Ok(());
    };
    let now: &Leased = leased;
    retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        job_inputs::write(&mut tx, now, &prompts, upto).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    leased.lines += prompts.len() as u32;
    leased.bytes = upto;
    Ok(())
}

async fn queue(cx: &Context, leased: &Leased) -> Result<(), Error> {
    let queued = retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        let held = job_inputs::queue(&mut tx, leased, cx.clock.now()).await?;
        if held.is_some() {
            tx.commit().await?;
        }
        Ok(held)
    })
    .await;
    let (reason, code, detail) = match queued {
        Ok(Some(held)) => {
            tracing::info!(job.id = %leased.job, prompts = leased.lines, %held, "the input file is read");
            cx.wake.groups(GroupState::Pending);
            cx.wake.events(leased.job);
            return Ok(());
        }
        Ok(None) => (INVALID, "out_of_range", "the job would cost more rao than there are".to_owned()),
        Err(error @ store::Error::InsufficientCredits { .. }) => {
            (INSUFFICIENT_CREDITS, INSUFFICIENT_CREDITS, error.to_string())
        }
        Err(error @ store::Error::SpendCap(_)) => (SPEND_CAP_EXCEEDED, SPEND_CAP_EXCEEDED, error.to_string()),
        Err(error @ store::Error::InFlight(_)) => (INFLIGHT_EXHAUSTED, INFLIGHT_EXHAUSTED, error.to_string()),
        Err(error) => return Err(error.into()),
    };
    let error = InputError { line: None, pointer: "#".to_owned(), code: code.to_owned(), detail };
    refuse(cx, leased, reason, &[error]).await
}

async fn refuse(
    cx: &Context,
    leased: &Leased,
    reason: &'static str,
    errors: &[InputError],
) -> Result<(), Error> {
    retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        job_inputs::refuse(&mut tx, leased, reason, errors, cx.clock.now()).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    tracing::info!(job.id = %leased.job, reason, errors = errors.len(), "the input file is refused");
    cx.wake.events(leased.job);
    Ok(())
}

/// The service could not read it, which says nothing about the file.
async fn not_read(cx: &Context, leased: &Leased) -> Result<(), Error> {
    let detail = "the service could not finish reading the file; send the job again".to_owned();
    let error = InputError { line: None, pointer: "#".to_owned(), code: NOT_READ.to_owned(), detail };
    refuse(cx, leased, NOT_READ, &[error]).await
}

async fn discard(cx: &Context, leased: &Leased) -> Result<(), Error> {
    retrying(cx, || async {
        let mut tx = cx.db.begin().await?;
        job_inputs::discard(&mut tx, leased).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    tracing::info!(job.id = %leased.job, "the job has ended before its input file was read");
    Ok(())
}
