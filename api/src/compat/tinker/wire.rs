//! The answer to a sampling request in the package's own form: protocol buffers, of which it takes nothing else. A few
//! fields of two messages, written by hand.
//!
//! `SampleResponse { repeated SampledSequence sequences = 1; }`, `SampledSequence { StopReason stop_reason = 1; bytes tokens
//! = 2; optional bytes logprobs = 3; }`: int32 and float32, little-endian.

use grail::chain::Finish;
use protocol::rollout::RolloutRecord;

pub(super) const PROTOBUF: &str = "application/x-protobuf";

/// A field of bytes.
const LENGTH_DELIMITED: u8 = 2;

/// These rollouts as a `SampleResponse`, in sample order.
pub(super) fn sample_response(mut records: Vec<RolloutRecord>) -> Vec<u8> {
    records.sort_unstable_by_key(|record| record.sample_index);
    let mut response = Vec::new();
    for record in &records {
        bytes(&mut response, 1, &sequence(record));
    }
    response
}

fn sequence(record: &RolloutRecord) -> Vec<u8> {
    let tokens: Vec<u8> = record.completion_ids.iter().flat_map(|id| id.to_le_bytes()).collect();
    let logprobs: Vec<u8> =
        record.behavior_logprobs.iter().flat_map(|logprob| logprob.to_le_bytes()).collect();
    let mut sequence = Vec::new();
    // `stop` is 0, which is not written
    if record.finish_reason == Finish::Length {
        sequence.extend([1 << 3, 1]);
    }
    bytes(&mut sequence, 2, &tokens);
    bytes(&mut sequence, 3, &logprobs);
    sequence
}

fn bytes(out: &mut Vec<u8>, field: u8, value: &[u8]) {
    out.push(field << 3 | LENGTH_DELIMITED);
    let mut length = value.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_varints() {
        let mut out = Vec::new();
        bytes(&mut out, 2, &[7; 3]);
        assert_eq!(out, [0x12, 3, 7, 7, 7]);
        let mut out = Vec::new();
        bytes(&mut out, 1, &[0; 300]);
        assert_eq!(&out[..3], [0x0A, 0xAC, 0x02]);
        assert_eq!(out.len(), 303);
    }
}
