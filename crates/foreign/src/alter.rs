//! Weights that are not the checkpoint's: what a miner saves money with, or serves in its place.
//!
//! Each alteration wraps a tensor source and gives another, for any engine that asks a source for its tensors.
//! Quantisation is of weights only: they are rounded to the values of the small type, computation stays that of
//! the engine. It touches the matrices of the layers; embeddings, output head, norms and biases are kept, as in
//! published quantised checkpoints.

use checkpoint::ModelConfig;

/// A way to run other weights than those of the checkpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alter {
    /// From -127 to 127 times a scale for each output channel, which fits its largest weight.
    Int8,
    /// From -7 to 7 times a scale for each 32 neighbouring inputs of an output channel.
    Int4,
    /// Floats of 4 exponent and 3 mantissa bits (e4m3fn, largest 448) times a scale for each output channel, which
    /// takes its largest weight to 448.
    Fp8,
    /// Without this layer, counted from 0; past the end it is the last one.
    DropLayer(usize),
    /// Made up from a seed: normally distributed, with each tensor's own mean and standard deviation.
    Reseed(u64),
}

impl Alter {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Int8 => "int8",
            Self::Int4 => "int4",
            Self::Fp8 => "fp8",
            Self::DropLayer(_) => "dropped_layer",
            Self::Reseed(_) => "other_weights",
        }
    }

    /// The configuration to load the altered tensors with.
    pub fn config(&self, config: &ModelConfig) -> ModelConfig {
        let mut config = config.clone();
        if let Self::DropLayer(_) = self {
            config.num_hidden_layers = config.num_hidden_layers.saturating_sub(1);
        }
        config
    }

    /// The altered tensors of a checkpoint: `config` is the one of `inner`, before the alteration.
    pub fn source<E, S>(
        self,
        config: &ModelConfig,
        mut inner: S,
    ) -> impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E> + use<E, S>
    where
        S: FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    {
        let last = config.num_hidden_layers.saturating_sub(1);
        move |name, shape| {
            if let Self::DropLayer(dropped) = self {
                return inner(&past(dropped.min(last), name), shape);
            }
            let mut tensor = inner(name, shape)?;
            match (self, shape) {
                (Self::Reseed(seed), _) => reseed(&mut tensor, seed, name),
                (Self::Int8, [_, inputs]) if in_layer(name) => to_grid(&mut tensor, *inputs, 127.0),
                (Self::Int4, [_, inputs]) if in_layer(name) => {
                    tensor.chunks_mut(*inputs).for_each(|channel| to_grid(channel, INT4_GROUP, 7.0));
                }
                (Self::Fp8, [_, inputs]) if in_layer(name) => {
                    tensor.chunks_mut(*inputs).for_each(to_fp8);
                }
                _ => {}
            }
            Ok(tensor)
        }
    }
}

const INT4_GROUP: usize = 32;
const LAYERS: &str = "model.layers.";

fn in_layer(name: &str) -> bool {
    name.starts_with(LAYERS)
}

/// The name of a tensor in the whole model, given its name in the one without a layer.
fn past(dropped: usize, name: &str) -> String {
    let split = name.strip_prefix(LAYERS).and_then(|rest| rest.split_once('.'));
    match split.and_then(|(index, rest)| Some((index.parse::<usize>().ok()?, rest))) {
        Some((index, rest)) if index >= dropped => format!("{LAYERS}{}.{rest}", index + 1),
        _ => name.to_owned(),
    }
}

/// Rounds every `group` of weights to whole multiples of its largest one's `steps`-th part.
fn to_grid(weights: &mut [f32], group: usize, steps: f32) {
    for weights in weights.chunks_mut(group) {
        let scale = largest(weights) / steps;
        if scale > 0.0 {
            for weight in weights {
                *weight = (*weight / scale).round_ties_even() * scale;
            }
        }
    }
}

fn to_fp8(channel: &mut [f32]) {
    let scale = largest(channel) / E4M3_MAX;
    if scale > 0.0 {
        for weight in channel {
            *weight = to_e4m3(*weight / scale) * scale;
        }
    }
}

fn largest(weights: &[f32]) -> f32 {
    weights.iter().fold(0.0, |max, weight| weight.abs().max(max))
}

const E4M3_MAX: f32 = 448.0;
const E4M3_MIN_EXPONENT: i32 = -6;

/// The nearest e4m3fn value, ties to even.
fn to_e4m3(value: f32) -> f32 {
    let exponent = ((value.to_bits() >> 23) & 0xff) as i32 - 127;
    let step = f32::exp2((exponent.max(E4M3_MIN_EXPONENT) - 3) as f32);
    ((value / step).round_ties_even() * step).clamp(-E4M3_MAX, E4M3_MAX)
}

fn reseed(tensor: &mut [f32], seed: u64, name: &str) {
    let count = tensor.len().max(1) as f64;
    let mean = tensor.iter().map(|weight| f64::from(*weight)).sum::<f64>() / count;
    let variance = tensor.iter().map(|weight| (f64::from(*weight) - mean).powi(2)).sum::<f64>() / count;
    // FNV-1a, so that every tensor has its own numbers
    let name = name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mut state = mixed(seed) ^ name;
    let mut uniform = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        ((mixed(state) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    for weight in tensor {
        let normal = (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
        *weight = (mean + variance.sqrt() * normal) as f32;
    }
}

/// The output function of SplitMix64.
fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(count: usize) -> Vec<f32> {
        let mut weights: Vec<f32> = [0.02, -0.02].into_iter().cycle().take(count).collect();
        reseed(&mut weights, 5, "made up");
        weights
    }

    fn altered(alter: Alter, name: &str, shape: &[usize], tensor: &[f32]) -> Vec<f32> {
        let config = ModelConfig {
            architecture: checkpoint::Architecture::Llama,
            vocab_size: 8,
            hidden_size: 8,
            intermediate_size: 8,
            num_hidden_layers: 3,
            num_attention_heads: 1,
            num_key_value_heads: 1,
            head_dim: 8,
            rms_norm_eps: 1e-6,
            rope_theta: 1e4,
            rope_scaling: None,
            tie_word_embeddings: true,
            attention_bias: false,
            max_position_embeddings: 8,
            eos_token_ids: vec![0],
        };
        let given = |_: &str, _: &[usize]| Ok::<_, ()>(tensor.to_vec());
        alter.source(&config, given)(name, shape).unwrap()
    }

    const MATRIX: &str = "model.layers.2.mlp.up_proj.weight";

    /// The largest error in terms of the group's own largest weight, and how many values a group has at most.
    fn grid(alter: Alter, group: usize) -> (f32, usize) {
        let before = weights(6 * 96);
        let after = altered(alter, MATRIX, &[6, 96], &before);
        assert_eq!(altered(alter, MATRIX, &[6, 96], &after), after, "quantising twice is quantising once");
        let mut worst = (0.0f32, 0);
        for (before, after) in before.chunks(group).zip(after.chunks(group)) {
            let errors = before.iter().zip(after).map(|(b, a)| (b - a).abs());
            worst.0 = worst.0.max(errors.fold(0.0, f32::max) / largest(before));
            let mut values: Vec<f32> = after.to_vec();
            values.sort_by(f32::total_cmp);
            values.dedup();
            worst.1 = worst.1.max(values.len());
        }
        worst
    }

    #[test]
    fn integers_are_off_by_half_a_step_at_most() {
        let (error, _) = grid(Alter::Int8, 96);
        assert!(error > 0.3 / 127.0 && error <= 0.501 / 127.0, "{error}");
        let (error, values) = grid(Alter::Int4, 32);
        assert!(error > 0.3 / 7.0 && error <= 0.501 / 7.0, "{error}");
        assert!((8..=15).contains(&values), "{values}");
    }

    #[test]
    fn floats_are_off_by_a_sixteenth_of_themselves_at_most() {
        let before = weights(6 * 96);
        let after = altered(Alter::Fp8, MATRIX, &[6, 96], &before);
        let mut worst = 0.0f32;
        for (before, after) in before.chunks(96).zip(after.chunks(96)) {
            // below the smallest normal value, 2^-6, the steps are 2^-9
            let floor = largest(before) / E4M3_MAX / 64.0;
            for (before, after) in before.iter().zip(after) {
                worst = worst.max((before - after).abs() / before.abs().max(floor));
            }
        }
        assert!(worst > 0.04 && worst <= 0.0626, "{worst}");
        for (value, expected) in [
            (448.0, 448.0),
            (1e4, 448.0),
            (17.0, 16.0),
            (19.0, 20.0),
            (-0.3, -0.3125),
            (0.0021, 0.001_953_125),
        ] {
            assert_eq!(to_e4m3(value), expected, "{value}");
        }
    }

    #[test]
    fn only_matrices_of_layers_are_quantised() {
        let before = weights(96);
        for alter in [Alter::Int8, Alter::Int4, Alter::Fp8] {
            assert_ne!(altered(alter, MATRIX, &[1, 96], &before), before);
            for (name, shape) in [
                ("model.embed_tokens.weight", [3, 32].as_slice()),
                ("lm_head.weight", &[3, 32]),
                ("model.norm.weight", &[96]),
                ("model.layers.1.input_layernorm.weight", &[96]),
                ("model.layers.1.self_attn.q_proj.bias", &[96]),
            ] {
                assert_eq!(altered(alter, name, shape, &before), before, "{name}");
            }
            assert_eq!(altered(alter, MATRIX, &[3, 32], &[0.0; 96]), [0.0; 96]);
        }
    }

    #[test]
    fn later_layers_move_up() {
        let name = |dropped, index: usize| past(dropped, &format!("model.layers.{index}.mlp.up_proj.weight"));
        assert_eq!(name(1, 0), "model.layers.0.mlp.up_proj.weight");
        assert_eq!(name(1, 1), "model.layers.2.mlp.up_proj.weight");
        assert_eq!(name(1, 10), "model.layers.11.mlp.up_proj.weight");
        assert_eq!(past(0, "model.norm.weight"), "model.norm.weight");
    }

    #[test]
    fn made_up_weights_keep_mean_and_deviation() {
        let before: Vec<f32> = (0..20_000).map(|place| 1.0 + 0.3 * (place as f32).sin()).collect();
        let after = altered(Alter::Reseed(1), MATRIX, &[200, 100], &before);
        let mean = |w: &[f32]| w.iter().sum::<f32>() / w.len() as f32;
        let deviation = |w: &[f32]| {
            let mean = mean(w);
            (w.iter().map(|w| (w - mean).powi(2)).sum::<f32>() / w.len() as f32).sqrt()
        };
        assert!((mean(&before) - mean(&after)).abs() < 0.01);
        assert!((deviation(&before) - deviation(&after)).abs() < 0.01);
        let other = |seed, name| altered(Alter::Reseed(seed), name, &[200, 100], &before);
        assert_eq!(other(1, MATRIX), after);
        assert_ne!(other(2, MATRIX), after);
        assert_ne!(other(1, "model.norm.weight"), after);
    }
}
