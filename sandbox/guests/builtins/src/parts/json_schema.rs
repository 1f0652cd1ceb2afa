//! `json-schema`: the completion, or its last fenced block, is JSON that a schema takes.

use serde_json::Value;

use super::{Part, grade_each};
use crate::args::Reader;
use crate::grade::Sample;
use crate::schema::Schema;

#[derive(Clone, Copy)]
enum From {
    Text,
    Fence,
}

struct JsonSchema {
    schema: Schema,
    from: From,
}

pub(super) fn build(args: &mut Reader<'_, '_>) -> Option<Box<dyn Part>> {
    let from = args.word("from", &[("text", From::Text), ("fence", From::Fence)], From::Text);
    let given = args.required("schema", "give the schema")?;
    let at = args.pointer("schema");
    let schema = Schema::read(given, &at, args.faults())?;
    Some(Box::new(JsonSchema { schema, from }))
}

impl Part for JsonSchema {
    fn grade(&self, _reference: &str, samples: &[Sample<'_>]) -> Result<Vec<f64>, String> {
        Ok(grade_each(samples, |text| {
            let text = match self.from {
                From::Text => Some(text),
                From::Fence => fenced(text),
            };
            let value = text.and_then(|text| serde_json::from_str::<Value>(text.trim()).ok());
            value.is_some_and(|value| self.schema.takes(&value))
        }))
    }
}

/// What the last complete pair of ``` lines encloses.
fn fenced(text: &str) -> Option<&str> {
    let mut open = None;
    let mut last = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        if line.trim_start().starts_with("```") {
            match open.take() {
                None => open = Some(end),
                Some(start) => last = Some((start, at)),
            }
        }
        at = end;
    }
    last.map(|(start, end)| &text[start..end])
}
