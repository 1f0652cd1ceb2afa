//! The verifier's log-probs of one group as they are stored: `count u32 ‖ (len u32 ‖ len × f32)…`, little endian.

/// One list per rollout, in sample order.
pub fn encode(logprobs: &[Vec<f32>]) -> Vec<u8> {
    let mut out = (logprobs.len() as u32).to_le_bytes().to_vec();
    for rollout in logprobs {
        out.extend_from_slice(&(rollout.len() as u32).to_le_bytes());
        out.extend(rollout.iter().flat_map(|logprob| logprob.to_le_bytes()));
    }
    out
}

/// `None` for bytes that [`encode`] did not make.
pub fn decode(bytes: &[u8]) -> Option<Vec<Vec<f32>>> {
    let (count, mut rest) = bytes.split_first_chunk()?;
    let mut rollouts = Vec::new();
    for _ in 0..u32::from_le_bytes(*count) {
        let (len, tail) = rest.split_first_chunk()?;
        let (own, tail) = tail.split_at_checked((u32::from_le_bytes(*len) as usize).checked_mul(4)?)?;
        let (values, _) = own.as_chunks();
        rollouts.push(values.iter().map(|value| f32::from_le_bytes(*value)).collect());
        rest = tail;
    }
    rest.is_empty().then_some(rollouts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_again_and_nothing_else_is() {
        let logprobs = vec![vec![-0.5, -1.25], Vec::new(), vec![-3.0]];
        let bytes = encode(&logprobs);
        assert_eq!(decode(&bytes), Some(logprobs));
        for cut in 0..bytes.len() {
            assert_eq!(decode(&bytes[..cut]), None);
        }
        assert_eq!(decode(&[&bytes[..], &[0]].concat()), None);
        assert_eq!(decode(&[0xff; 12]), None);
    }
}
