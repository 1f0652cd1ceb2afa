//! The calibration document: the thresholds of a calibrated profile, and the measurements that they come from.
//!
//! It is content-addressed by the SHA-256 of its bytes, so that one changed threshold is another profile. Made by
//! `reliquary calibrate`; read here, and nothing is taken from it that does not hold together.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::chain::Terms;
use crate::ids::CheckpointId;
use crate::profile::{EngineClass, Profile};
use crate::projection::Width;
use crate::statistics::Statistics;

pub const CALIBRATION_VERSION: u32 = 1;
/// A mean activation distance that no engine running these weights reaches: unrelated states give about 2.
pub const FORGED: f64 = 0.5;

/// A calibrated profile's document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    pub version: u32,
    pub checkpoint: CheckpointId,
    /// The verifier's engine, as `engine::numerics_id()` says it.
    pub numerics: String,
    /// The miners' engines that honest runs were made with.
    pub miners: Vec<String>,
    pub sampling: Sampler,
    /// Components of a projection.
    pub k: u32,
    /// 1/rms of each dimension of the state.
    pub whitening: Vec<f32>,
    /// The longest rollouts that limits were measured on, in tokens.
    pub longest: u32,
    /// The activation distance beyond which no log-prob difference or miss is discounted further.
    pub discount_cap: f64,
    /// A CDF miss above this is a hard one.
    pub hard_miss: f64,
    /// Limits by length and position, in ascending order of `from`; the first is from 1.
    pub bands: Vec<Band>,
    /// What a rollout is compared with beside the checkpoint itself.
    pub alternatives: Vec<Alternative>,
    /// Measured on honest rollouts that the limits were not fitted to.
    pub false_rejects: FalseRejects,
    /// How often each cheat was caught.
    pub controls: Vec<Control>,
}

/// The sampler that the CDF misses were measured under.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sampler {
    pub temperature: f32,
    pub top_p: f32,
    pub top_k: u32,
}

/// Limits for rollouts of at least `from` tokens, and for windows that end at or after position `from`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    pub from: u32,
    /// Honest rollouts that the limits were fitted to.
    pub honest: u64,
    /// Largest allowed statistics over the whole rollout.
    pub rollout: Statistics,
    /// Largest allowed statistics of any window that ends in the band; `None` where none fits.
    pub window: Option<Statistics>,
    /// Mean and standard deviation of ln `activation_typical` over honest rollouts, to standardise it.
    pub log_activation_mean: f64,
    pub log_activation_std: f64,
}

/// Other weights that a miner might have used, with the spread of the differential test for honest miners.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    /// `previous`, `int8` or `fp8`.
    pub name: String,
    /// Standard deviation of Λ·√n over honest rollouts.
    pub sigma: f64,
    pub z: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FalseRejects {
    /// What the limits were fitted for, per rollout.
    pub target: f64,
    pub rejected: u64,
    pub n: u64,
    /// Upper end of the 95 % confidence interval (Clopper-Pearson, one-sided).
    pub upper95: f64,
}

/// One cheat at one length.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    pub cheat: String,
    pub tokens: u32,
    pub detected: u64,
    pub n: u64,
}

impl Calibration {
    /// Reads a document and says which profile it makes.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Profile), Error> {
        let calibration: Self =
            serde_json::from_slice(bytes).map_err(|error| Error::Calibration(error.to_string()))?;
        calibration.check().map_err(|what| Error::Calibration(what.to_owned()))?;
        let width = Width::from_k(calibration.k).ok_or_else(|| Error::Calibration("k".to_owned()))?;
        let engine_class = EngineClass::Calibrated { calibration: Sha256::digest(bytes).into(), width };
        let profile = Profile { engine_class, numerics: calibration.numerics.clone() };
        Ok((calibration, profile))
    }

    /// The document's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("plain data serialises");
        bytes.push(b'\n');
        bytes
    }

    fn check(&self) -> Result<(), &'static str> {
        let limits = |statistics: &Statistics| statistics.values().iter().all(|x| x.is_finite() && *x >= 0.0);
        let band = |band: &Band| {
            limits(&band.rollout)
                && band.rollout.activation < FORGED
                && band.window.as_ref().is_none_or(limits)
                && band.log_activation_mean.is_finite()
                && band.log_activation_std.is_finite()
                && band.log_activation_std > 0.0
        };
        let alternative = |a: &Alternative| a.sigma.is_finite() && a.sigma > 0.0 && a.z.is_finite();
        let whitened = |w: &f32| w.is_finite() && *w > 0.0;
        let checks = [
            (self.version == CALIBRATION_VERSION, "version"),
            (self.bands.first().is_some_and(|band| band.from == 1), "the first band is from 1"),
            (self.bands.is_sorted_by(|a, b| a.from < b.from), "bands in ascending order"),
            (self.bands.iter().all(band), "limits are finite and not negative"),
            (self.alternatives.iter().all(alternative), "alternatives"),
            (!self.whitening.is_empty() && self.whitening.iter().all(whitened), "whitening"),
            (self.hard_miss > 0.0 && self.hard_miss.is_finite(), "hard_miss"),
            (self.discount_cap >= 0.0 && self.discount_cap < FORGED, "discount_cap"),
        ];
        checks.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, what)| Err(what))
    }

    pub fn width(&self) -> Width {
        Width::from_k(self.k).expect("checked when it was read")
    }

    /// True when the limits hold for work under these terms.
    pub fn covers(&self, terms: &Terms) -> bool {
        let Sampler { temperature, top_p, top_k } = self.sampling;
        (terms.temperature, terms.top_p, terms.top_k) == (temperature, top_p, top_k)
            && terms.max_tokens <= self.longest
    }

    /// The band of a length or of the end of a window.
    pub fn band(&self, at: usize) -> &Band {
        let index = self.bands.partition_point(|band| band.from as usize <= at);
        &self.bands[index.saturating_sub(1)]
    }
}
