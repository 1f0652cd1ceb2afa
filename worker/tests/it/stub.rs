//! A miner that runs no model: its answers are whole and signed, or wrong in exactly one way.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chain::ss58;
use foreign::{Alter, Numerics};
use grail::Hotkey;
use grail::chain::{Commitment, Finish, Task, group_root};
use grail::keys::HotkeyPair;
use grail::record::{Record, State};
use grail::sampler::{self, Sampling};
use grail::standard::Standard;
use protocol::collect::rollout_frames;
use protocol::wire::Frame;
use protocol::work::{MinerStatus, STATUS_PATH, WorkRequest};
use rand_core::OsRng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::world::checkpoint;

/// What a stub does with work.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Manner {
    Good,
    /// The signature of the second rollout is another's.
    BadSignature,
    /// Sends this share of the answer, then closes.
    Cut(f64),
    /// Sends this share of the answer, then waits until released.
    Hold(f64),
    /// Answers with this status.
    Refuse(u16),
    /// Bytes that are no frames.
    Garbage,
}

/// A running stub; it ends with the test's runtime.
pub(crate) struct Stub {
    url: String,
    hotkey: Hotkey,
    inner: Arc<Inner>,
    release: watch::Sender<bool>,
}

struct Inner {
    pair: HotkeyPair,
    manner: Mutex<Manner>,
    capacity: u32,
    standard: Standard,
    /// Runs this model instead of saying its texts.
    engine: Option<foreign::Engine>,
    /// What sample `i` answers: text `i` modulo their number.
    texts: Mutex<Vec<String>>,
    /// The same for single prompts, by the hash of their tokens.
    answers: Mutex<HashMap<[u8; 32], Vec<String>>>,
    requests: AtomicUsize,
    /// How often each prompt was asked for.
    asked: Mutex<HashMap<[u8; 32], usize>>,
}

impl Stub {
    pub(crate) async fn start(seed: u8, manner: Manner) -> Self {
        Self::with_capacity(seed, manner, 1_000).await
    }

    pub(crate) async fn with_capacity(seed: u8, manner: Manner, capacity: u32) -> Self {
        Self::with_engine(seed, manner, capacity, Standard::exact(engine::numerics_id()), None).await
    }

    /// A miner that does run a model: in bf16, with the checkpoint's weights or altered ones.
    pub(crate) async fn foreign(seed: u8, standard: Standard, alter: Option<Alter>) -> Self {
        let checkpoint = checkpoint();
        let tensors = checkpoint.tensors().unwrap();
        let source = |name: &str, shape: &[usize]| tensors.f32(name, shape);
        let (config, numerics) = (&checkpoint.config, Numerics::BF16_EAGER);
        let engine = match alter {
            None => foreign::Engine::from_source(config, numerics, 1, source),
            Some(alter) => {
                let source = alter.source(config, source);
                foreign::Engine::from_source(&alter.config(config), numerics, 1, source)
            }
        };
        Self::with_engine(seed, Manner::Good, 1_000, standard, Some(engine.unwrap())).await
    }

    async fn with_engine(
        seed: u8,
        manner: Manner,
        capacity: u32,
        standard: Standard,
        engine: Option<foreign::Engine>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let pair = HotkeyPair::from_seed(&[seed; 32]);
        let hotkey = pair.hotkey();
        let inner = Arc::new(Inner {
            pair,
            manner: Mutex::new(manner),
            capacity,
            standard,
            engine,
            texts: Mutex::new(vec!["It is 1".to_owned(), "It is 2".to_owned()]),
            answers: Mutex::default(),
            requests: AtomicUsize::new(0),
            asked: Mutex::default(),
        });
        let release = watch::Sender::new(false);
        let tasks = tokio_util::task::TaskTracker::new();
        let serving = Arc::clone(&inner);
        let released = release.subscribe();
        tasks.clone().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (inner, released) = (Arc::clone(&serving), released.clone());
                tasks.spawn(async move {
                    // a worker that hangs up is part of the tests
                    let _ = inner.serve(stream, released).await;
                });
            }
        });
        Self { url, hotkey, inner, release }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn hotkey(&self) -> Hotkey {
        self.hotkey
    }

    pub(crate) fn ss58(&self) -> String {
        ss58::encode(&self.hotkey)
    }

    pub(crate) fn behave(&self, manner: Manner) {
        *self.inner.manner.lock().unwrap() = manner;
    }

    pub(crate) fn say(&self, texts: &[&str]) {
        *self.inner.texts.lock().unwrap() = texts.iter().map(|text| (*text).to_owned()).collect();
    }

    /// What it answers to one prompt. A text that ends in `…` is spun out until it is cut off.
    pub(crate) fn answer(&self, prompt: &str, texts: &[&str]) {
        let tokens = checkpoint().tokenizer.encode(prompt).unwrap();
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        self.inner.answers.lock().unwrap().insert(grail::hash::tokens(&tokens), texts);
    }

    /// Lets answers that are held go on.
    pub(crate) fn release(&self) {
        self.release.send_replace(true);
    }

    /// Requests for work so far.
    pub(crate) fn requests(&self) -> usize {
        self.inner.requests.load(Ordering::SeqCst)
    }

    /// Groups asked for so far, repeats included.
    pub(crate) fn groups_asked(&self) -> usize {
        self.inner.asked.lock().unwrap().values().sum()
    }

    /// Waits until a request for work has come.
    pub(crate) async fn asked(&self) {
        while self.requests() == 0 {
            tokio::task::yield_now().await;
        }
    }
}

impl Inner {
    async fn serve(&self, mut stream: TcpStream, mut released: watch::Receiver<bool>) -> std::io::Result<()> {
        let (head, body) = read_request(&mut stream).await?;
        if head.starts_with(&format!("GET {STATUS_PATH} ")) {
            let status = MinerStatus {
                hotkey: ss58::encode(&self.pair.hotkey()),
                checkpoint: checkpoint().id,
                profile: self.standard.profile().id(),
                capacity: self.capacity,
                in_flight: 0,
            };
            return answer(&mut stream, 200, &serde_json::to_vec(&status)?).await;
        }
        let request: WorkRequest = serde_json::from_slice(&body)?;
        for task in &request.tasks {
            *self.asked.lock().unwrap().entry(task.prompt.0).or_default() += 1;
        }
        self.requests.fetch_add(1, Ordering::SeqCst);
        let manner = self.manner.lock().unwrap().clone();
        let bytes = match manner {
            Manner::Refuse(status) => return answer(&mut stream, status, b"{}").await,
            Manner::Garbage => vec![0xa5; 100_000],
            _ => self.frames(&request, manner == Manner::BadSignature),
        };
        match manner {
            Manner::Cut(share) => begin(&mut stream, &bytes, share).await,
            Manner::Hold(share) => {
                begin(&mut stream, &bytes, share).await?;
                released.wait_for(|released| *released).await.map_err(std::io::Error::other)?;
                stream.write_all(&bytes[cut(&bytes, share)..]).await
            }
            _ => begin(&mut stream, &bytes, 1.0).await,
        }
    }

    fn frames(&self, request: &WorkRequest, bad_signature: bool) -> Vec<u8> {
        let hotkey = self.pair.hotkey();
        let mut out = Vec::new();
        let (checkpoint, profile, randomness) = (request.checkpoint, request.profile, request.randomness);
        Frame::Open { checkpoint, profile, randomness, hotkey }.encode(&mut out);
        for index in 0..request.tasks.len() {
            let (task, number) = (request.task(index).unwrap(), index as u16);
            Frame::Group { task: number, task_id: task.id() }.encode(&mut out);
            let mut commitments: Vec<Commitment> = match &self.engine {
                Some(engine) => self.generated(engine, &task, &request.tasks[index].tokens),
                None => (0..task.group_size).map(|sample| self.commitment(&task, sample)).collect(),
            };
            if bad_signature && commitments.len() > 1 {
                commitments[1].signature = commitments[0].signature;
            }
            for (sample, commitment) in commitments.iter().enumerate() {
                let start = task.start(sample as u32, &hotkey);
                rollout_frames(number, sample as u16, start, commitment)
                    .for_each(|frame| frame.encode(&mut out));
            }
            let heads: Vec<_> = commitments.iter().map(|commitment| commitment.head).collect();
            Frame::Root { task: number, root: group_root(&heads) }.encode(&mut out);
        }
        Frame::Done.encode(&mut out);
        out
    }

    /// What the engine samples under the task's draws.
    fn generated(&self, engine: &foreign::Engine, task: &Task, prompt: &[u32]) -> Vec<Commitment> {
        let (terms, seeds, hotkey) = (task.terms, task.seeds(), self.pair.hotkey());
        let sampling = Sampling::new(terms.temperature, terms.top_p, terms.top_k).unwrap();
        let eos = &checkpoint().config.eos_token_ids;
        let samples = 0..task.group_size;
        let recorders: Vec<_> = samples.clone().map(|s| self.standard.recorder(task, s, &hotkey)).collect();
        let mut records = vec![Vec::new(); recorders.len()];
        let prompts = vec![prompt; recorders.len()];
        let tokens = engine.generate(&prompts, terms.max_tokens as usize, eos, &mut |which, t, seen| {
            let token = sampler::pick(seen.logits, sampling, seeds.draw(which as u32, t as u32)).unwrap();
            let logprob = sampler::logprob_of(seen.logits, token).unwrap();
            records[which].push(recorders[which].record(t as u32, seen.hidden, logprob));
            token
        });
        let sealed = samples.zip(tokens).zip(records).map(|((sample, tokens), records)| {
            let stops = tokens.last().is_some_and(|token| eos.contains(token));
            let finish = if stops { Finish::Stop } else { Finish::Length };
            self.seal(task, sample, Commitment { tokens, records, finish, head: [0; 32], signature: [0; 64] })
        });
        sealed.collect()
    }

    fn commitment(&self, task: &Task, sample: u32) -> Commitment {
        let checkpoint = checkpoint();
        let own = self.answers.lock().unwrap().get(&task.prompt_tokens).cloned();
        let texts = own.unwrap_or_else(|| self.texts.lock().unwrap().clone());
        let text = &texts[sample as usize % texts.len()];
        let mut tokens = checkpoint.tokenizer.encode(text.trim_end_matches('…')).unwrap();
        let is_cut_off = text.ends_with('…');
        if is_cut_off {
            tokens = tokens.into_iter().cycle().take(task.terms.max_tokens as usize).collect();
        } else {
            tokens.push(checkpoint.config.eos_token_ids[0]);
        }
        let records =
            vec![Record { logprob: -0.5, state: State::Fingerprint([sample as u8; 16]) }; tokens.len()];
        let finish = if is_cut_off { Finish::Length } else { Finish::Stop };
        self.seal(task, sample, Commitment { tokens, records, finish, head: [0; 32], signature: [0; 64] })
    }

    fn seal(&self, task: &Task, sample: u32, mut commitment: Commitment) -> Commitment {
        commitment.head = commitment.computed_head(task, sample, &self.pair.hotkey());
        commitment.signature = self.pair.sign(&commitment.head, OsRng);
        commitment
    }
}

async fn read_request(stream: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let mut body = bytes.split_off(end);
    while body.len() < length.unwrap_or(0) {
        if stream.read_buf(&mut body).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok((head, body))
}

async fn answer(stream: &mut TcpStream, status: u16, body: &[u8]) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await
}

fn cut(bytes: &[u8], share: f64) -> usize {
    (bytes.len() as f64 * share) as usize
}

/// The head of an answer without a stated length, and a share of its body.
async fn begin(stream: &mut TcpStream, bytes: &[u8], share: f64) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").await?;
    stream.write_all(&bytes[..cut(bytes, share)]).await
}
