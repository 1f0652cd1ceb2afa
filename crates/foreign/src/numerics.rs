//! What makes one engine's arithmetic foreign to another's: element types, summation orders, kinds of attention.

/// The arithmetic of an [`Engine`](crate::Engine).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Numerics {
    pub weights: Precision,
    pub activations: Precision,
    pub order: Order,
    pub attention: Attention,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Precision {
    F32,
    /// Rounded to the nearest bf16, ties to even, at every boundary between operations where a bf16 GPU engine
    /// writes to memory: embeddings, outputs of products (after the bias), of norms, of the rotation, of
    /// `silu(gate) * up`, of residual additions, attention probabilities and attention outputs. Inside an
    /// operation everything is f32. The state after the final norm is rounded, the logits are not.
    Bf16,
}

/// In which order the terms of a dot product are added.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// So many interleaved running sums, added in the end: what vector units do.
    Lanes(usize),
    /// Blocks of so many consecutive terms are summed on their own, then added: what tensor cores do.
    Blocked(usize),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attention {
    /// All scores, their softmax, then the weighted values. With bf16 activations scores and probabilities are
    /// rounded.
    Eager,
    /// Online softmax over tiles of so many keys, as in flash attention. With bf16 activations the weights
    /// before normalisation are rounded, the scores and the sum of the weights are not.
    Tiled(usize),
}

impl Numerics {
    /// Another f32 engine, such as an unfused one on a CPU.
    pub const F32_FOREIGN: Self = Self {
        weights: Precision::F32,
        activations: Precision::F32,
        order: Order::Lanes(8),
        attention: Attention::Eager,
    };

    /// A bf16 engine that writes its attention scores to memory.
    pub const BF16_EAGER: Self = Self {
        weights: Precision::Bf16,
        activations: Precision::Bf16,
        order: Order::Lanes(8),
        attention: Attention::Eager,
    };

    /// A bf16 engine with fused attention and tensor-core summation.
    pub const BF16_TILED: Self = Self {
        weights: Precision::Bf16,
        activations: Precision::Bf16,
        order: Order::Blocked(16),
        attention: Attention::Tiled(32),
    };

    pub const ALL: &[Self] = &[Self::F32_FOREIGN, Self::BF16_EAGER, Self::BF16_TILED];

    /// A short name, such as `bf16/eager/lanes8`; different for different numerics.
    pub fn id(&self) -> String {
        let precision = if self.weights == self.activations {
            self.weights.id().to_owned()
        } else {
            format!("w-{}-a-{}", self.weights.id(), self.activations.id())
        };
        let attention = match self.attention {
            Attention::Eager => "eager".to_owned(),
            Attention::Tiled(keys) => format!("tiled{keys}"),
        };
        let order = match self.order {
            Order::Lanes(lanes) => format!("lanes{lanes}"),
            Order::Blocked(terms) => format!("blocked{terms}"),
        };
        format!("{precision}/{attention}/{order}")
    }
}

impl Precision {
    fn id(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        }
    }

    /// Rounds every value to this precision.
    #[inline]
    pub(crate) fn round(self, values: &mut [f32]) {
        if self == Self::Bf16 {
            for value in values {
                *value = to_bf16(*value);
            }
        }
    }

    #[inline]
    pub(crate) fn rounded(self, value: f32) -> f32 {
        match self {
            Self::F32 => value,
            Self::Bf16 => to_bf16(value),
        }
    }
}

/// The terms of one partial sum: every `step`-th from `start` to before `end`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) step: usize,
}

impl Order {
    /// The partial sums of a dot product of `depth` terms. A size of 0 counts as 1.
    #[inline]
    pub(crate) fn partial_sums(self, depth: usize) -> impl Iterator<Item = Terms> {
        let (count, stride, length, step) = match self {
            Self::Lanes(lanes) => (lanes.clamp(1, depth.max(1)), 1, depth, lanes.max(1)),
            Self::Blocked(terms) => (depth.div_ceil(terms.max(1)), terms.max(1), terms.max(1), 1),
        };
        (0..count).map(move |sum| {
            let start = sum * stride;
            Terms { start, end: depth.min(start.saturating_add(length)), step }
        })
    }
}

/// Adding a half of the last kept place, less one if that place is even, and cutting off rounds to nearest, ties
/// to even. A NaN would overflow.
#[inline]
fn to_bf16(value: f32) -> f32 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) & 0xffff_0000;
    if value.is_nan() { value } else { f32::from_bits(rounded) }
}

#[cfg(test)]
mod tests {
    use half::bf16;

    use super::*;

    #[test]
    fn rounding_is_that_of_bf16() {
        let mut checked = 0;
        for bits in (0..=u32::MAX).step_by(10_007) {
            let value = f32::from_bits(bits);
            if value.is_nan() {
                assert!(to_bf16(value).is_nan());
                continue;
            }
            assert_eq!(to_bf16(value).to_bits(), bf16::from_f32(value).to_f32().to_bits(), "{value:e}");
            checked += 1;
        }
        assert!(checked > 400_000);
        for tie in [0x3f80_8000u32, 0x3f81_8000, 0xbf80_8000, 0x7f7f_ffff] {
            let value = f32::from_bits(tie);
            assert_eq!(to_bf16(value).to_bits(), bf16::from_f32(value).to_f32().to_bits());
        }
    }

    #[test]
    fn every_term_is_in_exactly_one_partial_sum() {
        for order in
            [Order::Lanes(0), Order::Lanes(8), Order::Lanes(999), Order::Blocked(0), Order::Blocked(16)]
        {
            for depth in [0, 1, 7, 8, 16, 56, 129] {
                let mut seen = vec![0; depth];
                for Terms { start, end, step } in order.partial_sums(depth) {
                    (start..end).step_by(step).for_each(|term| seen[term] += 1);
                }
                assert_eq!(seen, vec![1; depth], "{order:?} over {depth}");
            }
        }
    }

    #[test]
    fn ids_tell_numerics_apart() {
        let mixed = Numerics { activations: Precision::F32, ..Numerics::BF16_EAGER };
        let ids = [Numerics::F32_FOREIGN, Numerics::BF16_EAGER, Numerics::BF16_TILED, mixed].map(|n| n.id());
        assert_eq!(
            ids,
            ["f32/eager/lanes8", "bf16/eager/lanes8", "bf16/tiled32/blocked16", "w-bf16-a-f32/eager/lanes8"]
        );
    }
}
