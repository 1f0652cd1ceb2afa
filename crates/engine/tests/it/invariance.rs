//! The property that the exact proof rests on: the same bits, however the work is arranged.

use std::collections::BTreeMap;

use checkpoint::ModelConfig;
use engine::{Emitted, Finish, Generator, Model, Options, Vector, audit_group};
use grail::sampler::Sampling;

use crate::seeded;

/// What a proof holds of one token: bits of the state and the log-prob, and the token.
#[derive(Debug, Clone, PartialEq)]
struct Trace {
    token: u32,
    logprob: u32,
    hidden: Vec<u32>,
}

/// Traces by (request, sample, t).
type Traces = BTreeMap<(usize, usize, usize), Trace>;

struct Request {
    prompt: Vec<u32>,
    n: usize,
    max_tokens: usize,
    sampling: Sampling,
    seed: u64,
    /// The step before which it joins.
    joins: usize,
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

fn requests(config: &ModelConfig) -> Vec<Request> {
    let request = |i: usize, length: usize, n, max_tokens, sampling| Request {
        prompt: seeded::tokens(100 + i as u64, length, config),
        n,
        max_tokens,
        sampling,
        seed: 200 + i as u64,
        joins: [0, 0, 3, 9][i],
    };
    vec![
        request(0, 21, 5, 24, Sampling::default()),
        request(1, 1, 2, 30, Sampling::new(0.7, 1.0, 0).unwrap()),
        request(2, 64, 3, 9, Sampling::new(1.3, 0.9, 40).unwrap()),
        request(3, 45, 1, 40, Sampling::default()),
    ]
}

fn options(threads: usize, vector: Option<Vector>) -> Options {
    Options { threads, vector }
}

/// Generates all requests, each joining at its step.
fn generate(model: &Model, requests: &[&Request], max_rows: usize, kv_tokens: usize) -> Traces {
    let mut generator = Generator::new(model, max_rows, kv_tokens);
    let mut traces = Traces::new();
    let mut ids = BTreeMap::new();
    let mut waiting: Vec<usize> = (0..requests.len()).collect();
    for step in 0.. {
        waiting.retain(|&i| {
            let r = requests[i];
            if r.joins > step {
                return true;
            }
            let draws = Box::new(seeded::draw(r.seed));
            let id = generator.add_group(&r.prompt, r.n, r.max_tokens, r.sampling, draws).unwrap();
            ids.insert(id, i);
            false
        });
        let more = generator.step(&mut |e: Emitted<'_>| {
            let trace = Trace { token: e.token, logprob: e.logprob.to_bits(), hidden: bits(e.hidden) };
            let stop = model.config().eos_token_ids.contains(&e.token);
            let length = e.t + 1 == requests[ids[&e.group]].max_tokens;
            let finish = if stop { Some(Finish::Stop) } else { length.then_some(Finish::Length) };
            assert_eq!(e.finish, finish);
            assert!(traces.insert((ids[&e.group], e.sample, e.t), trace).is_none(), "emitted twice");
        });
        if !more.unwrap() && waiting.is_empty() {
            break;
        }
    }
    traces
}

/// Committed tokens of one request, by sample.
fn completions(traces: &Traces, request: usize, n: usize) -> Vec<Vec<u32>> {
    let of =
        |sample| traces.range((request, sample, 0)..(request, sample + 1, 0)).map(|(_, t)| t.token).collect();
    (0..n).map(of).collect()
}

/// Audits what was generated and returns the same traces as the verifier sees them.
fn audit(model: &Model, requests: &[&Request], traces: &Traces) -> Traces {
    let mut audited = Traces::new();
    for (i, r) in requests.iter().enumerate() {
        let tokens = completions(traces, i, r.n);
        let tokens: Vec<&[u32]> = tokens.iter().map(Vec::as_slice).collect();
        let draw = seeded::draw(r.seed);
        audit_group(model, &r.prompt, &tokens, r.sampling, &draw, &mut |sample, t, a| {
            let trace = Trace { token: a.picked, logprob: a.logprob.to_bits(), hidden: bits(a.hidden) };
            assert!(audited.insert((i, sample, t), trace).is_none(), "visited twice");
        })
        .unwrap();
    }
    audited
}

/// Every sample of every request has its tokens, and they are not all alike.
fn check_plausible(traces: &Traces, requests: &[&Request]) {
    for (i, r) in requests.iter().enumerate() {
        for tokens in completions(traces, i, r.n) {
            assert!(!tokens.is_empty() && tokens.len() <= r.max_tokens);
        }
    }
    let distinct: std::collections::BTreeSet<u32> = traces.values().map(|t| t.token).collect();
    assert!(distinct.len() > 30, "only {} distinct tokens", distinct.len());
    let logprobs: Vec<f32> = traces.values().map(|t| f32::from_bits(t.logprob)).collect();
    assert!(logprobs.iter().all(|lp| *lp <= 0.0 && *lp > -25.0));
}

#[test]
fn generation_and_audit_agree_for_every_architecture() {
    for config in seeded::shapes() {
        let model = seeded::model(&config, 1, options(1, None));
        let all = requests(&config);
        let all: Vec<&Request> = all.iter().collect();
        let traces = generate(&model, &all, 64, 4096);
        check_plausible(&traces, &all);
        assert_eq!(audit(&model, &all, &traces), traces, "{:?}", config.architecture);
    }
}

#[test]
fn batch_size_pool_size_and_company_change_nothing() {
    for config in seeded::shapes() {
        let model = seeded::model(&config, 2, options(1, None));
        let all = requests(&config);
        let all: Vec<&Request> = all.iter().collect();
        let traces = generate(&model, &all, 64, 4096);
        // One row at a time is pure decode with a prompt in chunks of one; 7 splits prompts unevenly; a small
        // pool makes groups wait for each other.
        for (rows, kv_tokens) in [(1, 4096), (7, 4096), (200, 4096), (64, 400)] {
            assert_eq!(generate(&model, &all, rows, kv_tokens), traces, "{rows} rows, {kv_tokens} KV tokens");
        }
        for (i, request) in all.iter().enumerate() {
            let alone = generate(&model, &[request], 64, 4096);
            let expected: Traces = traces
                .iter()
                .filter(|((r, ..), _)| *r == i)
                .map(|((_, sample, t), trace)| ((0, *sample, *t), trace.clone()))
                .collect();
            assert_eq!(alone, expected, "request {i} alone");
        }
    }
}

#[test]
fn threads_and_vector_widths_change_nothing() {
    let widths = Vector::available();
    assert!(widths.contains(&Vector::Scalar));
    for config in seeded::shapes() {
        let all = requests(&config);
        let all: Vec<&Request> = all.iter().collect();
        let reference = seeded::model(&config, 3, options(1, None));
        let traces = generate(&reference, &all, 64, 4096);
        for threads in [1, 2, 3] {
            for vector in &widths {
                let model = seeded::model(&config, 3, options(threads, Some(*vector)));
                assert_eq!(model.vector(), *vector);
                // The scalar reference is slow: check it by audit, which is one pass.
                if *vector != Vector::Scalar {
                    assert_eq!(generate(&model, &all, 64, 4096), traces, "{threads} threads, {vector:?}");
                }
                assert_eq!(audit(&model, &all, &traces), traces, "{threads} threads, {vector:?}");
            }
        }
    }
}

/// A fork shares the prompt's pages; a group of one does not need to.
#[test]
fn forked_samples_equal_samples_with_a_prompt_of_their_own() {
    let config = &seeded::shapes()[0];
    let model = seeded::model(config, 4, options(1, None));
    for length in [15, 16, 17] {
        let prompt = seeded::tokens(9, length, config);
        let group = |n, seed| Request {
            prompt: prompt.clone(),
            n,
            max_tokens: 20,
            sampling: Sampling::default(),
            seed,
            joins: 0,
        };
        let forked = generate(&model, &[&group(4, 5)], 64, 2048);
        for sample in 0..4 {
            let mut generator = Generator::new(&model, 64, 2048);
            let draws = seeded::draw(5);
            let draws = Box::new(move |_: usize, t: usize| draws(sample, t));
            generator.add_group(&prompt, 1, 20, Sampling::default(), draws).unwrap();
            let mut own = Vec::new();
            let mut sink = |e: Emitted<'_>| {
                own.push(Trace { token: e.token, logprob: e.logprob.to_bits(), hidden: bits(e.hidden) });
            };
            while generator.step(&mut sink).unwrap() {}
            let expected: Vec<Trace> =
                forked.iter().filter(|((_, s, _), _)| *s == sample).map(|(_, t)| t.clone()).collect();
            assert_eq!(own, expected, "sample {sample} of a prompt of {length}");
        }
    }
}

/// Long completions cross the audit's passes of 512 rows, long prompts too.
#[test]
fn audits_longer_than_one_pass_change_nothing() {
    let config = ModelConfig { eos_token_ids: vec![], ..seeded::shapes()[0].clone() };
    let model = seeded::model(&config, 5, options(2, None));
    let request = |length, n, max_tokens, seed| Request {
        prompt: seeded::tokens(seed, length, &config),
        n,
        max_tokens,
        sampling: Sampling::default(),
        seed,
        joins: 0,
    };
    let all = [request(600, 2, 40, 11), request(10, 2, 700, 12), request(40, 30, 25, 13)];
    let all: Vec<&Request> = all.iter().collect();
    let traces = generate(&model, &all, 96, 8192);
    assert_eq!(traces.len(), 2 * 40 + 2 * 700 + 30 * 25);
    assert_eq!(audit(&model, &all, &traces), traces);
}

/// Without this, every test above could pass with a head that ignores its input.
#[test]
fn a_changed_weight_token_or_draw_is_seen() {
    let config = seeded::odd_shape(checkpoint::Architecture::Qwen3);
    let all = requests(&config);
    let all: Vec<&Request> = all.iter().collect();
    let model = seeded::model(&config, 6, options(1, None));
    let traces = generate(&model, &all, 64, 4096);

    let other = seeded::model(&config, 7, options(1, None));
    let audited = audit(&other, &all, &traces);
    assert!(audited.iter().all(|(key, trace)| trace.hidden != traces[key].hidden));

    let mut edited = traces.clone();
    let at = (0, 1, 0);
    edited.get_mut(&at).unwrap().token ^= 1;
    let audited = audit(&model, &all, &edited);
    assert_ne!(audited[&at].token, edited[&at].token);
    assert_ne!(audited[&at].logprob, edited[&at].logprob);
    assert_eq!(audited[&at].hidden, edited[&at].hidden);
    let later = (0, 1, 1);
    assert!(audited.get(&later).is_none_or(|trace| trace.hidden != edited[&later].hidden));
    // Other samples of the group share the prompt only.
    assert_eq!(audited[&(0, 2, 0)], traces[&(0, 2, 0)]);
}

#[test]
fn an_overridden_token_gets_its_own_logprob() {
    let config = &seeded::shapes()[3];
    let model = seeded::model(config, 8, options(1, None));
    let prompt = seeded::tokens(1, 12, config);
    let mut generator = Generator::new(&model, 8, 256);
    let id = generator.add_group(&prompt, 1, 5, Sampling::default(), Box::new(seeded::draw(3))).unwrap();
    generator.override_tokens(id, Box::new(|_, t, dictated| if t == 2 { dictated ^ 8 } else { dictated }));
    let mut emitted = Vec::new();
    let mut sink = |e: Emitted<'_>| emitted.push((e.token, e.logprob.to_bits()));
    while generator.step(&mut sink).unwrap() {}
    let tokens: Vec<u32> = emitted.iter().map(|e| e.0).collect();
    let mut audited = Vec::new();
    audit_group(&model, &prompt, &[&tokens], Sampling::default(), &seeded::draw(3), &mut |_, t, a| {
        assert_eq!(a.picked == tokens[t], t != 2);
        audited.push((tokens[t], a.logprob.to_bits()));
    })
    .unwrap();
    assert_eq!(emitted, audited);
}
