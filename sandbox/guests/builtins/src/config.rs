//! From the args to parts that are ready to grade. The REST API checks with the same code that grades.

use serde_json::Value;

use crate::args::{Fault, Faults, Reader};
use crate::parts::{self, Built, Part};

/// Parts of one reward.
pub(crate) const PARTS: usize = 16;
/// The whole args, written as JSON.
pub(crate) const ARGS_BYTES: usize = 64 << 10;
/// What the sandbox allows as a reward: values are from 0 to 1, so weights may add up to this.
pub(crate) const WEIGHTS: f64 = 1e6;
const NAME_BYTES: usize = 64;

/// A part under its name.
pub(crate) struct Configured {
    pub(crate) name: String,
    pub(crate) weight: f64,
    pub(crate) part: Box<dyn Part>,
}

/// Checks args before a job is taken: `Ok` means that grading can only fail for a prompt's reference.
///
/// # Errors
/// All that is wrong, each with its place.
pub fn check(args: &Value) -> Result<(), Vec<Fault>> {
    configure(args).map(|_| ())
}

pub(crate) fn configure(args: &Value) -> Result<Vec<Configured>, Vec<Fault>> {
    let mut faults = Faults::default();
    let configured = read(args, &mut faults);
    if faults.0.is_empty() { Ok(configured) } else { Err(faults.0) }
}

fn read(args: &Value, faults: &mut Faults) -> Vec<Configured> {
    let bytes = args.to_string().len();
    if bytes > ARGS_BYTES {
        faults.add(String::new(), "too_long", format!("{bytes} bytes of JSON; at most {ARGS_BYTES}"));
        return Vec::new();
    }
    let mut reader = Reader::new(Some(args), String::new(), faults);
    let listed = reader.required("parts", "name at least one part");
    reader.finish();
    let Some(listed) = listed else { return Vec::new() };
    let Some(listed) = listed.as_array() else {
        faults.add("/parts".to_owned(), "invalid_type", "must be a list");
        return Vec::new();
    };
    if listed.is_empty() {
        faults.add("/parts".to_owned(), "required", "name at least one part");
    }
    if listed.len() > PARTS {
        faults.add("/parts".to_owned(), "too_many", format!("{} parts; at most {PARTS}", listed.len()));
        return Vec::new();
    }
    let mut configured: Vec<Configured> = Vec::new();
    for (i, given) in listed.iter().enumerate() {
        let Some(next) = one(given, &format!("/parts/{i}"), faults) else { continue };
        if configured.iter().any(|other| other.name == next.name) {
            let detail = format!("two parts are named `{}`: give one another `as`", next.name);
            faults.add(format!("/parts/{i}/as"), "duplicate_name", detail);
        }
        configured.push(next);
    }
    let weights: f64 = configured.iter().map(|part| part.weight.abs()).sum();
    if weights > WEIGHTS {
        faults.add("/parts".to_owned(), "out_of_range", format!("the weights add up to more than {WEIGHTS}"));
    }
    configured
}

fn one(given: &Value, at: &str, faults: &mut Faults) -> Option<Configured> {
    if !given.is_object() {
        faults.add(at.to_owned(), "invalid_type", "must be an object");
        return None;
    }
    let mut reader = Reader::new(Some(given), at.to_owned(), faults);
    let kind = reader.required("name", "say which part").is_some().then(|| reader.text("name", 64)).flatten();
    let weight = reader.number("weight", 1.0, -WEIGHTS, WEIGHTS);
    let args = reader.value("args");
    let name = reader.text("as", 4 * NAME_BYTES);
    if let Some(name) = name.filter(|name| !is_name(name)) {
        let detail = format!("`{name}` is not 1 to {NAME_BYTES} of a-z, 0-9, _ . and -");
        reader.fault("as", "invalid_name", detail);
    }
    reader.finish();
    let kind = kind?;
    let mut reader = Reader::new(args, format!("{at}/args"), faults);
    let built = parts::build(kind, &mut reader);
    if let Built::NoSuchPart = built {
        let detail = format!("there is no part `{kind}`; known: {}", parts::NAMES.join(", "));
        faults.add(format!("{at}/name"), "unsupported_value", detail);
        return None;
    }
    reader.finish();
    let Built::Part(part) = built else { return None };
    Some(Configured { name: name.unwrap_or(kind).to_owned(), weight, part })
}

/// What the sandbox takes as the name of a component.
fn is_name(name: &str) -> bool {
    let byte = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.' | b'-');
    (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(byte)
}
