//! The wire format of a miner's answer: length-prefixed binary frames, little endian (docs/PROTOCOL.md).
//!
//! `frame = len u32 ‖ kind u8 ‖ payload[len]`. The decoder takes bytes as they come, allocates nothing that the
//! sender only claims, and never panics; what it returns is well-formed but not yet checked against the task.

use grail::RejectReason;
use grail::chain::{Finish, LINK_EVERY};
use grail::hash::Hash;
use grail::ids::{CheckpointId, GroupRoot, Hotkey, ProfileId, Randomness};
use grail::keys::SIGNATURE_BYTES;
use grail::record::{Record, RecordKind};

pub const WIRE_VERSION: u8 = 1;
/// The longest payload: a `Tokens` frame of [`LINK_EVERY`] tokens, with room to spare.
pub const MAX_PAYLOAD_BYTES: usize = 4096;
const _: () = assert!(9 + LINK_EVERY * (4 + RecordKind::MAX_BYTES) + 32 <= MAX_PAYLOAD_BYTES);
const HEADER_BYTES: usize = 5;

/// One message of the stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// First: who answers, under which terms.
    Open { checkpoint: CheckpointId, profile: ProfileId, randomness: Randomness, hotkey: Hotkey },
    /// Opens group `task` (index into the request) and names its task id.
    Group { task: u16, task_id: Hash },
    /// 1 to 64 tokens of one rollout from position `start`, with their records and the link after the last.
    Tokens { task: u16, sample: u16, start: u32, tokens: Vec<u32>, records: Vec<Record>, link: Hash },
    /// Closes a rollout: its length, why it ended, its head and the hotkey's signature over the head.
    End { task: u16, sample: u16, tokens: u32, finish: Finish, head: Hash, signature: [u8; SIGNATURE_BYTES] },
    /// Closes a group with its Merkle root.
    Root { task: u16, root: GroupRoot },
    /// Keeps the connection alive.
    Heartbeat,
    /// Last: nothing follows.
    Done,
}

const OPEN: u8 = 1;
const GROUP: u8 = 2;
const TOKENS: u8 = 3;
const END: u8 = 4;
const ROOT: u8 = 5;
const HEARTBEAT: u8 = 6;
const DONE: u8 = 7;

impl Frame {
    pub fn encode(&self, out: &mut Vec<u8>) {
        let at = out.len();
        out.extend_from_slice(&[0; HEADER_BYTES]);
        let kind = match self {
            Self::Open { checkpoint, profile, randomness, hotkey } => {
                out.push(WIRE_VERSION);
                for field in [&checkpoint.0, &profile.0, &randomness.0, &hotkey.0] {
                    out.extend_from_slice(field);
                }
                OPEN
            }
            Self::Group { task, task_id } => {
                out.extend_from_slice(&task.to_le_bytes());
                out.extend_from_slice(task_id);
                GROUP
            }
            Self::Tokens { task, sample, start, tokens, records, link } => {
                encode_tokens(out, (*task, *sample, *start), tokens, records, link);
                TOKENS
            }
            Self::End { task, sample, tokens, finish, head, signature } => {
                out.extend_from_slice(&task.to_le_bytes());
                out.extend_from_slice(&sample.to_le_bytes());
                out.extend_from_slice(&tokens.to_le_bytes());
                out.push(finish.code());
                out.extend_from_slice(head);
                out.extend_from_slice(signature);
                END
            }
            Self::Root { task, root } => {
                out.extend_from_slice(&task.to_le_bytes());
                out.extend_from_slice(&root.0);
                ROOT
            }
            Self::Heartbeat => HEARTBEAT,
            Self::Done => DONE,
        };
        let len = (out.len() - at - HEADER_BYTES) as u32;
        out[at..at + 4].copy_from_slice(&len.to_le_bytes());
        out[at + 4] = kind;
    }
}

fn encode_tokens(
    out: &mut Vec<u8>,
    (task, sample, start): (u16, u16, u32),
    tokens: &[u32],
    records: &[Record],
    link: &Hash,
) {
    assert!(
        tokens.len() == records.len() && (1..=LINK_EVERY).contains(&tokens.len()),
        "a frame of 1 to 64 tokens"
    );
    out.extend_from_slice(&task.to_le_bytes());
    out.extend_from_slice(&sample.to_le_bytes());
    out.extend_from_slice(&start.to_le_bytes());
    out.push(tokens.len() as u8);
    for token in tokens {
        out.extend_from_slice(&token.to_le_bytes());
    }
    for record in records {
        record.write(out);
    }
    out.extend_from_slice(link);
}

/// Cuts a byte stream into frames. Feed with [`Decoder::extend`], drain with [`Decoder::next_frame`].
#[derive(Debug)]
pub struct Decoder {
    /// The records of the profile that was asked for.
    records: RecordKind,
    buffer: Vec<u8>,
    read: usize,
}

impl Decoder {
    pub fn new(records: RecordKind) -> Self {
        Self { records, buffer: Vec::new(), read: 0 }
    }

    pub fn extend(&mut self, bytes: &[u8]) {
        if self.read > 0 && self.read == self.buffer.len() {
            self.buffer.clear();
            self.read = 0;
        } else if self.read > 64 * 1024 {
            self.buffer.drain(..self.read);
            self.read = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, `None` when more bytes are needed. An error is final for the stream.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, RejectReason> {
        let rest = &self.buffer[self.read..];
        let Some((header, body)) = rest.split_at_checked(HEADER_BYTES) else { return Ok(None) };
        let len = u32::from_le_bytes(header[..4].try_into().expect("four bytes")) as usize;
        if len > MAX_PAYLOAD_BYTES {
            return Err(RejectReason::MalformedFrame);
        }
        let Some(payload) = body.get(..len) else { return Ok(None) };
        let frame = decode(header[4], payload, self.records).ok_or(RejectReason::MalformedFrame)?;
        self.read += HEADER_BYTES + len;
        Ok(Some(frame))
    }

    /// True when no bytes of an unfinished frame are left over.
    pub fn is_empty(&self) -> bool {
        self.read == self.buffer.len()
    }
}

/// Reads fields off the front of a payload.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn slice(&mut self, len: usize) -> Option<&'a [u8]> {
        let (field, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(field)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }
}

/// `None` for an unknown kind, a wrong length or a value outside its field's range.
fn decode(kind: u8, payload: &[u8], records: RecordKind) -> Option<Frame> {
    let mut reader = Reader(payload);
    let frame = match kind {
        OPEN => {
            (reader.take()? == [WIRE_VERSION]).then_some(())?;
            Frame::Open {
                checkpoint: CheckpointId(reader.take()?),
                profile: ProfileId(reader.take()?),
                randomness: Randomness(reader.take()?),
                hotkey: Hotkey(reader.take()?),
            }
        }
        GROUP => Frame::Group { task: reader.u16()?, task_id: reader.take()? },
        TOKENS => decode_tokens(&mut reader, records)?,
        END => Frame::End {
            task: reader.u16()?,
            sample: reader.u16()?,
            tokens: reader.u32()?,
            finish: Finish::from_code(u8::from_le_bytes(reader.take()?))?,
            head: reader.take()?,
            signature: reader.take()?,
        },
        ROOT => Frame::Root { task: reader.u16()?, root: GroupRoot(reader.take()?) },
        HEARTBEAT => Frame::Heartbeat,
        DONE => Frame::Done,
        _ => return None,
    };
    reader.0.is_empty().then_some(frame)
}

fn decode_tokens(reader: &mut Reader<'_>, kind: RecordKind) -> Option<Frame> {
    let (task, sample, start) = (reader.u16()?, reader.u16()?, reader.u32()?);
    let count = usize::from(u8::from_le_bytes(reader.take()?));
    (1..=LINK_EVERY).contains(&count).then_some(())?;
    let tokens = (0..count).map(|_| reader.u32()).collect::<Option<_>>()?;
    let records =
        (0..count).map(|_| Record::read(kind, reader.slice(kind.bytes())?)).collect::<Option<_>>()?;
    Some(Frame::Tokens { task, sample, start, tokens, records, link: reader.take()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use grail::record::State;
    use proptest::prelude::*;

    fn samples() -> Vec<Frame> {
        let record = Record { logprob: -0.5, state: State::Fingerprint([9; 16]) };
        vec![
            Frame::Open {
                checkpoint: CheckpointId([1; 32]),
                profile: ProfileId([2; 32]),
                randomness: Randomness([3; 32]),
                hotkey: Hotkey([4; 32]),
            },
            Frame::Group { task: 7, task_id: [5; 32] },
            Frame::Tokens {
                task: 7,
                sample: 3,
                start: 64,
                tokens: vec![1, 2],
                records: vec![record; 2],
                link: [6; 32],
            },
            Frame::End {
                task: 7,
                sample: 3,
                tokens: 66,
                finish: Finish::Stop,
                head: [7; 32],
                signature: [8; 64],
            },
            Frame::Root { task: 7, root: GroupRoot([9; 32]) },
            Frame::Heartbeat,
            Frame::Done,
        ]
    }

    #[test]
    fn frames_survive_any_cutting_of_the_stream() {
        let mut bytes = Vec::new();
        for frame in samples() {
            frame.encode(&mut bytes);
        }
        for chunk in [1, 3, 7, 64, bytes.len()] {
            let (mut decoder, mut out) = (Decoder::new(RecordKind::Fingerprint), Vec::new());
            for part in bytes.chunks(chunk) {
                decoder.extend(part);
                while let Some(frame) = decoder.next_frame().unwrap() {
                    out.push(frame);
                }
            }
            assert!(decoder.is_empty());
            assert_eq!(out, samples(), "chunks of {chunk}");
        }
    }

    #[test]
    fn claims_of_length_and_trailing_bytes_are_refused() {
        let mut decoder = Decoder::new(RecordKind::Fingerprint);
        decoder.extend(&[0xff, 0xff, 0xff, 0x7f, TOKENS]);
        assert_eq!(decoder.next_frame(), Err(RejectReason::MalformedFrame));
        let mut decoder = Decoder::new(RecordKind::Fingerprint);
        decoder.extend(&[1, 0, 0, 0, DONE, 0]);
        assert_eq!(decoder.next_frame(), Err(RejectReason::MalformedFrame));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let mut decoder = Decoder::new(RecordKind::Fingerprint);
            decoder.extend(&bytes);
            while let Ok(Some(_)) = decoder.next_frame() {}
        }
    }
}
