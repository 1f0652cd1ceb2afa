//! The asking side: starts a miner on a free port, signs work, follows the frames, verifies the groups.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use chain::btauth::{self, Request};
use chain::nonces::NonceSource;
use checkpoint::Checkpoint;
use engine::{Model, Options};
use grail::exact::ExactCheck;
use grail::ids::PromptId;
use grail::keys::HotkeyPair;
use grail::profile::Profile;
use grail::record::RecordKind;
use grail::sampler::Sampling as Drawing;
use grail::{Hotkey, Randomness, RejectReason, check};
use miner::{Behaviour, Config};
use protocol::collect::{Collector, CommittedGroup};
use protocol::rollout::Sampling;
use protocol::wire::{Decoder, Frame};
use protocol::work::{MinerStatus, STATUS_PATH, WORK_PATH, WORK_VERSION, WorkRequest, WorkTask};
use rand_core::OsRng;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::checkpoints;

/// Long enough for the slowest machine; no test waits for it unless it fails.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A running miner, and the checkpoint that it claims.
pub(crate) struct Miner {
    pub(crate) base: String,
    pub(crate) hotkey: Hotkey,
    pub(crate) stop: CancellationToken,
    pub(crate) running: JoinHandle<Result<(), miner::Error>>,
    pub(crate) claimed: Checkpoint,
    _dir: TempDir,
}

pub(crate) fn caller() -> HotkeyPair {
    HotkeyPair::from_seed(&[11; 32])
}

#[expect(clippy::disallowed_methods, reason = "a test is its own composition root")]
pub(crate) fn now_ns() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64
}

/// Later than every earlier one, so that no two requests share a nonce.
pub(crate) fn nonce() -> u64 {
    static SOURCE: LazyLock<NonceSource> = LazyLock::new(NonceSource::default);
    SOURCE.next(now_ns())
}

pub(crate) async fn start(behaviour: Behaviour) -> Miner {
    start_with(|config, previous| {
        config.behaviour = match &behaviour {
            Behaviour::PreviousCheckpoint(_) => Behaviour::PreviousCheckpoint(previous),
            other => other.clone(),
        };
    })
    .await
}

/// A miner on small random checkpoints; `adjust` also gets the folder of the previous one.
#[expect(clippy::disallowed_methods, reason = "a test is its own composition root")]
pub(crate) async fn start_with(adjust: impl FnOnce(&mut Config, PathBuf)) -> Miner {
    let dir = tempfile::tempdir().unwrap();
    let (current, previous) = (dir.path().join("current"), dir.path().join("previous"));
    for (path, seed) in [(&current, 1), (&previous, 2)] {
        std::fs::create_dir(path).unwrap();
        checkpoints::write(path, seed);
    }
    let mut config = config(current);
    adjust(&mut config, previous);
    let (hotkey, claimed) = (config.key.hotkey(), Checkpoint::open(&config.checkpoint_dir).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let running = tokio::spawn(miner::serve(config, listener, stop.clone()));
    Miner { base, hotkey, stop, running, claimed, _dir: dir }
}

pub(crate) fn config(checkpoint_dir: PathBuf) -> Config {
    let key = HotkeyPair::from_seed(&[7; 32]);
    Config::new(key, checkpoint_dir, Arc::new(now_ns), Arc::new(|| Box::new(OsRng)))
}

/// What to ask for: one prompt per entry.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) prompts: &'a [&'a [u32]],
    pub(crate) group_size: u32,
    pub(crate) max_tokens: u32,
}

impl Miner {
    pub(crate) fn request(&self, ask: Ask<'_>) -> WorkRequest {
        let task = |tokens: &&[u32]| WorkTask {
            prompt: PromptId(grail::hash::tokens(tokens)),
            group_size: ask.group_size,
            tokens: tokens.to_vec(),
        };
        WorkRequest {
            version: WORK_VERSION,
            checkpoint: self.claimed.id,
            profile: Profile::exact(engine::numerics_id()).id(),
            randomness: Randomness([5; 32]),
            sampling: Sampling { temperature: 1.0, top_p: 1.0, top_k: 0, max_tokens: ask.max_tokens },
            tasks: ask.prompts.iter().map(task).collect(),
            traceparent: None,
        }
    }

    /// Sends a signed body and returns the answer as it starts.
    pub(crate) async fn post(&self, body: Vec<u8>) -> reqwest::Response {
        let request = Request { method: "POST", target: WORK_PATH, body: &body };
        let headers = btauth::sign(&caller(), &request, Some(&self.hotkey), nonce(), OsRng);
        self.send(headers, body).await
    }

    pub(crate) async fn send(
        &self,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> reqwest::Response {
        let mut post = http().post(format!("{}{WORK_PATH}", self.base)).body(body);
        for (name, value) in headers {
            post = post.header(name, value);
        }
        post.send().await.unwrap()
    }

    pub(crate) async fn status(&self) -> MinerStatus {
        http().get(format!("{}{STATUS_PATH}", self.base)).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn begin<'r>(&self, request: &'r WorkRequest) -> Stream<'r> {
        let response = self.post(serde_json::to_vec(request).unwrap()).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/octet-stream");
        let collector = Collector::new(request, self.hotkey);
        Stream { response, decoder: Decoder::new(RecordKind::Fingerprint), collector, groups: Vec::new() }
    }

    /// Asks and follows the answer to its end.
    pub(crate) async fn ask(&self, request: &WorkRequest) -> Result<Vec<CommittedGroup>, RejectReason> {
        let mut stream = self.begin(request).await;
        tokio::time::timeout(PATIENCE, stream.rest()).await.expect("an answer in time")?;
        Ok(stream.groups)
    }

    /// Every check that there is, on every group; the first reason of each.
    pub(crate) fn verify(
        &self,
        request: &WorkRequest,
        groups: &[CommittedGroup],
    ) -> Vec<Result<(), RejectReason>> {
        let model = Model::load(&self.claimed, Options::default()).unwrap();
        groups
            .iter()
            .map(|group| {
                self.verify_without_model(request, group)?;
                exact(&model, request, group)
            })
            .collect()
    }

    pub(crate) fn verify_without_model(
        &self,
        request: &WorkRequest,
        group: &CommittedGroup,
    ) -> Result<(), RejectReason> {
        let task = request.task(group.task).unwrap();
        let config = &self.claimed.config;
        let rules = check::Rules { vocab_size: config.vocab_size as u32, eos: &config.eos_token_ids };
        check::root(&group.commitments, &group.root)?;
        assert_eq!(group.commitments.len(), task.group_size as usize);
        check::group(&task, &rules, &group.hotkey, &group.commitments).into_iter().collect()
    }

    /// Stops the miner and waits until it is gone.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.running).await;
        ended.expect("it ends in time").expect("it does not panic").expect("it ends well");
    }
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().timeout(PATIENCE).build().unwrap()
}

/// The model's word on every token of a group.
fn exact(model: &Model, request: &WorkRequest, group: &CommittedGroup) -> Result<(), RejectReason> {
    let task = request.task(group.task).unwrap();
    let seeds = task.seeds();
    let terms = task.terms;
    let sampling = Drawing::new(terms.temperature, terms.top_p, terms.top_k).unwrap();
    let mut checks: Vec<ExactCheck<'_>> = (0_u32..)
        .zip(&group.commitments)
        .map(|(sample, commitment)| ExactCheck::new(&task, sample, &group.hotkey, commitment))
        .collect();
    let completions: Vec<&[u32]> = group.commitments.iter().map(|c| c.tokens.as_slice()).collect();
    engine::audit_group(
        model,
        &request.tasks[group.task].tokens,
        &completions,
        sampling,
        &|sample, t| seeds.draw(sample as u32, t as u32),
        &mut |sample, t, audited| {
            checks[sample].visit(t, audited);
        },
    )
    .unwrap();
    checks.into_iter().try_for_each(|check| check.verdict().map(|_| ()))
}

/// An answer under way.
pub(crate) struct Stream<'r> {
    response: reqwest::Response,
    decoder: Decoder,
    collector: Collector<'r>,
    pub(crate) groups: Vec<CommittedGroup>,
}

impl Stream<'_> {
    /// The next frame, already followed; `None` at the end of the stream.
    pub(crate) async fn frame(&mut self) -> Result<Option<Frame>, RejectReason> {
        loop {
            if let Some(frame) = self.decoder.next_frame()? {
                self.groups.extend(self.collector.push(frame.clone())?);
                return Ok(Some(frame));
            }
            match self.response.chunk().await {
                Ok(Some(bytes)) => self.decoder.extend(&bytes),
                Ok(None) | Err(_) => return Ok(None),
            }
        }
    }

    /// Follows to the end.
    pub(crate) async fn rest(&mut self) -> Result<(), RejectReason> {
        while self.frame().await?.is_some() {}
        self.collector.finish()
    }
}
