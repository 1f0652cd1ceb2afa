//! Rotary positions: the frequencies of a model, and the cosines and sines of one position.
//!
//! Frequencies and angles are rounded to f32 in the order in which Hugging Face computes them; sine and cosine
//! are our own, in f64.

use checkpoint::{Llama3Rope, ModelConfig};
use grail::numerics::{exp_f64, ln_f64, sin_cos_f64};

#[derive(Debug)]
pub(crate) struct Rope {
    frequencies: Vec<f32>,
}

impl Rope {
    pub(crate) fn new(config: &ModelConfig) -> Self {
        let ln_theta = ln_f64(config.rope_theta);
        let plain = |i: usize| {
            let exponent = (2 * i) as f32 / config.head_dim as f32;
            1.0 / (exp_f64(f64::from(exponent) * ln_theta) as f32)
        };
        let frequencies = (0..config.head_dim / 2).map(plain);
        let frequencies = match &config.rope_scaling {
            None => frequencies.collect(),
            Some(scaling) => frequencies.map(|f| stretch(f, scaling)).collect(),
        };
        Self { frequencies }
    }

    /// Writes the cosines of all frequencies at `position`, then the sines.
    pub(crate) fn angles(&self, position: usize, to: &mut [f32]) {
        let (cosines, sines) = to.split_at_mut(self.frequencies.len());
        for ((frequency, cosine), sine) in self.frequencies.iter().zip(cosines).zip(sines) {
            let angle = position as f32 * frequency;
            let (sin, cos) = sin_cos_f64(f64::from(angle));
            *cosine = cos as f32;
            *sine = sin as f32;
        }
    }
}

/// Llama 3: long wavelengths are slowed down by `factor`, short ones are kept, those between are blended.
fn stretch(frequency: f32, scaling: &Llama3Rope) -> f32 {
    let original = scaling.original_max_position_embeddings as f32;
    let (factor, low, high) =
        (scaling.factor as f32, scaling.low_freq_factor as f32, scaling.high_freq_factor as f32);
    let wavelength = 2.0 * std::f32::consts::PI / frequency;
    if wavelength > original / low {
        return frequency / factor;
    }
    if wavelength < original / high {
        return frequency;
    }
    let smooth = (original / wavelength - low) / (high - low);
    (1.0 - smooth) * frequency / factor + smooth * frequency
}
