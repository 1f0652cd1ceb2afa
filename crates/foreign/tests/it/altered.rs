//! Altered weights in both engines: they load, and their states are not the checkpoint's.

use engine::{Model, Options};
use foreign::{Alter, Engine, Numerics};

use crate::compare::{Answers, Distance, Pair, arith, load, load_ours, ours, theirs, tokens};

const ALL: [Alter; 5] = [Alter::Int8, Alter::Int4, Alter::Fp8, Alter::DropLayer(2), Alter::Reseed(7)];

fn pairs() -> Vec<Pair> {
    (0..4).map(|seed| (tokens(seed, 12, 368), tokens(50 + seed, 20, 368))).collect()
}

/// The altered checkpoint in the foreign engine with f32, and in ours.
fn run(alter: Alter, pairs: &[Pair]) -> (Answers, Answers) {
    let checkpoint = arith();
    let tensors = checkpoint.tensors().unwrap();
    let config = alter.config(&checkpoint.config);
    let source = alter.source(&checkpoint.config, |name, shape| tensors.f32(name, shape));
    let foreign = Engine::from_source(&config, Numerics::F32_FOREIGN, 1, source).unwrap();
    let source = alter.source(&checkpoint.config, |name, shape| Ok(tensors.f32(name, shape)?));
    let model = Model::from_source(&config, Options::default(), source).unwrap();
    (theirs(&foreign, pairs), ours(&model, pairs))
}

/// Finer types are nearer, and an alteration is far further away than the numerics of an engine.
#[test]
fn altered_weights_show() {
    let pairs = pairs();
    let honest = ours(&load_ours(&arith()), &pairs);
    let foreign = theirs(&load(&arith(), Numerics::F32_FOREIGN, 1), &pairs);
    let noise = Distance::between(&foreign, &honest).median();
    let mut medians = Vec::new();
    for alter in ALL {
        let (foreign, own) = run(alter, &pairs);
        let apart = Distance::between(&foreign, &own);
        assert!(apart.max() < 1e-4, "{}: both engines run the same weights, {apart:?}", alter.name());
        medians.push(Distance::between(&own, &honest).median());
    }
    println!("numerics {noise:.1e}, int8 int4 fp8 dropped other: {medians:.2?}");
    let [int8, int4, fp8, dropped, other] = medians[..] else { panic!("five alterations") };
    assert!(noise * 100.0 < int8 && int8 < fp8 && fp8 < int4 && int4 < dropped && dropped < other);
    assert!(other > 1.0, "unrelated states are further apart than they are long: {other}");
}

#[test]
fn dropped_layers_are_the_asked_ones() {
    let config = arith().config;
    assert_eq!(Alter::DropLayer(2).config(&config).num_hidden_layers, config.num_hidden_layers - 1);
    for alter in [Alter::Int8, Alter::Int4, Alter::Fp8, Alter::Reseed(1)] {
        assert_eq!(alter.config(&config), config);
    }
    let pairs = pairs();
    let of = |layer| run(Alter::DropLayer(layer), &pairs).0;
    assert_ne!(of(0), of(5));
    assert_eq!(of(5), of(99), "past the end is the last one");
    let seeded = |seed| run(Alter::Reseed(seed), &pairs).0;
    assert_eq!(seeded(1), seeded(1));
    assert!(Distance::between(&seeded(1), &seeded(2)).median() > 0.5);
}
