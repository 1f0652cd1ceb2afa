//! The check against the model: one packed prefill per group, every state, log-prob and draw.

use engine::Model;
use grail::RejectReason;
use grail::sampler::Sampling;
use grail::standard::{ModelCheck, Standard};
use protocol::rollout::{Rebuilt, RolloutRecord};

use super::Finding;

/// A record with what was rebuilt from it.
type Part<'r> = (&'r RolloutRecord, &'r Rebuilt);

/// Checks the rollouts of one group. Their sampling terms may differ if somebody forged them: each set has its prefill.
pub(super) fn check(model: &Model, standards: &[Standard], parts: &[Part<'_>]) -> Vec<Option<Finding>> {
    let mut findings = vec![None; parts.len()];
    let mut left: Vec<usize> = (0..parts.len()).collect();
    while let Some(first) = left.first().copied() {
        let task = parts[first].1.task;
        let (same, others): (Vec<usize>, Vec<usize>) =
            left.into_iter().partition(|index| parts[*index].1.task == task);
        left = others;
        let group: Vec<_> = same.iter().map(|index| parts[*index]).collect();
        let profile = &group[0].0.proof.profile;
        let found = match standards.iter().find(|standard| standard.profile() == profile) {
            Some(standard) => prefill(model, standard, &group),
            None => vec![Some(RejectReason::WrongProfile.into()); group.len()],
        };
        for (index, finding) in same.iter().zip(found) {
            findings[*index] = finding;
        }
    }
    findings
}

fn prefill(model: &Model, standard: &Standard, group: &[Part<'_>]) -> Vec<Option<Finding>> {
    let (first, Rebuilt { task, .. }) = group[0];
    let terms = task.terms;
    let sampling = Sampling::new(terms.temperature, terms.top_p, terms.top_k).ok();
    let Some(sampling) = sampling.filter(|_| standard.covers(&terms)) else {
        return vec![Some(RejectReason::OutOfRange.into()); group.len()];
    };
    let mut checks: Vec<ModelCheck<'_>> = group
        .iter()
        .map(|(record, rebuilt)| {
            standard.check(task, record.sample_index, &record.proof.hotkey, &rebuilt.commitment)
        })
        .collect();
    let completions: Vec<&[u32]> = group.iter().map(|(record, _)| record.completion_ids.as_slice()).collect();
    let seeds = task.seeds();
    let draw = |sample: usize, t: usize| seeds.draw(group[sample].0.sample_index, t as u32);
    let mut own: Vec<Vec<f32>> = vec![Vec::new(); group.len()];
    let prefilled = engine::audit_group(
        model,
        &first.prompt_ids,
        &completions,
        sampling,
        &draw,
        &mut |i, t, recomputed| {
            own[i].push(recomputed.logprob);
            checks[i].visit(t, recomputed);
        },
    );
    if prefilled.is_err() {
        return vec![Some(RejectReason::OutOfRange.into()); group.len()];
    }
    let verdicts = checks.into_iter().zip(own).zip(group);
    verdicts
        .map(|((check, own), (record, _))| match check.verdict() {
            Err(reason) => Some(reason.into()),
            Ok(()) => stated(record, &own),
        })
        .collect()
}

/// The log-probs that the service says it recomputed must be what anybody recomputes, bit by bit.
fn stated(record: &RolloutRecord, own: &[f32]) -> Option<Finding> {
    let bits = |logprobs: &[f32]| logprobs.iter().map(|lp| lp.to_bits()).collect::<Vec<_>>();
    let stated = record.verifier_logprobs.as_deref()?;
    (bits(stated) != bits(own)).then_some(Finding::VerifierLogprobs)
}
