//! What the tests share: one sandbox, plain inputs, and modules from text.

use std::sync::{Arc, LazyLock};

use compiler::{InProcess, Reward};
use sandbox::{Finish, Limits, RunnerSettings, Sample, Scored, Task};

pub(crate) static SANDBOX: LazyLock<InProcess> = LazyLock::new(|| {
    InProcess::new(&RunnerSettings { concurrency: 8, ..RunnerSettings::default() })
        .expect("the engine starts")
});

pub(crate) fn task(reference: &str) -> Task {
    Task {
        id: "gsm8k-0".to_owned(),
        prompt: "Natalia sold clips to 48 of her friends in April.".to_owned(),
        prompt_token_ids: (0..16).collect(),
        reference: reference.to_owned(),
        metadata: "{}".to_owned(),
        seed: 7,
    }
}

pub(crate) fn sample(text: &str, tokens: u32) -> Sample {
    Sample { text: text.to_owned(), token_ids: (0..tokens).collect(), finish: Finish::Stop }
}

/// A module from text, through the same door as any upload.
pub(crate) fn reward_of_text(sandbox: &InProcess, text: &str) -> Arc<Reward> {
    reward_of(sandbox, &wat::parse_str(text).expect("the test's text is WebAssembly"))
}

pub(crate) fn reward_of(sandbox: &InProcess, upload: &[u8]) -> Arc<Reward> {
    let module = sandbox.validate(upload).expect("the upload is accepted");
    sandbox.compile(&module).expect("a validated module compiles")
}

/// A built-in, or one of the small modules that are fixtures only.
pub(crate) fn upload_of(name: &str) -> &'static [u8] {
    match name {
        "last-number" => include_bytes!("../../guests/assemblyscript/last-number.wasm"),
        "boxed-answer" => include_bytes!("../../guests/c/boxed-answer.wasm"),
        _ => sandbox::builtin(name).expect("the name of a built-in"),
    }
}

/// The same, through the same door as any upload.
pub(crate) fn built_in(sandbox: &InProcess, name: &str) -> Arc<Reward> {
    reward_of(sandbox, upload_of(name))
}

/// One completion, scored with the default limits.
pub(crate) fn score_one(sandbox: &InProcess, reward: &Reward, reference: &str, text: &str) -> Scored {
    let samples = [sample(text, 3)];
    let mut scored =
        sandbox.score(reward, &task(reference), &samples, &Limits::default()).expect("no host error");
    assert_eq!(scored.len(), 1);
    scored.remove(0)
}

/// A complete core module of world `reward-simple` around the given body and further definitions.
pub(crate) fn simple_module(definitions: &str, body: &str) -> String {
    format!(
        r#"(module
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $top)
    (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get 3)) (i32.const 7)) (i32.const -8))))
  {definitions}
  (func (export "reward") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result f64)
    {body}))"#
    )
}
