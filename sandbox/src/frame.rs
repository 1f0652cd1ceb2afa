//! What the parent and the run child say to each other over two pipes: length-prefixed frames, little-endian.
//!
//! The child is believed to be taken over: everything that it says is sized and ranged here. What it is told is our own.
//! Texts and token ids go as plain bytes: a group of long completions is copied, not spelled out.

use std::io::{self, Read, Write};
use std::time::Duration;

use crate::call::{Ran, is_part_name};
use crate::limits::{COMPONENTS, LOG_BYTES, LOG_CALLS, Limits, REWARD_MAX};
use crate::module::World;
use crate::outcome::Outcome;
use crate::receipt::WasiProfile;
use crate::types::{Finish, Level, LogLine, Sample, Score, Task};

/// Reward functions that one child keeps.
pub const SLOTS: u8 = 8;
/// The longest frame: native code of the largest module that is taken.
const FRAME_BYTES: usize = 1 << 30;
/// The longest answer of a run child.
const REPLY_BYTES: usize = 64 << 20;
const DETAIL_BYTES: usize = 8 << 10;

/// What a run child is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Request<'a> {
    /// Keep this native code in a slot, in place of what was there.
    Load { slot: u8, world: World, wasi: WasiProfile, code: &'a [u8] },
    /// Run what is in a slot.
    Run { slot: u8, limits: Limits, task: Task, samples: Vec<Sample> },
}

/// What a run child answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Once, before anything is asked: how it is confined, as JSON.
    Ready(String),
    Loaded,
    Ran(Vec<Ran>),
    /// The machine's fault, never a reward.
    Failed(Failure, String),
}

/// What went wrong in a child that is still in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    Timeout,
    Memory,
    Engine,
    /// The native code cannot be used.
    Unusable,
    /// It was asked for something that it cannot do: a bug of ours.
    Refused,
}

const FAILURES: [Failure; 5] =
    [Failure::Timeout, Failure::Memory, Failure::Engine, Failure::Unusable, Failure::Refused];

/// The other side sent what is no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are no frame of this protocol")]
pub struct Malformed;

impl From<Malformed> for io::Error {
    fn from(error: Malformed) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// Writes the run request without copying its parts into a [`Request`] first.
pub fn run_request(slot: u8, limits: &Limits, task: &Task, samples: &[Sample]) -> Vec<u8> {
    let bytes = task.bytes() + samples.iter().map(Sample::bytes).sum::<u64>();
    let mut out = Out::new(1, bytes as usize + 128 + 16 * samples.len());
    out.u8(slot);
    out.u64(limits.fuel_per_sample).u64(limits.memory_bytes).u64(limits.input_bytes);
    out.text(&task.id).text(&task.prompt).ids(&task.prompt_token_ids);
    out.text(&task.reference).text(&task.metadata).u64(task.seed);
    out.u32(samples.len() as u32);
    for sample in samples {
        out.text(&sample.text).ids(&sample.token_ids).u8(sample.finish as u8);
    }
    out.framed()
}

/// The request to load, but for the code itself, which follows it.
pub fn load_request(slot: u8, world: World, wasi: WasiProfile, code: &[u8]) -> Vec<u8> {
    let mut out = Out::new(0, code.len() + 8);
    out.u8(slot).u8(u8::from(world == World::RewardSimple)).u8(u8::from(wasi == WasiProfile::Deterministic));
    out.bytes.extend_from_slice(code);
    out.framed()
}

impl<'a> Request<'a> {
    /// Reads what [`run_request`] or [`load_request`] wrote, without its length.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut from = In(bytes);
        let kind = from.u8()?;
        let slot = from.u8()?;
        if slot >= SLOTS {
            return Err(Malformed);
        }
        match kind {
            0 => {
                let world = if from.flag()? { World::RewardSimple } else { World::Reward };
                let wasi = if from.flag()? { WasiProfile::Deterministic } else { WasiProfile::None };
                Ok(Self::Load { slot, world, wasi, code: from.0 })
            }
            1 => {
                let limits = Limits {
                    fuel_per_sample: from.u64()?,
                    memory_bytes: from.u64()?,
                    input_bytes: from.u64()?,
                };
                let task = Task {
                    id: from.text()?,
                    prompt: from.text()?,
                    prompt_token_ids: from.ids()?,
                    reference: from.text()?,
                    metadata: from.text()?,
                    seed: from.u64()?,
                };
                let samples = (0..from.u32()?).map(|_| sample(&mut from)).collect::<Result<_, _>>()?;
                from.end()?;
                Ok(Self::Run { slot, limits, task, samples })
            }
            _ => Err(Malformed),
        }
    }
}

fn sample(from: &mut In<'_>) -> Result<Sample, Malformed> {
    Ok(Sample {
        text: from.text()?,
        token_ids: from.ids()?,
        finish: match from.u8()? {
            0 => Finish::Stop,
            1 => Finish::Length,
            2 => Finish::Tool,
            3 => Finish::Other,
            _ => return Err(Malformed),
        },
    })
}

impl Reply {
    /// With its length in front.
    pub fn frame(&self) -> Vec<u8> {
        match self {
            Self::Ready(report) => {
                let mut out = Out::new(0, report.len() + 8);
                out.text(report);
                out.framed()
            }
            Self::Loaded => Out::new(1, 8).framed(),
            Self::Ran(ran) => {
                let mut out = Out::new(2, 256 * ran.len());
                out.u32(ran.len() as u32);
                for ran in ran {
                    write_ran(&mut out, ran);
                }
                out.framed()
            }
            Self::Failed(failure, detail) => {
                let mut out = Out::new(3, detail.len() + 16);
                out.u8(FAILURES.iter().position(|known| known == failure).unwrap_or(0) as u8).text(detail);
                out.framed()
            }
        }
    }

    /// Reads a reply without its length. Whatever is not exactly as a child in order writes it is refused.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut from = In(bytes);
        let reply = match from.u8()? {
            0 => Self::Ready(from.text()?),
            1 => Self::Loaded,
            2 => {
                let count = from.u32()? as usize;
                // the smallest run is 39 bytes: a count cannot make us reserve what was not sent
                if count > from.0.len() / 32 {
                    return Err(Malformed);
                }
                Self::Ran((0..count).map(|_| read_ran(&mut from)).collect::<Result<_, _>>()?)
            }
            3 => {
                let failure = *FAILURES.get(usize::from(from.u8()?)).ok_or(Malformed)?;
                Self::Failed(failure, from.text_up_to(DETAIL_BYTES)?)
            }
            _ => return Err(Malformed),
        };
        from.end()?;
        Ok(reply)
    }
}

fn write_ran(out: &mut Out, ran: &Ran) {
    out.u8(ran.outcome as u8).u64(ran.fuel).u64(ran.peak_memory_bytes);
    out.u64(u64::try_from(ran.wall.as_nanos()).unwrap_or(u64::MAX));
    out.u32(ran.scores.len() as u32);
    for score in &ran.scores {
        out.u64(score.reward.to_bits()).u32(score.components.len() as u32);
        for (name, value) in &score.components {
            out.text(name).u64(value.to_bits());
        }
    }
    out.u32(ran.log.len() as u32);
    for line in &ran.log {
        out.u8(line.level as u8).text(&line.message);
    }
    out.u8(u8::from(ran.detail.is_some())).text(ran.detail.as_deref().unwrap_or_default());
}

fn read_ran(from: &mut In<'_>) -> Result<Ran, Malformed> {
    let outcome = *Outcome::ALL.get(usize::from(from.u8()?)).ok_or(Malformed)?;
    let (fuel, peak_memory_bytes) = (from.u64()?, from.u64()?);
    let wall = Duration::from_nanos(from.u64()?);
    let scores = from.list(12, read_score)?;
    let log = from.list(5, read_line)?;
    if log.len() > LOG_CALLS || log.iter().map(|line| line.message.len()).sum::<usize>() > LOG_BYTES {
        return Err(Malformed);
    }
    let has_detail = from.flag()?;
    let detail = from.text_up_to(DETAIL_BYTES)?;
    Ok(Ran { outcome, scores, fuel, peak_memory_bytes, log, detail: has_detail.then_some(detail), wall })
}

fn read_score(from: &mut In<'_>) -> Result<Score, Malformed> {
    let reward = from.number()?;
    let components = from.list(12, |from| Ok((from.text()?, from.number()?)))?;
    if components.len() > COMPONENTS || !components.iter().all(|(name, _)| is_part_name(name)) {
        return Err(Malformed);
    }
    Ok(Score { reward, components })
}

fn read_line(from: &mut In<'_>) -> Result<LogLine, Malformed> {
    let level = match from.u8()? {
        0 => Level::Debug,
        1 => Level::Info,
        2 => Level::Warn,
        3 => Level::Error,
        _ => return Err(Malformed),
    };
    Ok(LogLine { level, message: from.text_up_to(LOG_BYTES)? })
}

/// Reads one request into `buffer`; `false` at the end of the stream.
pub fn read_request(from: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<bool> {
    read_frame(from, buffer, FRAME_BYTES)
}

/// Reads one reply of a run child into `buffer`; `false` at the end of the stream.
pub fn read_reply(from: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<bool> {
    read_frame(from, buffer, REPLY_BYTES)
}

fn read_frame(from: &mut impl Read, buffer: &mut Vec<u8>, limit: usize) -> io::Result<bool> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
        Err(error) => return Err(error),
    }
    read_announced(from, u32::from_le_bytes(length).into(), limit as u64, buffer)?;
    Ok(true)
}

/// Fills `buffer` with exactly `length` bytes, a number that the other side has written.
pub(crate) fn read_announced(
    from: &mut impl Read,
    length: u64,
    limit: u64,
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    if length > limit {
        return Err(Malformed.into());
    }
    buffer.clear();
    // grown by what arrives, not by what was announced
    let read = from.take(length).read_to_end(buffer)?;
    if read as u64 == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Writes a frame that already carries its length.
pub fn write_frame(to: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    to.write_all(frame)?;
    to.flush()
}

struct Out {
    bytes: Vec<u8>,
}

impl Out {
    /// Room for the length, and the kind.
    fn new(kind: u8, capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(capacity + 5);
        bytes.extend_from_slice(&[0, 0, 0, 0, kind]);
        Self { bytes }
    }

    fn u8(&mut self, value: u8) -> &mut Self {
        self.bytes.push(value);
        self
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.u32(text.len() as u32);
        self.bytes.extend_from_slice(text.as_bytes());
        self
    }

    fn ids(&mut self, ids: &[u32]) -> &mut Self {
        self.u32(ids.len() as u32);
        self.bytes.extend(ids.iter().flat_map(|id| id.to_le_bytes()));
        self
    }

    fn framed(mut self) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len() - 4).unwrap_or(u32::MAX);
        self.bytes[..4].copy_from_slice(&length.to_le_bytes());
        self.bytes
    }
}

struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    fn u8(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[byte]| byte)
    }

    fn flag(&mut self) -> Result<bool, Malformed> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }

    fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    /// A number as rewards are: finite, in range, never -0.
    fn number(&mut self) -> Result<f64, Malformed> {
        let value = f64::from_bits(self.u64()?);
        let is_minus_zero = value == 0.0 && value.is_sign_negative();
        if value.abs() <= REWARD_MAX && !is_minus_zero { Ok(value) } else { Err(Malformed) }
    }

    fn text(&mut self) -> Result<String, Malformed> {
        let length = self.u32()? as usize;
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| Malformed)?;
        Ok(text.to_owned())
    }

    fn text_up_to(&mut self, most: usize) -> Result<String, Malformed> {
        let text = self.text()?;
        if text.len() <= most { Ok(text) } else { Err(Malformed) }
    }

    fn ids(&mut self) -> Result<Vec<u32>, Malformed> {
        let count = self.u32()? as usize;
        let bytes = self.take(count.checked_mul(4).ok_or(Malformed)?)?;
        let (ids, _) = bytes.as_chunks::<4>();
        Ok(ids.iter().map(|id| u32::from_le_bytes(*id)).collect())
    }

    /// As many as announced, each of at least `smallest` bytes.
    fn list<T>(
        &mut self,
        smallest: usize,
        read: impl Fn(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let count = self.u32()? as usize;
        if count > self.0.len() / smallest {
            return Err(Malformed);
        }
        (0..count).map(|_| read(self)).collect()
    }

    fn end(&self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(frame: &[u8]) -> Vec<u8> {
        let mut buffer = Vec::new();
        assert!(read_request(&mut &frame[..], &mut buffer).unwrap());
        buffer
    }

    fn task() -> Task {
        Task {
            id: "a".to_owned(),
            prompt: "zwölf?".to_owned(),
            prompt_token_ids: vec![1, u32::MAX],
            reference: String::new(),
            metadata: "{}".to_owned(),
            seed: u64::MAX,
        }
    }

    fn ran() -> Ran {
        Ran {
            outcome: Outcome::Ok,
            scores: vec![Score { reward: -0.5, components: vec![("a.b".to_owned(), 1e6)] }],
            fuel: 7,
            peak_memory_bytes: 65_536,
            log: vec![LogLine { level: Level::Warn, message: "hm".to_owned() }],
            detail: None,
            wall: Duration::from_micros(3),
        }
    }

    #[test]
    fn requests_come_back_as_they_were_sent() {
        let samples = vec![Sample { text: "12".to_owned(), token_ids: vec![5; 9], finish: Finish::Other }];
        let limits = Limits::default();
        let bytes = payload(&run_request(3, &limits, &task(), &samples));
        assert_eq!(Request::read(&bytes).unwrap(), Request::Run { slot: 3, limits, task: task(), samples });
        let bytes = payload(&load_request(7, World::RewardSimple, WasiProfile::Deterministic, b"code"));
        let (world, wasi) = (World::RewardSimple, WasiProfile::Deterministic);
        assert_eq!(Request::read(&bytes).unwrap(), Request::Load { slot: 7, world, wasi, code: b"code" });
    }

    #[test]
    fn replies_come_back_and_every_shortened_one_is_refused() {
        let failed = Ran {
            outcome: Outcome::Fault,
            scores: Vec::new(),
            detail: Some("internal: é".to_owned()),
            ..ran()
        };
        for reply in [
            Reply::Ready("{}".to_owned()),
            Reply::Loaded,
            Reply::Ran(vec![ran(), failed]),
            Reply::Failed(Failure::Refused, "why".to_owned()),
        ] {
            let bytes = payload(&reply.frame());
            assert_eq!(Reply::read(&bytes).unwrap(), reply);
            for end in 0..bytes.len() {
                assert_eq!(Reply::read(&bytes[..end]), Err(Malformed));
            }
            assert_eq!(Reply::read(&[&bytes[..], b"x"].concat()), Err(Malformed));
        }
    }

    #[test]
    fn a_child_cannot_say_what_the_sandbox_would_not() {
        let beyond = [
            Ran { scores: vec![Score { reward: 1e7, components: vec![] }], ..ran() },
            Ran { scores: vec![Score { reward: f64::NAN, components: vec![] }], ..ran() },
            Ran { scores: vec![Score { reward: -0.0, components: vec![] }], ..ran() },
            Ran { scores: vec![Score { reward: 0.0, components: vec![("A".to_owned(), 0.0)] }], ..ran() },
            Ran { detail: Some("x".repeat(DETAIL_BYTES + 1)), ..ran() },
            Ran { log: vec![LogLine { level: Level::Info, message: "x".repeat(LOG_BYTES + 1) }], ..ran() },
            Ran { scores: vec![Score { reward: 0.0, components: vec![("a".to_owned(), 0.0); 33] }], ..ran() },
        ];
        for ran in beyond {
            assert_eq!(Reply::read(&payload(&Reply::Ran(vec![ran]).frame())), Err(Malformed));
        }
    }

    #[test]
    fn no_length_is_believed() {
        let huge = [&(REPLY_BYTES as u32 + 1).to_le_bytes()[..], b"x"].concat();
        assert!(read_reply(&mut &huge[..], &mut Vec::new()).is_err());
        let cut = [&100u32.to_le_bytes()[..], b"x"].concat();
        assert!(read_reply(&mut &cut[..], &mut Vec::new()).is_err());
        assert!(!read_reply(&mut &b""[..], &mut Vec::new()).unwrap());
    }
}
