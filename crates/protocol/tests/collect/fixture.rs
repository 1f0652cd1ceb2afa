//! An honest signed group of two tasks, made up without a model.

use grail::chain::{Commitment, Finish, group_root};
use grail::check::Rules;
use grail::hash::Hash;
use grail::ids::{CheckpointId, Randomness, prompt_id};
use grail::keys::HotkeyPair;
use grail::profile::Profile;
use grail::record::{Record, State};
use protocol::JobId;
use protocol::collect::CommittedGroup;
use protocol::rollout::Sampling;
use protocol::work::{WORK_VERSION, WorkRequest, WorkTask};
use rand_core::OsRng;
use uuid::Uuid;

pub(crate) const EOS: u32 = 0;
pub(crate) const RULES: Rules<'static> = Rules { vocab_size: 500, eos: &[EOS] };
pub(crate) const MAX_TOKENS: u32 = 150;
pub(crate) const JOB: JobId = JobId(Uuid::from_u128(0x0190_1234_5678_7abc_8def_0123_4567_89ab));

pub(crate) fn key() -> HotkeyPair {
    HotkeyPair::from_seed(&[1; 32])
}

pub(crate) fn request() -> WorkRequest {
    let task = |index: u32, group_size| WorkTask {
        prompt: prompt_id(JOB.as_bytes(), index),
        group_size,
        tokens: vec![7, 8, index],
    };
    WorkRequest {
        version: WORK_VERSION,
        checkpoint: CheckpointId([3; 32]),
        profile: Profile::exact("f32-exact/1").id(),
        randomness: Randomness([4; 32]),
        sampling: Sampling { temperature: 0.7, top_p: 0.95, top_k: 40, max_tokens: MAX_TOKENS },
        tasks: vec![task(0, 3), task(1, 2)],
        traceparent: None,
    }
}

/// A rollout of every shape: one token, exactly one frame, several frames, up to the cap.
pub(crate) fn commitment(request: &WorkRequest, task: usize, sample: u32, key: &HotkeyPair) -> Commitment {
    let asked = request.task(task).expect("the task was asked for");
    let length = [1, 64, MAX_TOKENS, 65, 130][task * 3 + sample as usize];
    let finish = if length == MAX_TOKENS { Finish::Length } else { Finish::Stop };
    let token =
        |t: u32| if t + 1 == length && finish == Finish::Stop { EOS } else { 1 + (t * 7 + sample) % 499 };
    let record = |t: u32| Record {
        logprob: -0.125 * (t % 9) as f32 - 0.1,
        state: State::Fingerprint([(t % 251) as u8; 16]),
    };
    let mut commitment = Commitment {
        tokens: (0..length).map(token).collect(),
        records: (0..length).map(record).collect(),
        finish,
        head: [0; 32],
        signature: [0; 64],
    };
    commitment.head = commitment.computed_head(&asked, sample, &key.hotkey());
    commitment.signature = key.sign(&commitment.head, OsRng);
    commitment
}

pub(crate) fn group(request: &WorkRequest, task: usize, key: &HotkeyPair) -> CommittedGroup {
    let samples = 0..request.tasks[task].group_size;
    let commitments: Vec<Commitment> = samples.map(|sample| commitment(request, task, sample, key)).collect();
    let heads: Vec<Hash> = commitments.iter().map(|commitment| commitment.head).collect();
    CommittedGroup { task, hotkey: key.hotkey(), commitments, root: group_root(&heads) }
}

/// The state of a record of class `exact`.
pub(crate) fn fingerprint(record: &mut Record) -> &mut [u8; 16] {
    match &mut record.state {
        State::Fingerprint(fingerprint) => fingerprint,
        State::Projection(_) => panic!("a record of class exact"),
    }
}
