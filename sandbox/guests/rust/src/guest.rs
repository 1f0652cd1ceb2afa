//! World `reward` of `wit/reward.wit`, exported. Exists on wasm32 only.

mod bindings {
    #![expect(unsafe_code, reason = "the canonical ABI passes pointers; wit-bindgen writes this")]
    wit_bindgen::generate!({ path: "../../wit", world: "reward" });
    export!(Module with_types_in self);
    pub(crate) struct Module;
}

use bindings::reliquary::reward::types::Component;
use bindings::{Fault, Guest, Module, Sample, Score, Task};

impl Guest for Module {
    fn score(task: Task, samples: Vec<Sample>) -> Result<Vec<Score>, Fault> {
        let Some(wanted) = crate::answer(&task.reference) else {
            return Err(Fault::BadTask("the reference holds no number".to_owned()));
        };
        let graded = |s: &Sample| score(crate::grade(&wanted, &s.text, s.token_ids.len()));
        Ok(samples.iter().map(graded).collect())
    }
}

fn score(graded: crate::Graded) -> Score {
    let part = |name: &str, value| Component { name: name.to_owned(), value };
    let components =
        vec![part("correct", graded.correct), part("format", graded.format), part("length", graded.length)];
    Score { reward: graded.reward, components }
}
