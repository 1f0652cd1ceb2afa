//! The terms of selection as a job shows them: in the form in which a body gives them.

use std::collections::BTreeMap;

use protocol::advantage::{Advantage, Method};
use protocol::job::{JobSpec, OnRotation};
use protocol::overlong::Overlong;
use protocol::pick::Pick;
use protocol::refill::Refill;
use protocol::selection::{Dedup, DedupScope, GroupFilter};
use serde::Serialize;
use utoipa::ToSchema;

use super::selection_input::{
    AdvantageMethod, DedupMode, DedupWhere, OverlongMode, PickStrategy, RefillMode, RotationPolicy,
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobSelection)]
pub(super) struct SelectionView {
    group_filter: Option<FilterView>,
    #[schema(value_type = RefillMode)]
    refill: &'static str,
    target_groups: Option<u32>,
    max_generation_multiplier: Option<f64>,
    rollouts: PickView,
    difficulty: Option<DifficultyView>,
}

/// One of these.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = JobGroupFilter)]
#[serde(rename_all = "snake_case")]
struct FilterView {
    #[serde(skip_serializing_if = "Option::is_none")]
    min_std: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_range: Option<[f64; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    abs_advantage_range: Option<f64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobPick)]
struct PickView {
    #[schema(value_type = PickStrategy)]
    strategy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    m: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobDifficulty)]
struct DifficultyView {
    target_mean: [f64; 2],
}

impl From<&JobSpec> for SelectionView {
    fn from(spec: &JobSpec) -> Self {
        let terms = &spec.selection;
        let target = terms.refill.target();
        let group_filter = match spec.filter {
            GroupFilter::None => None,
            GroupFilter::MinStd(least) => Some(FilterView { min_std: Some(least), ..FilterView::default() }),
            GroupFilter::MeanRange(low, high) => {
                Some(FilterView { mean_range: Some([low, high]), ..FilterView::default() })
            }
            GroupFilter::AbsAdvantageRange(most) => {
                Some(FilterView { abs_advantage_range: Some(most), ..FilterView::default() })
            }
        };
        Self {
            group_filter,
            refill: match terms.refill {
                Refill::Drop => "drop",
                Refill::ResampleNewPrompts(_) => "resample_new_prompts",
                Refill::ReplaceWithGood => "replace_with_good",
            },
            target_groups: target.map(|target| target.groups),
            max_generation_multiplier: target.map(|target| target.max_generation_multiplier),
            rollouts: PickView {
                strategy: match terms.rollouts {
                    Pick::All => "all",
                    Pick::MaxVariance { .. } => "max_variance",
                    Pick::TopAbsAdvantage { .. } => "top_abs_advantage",
                    Pick::Balanced { .. } => "balanced",
                },
                m: terms.rollouts.m(),
            },
            difficulty: terms.difficulty.map(|band| DifficultyView { target_mean: [band.low, band.high] }),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobAdvantage)]
pub(super) struct AdvantageView {
    #[schema(value_type = AdvantageMethod)]
    method: Method,
    eps: f64,
    std_ddof: u8,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    component_weights: BTreeMap<String, f64>,
    /// Groups that are settled and delivered together; null where nothing rests on a batch.
    batch_groups: Option<u32>,
}

impl From<&JobSpec> for AdvantageView {
    fn from(spec: &JobSpec) -> Self {
        let Advantage { method, eps, std_ddof, component_weights } = spec.advantage.clone();
        Self { method, eps, std_ddof, component_weights, batch_groups: spec.selection.batch_groups }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobOverlong)]
pub(super) struct OverlongView {
    #[schema(value_type = OverlongMode)]
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    buffer: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    factor: Option<f64>,
}

impl From<&JobSpec> for OverlongView {
    fn from(spec: &JobSpec) -> Self {
        let overlong = spec.selection.overlong;
        let penalty = overlong.soft_penalty();
        Self {
            mode: match overlong {
                Overlong::Keep => "keep",
                Overlong::Mask => "mask",
                Overlong::SoftPenalty(_) => "soft_penalty",
                Overlong::Drop => "drop",
            },
            buffer: penalty.map(|penalty| penalty.buffer),
            factor: penalty.map(|penalty| penalty.factor),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobDedup)]
pub(super) struct DedupView {
    #[schema(value_type = DedupMode)]
    mode: Dedup,
    #[schema(value_type = DedupWhere)]
    scope: DedupScope,
    near: Option<NearView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobNearDedup)]
struct NearView {
    ngram: u32,
    buckets: u32,
    hashes: u32,
}

impl From<&JobSpec> for DedupView {
    fn from(spec: &JobSpec) -> Self {
        let near = spec.selection.near.map(|near| NearView {
            ngram: near.ngram,
            buckets: near.buckets,
            hashes: near.hashes,
        });
        Self { mode: spec.dedup, scope: spec.selection.dedup_scope, near }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobPolicy)]
pub(super) struct PolicyView {
    #[schema(value_type = RotationPolicy)]
    on_rotation: OnRotation,
    /// How often another checkpoint may become the current one before what is not delivered is dropped. `null`: any number.
    max_staleness_versions: Option<u32>,
}

impl From<&JobSpec> for PolicyView {
    fn from(spec: &JobSpec) -> Self {
        let policy = spec.selection.policy;
        Self { on_rotation: policy.on_rotation, max_staleness_versions: policy.max_staleness_versions }
    }
}
