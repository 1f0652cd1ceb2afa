//! Bytes from strangers: noise, and honest messages with a few bytes changed. No decoder panics or reserves what was only
//! claimed, and what one accepts is written as it was read. Bounded here; `cargo bolero test -p protocol <name>` goes on.

use std::fmt::Debug;
use std::sync::LazyLock;
use std::time::Duration;

use bolero::TypeGenerator;
use grail::chain::Finish;
use grail::ids::{CheckpointId, GroupRoot, Hotkey, ProfileId, Randomness};
use grail::profile::Profile;
use grail::projection::Width;
use grail::receipt::{Receipt, SignedReceipt};
use grail::record::{Record, RecordKind};
use protocol::collect::{decode_group, encode_group};
use protocol::rollout::RolloutRecord;
use protocol::segment::Segment;
use protocol::wire::{Decoder, Frame, MAX_PAYLOAD_BYTES};
use protocol::work::WorkRequest;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::delivered;
use crate::fixture::{RULES, group, key, request};

const TIME: Duration = Duration::from_millis(1200);
const HEADER_BYTES: usize = 5;

/// Bits to flip at places of the whole, and where it is cut.
type Edits = (Vec<(u32, u8)>, Option<u32>);

fn edited(bytes: &[u8], (edits, cut): &Edits) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, flip) in edits.iter().take(4) {
        let at = *at as usize % bytes.len();
        bytes[at] ^= flip;
    }
    if let Some(cut) = cut.filter(|cut| cut % 4 == 0) {
        bytes.truncate(cut as usize % bytes.len());
    }
    bytes
}

const KINDS: [RecordKind; 3] =
    [RecordKind::Fingerprint, RecordKind::Projection(Width::K8), RecordKind::Projection(Width::K16)];

fn kind(number: u8) -> RecordKind {
    KINDS[usize::from(number) % KINDS.len()]
}

fn record(kind: RecordKind, logprob: u32, state: u8) -> Record {
    let mut bytes = vec![state; kind.bytes()];
    bytes[..4].copy_from_slice(&logprob.to_le_bytes());
    Record::read(kind, &bytes).expect("as long as a record of its kind")
}

fn bytes(frame: &Frame) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.encode(&mut bytes);
    bytes
}

/// Reads to the end, or to what is refused; every frame on the way is the bytes that it was read from.
fn follow(stream: &[u8], kind: RecordKind, chunk: usize) -> (Vec<Frame>, bool) {
    let (mut decoder, mut frames, mut read) = (Decoder::new(kind), Vec::new(), 0);
    for part in stream.chunks(chunk) {
        decoder.extend(part);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => {
                    let again = bytes(&frame);
                    assert!(again.len() <= HEADER_BYTES + MAX_PAYLOAD_BYTES);
                    assert_eq!(again, stream[read..read + again.len()], "{frame:?}");
                    read += again.len();
                    frames.push(frame);
                }
                Ok(None) => break,
                Err(_) => return (frames, false),
            }
        }
    }
    (frames, true)
}

/// Frames as they can be, whether or not they make sense.
#[derive(Debug, TypeGenerator)]
enum AnyFrame {
    Open([u8; 32], [u8; 32], [u8; 32], [u8; 32]),
    Group(u16, [u8; 32]),
    Tokens(u16, u16, u32, (u32, u32, u8), Vec<(u32, u32, u8)>, [u8; 32]),
    End(u16, u16, u32, bool, [u8; 32], u8),
    Root(u16, [u8; 32]),
    Heartbeat,
    Done,
}

impl AnyFrame {
    fn frame(&self, kind: RecordKind) -> Frame {
        match self {
            Self::Open(checkpoint, profile, randomness, hotkey) => Frame::Open {
                checkpoint: CheckpointId(*checkpoint),
                profile: ProfileId(*profile),
                randomness: Randomness(*randomness),
                hotkey: Hotkey(*hotkey),
            },
            Self::Group(task, task_id) => Frame::Group { task: *task, task_id: *task_id },
            Self::Tokens(task, sample, start, first, more, link) => {
                let all = || std::iter::once(first).chain(more).take(64);
                Frame::Tokens {
                    task: *task,
                    sample: *sample,
                    start: *start,
                    tokens: all().map(|(token, ..)| *token).collect(),
                    records: all()
                        .map(|(_, logprob, fingerprint)| record(kind, *logprob, *fingerprint))
                        .collect(),
                    link: *link,
                }
            }
            Self::End(task, sample, tokens, stop, head, signature) => Frame::End {
                task: *task,
                sample: *sample,
                tokens: *tokens,
                finish: if *stop { Finish::Stop } else { Finish::Length },
                head: *head,
                signature: [*signature; 64],
            },
            Self::Root(task, root) => Frame::Root { task: *task, root: GroupRoot(*root) },
            Self::Heartbeat => Frame::Heartbeat,
            Self::Done => Frame::Done,
        }
    }
}

#[test]
fn noise_as_frames() {
    bolero::check!().with_test_time(TIME).with_type::<(u8, u8, Vec<u8>)>().for_each(
        |(number, chunk, noise)| {
            follow(noise, kind(*number), usize::from(*chunk).max(1));
        },
    );
}

#[test]
fn any_frames_and_edited_ones() {
    let frames = bolero::check!().with_test_time(TIME).with_type::<(Vec<AnyFrame>, u8, u8, Edits)>();
    frames.for_each(|(frames, number, chunk, edits)| {
        let kind = kind(*number);
        let stream: Vec<u8> = frames.iter().flat_map(|frame| bytes(&frame.frame(kind))).collect();
        let chunk = usize::from(*chunk).max(1);
        let (read, whole) = follow(&stream, kind, chunk);
        assert!(whole);
        // by their bytes: a log-prob may be a NaN here, which equals nothing
        assert_eq!(read.iter().flat_map(bytes).collect::<Vec<_>>(), stream);
        assert_eq!(read.len(), frames.len());
        if !stream.is_empty() {
            follow(&edited(&stream, edits), kind, chunk);
        }
    });
}

/// A stored group whose frames were edited: refused, or read and written without loss.
#[test]
fn edited_groups() {
    static HONEST: LazyLock<(WorkRequest, Vec<u8>)> = LazyLock::new(|| {
        let mut request = request();
        request.tasks.truncate(1);
        let frames = encode_group(&request, &group(&request, 0, &key()));
        (request, frames)
    });
    bolero::check!().with_test_time(TIME).with_type::<Edits>().for_each(|edits| {
        let (request, frames) = &*HONEST;
        let hotkey = key().hotkey();
        let decode = |bytes: &[u8]| decode_group(bytes, RecordKind::Fingerprint, request, hotkey);
        if let Ok(group) = decode(&edited(frames, edits)) {
            assert_eq!(decode(&encode_group(request, &group)), Ok(group));
        }
    });
}

#[test]
fn edited_segments() {
    static HONEST: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let (request, texts) = (request(), vec!["a".to_owned(), "ü\"\\".to_owned(), String::new()]);
        let group = group(&request, 0, &key());
        let segment = Segment::of(&Profile::exact("f32-exact/1"), &request, group, texts);
        segment.expect("the task was asked for").encode()
    });
    let hotkey = key().hotkey();
    assert!(Segment::decode(&HONEST, hotkey).is_ok());
    bolero::check!().with_test_time(TIME).with_type::<Edits>().for_each(|edits| {
        if let Ok(segment) = Segment::decode(&edited(&HONEST, edits), hotkey) {
            assert_eq!(Segment::decode(&segment.encode(), hotkey), Ok(segment));
        }
    });
}

/// A header may claim a group of four billion, and name it by its right id.
#[test]
fn a_segment_of_a_group_that_no_job_has_is_refused_before_it_is_made_room_for() {
    let mut request = request();
    request.tasks.truncate(1);
    request.tasks[0].group_size = u32::MAX;
    let header =
        serde_json::json!({ "profile": Profile::exact("f32-exact/1"), "request": request, "texts": [] });
    let header = header.to_string().into_bytes();
    let mut segment = (header.len() as u32).to_le_bytes().to_vec();
    segment.extend(header);
    let WorkRequest { checkpoint, profile, randomness, .. } = request;
    let hotkey = key().hotkey();
    Frame::Open { checkpoint, profile, randomness, hotkey }.encode(&mut segment);
    let task_id = request.task(0).expect("the only one").id();
    Frame::Group { task: 0, task_id }.encode(&mut segment);
    assert!(Segment::decode(&segment, hotkey).is_err());
}

/// JSON that is accepted in an edited form is written in its one form, and read from that again.
fn edited_json<T: Serialize + DeserializeOwned + Debug>(honest: &[u8], edits: &Edits) -> Option<T> {
    let value: T = serde_json::from_slice(&edited(honest, edits)).ok()?;
    let text = serde_json::to_vec(&value).expect("plain data");
    let again: T = serde_json::from_slice(&text).expect("what was written can be read");
    assert_eq!(serde_json::to_vec(&again).expect("plain data"), text);
    Some(again)
}

#[test]
fn edited_receipts() {
    static HONEST: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let receipt = Receipt {
            task: [1; 32],
            group_root: GroupRoot([2; 32]),
            hotkey: Hotkey([3; 32]),
            received_at_ms: 1_700_000_000_000,
            audit_round: 7,
        };
        serde_json::to_vec(&receipt.sign(&delivered::service())).expect("plain data")
    });
    bolero::check!().with_test_time(TIME / 2).with_type::<Edits>().for_each(|edits| {
        if let Some(receipt) = edited_json::<SignedReceipt>(&HONEST, edits) {
            let untouched = serde_json::to_vec(&receipt).expect("plain data") == *HONEST;
            assert_eq!(receipt.is_signed(), untouched, "{receipt:?}");
        }
    });
}

#[test]
fn edited_work_requests() {
    static HONEST: LazyLock<Vec<u8>> = LazyLock::new(|| serde_json::to_vec(&request()).expect("plain data"));
    bolero::check!().with_test_time(TIME / 2).with_type::<Edits>().for_each(|edits| {
        if let Some(request) = edited_json::<WorkRequest>(&HONEST, edits) {
            for index in 0..request.tasks.len() {
                request.task(index);
            }
        }
    });
}

/// A delivered record with edits in its line: no panic on the way to a verdict.
#[test]
fn edited_delivered_records() {
    static HONEST: LazyLock<Vec<u8>> =
        LazyLock::new(|| serde_json::to_vec(&delivered::record()).expect("plain data"));
    let service = delivered::service().public();
    bolero::check!().with_test_time(TIME).with_type::<Edits>().for_each(|edits| {
        if let Some(record) = edited_json::<RolloutRecord>(&HONEST, edits) {
            // what nothing binds may be edited: then it holds
            let _ = record.check(&RULES, &[service]);
        }
    });
}

/// Any bytes of the right length are a record, and the same bytes again.
#[test]
fn any_records() {
    bolero::check!().with_test_time(TIME / 4).with_type::<[u8; RecordKind::MAX_BYTES]>().for_each(|bytes| {
        for kind in KINDS {
            let bytes = &bytes[..kind.bytes()];
            let record = Record::read(kind, bytes).expect("as long as a record of its kind");
            assert_eq!(record.to_bytes(), bytes);
            let _ = record.in_range();
            assert!(Record::read(kind, &bytes[1..]).is_none());
        }
    });
}
