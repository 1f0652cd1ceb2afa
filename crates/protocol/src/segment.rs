//! A segment: one group as it is kept in the object store, from which everything about it can be judged again.
//!
//! `len u32 LE ‖ header JSON ‖ frames`. The header holds the profile, the request (with the one task of this group) and
//! the completions as text; the frames are [`crate::collect::encode_group`]'s. Compression is the store's business.

use grail::ids::Hotkey;
use grail::profile::Profile;
use serde::{Deserialize, Serialize};

use crate::collect::{CommittedGroup, decode_group, encode_group};
use crate::job::MAX_SAMPLES;
use crate::work::WorkRequest;

/// One stored group.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    pub profile: Profile,
    /// What was asked for; `tasks` holds this group's task alone.
    pub request: WorkRequest,
    /// The completions as text, in sample order.
    pub texts: Vec<String>,
    /// What was answered; `task` is 0.
    pub group: CommittedGroup,
}

/// Bytes that are no segment, or the segment of another miner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a segment: {0}")]
pub struct InvalidSegment(pub &'static str);

#[derive(Serialize)]
struct HeaderRef<'a> {
    profile: &'a Profile,
    request: &'a WorkRequest,
    texts: &'a [String],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    profile: Profile,
    request: WorkRequest,
    texts: Vec<String>,
}

impl Segment {
    /// Cuts group `group.task` of a request out as a segment of its own. `None` when the request has no such task.
    pub fn of(
        profile: &Profile,
        request: &WorkRequest,
        group: CommittedGroup,
        texts: Vec<String>,
    ) -> Option<Self> {
        let task = request.tasks.get(group.task)?.clone();
        let request = WorkRequest {
            version: request.version,
            checkpoint: request.checkpoint,
            profile: request.profile,
            randomness: request.randomness,
            sampling: request.sampling,
            tasks: vec![task],
            traceparent: request.traceparent.clone(),
        };
        Some(Self { profile: profile.clone(), request, texts, group: CommittedGroup { task: 0, ..group } })
    }

    pub fn encode(&self) -> Vec<u8> {
        let header = HeaderRef { profile: &self.profile, request: &self.request, texts: &self.texts };
        let header = serde_json::to_vec(&header).expect("plain data serialises");
        let frames = encode_group(&self.request, &self.group);
        let mut out = Vec::with_capacity(4 + header.len() + frames.len());
        out.extend_from_slice(&(header.len() as u32).to_le_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(&frames);
        out
    }

    /// Reads a segment again; `hotkey` is the miner that the group's row names.
    pub fn decode(bytes: &[u8], hotkey: Hotkey) -> Result<Self, InvalidSegment> {
        let (len, rest) = bytes.split_first_chunk::<4>().ok_or(InvalidSegment("too short"))?;
        let len = u32::from_le_bytes(*len) as usize;
        let (header, frames) = rest.split_at_checked(len).ok_or(InvalidSegment("too short"))?;
        let Header { profile, request, texts } =
            serde_json::from_slice(header).map_err(|_| InvalidSegment("header"))?;
        // the frames only name the group; room is made for as many rollouts as the header says
        if request.tasks.iter().any(|task| task.group_size > MAX_SAMPLES) {
            return Err(InvalidSegment("header"));
        }
        if request.tasks.len() != 1 || request.profile != profile.id() {
            return Err(InvalidSegment("header"));
        }
        let group = decode_group(frames, profile.record_kind(), &request, hotkey)
            .map_err(|_| InvalidSegment("frames"))?;
        if texts.len() != group.commitments.len() {
            return Err(InvalidSegment("texts"));
        }
        Ok(Self { profile, request, texts, group })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::Sampling;
    use crate::work::{WORK_VERSION, WorkTask};
    use grail::chain::{Commitment, Finish, group_root};
    use grail::ids::{CheckpointId, PromptId, Randomness};
    use grail::keys::HotkeyPair;
    use grail::record::{Record, State};
    use proptest::prelude::*;
    use rand_core::OsRng;

    fn segment() -> (Segment, Hotkey) {
        let pair = HotkeyPair::from_seed(&[1; 32]);
        let profile = Profile::exact("f32-exact/1");
        let task = |prompt| WorkTask { prompt: PromptId([prompt; 32]), group_size: 3, tokens: vec![1, 2] };
        let request = WorkRequest {
            version: WORK_VERSION,
            checkpoint: CheckpointId([2; 32]),
            profile: profile.id(),
            randomness: Randomness([3; 32]),
            sampling: Sampling { temperature: 0.7, top_p: 0.95, top_k: 0, max_tokens: 100 },
            tasks: vec![task(8), task(9)],
            traceparent: Some("00-0-0-00".to_owned()),
        };
        let asked = request.task(1).unwrap();
        let commitments: Vec<Commitment> = (0..3)
            .map(|sample| {
                let mut commitment = Commitment {
                    tokens: (0..70 + sample).collect(),
                    records: vec![
                        Record { logprob: -0.25, state: State::Fingerprint([7; 16]) };
                        70 + sample as usize
                    ],
                    finish: Finish::Stop,
                    head: [0; 32],
                    signature: [0; 64],
                };
                commitment.head = commitment.computed_head(&asked, sample, &pair.hotkey());
                commitment.signature = pair.sign(&commitment.head, OsRng);
                commitment
            })
            .collect();
        let heads: Vec<_> = commitments.iter().map(|commitment| commitment.head).collect();
        let root = group_root(&heads);
        let group = CommittedGroup { task: 1, hotkey: pair.hotkey(), commitments, root };
        let texts = vec!["a".to_owned(), "ü".to_owned(), String::new()];
        (Segment::of(&profile, &request, group, texts).unwrap(), pair.hotkey())
    }

    #[test]
    fn a_segment_survives_storage_and_stands_alone() {
        let (segment, hotkey) = segment();
        assert_eq!(segment.request.tasks[0].prompt, PromptId([9; 32]));
        assert_eq!(Segment::decode(&segment.encode(), hotkey), Ok(segment));
    }

    #[test]
    fn other_miners_cut_bytes_and_trailing_bytes_are_refused() {
        let (segment, hotkey) = segment();
        let bytes = segment.encode();
        assert!(Segment::decode(&bytes, Hotkey([9; 32])).is_err());
        assert!(Segment::decode(&bytes[..bytes.len() - 1], hotkey).is_err());
        assert!(Segment::decode(&[bytes.as_slice(), &[0]].concat(), hotkey).is_err());
    }

    proptest! {
        #[test]
        fn a_changed_byte_never_panics(at in 0_usize..5000, to: u8) {
            let (segment, hotkey) = segment();
            let mut bytes = segment.encode();
            let at = at % bytes.len();
            bytes[at] = to;
            let _ = Segment::decode(&bytes, hotkey);
        }
    }
}
