//! Reads one JSON object of the args field by field, and collects all that is wrong with it.

use serde_json::{Map, Value};

/// One thing that is wrong with the args.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer inside the args, such as `/parts/0/args/pattern`.
    pub pointer: String,
    /// Stable: `required`, `invalid_type`, `unknown_field`, `unsupported_value`, `out_of_range`, `too_long`,
    /// `too_many`, `invalid_name`, `duplicate_name`, `invalid_pattern` or `invalid_schema`.
    pub code: &'static str,
    /// For a person; may change.
    pub detail: String,
}

/// What was found to be wrong, in the order in which it was found.
#[derive(Debug, Default)]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, pointer: String, code: &'static str, detail: impl Into<String>) {
        self.0.push(Fault { pointer, code, detail: detail.into() });
    }
}

/// One object. Every read notes the field's name; `finish` refuses the fields that nobody read.
pub(crate) struct Reader<'a, 'f> {
    object: Option<&'a Map<String, Value>>,
    at: String,
    known: Vec<&'static str>,
    faults: &'f mut Faults,
}

impl<'a, 'f> Reader<'a, 'f> {
    /// `None` reads like an empty object.
    pub(crate) fn new(value: Option<&'a Value>, at: String, faults: &'f mut Faults) -> Self {
        let object = value.and_then(Value::as_object);
        if value.is_some() && object.is_none() {
            faults.add(at.clone(), "invalid_type", "must be an object");
        }
        Self { object, at, known: Vec::new(), faults }
    }

    pub(crate) fn pointer(&self, field: &str) -> String {
        format!("{}/{}", self.at, escaped(field))
    }

    pub(crate) fn fault(&mut self, field: &str, code: &'static str, detail: impl Into<String>) {
        let pointer = self.pointer(field);
        self.faults.add(pointer, code, detail);
    }

    pub(crate) fn faults(&mut self) -> &mut Faults {
        self.faults
    }

    pub(crate) fn value(&mut self, field: &'static str) -> Option<&'a Value> {
        self.known.push(field);
        self.object.and_then(|object| object.get(field))
    }

    pub(crate) fn required(&mut self, field: &'static str, what: &str) -> Option<&'a Value> {
        let value = self.value(field);
        if value.is_none() {
            self.fault(field, "required", what);
        }
        value
    }

    pub(crate) fn text(&mut self, field: &'static str, longest: usize) -> Option<&'a str> {
        let value = self.value(field)?;
        let Some(text) = value.as_str() else {
            self.fault(field, "invalid_type", "must be a string");
            return None;
        };
        if text.len() > longest {
            self.fault(field, "too_long", format!("{} bytes; at most {longest}", text.len()));
            return None;
        }
        Some(text)
    }

    pub(crate) fn flag(&mut self, field: &'static str, default: bool) -> bool {
        match self.value(field) {
            None => default,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.fault(field, "invalid_type", "must be true or false");
                default
            }
        }
    }

    /// A finite number from `min` to `max`.
    pub(crate) fn number(&mut self, field: &'static str, default: f64, min: f64, max: f64) -> f64 {
        let Some(value) = self.value(field) else { return default };
        let Some(number) = value.as_f64().filter(|number| number.is_finite()) else {
            self.fault(field, "invalid_type", "must be a number");
            return default;
        };
        if number < min || number > max {
            self.fault(field, "out_of_range", format!("{number} is not from {min} to {max}"));
            return default;
        }
        number
    }

    /// A whole number from 0 to `max`.
    pub(crate) fn whole(&mut self, field: &'static str, max: u32) -> Option<u32> {
        let value = self.value(field)?;
        let Some(number) = value.as_i64() else {
            self.fault(field, "invalid_type", "must be a whole number");
            return None;
        };
        let inside = u32::try_from(number).ok().filter(|number| *number <= max);
        if inside.is_none() {
            self.fault(field, "out_of_range", format!("{number} is not from 0 to {max}"));
        }
        inside
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(&mut self, field: &'static str, words: &[(&str, T)], default: T) -> T {
        let Some(text) = self.text(field, 64) else { return default };
        if let Some((_, word)) = words.iter().find(|(word, _)| *word == text) {
            return *word;
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        self.fault(field, "unsupported_value", format!("`{text}` is not one of {}", known.join(", ")));
        default
    }

    pub(crate) fn finish(self) {
        let Some(object) = self.object else { return };
        let mut strangers: Vec<&String> =
            object.keys().filter(|key| !self.known.contains(&key.as_str())).collect();
        strangers.sort();
        for field in strangers {
            let detail = format!("there is no such field; known: {}", self.known.join(", "));
            self.faults.add(format!("{}/{}", self.at, escaped(field)), "unknown_field", detail);
        }
    }
}

/// One step of a JSON pointer.
pub(crate) fn escaped(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}
