//! Randomness text, the SHAKE256 PRF in both framings, and the sketch coefficients drawn from it.

use sha3::Shake256;
use sha3::digest::{ExtendableOutput, Update, XofReader};

use super::Error;

/// Longest PRF output that the deployed code gives.
pub const MAX_OUTPUT_BYTES: usize = 1 << 16;

pub(super) const LABEL_SKETCH: &[u8] = b"sketch";
pub(super) const LABEL_OPEN: &[u8] = b"open";

/// How the PRF separates its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `be32(len) ‖ bytes` for the label and each part.
    LengthPrefixed,
    /// `label ‖ "||" ‖ part ‖ "||" ‖ part`: ambiguous when a part holds the separator, kept as deployed.
    DoublePipe,
}

/// SHAKE256 over the framed label and parts.
pub fn prf(framing: Framing, label: &[u8], parts: &[&[u8]], output_bytes: usize) -> Result<Vec<u8>, Error> {
    if output_bytes > MAX_OUTPUT_BYTES {
        return Err(Error::OutputTooLong(output_bytes));
    }
    let mut shake = Shake256::default();
    match framing {
        Framing::LengthPrefixed => {
            for field in std::iter::once(&label).chain(parts) {
                let len = u32::try_from(field.len()).map_err(|_| Error::FieldTooLong("a PRF part"))?;
                shake.update(&len.to_be_bytes());
                shake.update(field);
            }
        }
        Framing::DoublePipe => {
            shake.update(label);
            shake.update(b"||");
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    shake.update(b"||");
                }
                shake.update(part);
            }
        }
    }
    let mut output = vec![0; output_bytes];
    shake.finalize_xof().read(&mut output);
    Ok(output)
}

/// Reads randomness text as the deployed code does: strip, delete `0x` then `0X` wherever they stand, pad one `0` if the
/// length is odd, hex-decode. The decoder skips white space between bytes, as Python's does, but the padding counts it.
pub fn randomness_bytes(text: &str) -> Result<Vec<u8>, Error> {
    let mut clean = text.trim_matches(is_python_space).replace("0x", "").replace("0X", "");
    if !clean.chars().count().is_multiple_of(2) {
        clean.insert(0, '0');
    }
    let mut bytes = Vec::with_capacity(clean.len() / 2);
    let mut rest = clean.as_bytes();
    loop {
        rest = skip_spaces(rest);
        match *rest {
            [] => return Ok(bytes),
            [high, low, ref tail @ ..] => {
                bytes.push(nibble(high)? << 4 | nibble(low)?);
                rest = tail;
            }
            [_] => return Err(Error::RandomnessText),
        }
    }
}

/// The coefficients of a sketch: `topk` big-endian i16 from the PRF, each `floor_mod(wrapping_abs(x), 2·range+1) - range`.
///
/// `wrapping_abs` matters: numpy leaves -32768 negative, and the floor modulus then gives 0 for range 127.
pub fn coefficients(framing: Framing, randomness: &str, topk: usize, range: u8) -> Result<Vec<i8>, Error> {
    let raw = prf(framing, LABEL_SKETCH, &[&randomness_bytes(randomness)?], topk.saturating_mul(2))?;
    let range = i16::from(range);
    let coefficient = |pair: &[u8]| {
        let value = i16::from_be_bytes([pair[0], pair[1]]).wrapping_abs();
        (value.rem_euclid(2 * range + 1) - range) as i8
    };
    Ok(raw.chunks_exact(2).map(coefficient).collect())
}

/// What `str.strip` takes away: Unicode white space and the four ASCII separators.
fn is_python_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// `bytes.fromhex` also skips the vertical tab, which Rust does not count as ASCII white space.
fn skip_spaces(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !matches!(byte, b' ' | b'\t'..=b'\r')).unwrap_or(text.len());
    &text[start..]
}

fn nibble(digit: u8) -> Result<u8, Error> {
    char::from(digit).to_digit(16).map(|value| value as u8).ok_or(Error::RandomnessText)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn randomness_text_is_read_as_python_reads_it() {
        let read = |text| randomness_bytes(text).ok();
        assert_eq!(read(""), Some(vec![]));
        assert_eq!(read("abc"), Some(vec![0x0a, 0xbc]));
        assert_eq!(read(" \x1f0xABcd\n"), Some(vec![0xab, 0xcd]));
        assert_eq!(read("ab0X0xcd"), Some(vec![0xab, 0xcd]));
        assert_eq!(read("0"), Some(vec![0]));
        assert_eq!(read("00xx1"), None, "deleting one 0x leaves another one behind");
        assert_eq!(read("ab  cd"), Some(vec![0xab, 0xcd]));
        assert_eq!(read("ab cd"), None, "the padding counts the space");
        assert_eq!(read("a b"), None);
        assert_eq!(read("zz"), None);
        assert_eq!(read("é"), None);
        assert_eq!(read("+1"), None);
    }

    #[test]
    fn the_pipe_framing_is_ambiguous_and_the_other_is_not() {
        let split = |framing| prf(framing, b"open", &[b"a", b"b"], 32).unwrap();
        let joined = |framing| prf(framing, b"open", &[b"a||b"], 32).unwrap();
        assert_eq!(split(Framing::DoublePipe), joined(Framing::DoublePipe));
        assert_ne!(split(Framing::LengthPrefixed), joined(Framing::LengthPrefixed));
        assert!(prf(Framing::DoublePipe, b"", &[], MAX_OUTPUT_BYTES + 1).is_err());
        assert_eq!(prf(Framing::DoublePipe, b"", &[], 0).unwrap(), b"");
    }
}
