//! The subset of JSON Schema (2020-12) that `json-schema` knows. The `jsonschema` crate would bring a second regex
//! engine that can blow up, seeded hash maps and megabytes of module for keywords that answers do not need; here
//! every keyword is listed, and one that is not known is refused when the job is created, instead of being ignored.
//!
//! Applied: `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`, `minProperties`,
//! `maxProperties`, `items`, `prefixItems`, `minItems`, `maxItems`, `uniqueItems`, `minLength`, `maxLength`,
//! `pattern`, `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `allOf`, `anyOf`, `oneOf`, `not`.
//! Read over: `$schema`, `$comment`, `title`, `description`, `default`, `examples`. No `$ref`: the schema is a tree, so
//! checking costs at most its size times that of the value. Numbers compare as doubles.

use std::collections::BTreeMap;
use std::fmt::Write;

use regex_lite::Regex;
use serde_json::Value;

use crate::args::{Faults, escaped};
use crate::pattern;

const NESTING: usize = 32;
const ANNOTATIONS: [&str; 6] = ["$schema", "$comment", "title", "description", "default", "examples"];
const TYPES: [&str; 7] = ["null", "boolean", "object", "array", "number", "integer", "string"];

pub(crate) struct Schema(Vec<Rule>);

enum Rule {
    Never,
    Type(Vec<String>),
    /// One of these, in canonical spelling.
    Enum(Vec<String>),
    Properties {
        named: BTreeMap<String, Schema>,
        others: Option<Schema>,
    },
    Required(Vec<String>),
    PropertyCount(Range),
    Items {
        first: Vec<Schema>,
        rest: Option<Schema>,
    },
    ItemCount(Range),
    UniqueItems,
    Length(Range),
    Pattern(Regex),
    Number {
        least: Option<f64>,
        most: Option<f64>,
        above: Option<f64>,
        below: Option<f64>,
    },
    All(Vec<Schema>),
    Any(Vec<Schema>),
    One(Vec<Schema>),
    Not(Schema),
}

struct Range {
    min: u64,
    max: u64,
}

impl Range {
    fn holds(&self, count: usize) -> bool {
        (self.min..=self.max).contains(&(count as u64))
    }
}

impl Schema {
    pub(crate) fn read(schema: &Value, at: &str, faults: &mut Faults) -> Option<Self> {
        let before = faults.0.len();
        let read = Reading { faults }.schema(schema, at, 0);
        (faults.0.len() == before).then_some(read)
    }

    pub(crate) fn takes(&self, value: &Value) -> bool {
        self.0.iter().all(|rule| rule.takes(value))
    }
}

impl Rule {
    fn takes(&self, value: &Value) -> bool {
        match self {
            Self::Never => false,
            Self::Type(types) => types.iter().any(|name| is_type(value, name)),
            Self::Enum(values) => values.contains(&canonical(value)),
            Self::Properties { named, others } => value.as_object().is_none_or(|object| {
                object.iter().all(|(key, value)| {
                    named.get(key).or(others.as_ref()).is_none_or(|schema| schema.takes(value))
                })
            }),
            Self::Required(keys) => {
                value.as_object().is_none_or(|object| keys.iter().all(|key| object.contains_key(key)))
            }
            Self::PropertyCount(range) => value.as_object().is_none_or(|object| range.holds(object.len())),
            Self::Items { first, rest } => value.as_array().is_none_or(|items| {
                items
                    .iter()
                    .enumerate()
                    .all(|(i, item)| first.get(i).or(rest.as_ref()).is_none_or(|schema| schema.takes(item)))
            }),
            Self::ItemCount(range) => value.as_array().is_none_or(|items| range.holds(items.len())),
            Self::UniqueItems => value.as_array().is_none_or(|items| {
                let mut spelled: Vec<String> = items.iter().map(canonical).collect();
                spelled.sort_unstable();
                spelled.windows(2).all(|pair| pair[0] != pair[1])
            }),
            Self::Length(range) => value.as_str().is_none_or(|text| range.holds(text.chars().count())),
            Self::Pattern(regex) => value.as_str().is_none_or(|text| regex.is_match(text)),
            Self::Number { least, most, above, below } => value.as_f64().is_none_or(|number| {
                least.is_none_or(|least| number >= least)
                    && most.is_none_or(|most| number <= most)
                    && above.is_none_or(|above| number > above)
                    && below.is_none_or(|below| number < below)
            }),
            Self::All(schemas) => schemas.iter().all(|schema| schema.takes(value)),
            Self::Any(schemas) => schemas.iter().any(|schema| schema.takes(value)),
            Self::One(schemas) => schemas.iter().filter(|schema| schema.takes(value)).count() == 1,
            Self::Not(schema) => !schema.takes(value),
        }
    }
}

fn is_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => value.is_string(),
    }
}

/// One spelling for equal values: keys in order, the bits of doubles, one zero.
fn canonical(value: &Value) -> String {
    let mut out = String::new();
    spell(value, &mut out);
    out
}

fn spell(value: &Value, out: &mut String) {
    match value {
        Value::Number(number) => {
            let double = number.as_f64().unwrap_or(f64::NAN);
            let _ = write!(out, "{:x}", (double + 0.0).to_bits()); // -0 + 0 is 0; a String takes all
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                spell(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(object) => {
            let mut entries: Vec<_> = object.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (key, value) in entries {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                spell(value, out);
                out.push(',');
            }
            out.push('}');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

/// Reads a schema; every fault goes to `faults`, and what is read beside faults is not used.
struct Reading<'a> {
    faults: &'a mut Faults,
}

impl Reading<'_> {
    fn fault(&mut self, at: &str, detail: &str) {
        self.faults.add(at.to_owned(), "invalid_schema", detail);
    }

    fn schema(&mut self, schema: &Value, at: &str, depth: usize) -> Schema {
        let object = match schema {
            Value::Bool(true) => return Schema(Vec::new()),
            Value::Bool(false) => return Schema(vec![Rule::Never]),
            Value::Object(object) => object,
            _ => {
                self.fault(at, "a schema is an object, true or false");
                return Schema(Vec::new());
            }
        };
        if depth >= NESTING {
            self.fault(at, &format!("nested more than {NESTING} deep"));
            return Schema(Vec::new());
        }
        let mut keyword = |name: &str| object.get(name).map(|value| (value, format!("{at}/{name}")));
        let mut rules = Vec::new();
        self.values(&mut keyword, &mut rules);
        self.objects(&mut keyword, &mut rules, depth + 1);
        self.arrays(&mut keyword, &mut rules, depth + 1);
        self.texts_and_numbers(&mut keyword, &mut rules);
        self.combined(&mut keyword, &mut rules, depth + 1);
        let mut strangers: Vec<_> = object.keys().filter(|key| !is_known(key)).collect();
        strangers.sort();
        for key in strangers {
            let at = format!("{at}/{}", escaped(key));
            self.faults.add(at, "unknown_field", "this keyword of JSON Schema is not supported");
        }
        Schema(rules)
    }

    fn values(&mut self, keyword: &mut Keyword<'_, '_>, rules: &mut Vec<Rule>) {
        if let Some((value, at)) = keyword("type") {
            let types = if value.is_string() { vec![value] } else { self.list(value, &at) };
            let types: Vec<&str> = types.into_iter().map(|name| name.as_str().unwrap_or("")).collect();
            if types.iter().any(|name| !TYPES.contains(name)) {
                self.fault(&at, &format!("types are {}", TYPES.join(", ")));
            }
            rules.push(Rule::Type(types.into_iter().map(str::to_owned).collect()));
        }
        if let Some((value, at)) = keyword("enum") {
            rules.push(Rule::Enum(self.list(value, &at).into_iter().map(canonical).collect()));
        }
        if let Some((value, _)) = keyword("const") {
            rules.push(Rule::Enum(vec![canonical(value)]));
        }
    }

    fn objects(&mut self, keyword: &mut Keyword<'_, '_>, rules: &mut Vec<Rule>, depth: usize) {
        let mut named = BTreeMap::new();
        if let Some((value, at)) = keyword("properties") {
            let Some(properties) = value.as_object() else {
                return self.fault(&at, "must be an object of schemas");
            };
            for (key, schema) in properties {
                let at = format!("{at}/{}", escaped(key));
                named.insert(key.clone(), self.schema(schema, &at, depth));
            }
        }
        let others = keyword("additionalProperties").map(|(value, at)| self.schema(value, &at, depth));
        if !named.is_empty() || others.is_some() {
            rules.push(Rule::Properties { named, others });
        }
        if let Some((value, at)) = keyword("required") {
            let keys: Vec<_> =
                self.list(value, &at).into_iter().map(|key| key.as_str().map(str::to_owned)).collect();
            if keys.contains(&None) {
                self.fault(&at, "must be a list of strings");
            }
            rules.push(Rule::Required(keys.into_iter().flatten().collect()));
        }
        rules.extend(self.range(keyword, "minProperties", "maxProperties").map(Rule::PropertyCount));
    }

    fn arrays(&mut self, keyword: &mut Keyword<'_, '_>, rules: &mut Vec<Rule>, depth: usize) {
        let first = keyword("prefixItems").map(|(value, at)| self.schemas(value, &at, depth));
        let rest = keyword("items").map(|(value, at)| self.schema(value, &at, depth));
        if first.is_some() || rest.is_some() {
            rules.push(Rule::Items { first: first.unwrap_or_default(), rest });
        }
        rules.extend(self.range(keyword, "minItems", "maxItems").map(Rule::ItemCount));
        match keyword("uniqueItems") {
            Some((Value::Bool(true), _)) => rules.push(Rule::UniqueItems),
            None | Some((Value::Bool(false), _)) => {}
            Some((_, at)) => self.fault(&at, "must be true or false"),
        }
    }

    fn texts_and_numbers(&mut self, keyword: &mut Keyword<'_, '_>, rules: &mut Vec<Rule>) {
        rules.extend(self.range(keyword, "minLength", "maxLength").map(Rule::Length));
        if let Some((value, at)) = keyword("pattern") {
            match value.as_str() {
                Some(text) => rules.extend(pattern::compile(text, false, at, self.faults).map(Rule::Pattern)),
                None => self.fault(&at, "must be a string"),
            }
        }
        let mut bound = |name| {
            let (value, at) = keyword(name)?;
            let number = value.as_f64();
            if number.is_none() {
                self.fault(&at, "must be a number");
            }
            number
        };
        let (least, most) = (bound("minimum"), bound("maximum"));
        let (above, below) = (bound("exclusiveMinimum"), bound("exclusiveMaximum"));
        if [least, most, above, below].iter().any(Option::is_some) {
            rules.push(Rule::Number { least, most, above, below });
        }
    }

    fn combined(&mut self, keyword: &mut Keyword<'_, '_>, rules: &mut Vec<Rule>, depth: usize) {
        let mut schemas = |name| keyword(name).map(|(value, at)| self.schemas(value, &at, depth));
        rules.extend(schemas("allOf").map(Rule::All));
        rules.extend(schemas("anyOf").map(Rule::Any));
        rules.extend(schemas("oneOf").map(Rule::One));
        rules.extend(keyword("not").map(|(value, at)| Rule::Not(self.schema(value, &at, depth))));
    }

    fn list<'v>(&mut self, value: &'v Value, at: &str) -> Vec<&'v Value> {
        let list = value.as_array().filter(|list| !list.is_empty());
        if list.is_none() && !(at.ends_with("/required") && value.is_array()) {
            self.fault(at, "must be a list with something in it");
        }
        list.map(|list| list.iter().collect()).unwrap_or_default()
    }

    fn schemas(&mut self, value: &Value, at: &str, depth: usize) -> Vec<Schema> {
        let list = self.list(value, at);
        list.into_iter()
            .enumerate()
            .map(|(i, schema)| self.schema(schema, &format!("{at}/{i}"), depth))
            .collect()
    }

    fn range(&mut self, keyword: &mut Keyword<'_, '_>, min: &str, max: &str) -> Option<Range> {
        let mut count = |name| {
            let (value, at) = keyword(name)?;
            let count = value.as_u64();
            if count.is_none() {
                self.fault(&at, "must be a whole number, 0 or more");
            }
            count
        };
        let (min, max) = (count(min), count(max));
        (min.is_some() || max.is_some())
            .then(|| Range { min: min.unwrap_or(0), max: max.unwrap_or(u64::MAX) })
    }
}

/// Finds a keyword's value and its pointer.
type Keyword<'a, 'v> = dyn FnMut(&str) -> Option<(&'v Value, String)> + 'a;

fn is_known(keyword: &str) -> bool {
    const APPLIED: [&str; 24] = [
        "type",
        "enum",
        "const",
        "properties",
        "required",
        "additionalProperties",
        "minProperties",
        "maxProperties",
        "items",
        "prefixItems",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minLength",
        "maxLength",
        "pattern",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
    ];
    APPLIED.contains(&keyword) || ANNOTATIONS.contains(&keyword)
}
