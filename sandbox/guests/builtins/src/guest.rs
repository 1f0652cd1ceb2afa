//! The module's side: world `reward` of `wit/reward.wit`, exported. Exists on wasm32 only.

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
        let seen: Vec<_> =
            samples.iter().map(|s| crate::Sample { text: &s.text, tokens: s.token_ids.len() }).collect();
        let graded = crate::grade(&task.reference, &task.metadata, &seen).map_err(Fault::BadTask)?;
        Ok(graded.into_iter().map(score).collect())
    }
}

fn score(graded: crate::Graded) -> Score {
    let components = graded.parts.into_iter().map(|(name, value)| Component { name, value }).collect();
    Score { reward: graded.reward, components }
}
