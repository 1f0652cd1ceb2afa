//! From frames to committed groups: one answer of one miner, followed frame by frame.
//!
//! Checks order, sizes, the chain's links and that the answer is to *this* request; heads, signatures and the EOS rule
//! are `grail::check`'s.

use grail::RejectReason;
use grail::chain::{Commitment, Finish};
use grail::hash::Hash;
use grail::ids::{GroupRoot, Hotkey};
use grail::record::{Record, RecordKind};

use crate::wire::{Decoder, Frame};
use crate::work::WorkRequest;

/// A whole group as its miner committed to it.
#[derive(Debug, Clone, PartialEq)]
pub struct CommittedGroup {
    /// Index into the request.
    pub task: usize,
    pub hotkey: Hotkey,
    /// In sample order, one for every rollout that was due.
    pub commitments: Vec<Commitment>,
    pub root: GroupRoot,
}

#[derive(Debug, Clone)]
struct Partial {
    /// The chain so far: starts at `c_0`.
    link: Hash,
    tokens: Vec<u32>,
    records: Vec<Record>,
    ended: Option<(Finish, Hash, [u8; grail::keys::SIGNATURE_BYTES])>,
}

#[derive(Debug, Clone)]
enum GroupProgress {
    Due,
    Open(Vec<Partial>),
    Closed,
}

/// Follows one answer. Any error is final: the whole rest of the answer is worthless.
#[derive(Debug)]
pub struct Collector<'r> {
    request: &'r WorkRequest,
    hotkey: Hotkey,
    opened: bool,
    done: bool,
    groups: Vec<GroupProgress>,
}

impl<'r> Collector<'r> {
    pub fn new(request: &'r WorkRequest, hotkey: Hotkey) -> Self {
        let groups = vec![GroupProgress::Due; request.tasks.len()];
        Self { request, hotkey, opened: false, done: false, groups }
    }

    /// Takes one frame; returns a group when this frame made it whole.
    pub fn push(&mut self, frame: Frame) -> Result<Option<CommittedGroup>, RejectReason> {
        if self.done {
            return Err(RejectReason::Oversized);
        }
        match frame {
            Frame::Heartbeat => Ok(None),
            Frame::Open { checkpoint, profile, randomness, hotkey } => {
                let request = self.request;
                match () {
                    () if self.opened => return Err(RejectReason::MalformedFrame),
                    () if hotkey != self.hotkey => return Err(RejectReason::WrongHotkey),
                    () if checkpoint != request.checkpoint => return Err(RejectReason::WrongCheckpoint),
                    () if profile != request.profile => return Err(RejectReason::WrongProfile),
                    () if randomness != request.randomness => return Err(RejectReason::ReplayedPrompt),
                    () => self.opened = true,
                }
                Ok(None)
            }
            _ if !self.opened => Err(RejectReason::MalformedFrame),
            Frame::Group { task, task_id } => self.open_group(task, &task_id).map(|()| None),
            Frame::Tokens { task, sample, start, tokens, records, link } => {
                let partial = self.append(task, sample, start, tokens, records)?;
                if partial.link == link { Ok(None) } else { Err(RejectReason::BrokenChain) }
            }
            Frame::End { task, sample, tokens, finish, head, signature } => {
                let partial = self.partial(task, sample)?;
                if partial.tokens.len() != tokens as usize {
                    return Err(RejectReason::TruncatedStream);
                }
                partial.ended = Some((finish, head, signature));
                Ok(None)
            }
            Frame::Root { task, root } => self.close_group(task, root).map(Some),
            Frame::Done => {
                self.done = true;
                self.finish().map(|()| None)
            }
        }
    }

    /// To call when the stream has ended: every group that was due must be there.
    pub fn finish(&self) -> Result<(), RejectReason> {
        let whole = self.groups.iter().all(|group| matches!(group, GroupProgress::Closed));
        if self.done && whole { Ok(()) } else { Err(RejectReason::TruncatedStream) }
    }

    fn open_group(&mut self, task: u16, task_id: &Hash) -> Result<(), RejectReason> {
        let index = usize::from(task);
        let asked = self.request.task(index).ok_or(RejectReason::Oversized)?;
        if asked.id() != *task_id {
            return Err(RejectReason::ReplayedPrompt);
        }
        match &self.groups[index] {
            GroupProgress::Due => {
                let partial = |sample| Partial {
                    link: asked.start(sample, &self.hotkey),
                    tokens: Vec::new(),
                    records: Vec::new(),
                    ended: None,
                };
                self.groups[index] = GroupProgress::Open((0..asked.group_size).map(partial).collect());
                Ok(())
            }
            GroupProgress::Open(_) | GroupProgress::Closed => Err(RejectReason::Oversized),
        }
    }

    /// The unfinished rollout that a frame speaks of.
    fn partial(&mut self, task: u16, sample: u16) -> Result<&mut Partial, RejectReason> {
        match self.groups.get_mut(usize::from(task)) {
            Some(GroupProgress::Open(partials)) => {
                let partial = partials.get_mut(usize::from(sample)).ok_or(RejectReason::Oversized)?;
                if partial.ended.is_some() { Err(RejectReason::Oversized) } else { Ok(partial) }
            }
            Some(GroupProgress::Due) => Err(RejectReason::MalformedFrame),
            Some(GroupProgress::Closed) | None => Err(RejectReason::Oversized),
        }
    }

    fn append(
        &mut self,
        task: u16,
        sample: u16,
        start: u32,
        tokens: Vec<u32>,
        records: Vec<Record>,
    ) -> Result<&mut Partial, RejectReason> {
        let most = self.request.sampling.max_tokens as usize;
        let partial = self.partial(task, sample)?;
        if partial.tokens.len() != start as usize {
            return Err(RejectReason::MalformedFrame);
        }
        if partial.tokens.len() + tokens.len() > most {
            return Err(RejectReason::Oversized);
        }
        for (token, record) in tokens.iter().zip(&records) {
            partial.link = grail::chain::link(&partial.link, *token, record);
        }
        partial.tokens.extend(tokens);
        partial.records.extend(records);
        Ok(partial)
    }

    fn close_group(&mut self, task: u16, root: GroupRoot) -> Result<CommittedGroup, RejectReason> {
        let index = usize::from(task);
        let slot = self.groups.get_mut(index).ok_or(RejectReason::Oversized)?;
        let partials = match std::mem::replace(slot, GroupProgress::Closed) {
            GroupProgress::Open(partials) => partials,
            GroupProgress::Due => return Err(RejectReason::MalformedFrame),
            GroupProgress::Closed => return Err(RejectReason::Oversized),
        };
        let commitments = partials
            .into_iter()
            .map(|partial| {
                let (finish, head, signature) = partial.ended.ok_or(RejectReason::TruncatedStream)?;
                Ok(Commitment { tokens: partial.tokens, records: partial.records, finish, head, signature })
            })
            .collect::<Result<_, _>>()?;
        Ok(CommittedGroup { task: index, hotkey: self.hotkey, commitments, root })
    }
}

/// Reads a whole stored answer (see [`encode_group`]) again.
pub fn decode_group(
    bytes: &[u8],
    records: RecordKind,
    request: &WorkRequest,
    hotkey: Hotkey,
) -> Result<CommittedGroup, RejectReason> {
    let mut decoder = Decoder::new(records);
    decoder.extend(bytes);
    let mut collector = Collector::new(request, hotkey);
    let mut group = None;
    while let Some(frame) = decoder.next_frame()? {
        group = collector.push(frame)?.or(group);
    }
    if !decoder.is_empty() {
        return Err(RejectReason::TruncatedStream);
    }
    collector.finish()?;
    group.ok_or(RejectReason::TruncatedStream)
}

/// The frames of an answer that holds one group, in canonical order. Request and stored evidence have one format.
pub fn encode_group(request: &WorkRequest, group: &CommittedGroup) -> Vec<u8> {
    let mut out = Vec::new();
    let task = group.task as u16;
    let asked = request.task(group.task).expect("the group answers this request");
    let open = Frame::Open {
        checkpoint: request.checkpoint,
        profile: request.profile,
        randomness: request.randomness,
        hotkey: group.hotkey,
    };
    open.encode(&mut out);
    Frame::Group { task, task_id: asked.id() }.encode(&mut out);
    for (sample, commitment) in group.commitments.iter().enumerate() {
        rollout_frames(task, sample as u16, asked.start(sample as u32, &group.hotkey), commitment)
            .for_each(|frame| frame.encode(&mut out));
    }
    Frame::Root { task, root: group.root }.encode(&mut out);
    Frame::Done.encode(&mut out);
    out
}

/// The `Tokens` frames of one rollout, 64 tokens each, and its `End`.
pub fn rollout_frames(
    task: u16,
    sample: u16,
    start_link: Hash,
    commitment: &Commitment,
) -> impl Iterator<Item = Frame> + '_ {
    let mut link = start_link;
    let mut start = 0;
    let every = grail::chain::LINK_EVERY;
    let tokens = commitment.tokens.chunks(every).zip(commitment.records.chunks(every)).map(
        move |(tokens, records)| {
            for (token, record) in tokens.iter().zip(records) {
                link = grail::chain::link(&link, *token, record);
            }
            let frame = Frame::Tokens {
                task,
                sample,
                start,
                tokens: tokens.to_vec(),
                records: records.to_vec(),
                link,
            };
            start += tokens.len() as u32;
            frame
        },
    );
    tokens.chain(std::iter::once(Frame::End {
        task,
        sample,
        tokens: commitment.tokens.len() as u32,
        finish: commitment.finish,
        head: commitment.head,
        signature: commitment.signature,
    }))
}
