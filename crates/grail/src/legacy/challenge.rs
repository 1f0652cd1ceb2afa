//! Which positions the deployed validators look at. Tokens and window randomness alone decide, so a miner knows the
//! positions before committing: one reason why this proof is no evidence.

use sha2::{Digest, Sha256};

use super::mersenne::PythonRandom;
use super::prf::{Framing, LABEL_OPEN, prf, randomness_bytes};
use super::{Error, commit};

/// `count` sorted positions out of `0..len`.
pub fn indices_from_root(
    framing: Framing,
    tokens: &[i64],
    randomness: &str,
    len: usize,
    count: usize,
) -> Result<Vec<usize>, Error> {
    let refused = Error::ChallengeCount { count, len };
    let (Ok(n), Ok(k)) = (u32::try_from(len), u32::try_from(count)) else { return Err(refused) };
    if k > n || k == 0 {
        return Err(refused);
    }
    if tokens.is_empty() {
        return Err(Error::NoTokens);
    }
    let randomness = randomness_bytes(randomness)?;
    if randomness.is_empty() {
        return Err(Error::EmptyRandomness);
    }
    let tokens_hash = Sha256::digest(commit::token_bytes(tokens));
    let mut random = PythonRandom::from_bytes(&prf(framing, LABEL_OPEN, &[&tokens_hash, &randomness], 32)?);

    // compared in f64 as deployed: 70 * 0.1 is a little more than 7, so 7 of 70 are sampled
    let mut indices = if f64::from(k) < f64::from(n) * 0.1 {
        random.sample(n, k)
    } else {
        let mut all = random.shuffled(n);
        all.truncate(count);
        all
    };
    indices.sort_unstable();
    Ok(indices.into_iter().map(|index| index as usize).collect())
}

/// Up to `count` sorted positions out of `start..end`; none of an empty range.
pub fn indices_from_root_in_range(
    framing: Framing,
    tokens: &[i64],
    randomness: &str,
    range: std::ops::Range<usize>,
    count: usize,
) -> Result<Vec<usize>, Error> {
    let (start, end) = (range.start, range.end);
    if end < start {
        return Err(Error::PositionRange { start, end });
    }
    if end == start {
        return Ok(Vec::new());
    }
    let len = end - start;
    let indices = indices_from_root(framing, tokens, randomness, len, count.min(len))?;
    Ok(indices.into_iter().map(|index| start + index).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_deployed_code_refuses_is_refused() {
        let draw = |tokens: &[i64], text, len, count| {
            indices_from_root(Framing::LengthPrefixed, tokens, text, len, count)
        };
        assert!(draw(&[1], "ab", 4, 4).is_ok());
        assert!(draw(&[1], "ab", 4, 5).is_err());
        assert!(draw(&[1], "ab", 4, 0).is_err());
        assert!(draw(&[1], "ab", 0, 0).is_err());
        assert!(draw(&[], "ab", 4, 2).is_err());
        assert!(draw(&[1], " 0x ", 4, 2).is_err());
        assert!(draw(&[1], "xy", 4, 2).is_err());
    }

    #[test]
    #[expect(clippy::reversed_empty_ranges, reason = "a stranger may name one")]
    fn ranges_are_checked() {
        let draw = |range, count| indices_from_root_in_range(Framing::DoublePipe, &[1], "ab", range, count);
        assert!(draw(5..5, 32).unwrap().is_empty());
        assert!(draw(6..5, 32).is_err());
        assert_eq!(draw(7..9, 32).unwrap(), [7, 8]);
        assert!(draw(7..9, 0).is_err());
    }
}
