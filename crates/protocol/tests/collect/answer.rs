//! One answer of a miner through encoder, decoder, collector and L0, however it is cut, and every way to get it wrong.

use std::collections::BTreeMap;

use grail::chain::{Finish, group_root};
use grail::check;
use grail::hash::Hash;
use grail::ids::{CheckpointId, GroupRoot, Hotkey, ProfileId, Randomness};
use grail::keys::HotkeyPair;
use grail::profile::Profile;
use grail::record::{Record, RecordKind};
use grail::{RejectReason, RejectReason as R};
use proptest::prelude::*;
use protocol::collect::{Collector, CommittedGroup, decode_group, encode_group, rollout_frames};
use protocol::segment::Segment;
use protocol::wire::{Decoder, Frame};
use protocol::work::WorkRequest;

use crate::fixture::{RULES, fingerprint, group, key, request};

/// The frames of both groups, one rollout after the other.
fn frames(request: &WorkRequest, key: &HotkeyPair) -> Vec<Frame> {
    let mut frames = vec![Frame::Open {
        checkpoint: request.checkpoint,
        profile: request.profile,
        randomness: request.randomness,
        hotkey: key.hotkey(),
    }];
    for index in 0..request.tasks.len() {
        let (asked, group) = (request.task(index).expect("asked for"), group(request, index, key));
        let task = index as u16;
        frames.push(Frame::Group { task, task_id: asked.id() });
        for (sample, commitment) in group.commitments.iter().enumerate() {
            let start = asked.start(sample as u32, &key.hotkey());
            frames.extend(rollout_frames(task, sample as u16, start, commitment));
            frames.push(Frame::Heartbeat);
        }
        frames.push(Frame::Root { task, root: group.root });
    }
    frames.push(Frame::Done);
    frames
}

fn bytes(frames: &[Frame]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for frame in frames {
        frame.encode(&mut bytes);
    }
    bytes
}

/// What a worker does with an answer, up to L0.
fn follow<'b>(
    request: &WorkRequest,
    chunks: impl Iterator<Item = &'b [u8]>,
) -> Result<Vec<CommittedGroup>, RejectReason> {
    let (mut decoder, mut collector) =
        (Decoder::new(RecordKind::Fingerprint), Collector::new(request, key().hotkey()));
    let mut groups = Vec::new();
    for chunk in chunks {
        decoder.extend(chunk);
        while let Some(frame) = decoder.next_frame()? {
            groups.extend(collector.push(frame)?);
        }
    }
    collector.finish()?;
    for group in &groups {
        let asked = request.task(group.task).expect("asked for");
        check::root(&group.commitments, &group.root)?;
        check::group(&asked, &RULES, &group.hotkey, &group.commitments)
            .into_iter()
            .collect::<Result<(), _>>()?;
    }
    Ok(groups)
}

fn verdict(change: impl FnOnce(&mut Vec<Frame>)) -> Result<usize, RejectReason> {
    let request = request();
    let mut frames = frames(&request, &key());
    change(&mut frames);
    follow(&request, std::iter::once(bytes(&frames).as_slice())).map(|groups| groups.len())
}

/// The place of the first frame that is so.
fn first(frames: &[Frame], is: impl Fn(&Frame) -> bool) -> usize {
    frames.iter().position(is).expect("there is such a frame")
}

fn tokens_at(frame: &Frame, task: u16, sample: u16, start: u32) -> bool {
    matches!(frame, Frame::Tokens { task: a, sample: b, start: c, .. } if (*a, *b, *c) == (task, sample, start))
}

fn is_end(frame: &Frame) -> bool {
    matches!(frame, Frame::End { .. })
}

fn is_root(frame: &Frame) -> bool {
    matches!(frame, Frame::Root { .. })
}

fn is_group(frame: &Frame) -> bool {
    matches!(frame, Frame::Group { .. })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn an_honest_answer_arrives_however_it_is_cut(cuts in prop::collection::vec(1_usize..5000, 1..40)) {
        let request = request();
        let bytes = bytes(&frames(&request, &key()));
        let (mut rest, mut chunks) = (bytes.as_slice(), Vec::new());
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, after) = rest.split_at(rest.len().min(*cut));
            chunks.push(chunk);
            rest = after;
        }
        let groups = follow(&request, chunks.into_iter()).expect("an honest answer");
        prop_assert_eq!(groups.len(), 2);
        for found in groups {
            let sent = group(&request, found.task, &key());
            // signatures are randomised, so only what is signed can be the same
            let heads = |group: &CommittedGroup| -> Vec<Hash> { group.commitments.iter().map(|c| c.head).collect() };
            prop_assert_eq!(heads(&found), heads(&sent));
            prop_assert_eq!(found.root, sent.root);
        }
    }

    /// Groups, and the rollouts in them, may come side by side; the outcome does not depend on it.
    #[test]
    fn rollouts_may_interleave(picks in prop::collection::vec(any::<prop::sample::Index>(), 40)) {
        let request = request();
        let frames = frames(&request, &key());
        let lane = |frame: &Frame| match frame {
            Frame::Tokens { task, sample, .. } | Frame::End { task, sample, .. } => Some((*task, *sample)),
            _ => None,
        };
        let mut lanes: BTreeMap<(u16, u16), Vec<Frame>> = BTreeMap::new();
        for frame in &frames {
            if let Some(lane) = lane(frame) {
                lanes.entry(lane).or_default().push(frame.clone());
            }
        }
        let mut mixed = vec![frames[0].clone()];
        mixed.extend(frames.iter().filter(|frame| is_group(frame)).cloned());
        for pick in picks.iter().cycle() {
            lanes.retain(|_, frames| !frames.is_empty());
            if lanes.is_empty() {
                break;
            }
            let at = pick.index(lanes.len());
            mixed.extend(lanes.values_mut().nth(at).map(|frames| frames.remove(0)));
        }
        mixed.extend(frames.iter().filter(|frame| is_root(frame)).rev().cloned());
        mixed.push(Frame::Done);
        let groups = follow(&request, std::iter::once(bytes(&mixed).as_slice())).expect("an honest answer");
        prop_assert_eq!(groups.iter().map(|group| group.task).collect::<Vec<_>>(), [1, 0]);
    }

    /// Any single bit of the stream: refused, or a bit that says nothing (there is none).
    #[test]
    fn no_bit_of_an_answer_can_be_flipped(at: prop::sample::Index, bit in 0_u8..8) {
        let request = request();
        let mut bytes = bytes(&frames(&request, &key()));
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(follow(&request, std::iter::once(bytes.as_slice())).is_err(), "byte {at} bit {bit}");
    }

    #[test]
    fn an_answer_cut_anywhere_is_truncated(at: prop::sample::Index) {
        let request = request();
        let bytes = bytes(&frames(&request, &key()));
        let cut = &bytes[..at.index(bytes.len())];
        prop_assert_eq!(follow(&request, std::iter::once(cut)).map(|groups| groups.len()), Err(R::TruncatedStream));
    }
}

#[test]
fn the_opening_names_what_was_asked() {
    assert_eq!(verdict(|_| {}), Ok(2));
    assert_eq!(verdict(|f| f.insert(0, Frame::Heartbeat)), Ok(2), "a heartbeat may come before");
    let open =
        |checkpoint, profile, randomness, hotkey| Frame::Open { checkpoint, profile, randomness, hotkey };
    let WorkRequest { checkpoint, profile, randomness, .. } = request();
    let hotkey = key().hotkey();
    let nine = [9; 32];
    let cases = [
        (open(CheckpointId(nine), profile, randomness, hotkey), R::WrongCheckpoint),
        (open(checkpoint, ProfileId(nine), randomness, hotkey), R::WrongProfile),
        (open(checkpoint, profile, Randomness(nine), hotkey), R::ReplayedPrompt),
        (open(checkpoint, profile, randomness, Hotkey(nine)), R::WrongHotkey),
    ];
    for (frame, reason) in cases {
        assert_eq!(verdict(|f| f[0] = frame), Err(reason));
    }
    assert_eq!(verdict(|f| f.insert(1, f[0].clone())), Err(R::MalformedFrame));
    assert_eq!(verdict(|f| drop(f.remove(0))), Err(R::MalformedFrame));
    assert_eq!(verdict(|f| f.insert(0, Frame::Done)), Err(R::MalformedFrame));
    assert_eq!(verdict(|f| f.truncate(1)), Err(R::TruncatedStream));
    assert_eq!(verdict(Vec::clear), Err(R::TruncatedStream));
}

#[test]
fn groups_open_once_are_the_ones_asked_for_and_close_once() {
    let again = |f: &mut Vec<Frame>| f.insert(2, f[1].clone());
    assert_eq!(verdict(again), Err(R::Oversized));
    assert_eq!(verdict(|f| f[1] = Frame::Group { task: 0, task_id: [9; 32] }), Err(R::ReplayedPrompt));
    assert_eq!(verdict(|f| f[1] = Frame::Group { task: 2, task_id: [9; 32] }), Err(R::Oversized));
    let mixed_up = |f: &mut Vec<Frame>| {
        let Frame::Group { task_id, .. } = f[1] else { unreachable!("the second frame opens a group") };
        f[1] = Frame::Group { task: 1, task_id };
    };
    assert_eq!(verdict(mixed_up), Err(R::ReplayedPrompt));
    assert_eq!(verdict(|f| drop(f.remove(1))), Err(R::MalformedFrame), "tokens before their group");
    let root_first = |f: &mut Vec<Frame>| f.insert(1, Frame::Root { task: 0, root: GroupRoot([9; 32]) });
    assert_eq!(verdict(root_first), Err(R::MalformedFrame));
    let root_twice = |f: &mut Vec<Frame>| {
        let at = first(f, is_root);
        f.insert(at + 1, f[at].clone());
    };
    assert_eq!(verdict(root_twice), Err(R::Oversized));
    let nowhere = |f: &mut Vec<Frame>| f.insert(1, Frame::Root { task: 9, root: GroupRoot([9; 32]) });
    assert_eq!(verdict(nowhere), Err(R::Oversized));
    let unfinished = |f: &mut Vec<Frame>| {
        let at = first(f, is_end);
        f.remove(at);
    };
    assert_eq!(verdict(unfinished), Err(R::TruncatedStream));
    let unclosed = |f: &mut Vec<Frame>| {
        let at = first(f, is_root);
        f.remove(at);
    };
    assert_eq!(verdict(unclosed), Err(R::TruncatedStream));
    let other_root = |f: &mut Vec<Frame>| {
        let at = first(f, is_root);
        f[at] = Frame::Root { task: 0, root: GroupRoot([9; 32]) };
    };
    assert_eq!(verdict(other_root), Err(R::BadGroupRoot));
    assert_eq!(verdict(|f| drop(f.pop())), Err(R::TruncatedStream), "no Done");
    assert_eq!(verdict(|f| f.push(Frame::Heartbeat)), Err(R::Oversized), "nothing follows Done");
    assert_eq!(verdict(|f| f.push(Frame::Done)), Err(R::Oversized));
}

#[test]
fn tokens_come_in_order_and_no_more_than_were_asked_for() {
    let twice = |f: &mut Vec<Frame>| {
        let at = first(f, |frame| tokens_at(frame, 0, 2, 64));
        f.insert(at, f[at].clone());
    };
    assert_eq!(verdict(twice), Err(R::MalformedFrame));
    let hole = |f: &mut Vec<Frame>| {
        let at = first(f, |frame| tokens_at(frame, 0, 2, 64));
        f.remove(at);
    };
    assert_eq!(verdict(hole), Err(R::MalformedFrame));
    let more = |f: &mut Vec<Frame>| {
        // one frame more than the cap holds
        let at = first(f, |frame| tokens_at(frame, 0, 2, 128));
        let Frame::Tokens { task, sample, tokens, records, link, .. } = f[at].clone() else { unreachable!() };
        let start = 128 + tokens.len() as u32;
        f.insert(at + 1, Frame::Tokens { task, sample, start, tokens, records, link });
    };
    assert_eq!(verdict(more), Err(R::Oversized));
    let nobody = |f: &mut Vec<Frame>| {
        let at = first(f, |frame| tokens_at(frame, 0, 0, 0));
        if let Frame::Tokens { sample, .. } = &mut f[at] {
            *sample = 3;
        }
    };
    assert_eq!(verdict(nobody), Err(R::Oversized), "a fourth rollout of three");
    let after_end = |f: &mut Vec<Frame>| {
        let at = first(f, is_end);
        f.insert(at + 1, f[at - 1].clone());
    };
    assert_eq!(verdict(after_end), Err(R::Oversized));
    let ended_twice = |f: &mut Vec<Frame>| {
        let at = first(f, is_end);
        f.insert(at + 1, f[at].clone());
    };
    assert_eq!(verdict(ended_twice), Err(R::Oversized));
    let after_root = |f: &mut Vec<Frame>| {
        let at = first(f, is_root);
        f.insert(at + 1, f[2].clone());
    };
    assert_eq!(verdict(after_root), Err(R::Oversized));
    let early_end = |f: &mut Vec<Frame>| {
        let at = first(f, is_end);
        f.swap(at, at - 1);
    };
    assert_eq!(verdict(early_end), Err(R::TruncatedStream));
}

#[test]
fn what_is_said_is_bound_to_link_head_and_signature() {
    let in_tokens = |change: fn(&mut u32, &mut Record)| {
        verdict(|f| {
            let at = first(f, |frame| tokens_at(frame, 0, 1, 0));
            if let Frame::Tokens { tokens, records, .. } = &mut f[at] {
                change(&mut tokens[5], &mut records[5]);
            }
        })
    };
    assert_eq!(in_tokens(|token, _| *token += 1), Err(R::BrokenChain));
    assert_eq!(in_tokens(|_, record| record.logprob -= 1.0), Err(R::BrokenChain));
    assert_eq!(in_tokens(|_, record| fingerprint(record)[0] ^= 1), Err(R::BrokenChain));
    let in_end = |change: fn(&mut Finish, &mut Hash, &mut [u8; 64])| {
        verdict(|f| {
            let at = first(f, is_end);
            if let Frame::End { finish, head, signature, .. } = &mut f[at] {
                change(finish, head, signature);
            }
            // the root is made to fit, so that the rollout's own fault is what is found
            let head = |frame: &Frame| match frame {
                Frame::End { task: 0, head, .. } => Some(*head),
                _ => None,
            };
            let root = group_root(&f.iter().filter_map(head).collect::<Vec<_>>());
            let at = first(f, is_root);
            f[at] = Frame::Root { task: 0, root };
        })
    };
    assert_eq!(in_end(|_, _, _| {}), Ok(2));
    assert_eq!(in_end(|finish, _, _| *finish = Finish::Length), Err(R::EosRule));
    assert_eq!(in_end(|_, head, _| head[0] ^= 1), Err(R::BrokenChain));
    assert_eq!(in_end(|_, _, signature| signature[0] ^= 1), Err(R::BadSignature));
    // an empty rollout is well-formed on the wire, and refused by the EOS rule
    let empty = |f: &mut Vec<Frame>| {
        let at = first(f, |frame| tokens_at(frame, 0, 0, 0));
        f.remove(at);
        if let Frame::End { tokens, .. } = &mut f[at] {
            *tokens = 0;
        }
    };
    assert_eq!(verdict(empty), Err(R::EosRule));
}

#[test]
fn a_group_survives_storage_and_no_bit_of_its_frames_is_idle() {
    let request = request();
    let sent = group(&request, 1, &key());
    let texts = vec!["one".to_owned(), "two".to_owned()];
    let profile = Profile::exact("f32-exact/1");
    let segment = Segment::of(&profile, &request, sent.clone(), texts).expect("the task was asked for");
    let found = Segment::decode(&segment.encode(), key().hotkey()).expect("a segment");
    assert_eq!(found, segment);
    assert_eq!(found.group.commitments, sent.commitments);
    let frames = encode_group(&segment.request, &segment.group);
    assert_eq!(
        decode_group(&frames, RecordKind::Fingerprint, &segment.request, key().hotkey()),
        Ok(segment.group)
    );
    assert_eq!(
        decode_group(&[], RecordKind::Fingerprint, &segment.request, key().hotkey()),
        Err(R::TruncatedStream)
    );
    let more = [frames.as_slice(), &[6]].concat();
    assert_eq!(
        decode_group(&more, RecordKind::Fingerprint, &segment.request, key().hotkey()),
        Err(R::TruncatedStream)
    );
}
