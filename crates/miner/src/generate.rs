//! The generation thread: one engine, one running batch, groups of all connections join and leave it at any step.
//!
//! It never waits for a reader ([`crate::outlet`]). Groups start in turns, one of each request, oldest request first.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use engine::{Draws, Emitted, Generator, GroupId, Model};
use grail::Randomness;
use grail::chain::{Finish, Task};
use grail::seed::SeedStream;
use grail::standard::Standard;
use protocol::wire::Frame;
use rand_core::RngCore as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::answer::{Drawn, GroupAnswer, Signer};
use crate::dishonest::{Behaviour, ReplayCache, Shape};
use crate::load::Place;
use crate::outlet::Outlet;
use crate::work::Asked;

/// Rows of a step beyond one per rollout, so that a new prompt does not wait for rollouts to end.
const PROMPT_ROWS: usize = 64;

/// One request on its way to the thread.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) asked: Asked,
    pub(crate) place: Place,
    pub(crate) outlet: Outlet,
}

#[derive(Debug)]
pub(crate) enum Message {
    Work(Box<Work>),
    /// A reader has caught up or gone, or the miner stops.
    Look,
}

pub(crate) struct Settings {
    pub(crate) max_rows: usize,
    pub(crate) kv_tokens: usize,
    pub(crate) behaviour: Behaviour,
    pub(crate) shape: Shape,
    pub(crate) replay: Arc<ReplayCache>,
    pub(crate) standard: Standard,
    pub(crate) stop: CancellationToken,
}

/// Runs until every sender of messages is gone.
pub(crate) fn run(model: &Model, settings: Settings, signer: Signer, mut mailbox: mpsc::Receiver<Message>) {
    let mut batch = Batch {
        model,
        generator: generator(model, &settings),
        settings,
        signer,
        requests: BTreeMap::new(),
        groups: HashMap::new(),
        rows: 0,
        next_request: 0,
    };
    loop {
        while let Ok(message) = mailbox.try_recv() {
            batch.take(message);
        }
        batch.drop_lost();
        batch.start_groups();
        if batch.groups.is_empty() {
            // nothing can run until somebody asks, catches up or hangs up
            match mailbox.blocking_recv() {
                Some(message) => batch.take(message),
                None => return,
            }
        } else {
            batch.step();
        }
    }
}

fn generator<'m>(model: &'m Model, settings: &Settings) -> Generator<'m> {
    Generator::new(model, settings.max_rows + PROMPT_ROWS, settings.kv_tokens)
}

struct Batch<'m> {
    model: &'m Model,
    generator: Generator<'m>,
    settings: Settings,
    signer: Signer,
    requests: BTreeMap<u64, Request>,
    groups: HashMap<GroupId, Running>,
    /// Rollouts (and candidates) in the generator.
    rows: usize,
    next_request: u64,
}

/// One connection's work.
struct Request {
    work: Work,
    /// Frames of the current step.
    out: Vec<u8>,
    next_task: usize,
    running: usize,
}

impl Request {
    fn due(&self) -> usize {
        self.work.asked.tasks.len() - self.next_task + self.running
    }
}

/// One group in the generator.
struct Running {
    request: u64,
    task: Task,
    index: usize,
    rows: usize,
    answer: GroupAnswer,
    /// The group's frames, where they are to be replayed.
    copy: Option<Vec<u8>>,
}

impl Batch<'_> {
    fn take(&mut self, message: Message) {
        if let Message::Work(work) = message {
            let request = Request { work: *work, out: Vec::new(), next_task: 0, running: 0 };
            self.requests.insert(self.next_request, request);
            self.next_request += 1;
        }
    }

    /// Forgets requests that nobody reads; on a stop, also what has not begun.
    fn drop_lost(&mut self) {
        let stopping = self.settings.stop.is_cancelled();
        let gone = |request: &Request| request.work.outlet.is_lost() || (stopping && request.running == 0);
        let lost: Vec<u64> =
            self.requests.iter().filter(|(_, request)| gone(request)).map(|(id, _)| *id).collect();
        for id in lost {
            self.drop_request(id);
        }
    }

    fn drop_request(&mut self, id: u64) {
        if self.requests.remove(&id).is_none() {
            return;
        }
        let (generator, rows) = (&mut self.generator, &mut self.rows);
        self.groups.retain(|group, running| {
            let kept = running.request != id;
            if !kept {
                generator.remove_group(*group);
                *rows -= running.rows;
            }
            kept
        });
    }

    /// Starts groups in turns until the rows are full. A group that does not fit holds back all later ones.
    fn start_groups(&mut self) {
        if self.settings.stop.is_cancelled() {
            return;
        }
        loop {
            let ready = |(id, request): (&u64, &Request)| {
                let more = request.next_task < request.work.asked.tasks.len();
                (more && !request.work.outlet.lags()).then_some(*id)
            };
            let turn: Vec<u64> = self.requests.iter().filter_map(ready).collect();
            if turn.is_empty() {
                return;
            }
            for id in turn {
                if !self.start_next(id) {
                    return;
                }
            }
        }
    }

    /// Starts the next group of a request. False when the rows are full.
    fn start_next(&mut self, id: u64) -> bool {
        let Some(request) = self.requests.get_mut(&id) else { return true };
        let asked = &request.work.asked;
        let index = request.next_task;
        let (task, prompt) = (asked.tasks[index], &asked.request.tasks[index].tokens);
        let Settings { max_rows, behaviour, shape, standard, .. } = &self.settings;
        let treatment = behaviour.treatment(task.group_size, *max_rows, shape);
        let rows = task.group_size as usize * treatment.candidates;
        if self.rows > 0 && self.rows + rows > *max_rows {
            return false;
        }
        let draws = draws(&task, behaviour, &mut self.signer);
        let max_tokens = task.terms.max_tokens as usize;
        let added = self.generator.add_group(prompt, rows, max_tokens, asked.sampling, draws);
        let group = match added {
            Ok(group) => group,
            Err(error) => {
                // the request was checked on arrival, so this is ours, not the caller's
                tracing::error!(error = &error as &dyn std::error::Error, "a group could not be started");
                self.drop_request(id);
                return true;
            }
        };
        let answer = GroupAnswer::new(index as u16, &task, &self.signer.key.hotkey(), standard, treatment);
        let mut opening = Vec::new();
        answer.opening().encode(&mut opening);
        request.out.extend_from_slice(&opening);
        request.next_task += 1;
        request.running += 1;
        request.work.place.start(task.group_size);
        self.rows += rows;
        let copy = (*behaviour == Behaviour::ReplayPrompt).then_some(opening);
        self.groups.insert(group, Running { request: id, task, index, rows, answer, copy });
        true
    }

    fn step(&mut self) {
        let Self { generator, settings, signer, requests, groups, .. } = self;
        let truncates = settings.behaviour == Behaviour::Truncate;
        let mut whole = Vec::new();
        let stepped = generator.step(&mut |emitted: Emitted<'_>| {
            let Some(running) = groups.get_mut(&emitted.group) else { return };
            let Some(request) = requests.get_mut(&running.request) else { return };
            let Emitted { sample, t, hidden, logprob, .. } = emitted;
            let record = running.answer.recorder(sample).record(t as u32, hidden, logprob);
            let finish = emitted.finish.map(finish);
            let drawn = Drawn { sample: emitted.sample, token: emitted.token, record, finish };
            let cut = truncates && request.due() == 1;
            let before = request.out.len();
            let is_whole = running.answer.push(drawn, cut, signer, &mut request.out);
            if let Some(copy) = &mut running.copy {
                copy.extend_from_slice(&request.out[before..]);
            }
            if is_whole {
                whole.push(emitted.group);
                request.running -= 1;
                request.work.place.end(running.task.group_size);
            }
        });
        for group in whole {
            self.end_group(group);
        }
        if let Err(error) = stepped {
            self.fail(&error);
        }
        self.send();
    }

    fn end_group(&mut self, group: GroupId) {
        let Some(running) = self.groups.remove(&group) else { return };
        self.rows -= running.rows;
        if let Some(frames) = running.copy {
            self.settings.replay.keep(running.task.prompt, running.index, frames);
        }
    }

    /// Sends what the step made. A request with nothing left to do is closed.
    fn send(&mut self) {
        let truncates = self.settings.behaviour == Behaviour::Truncate;
        self.requests.retain(|_, request| {
            let done = request.due() == 0;
            if done && !truncates {
                Frame::Done.encode(&mut request.out);
            }
            if !request.out.is_empty() {
                request.work.outlet.send(std::mem::take(&mut request.out));
            }
            !done
        });
    }

    /// A failed step leaves the engine in an unknown state: all answers end here, cut short, and it starts anew.
    fn fail(&mut self, error: &engine::Error) {
        tracing::error!(
            error = error as &dyn std::error::Error,
            "the engine failed; running answers are dropped"
        );
        self.requests.clear();
        self.groups.clear();
        self.rows = 0;
        self.generator = generator(self.model, &self.settings);
    }
}

/// The protocol's draws; a miner that picks uses its own.
fn draws(task: &Task, behaviour: &Behaviour, signer: &mut Signer) -> Draws {
    let mut seeds: SeedStream = task.seeds();
    if *behaviour == Behaviour::IgnoreSeeds {
        let mut own = [0; 32];
        signer.rng.fill_bytes(&mut own);
        seeds.randomness = Randomness(own);
    }
    Box::new(move |sample, t| seeds.draw(sample as u32, t as u32))
}

fn finish(finish: engine::Finish) -> Finish {
    match finish {
        engine::Finish::Stop => Finish::Stop,
        engine::Finish::Length => Finish::Length,
    }
}
