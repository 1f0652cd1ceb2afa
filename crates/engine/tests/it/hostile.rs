//! What a stranger can put into a request or a commitment is an error, never a panic.

use engine::{Error, Generator, Model, Options, Vector, audit_group};
use grail::sampler::Sampling;

use crate::seeded;

/// Models are shared by threads, generators move between them.
const _: () = {
    const fn shared<T: Sync>() {}
    const fn moved<T: Send>() {}
    shared::<Model>();
    moved::<Generator<'static>>();
};

fn model() -> Model {
    seeded::model(&seeded::shapes()[0], 1, Options::default())
}

fn audit(model: &Model, prompt: &[u32], completions: &[&[u32]]) -> Result<usize, Error> {
    let mut visited = 0;
    let draw = |_: usize, _: usize| 0.5;
    audit_group(model, prompt, completions, Sampling::default(), &draw, &mut |_, _, _| visited += 1)?;
    Ok(visited)
}

#[test]
fn audits_refuse_what_cannot_be_run() {
    let model = model();
    let vocab = model.config().vocab_size as u32;
    let long = vec![1; model.config().max_position_embeddings];
    assert!(matches!(audit(&model, &[], &[&[1]]), Err(Error::EmptyPrompt)));
    assert!(matches!(audit(&model, &[vocab], &[&[1]]), Err(Error::Token { .. })));
    assert!(matches!(
        audit(&model, &[1], &[&[1], &[2, u32::MAX]]),
        Err(Error::Token { token: u32::MAX, .. })
    ));
    assert!(matches!(audit(&model, &[1], &[&long]), Err(Error::Context { .. })));
    assert!(matches!(audit(&model, &[&long[..], &[1]].concat(), &[]), Err(Error::Context { .. })));
}

#[test]
fn audits_accept_the_edges() {
    let model = model();
    let long = vec![1; model.config().max_position_embeddings - 1];
    assert_eq!(audit(&model, &[1], &[]).unwrap(), 0);
    assert_eq!(audit(&model, &[1], &[&[], &[5], &[]]).unwrap(), 1);
    assert_eq!(audit(&model, &[1], &[&long]).unwrap(), long.len());
    assert_eq!(audit(&model, &long, &[&[7], &[8]]).unwrap(), 2);
}

#[test]
fn generation_refuses_what_cannot_be_run() {
    let model = model();
    let mut generator = Generator::new(&model, 8, 64);
    let vocab = model.config().vocab_size as u32;
    let mut add = |prompt: &[u32], n, max_tokens| {
        generator.add_group(prompt, n, max_tokens, Sampling::default(), Box::new(|_, _| 0.5)).err()
    };
    assert!(matches!(add(&[], 1, 1), Some(Error::EmptyPrompt)));
    assert!(matches!(add(&[1], 0, 1), Some(Error::EmptyGroup)));
    assert!(matches!(add(&[1], 1, 0), Some(Error::EmptyGroup)));
    assert!(matches!(add(&[vocab], 1, 1), Some(Error::Token { .. })));
    assert!(matches!(add(&[1], 1, usize::MAX), Some(Error::Context { .. })));
    assert!(matches!(add(&[1], 1, 65), Some(Error::KvExhausted { .. })));
    assert!(matches!(add(&[1], usize::MAX, 20), Some(Error::KvExhausted { .. })));
    assert!(add(&[1], 1, 64).is_none());
    assert!(generator.step(&mut |_| ()).unwrap());
}

#[test]
fn draws_outside_the_unit_interval_pick_something() {
    let model = model();
    for u in [f64::NAN, f64::INFINITY, -1.0, 1.0] {
        let mut generator = Generator::new(&model, 8, 64);
        generator.add_group(&[1, 2], 2, 4, Sampling::default(), Box::new(move |_, _| u)).unwrap();
        let mut count = 0;
        while generator.step(&mut |_| count += 1).unwrap() {}
        assert!(count >= 2);
    }
}

#[test]
fn broken_weights_are_an_error() {
    let config = &seeded::shapes()[0];
    let nan = |_: &str, shape: &[usize]| Ok(vec![f32::NAN; shape.iter().product()]);
    let model = Model::from_source(config, Options::default(), nan).unwrap();
    assert!(matches!(audit(&model, &[1, 2], &[&[3]]), Err(Error::NoMass)));
}

#[test]
fn removed_groups_free_their_pages() {
    let model = model();
    let mut generator = Generator::new(&model, 4, 64);
    for round in 0..20 {
        let add =
            |g: &mut Generator<'_>| g.add_group(&[1; 20], 1, 40, Sampling::default(), Box::new(|_, _| 0.3));
        let (first, second) = (add(&mut generator).unwrap(), add(&mut generator).unwrap());
        for _ in 0..round {
            generator.step(&mut |_| ()).unwrap();
        }
        generator.remove_group(second);
        generator.remove_group(first);
        assert!(!generator.step(&mut |_| panic!("nothing is left to emit")).unwrap());
    }
}

#[test]
fn missing_instruction_sets_are_named() {
    for vector in [Vector::Avx512, Vector::Avx2, Vector::Neon] {
        if !Vector::available().contains(&vector) {
            let options = Options { threads: 1, vector: Some(vector) };
            let made = Model::from_source(&seeded::shapes()[0], options, |_, _| unreachable!());
            assert!(matches!(made, Err(Error::VectorUnavailable(v)) if v == vector));
        }
    }
}
