//! The projection of one hidden state: what a calibrated record commits to, small enough to send for every token.
//!
//! `p = Q·(h∘w)`, `scale = max|p| / 127` as f16, `fp = round(p / scale)` as k signed bytes. `w` whitens (1/rms of each
//! dimension over honest runs, from the calibration), so that no few large dimensions carry the whole norm. `Q` is k×d
//! with entries ±1/√k, the bits of SHAKE256 over the chain's start `c_0`: other for every miner, task and rollout, and fixed
//! only when the job's randomness is. A record copied from anybody else does not fit.

use half::f16;
use sha3::digest::{ExtendableOutput, Update, XofReader};
use sha3::{Shake256, Shake256Reader};

use crate::hash::Hash;

/// The largest |value| of a projection; the scale makes the largest component exactly this.
pub const FULL: i8 = 127;
const SCALE_BYTES: usize = 2;

/// Number of components of a projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Width {
    K8,
    K16,
}

impl Width {
    pub const ALL: &[Self] = &[Self::K8, Self::K16];

    pub const fn k(self) -> usize {
        match self {
            Self::K8 => 8,
            Self::K16 => 16,
        }
    }

    pub fn from_k(k: u32) -> Option<Self> {
        match k {
            8 => Some(Self::K8),
            16 => Some(Self::K16),
            _ => None,
        }
    }

    /// Bytes of scale and values.
    pub const fn bytes(self) -> usize {
        SCALE_BYTES + self.k()
    }
}

/// A projection as it is committed to: a scale and k signed bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Projection {
    width: Width,
    scale: f16,
    /// Zeros behind the first k.
    values: [i8; Width::K16.k()],
}

impl Projection {
    /// Quantises components; their number is the width's. NaN becomes 0.
    pub fn quantise(width: Width, components: &[f32]) -> Self {
        let largest = components.iter().fold(0.0_f32, |max, p| if p.abs() > max { p.abs() } else { max });
        // a scale that f16 cannot hold would make infinities or zeros; a state that far off fits no model anyway
        let scale = f16::from_f32((largest / f32::from(FULL)).clamp(f16::MIN_POSITIVE.to_f32(), 65_504.0));
        let mut values = [0; Width::K16.k()];
        for (value, p) in values.iter_mut().zip(components).take(width.k()) {
            *value = (p / scale.to_f32()).round().clamp(-f32::from(FULL), f32::from(FULL)) as i8;
        }
        Self { width, scale, values }
    }

    pub fn width(&self) -> Width {
        self.width
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.scale.to_bits().to_le_bytes());
        out.extend(self.values[..self.width.k()].iter().map(|value| value.to_le_bytes()[0]));
    }

    /// `None` when `bytes` have another length.
    pub(crate) fn read(width: Width, bytes: &[u8]) -> Option<Self> {
        let (scale, rest) = bytes.split_first_chunk()?;
        if rest.len() != width.k() {
            return None;
        }
        let mut values = [0; Width::K16.k()];
        for (value, byte) in values.iter_mut().zip(rest) {
            *value = i8::from_le_bytes([*byte]);
        }
        Some(Self { width, scale: f16::from_bits(u16::from_le_bytes(*scale)), values })
    }

    /// Each projection has one encoding: a positive finite scale, and some value at full scale. No state is all zeros,
    /// so neither is a projection.
    pub fn in_range(&self) -> bool {
        let largest = self.values.iter().map(|value| value.unsigned_abs()).max();
        self.scale.is_finite() && self.scale > f16::ZERO && largest == Some(FULL.unsigned_abs())
    }

    /// The components that the bytes stand for.
    pub fn components(&self) -> impl Iterator<Item = f32> {
        let scale = self.scale.to_f32();
        self.values.into_iter().take(self.width.k()).map(move |value| f32::from(value) * scale)
    }
}

/// The whitened ±1/√k projection of one rollout.
#[derive(Debug, Clone)]
pub struct Projector {
    width: Width,
    /// k rows of d entries ±w/√k.
    matrix: Vec<f32>,
    hidden: usize,
}

impl Projector {
    /// `SHAKE256("reliquary/q/1" | c_0)`, both fields framed by their lengths (be32): bit `j·d + i` (from the lowest of
    /// each byte) is the sign of row j, dimension i; 1 is plus. `start` is `Task::start`.
    pub fn new(width: Width, whitening: &[f32], start: &Hash) -> Self {
        let mut signs = Bits::new(start);
        let scale = 1.0 / (width.k() as f32).sqrt();
        let row = |_| whitening.iter().map(|w| if signs.next() { w * scale } else { -w * scale }).collect();
        let rows: Vec<Vec<f32>> = (0..width.k()).map(row).collect();
        Self { width, matrix: rows.concat(), hidden: whitening.len() }
    }

    pub fn width(&self) -> Width {
        self.width
    }

    /// The components of a state, unquantised. A state of another length than the whitening has none.
    pub fn project(&self, hidden: &[f32]) -> Vec<f32> {
        if hidden.len() != self.hidden {
            return vec![f32::NAN; self.width.k()];
        }
        let rows = self.matrix.chunks_exact(self.hidden.max(1));
        rows.map(|row| row.iter().zip(hidden).map(|(q, h)| f64::from(q * h)).sum::<f64>() as f32).collect()
    }

    /// The committed form of a state.
    pub fn commit(&self, hidden: &[f32]) -> Projection {
        Projection::quantise(self.width, &self.project(hidden))
    }
}

/// The bits of one rollout's SHAKE256 stream.
struct Bits {
    stream: Shake256Reader,
    byte: u8,
    left: u32,
}

impl Bits {
    fn new(start: &Hash) -> Self {
        let mut shake = Shake256::default();
        for field in [&b"reliquary/q/1"[..], start] {
            shake.update(&(field.len() as u32).to_be_bytes());
            shake.update(field);
        }
        Self { stream: shake.finalize_xof(), byte: 0, left: 0 }
    }

    fn next(&mut self) -> bool {
        if self.left == 0 {
            let mut byte = [0];
            self.stream.read(&mut byte);
            (self.byte, self.left) = (byte[0], 8);
        }
        let bit = self.byte & 1 == 1;
        self.byte >>= 1;
        self.left -= 1;
        bit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn state(seed: u32, d: usize) -> Vec<f32> {
        (0..d).map(|i| ((i as f32 + 1.3) * (seed as f32 + 0.7)).sin() * 3.0).collect()
    }

    #[test]
    fn a_projection_keeps_length_on_average_and_differs_by_rollout() {
        let d = 256;
        let h = state(1, d);
        let squares: f32 = h.iter().map(|x| x * x).sum();
        let lengths = (0..200).map(|sample| {
            let p = Projector::new(Width::K16, &vec![1.0; d], &[sample; 32]).project(&h);
            p.iter().map(|x| x * x).sum::<f32>()
        });
        let mean = lengths.sum::<f32>() / 200.0;
        assert!((mean / squares - 1.0).abs() < 0.1, "{mean} against {squares}");
        let of = |start| Projector::new(Width::K8, &vec![1.0; d], &[start; 32]).commit(&h);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn whitening_is_applied_and_a_foreign_length_never_fits() {
        let h = [1.0, 10.0];
        let of = |w: &[f32]| Projector::new(Width::K8, w, &[1; 32]).project(&h);
        assert!(of(&[1.0, 0.0]).iter().all(|p| (p.abs() - 1.0 / 8.0_f32.sqrt()).abs() < 1e-6));
        assert!(of(&[1.0; 3]).iter().all(|p| p.is_nan()));
    }

    #[test]
    fn zeros_infinities_and_nan_have_no_valid_encoding_or_a_clamped_one() {
        assert!(!Projection::quantise(Width::K8, &[0.0; 8]).in_range());
        assert!(!Projection::quantise(Width::K8, &[f32::NAN; 8]).in_range());
        assert!(Projection::quantise(Width::K8, &[f32::INFINITY; 8]).in_range());
        assert!(Projection::quantise(Width::K8, &[1e30; 8]).in_range());
    }

    proptest! {
        #[test]
        fn quantising_is_close_in_range_and_survives_its_bytes(
            p in prop::collection::vec(-50.0_f32..50.0, 16),
            wide in any::<bool>(),
        ) {
            let width = if wide { Width::K16 } else { Width::K8 };
            let p = &p[..width.k()];
            let largest = p.iter().fold(0.0_f32, |max, p| max.max(p.abs()));
            prop_assume!(largest > 0.1);
            let projection = Projection::quantise(width, p);
            prop_assert!(projection.in_range());
            for (committed, p) in projection.components().zip(p) {
                prop_assert!((committed - p).abs() <= largest / 127.0 * 0.6 + largest * 1e-3);
            }
            let mut bytes = Vec::new();
            projection.write(&mut bytes);
            prop_assert_eq!(bytes.len(), width.bytes());
            prop_assert_eq!(Projection::read(width, &bytes), Some(projection));
            prop_assert_eq!(Projection::read(width, &bytes[1..]), None);
        }
    }
}
