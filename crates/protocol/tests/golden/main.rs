//! Advantages against the numbers of the frameworks' own code. `make.py` beside this file makes `vectors.json`, and says from
//! which versions.

use std::collections::{BTreeMap, BTreeSet};

use protocol::advantage::{Advantage, BatchStats, Method, Part, Sample, of_batch, of_group, parts};
use protocol::overlong::SoftPenalty;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    torch: String,
    advantages: Vec<Vector>,
    overlong: OverlongVector,
}

/// One batch of groups, as one framework sees it.
#[derive(Deserialize)]
struct Vector {
    framework: String,
    /// `run`: by its own code. `transcribed`: by its formula.
    how: String,
    method: Method,
    eps: f64,
    std_ddof: u8,
    component_weights: BTreeMap<String, f64>,
    tolerance: f64,
    batch: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    /// `null` stands for a reward that failed: NaN, or `None`, there.
    rewards: Vec<Option<f64>>,
    tokens: Vec<u32>,
    advantages: Vec<f64>,
    #[serde(default)]
    components: Vec<BTreeMap<String, f64>>,
}

#[derive(Deserialize)]
struct OverlongVector {
    max_tokens: u32,
    buffer: u32,
    factor: f64,
    tokens: Vec<u32>,
    penalties: Vec<f64>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("vectors.json")).expect("what make.py writes")
}

static NO_PARTS: BTreeMap<String, f64> = BTreeMap::new();

fn samples(group: &Group) -> Vec<Sample<'_>> {
    let of = |place: usize| Sample {
        reward: group.rewards[place],
        tokens: group.tokens[place],
        components: group.components.get(place).unwrap_or(&NO_PARTS),
    };
    (0..group.rewards.len()).map(of).collect()
}

fn ours(vector: &Vector, rule: &Advantage) -> Vec<Vec<Option<f64>>> {
    if !rule.method.needs_batch() {
        return vector.batch.iter().map(|group| of_group(&samples(group), rule)).collect();
    }
    let all: Vec<Vec<Option<Part>>> = vector.batch.iter().map(|group| parts(&samples(group), rule)).collect();
    let flat: Vec<Part> = all.iter().flatten().flatten().copied().collect();
    let batch = BatchStats::over(&flat, 0, vector.batch.len() as u32, rule);
    let of = |part: &Option<Part>| part.and_then(|part| of_batch(&part, &batch, rule));
    all.iter().map(|group| group.iter().map(of).collect()).collect()
}

#[test]
fn every_method_gives_what_the_frameworks_give() {
    let mut checked = BTreeSet::new();
    for vector in vectors().advantages {
        let rule = Advantage {
            method: vector.method,
            eps: vector.eps,
            std_ddof: vector.std_ddof,
            component_weights: vector.component_weights.clone(),
        };
        let name = format!("{} ({}) {}", vector.framework, vector.how, vector.method.as_str());
        for (group, ours) in vector.batch.iter().zip(ours(&vector, &rule)) {
            let scored = group.rewards.iter().flatten().count();
            for ((reward, theirs), ours) in group.rewards.iter().zip(&group.advantages).zip(ours) {
                match ours {
                    // theirs is 0 for what failed, and 0 or the reward itself for what is alone: it says nothing
                    None => {
                        assert!(reward.is_none() || scored < 2, "{name}: {:?}", group.rewards);
                        assert!(*theirs == 0.0 || Some(*theirs) == *reward || scored < 2, "{name}: {theirs}");
                    }
                    Some(ours) => {
                        let near = (ours - theirs).abs() <= vector.tolerance * (1.0 + theirs.abs());
                        assert!(near && scored >= 2, "{name}: {ours} is not {theirs} in {:?}", group.rewards);
                    }
                }
            }
        }
        checked.insert(vector.method.as_str());
    }
    let all: BTreeSet<&str> =
        Method::ALL.iter().filter(|method| **method != Method::None).map(|method| method.as_str()).collect();
    assert_eq!(checked, all, "every method is held against somebody's numbers");
}

#[test]
fn the_vectors_hold_what_is_easy_to_get_wrong() {
    let vectors = vectors();
    assert!(!vectors.torch.is_empty());
    for framework in ["verl 0.9.1", "trl 1.16.0", "openrlhf 0.11.2"] {
        let run =
            vectors.advantages.iter().filter(|vector| vector.framework == framework && vector.how == "run");
        assert!(run.count() >= 4, "{framework}");
    }
    let groups = || vectors.advantages.iter().flat_map(|vector| &vector.batch);
    assert!(groups().any(|group| group.rewards.len() == 1), "a singleton");
    assert!(groups().any(|group| group.rewards.iter().all(Option::is_none)), "nothing but failures");
    assert!(groups().any(|group| group.rewards.iter().flatten().count() == 1 && group.rewards.len() > 1));
    assert!(groups().any(|group| group.rewards == [Some(0.5); 4]), "no variance");
}

#[test]
fn the_overlong_penalty_is_what_the_frameworks_take() {
    let OverlongVector { max_tokens, buffer, factor, tokens, penalties } = vectors().overlong;
    let penalty = SoftPenalty { buffer, factor };
    let ours: Vec<f64> = tokens.iter().map(|tokens| penalty.of(*tokens, max_tokens)).collect();
    assert_eq!(ours, penalties);
}
