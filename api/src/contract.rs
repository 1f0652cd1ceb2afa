//! What the document says of a route, held against every request before a handler sees it: the parameters of the query,
//! and the media types that there are.

use std::collections::HashMap;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::ACCEPT;
use actix_web::web;
use serde_json::Value;

use crate::error::{ApiError, FieldError};
use crate::openapi;
use crate::suggest::closest;

/// What every operation takes and gives, read from the document.
#[derive(Debug)]
pub(crate) struct Contract {
    /// By path template and method.
    operations: HashMap<(String, String), Operation>,
}

#[derive(Debug, Default)]
struct Operation {
    query: Vec<String>,
    /// Names of parameters that are objects: `metadata` takes `metadata[any]`.
    objects: Vec<String>,
    produces: Vec<String>,
}

impl Contract {
    /// The document of this service.
    pub(crate) fn new() -> Self {
        Self::of(&serde_json::from_str(&openapi::json()).unwrap_or_default())
    }

    fn of(document: &Value) -> Self {
        let mut operations = HashMap::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                operations.insert((path.clone(), method.to_uppercase()), Operation::of(operation));
            }
        }
        Self { operations }
    }

    /// Refuses what the operation does not know. Unknown routes and methods are refused elsewhere.
    pub(crate) fn check(&self, request: &ServiceRequest) -> Result<(), ApiError> {
        let Some(pattern) = request.match_pattern() else { return Ok(()) };
        let Some(operation) = self.operations.get(&(pattern, request.method().as_str().to_owned())) else {
            return Ok(());
        };
        operation.check_query(request.query_string())?;
        let mut accepted = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
        operation.check_accept(&mut accepted)
    }
}

impl Operation {
    fn of(operation: &Value) -> Self {
        let mut found = Self::default();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] == "query"
                && let Some(name) = parameter["name"].as_str()
            {
                let is_object = parameter["style"] == "deepObject";
                if is_object { &mut found.objects } else { &mut found.query }.push(name.to_owned());
            }
        }
        for (status, response) in operation["responses"].as_object().into_iter().flatten() {
            if status.starts_with('2') {
                found
                    .produces
                    .extend(response["content"].as_object().into_iter().flatten().map(|(k, _)| k.clone()));
            }
        }
        found
    }

    fn check_query(&self, query: &str) -> Result<(), ApiError> {
        if query.is_empty() {
            return Ok(());
        }
        let pairs = web::Query::<Vec<(String, String)>>::from_query(query);
        let pairs = pairs.map_err(|error| ApiError::InvalidQuery {
            name: "query".to_owned(),
            detail: error.to_string(),
        })?;
        let unknown: Vec<FieldError> =
            pairs.iter().filter(|(name, _)| !self.knows(name)).map(|(name, _)| self.unknown(name)).collect();
        if unknown.is_empty() { Ok(()) } else { Err(ApiError::UnknownParameters(unknown)) }
    }

    fn knows(&self, name: &str) -> bool {
        let member = || {
            let (object, rest) = name.split_once('[')?;
            rest.strip_suffix(']').filter(|key| !key.is_empty() && !key.contains(['[', ']']))?;
            Some(self.objects.iter().any(|known| known == object))
        };
        self.query.iter().any(|known| known == name) || member().unwrap_or(false)
    }

    fn unknown(&self, name: &str) -> FieldError {
        let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
        let known = self.query.iter().chain(&self.objects).map(String::as_str);
        let detail = match closest(name, known) {
            Some(meant) => format!("there is no parameter `{shown}`; did you mean `{meant}`?"),
            None if self.query.is_empty() && self.objects.is_empty() => {
                "there are no parameters here".to_owned()
            }
            None => format!("there is no parameter `{shown}`"),
        };
        FieldError { pointer: format!("?{shown}"), code: "unknown_parameter", detail }
    }

    fn check_accept(&self, values: &mut dyn Iterator<Item = &str>) -> Result<(), ApiError> {
        let ranges: Vec<(&str, bool)> = values.flat_map(|value| value.split(',')).filter_map(range).collect();
        let served = |range: &str| {
            let (kind, any) = (range.split('/').next().unwrap_or_default(), range.ends_with("/*"));
            range == "*/*"
                || self.produces.iter().any(|given| {
                    let given = given.split(';').next().unwrap_or_default().trim();
                    given.eq_ignore_ascii_case(range)
                        || any && given.split('/').next().is_some_and(|own| own.eq_ignore_ascii_case(kind))
                })
        };
        let wanted = ranges.iter().any(|(range, wanted)| *wanted && served(range));
        if ranges.is_empty() || self.produces.is_empty() || wanted {
            return Ok(());
        }
        Err(ApiError::NotAcceptable { produces: self.produces.join(", ") })
    }
}

/// A media range, and whether its quality is above zero. What is none is passed over.
fn range(text: &str) -> Option<(&str, bool)> {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().filter(|range| range.contains('/'))?;
    let quality = parts.find_map(|part| part.strip_prefix("q=")).and_then(|q| q.parse::<f32>().ok());
    Some((range, quality.is_none_or(|quality| quality > 0.0)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn operation() -> Operation {
        Operation::of(&json!({
            "parameters": [
                { "in": "query", "name": "limit" }, { "in": "path", "name": "id" },
                { "in": "query", "name": "metadata", "style": "deepObject" },
            ],
            "responses": {
                "200": { "content": { "application/json": {}, "text/event-stream": {} } },
                "400": { "content": { "application/problem+json": {} } },
            },
        }))
    }

    #[test]
    fn every_unknown_parameter_is_named_and_the_likely_one_with_it() {
        let operation = operation();
        for fine in ["", "limit=1", "limit=1&limit=2", "metadata[a]=1&metadata%5Bb%5D=2", "limit"] {
            assert!(operation.check_query(fine).is_ok(), "{fine}");
        }
        let Err(ApiError::UnknownParameters(unknown)) =
            operation.check_query("limti=1&id=2&metadata[]=1&x%00=3")
        else {
            panic!("taken");
        };
        let pointers: Vec<&str> = unknown.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["?limti", "?id", "?metadata[]", "?x"]);
        assert_eq!(unknown[0].detail, "there is no parameter `limti`; did you mean `limit`?");
    }

    #[test]
    fn what_cannot_be_given_is_said() {
        let operation = operation();
        let takes = |values: &[&str]| operation.check_accept(&mut values.iter().copied()).is_ok();
        for fine in [
            &[][..],
            &["*/*"],
            &["application/json"],
            &["Application/JSON; charset=utf-8"],
            &["text/html, application/*;q=0.1"],
            &["text/html", "text/event-stream"],
            &["nonsense"],
        ] {
            assert!(takes(fine), "{fine:?}");
        }
        for bad in [&["text/html"][..], &["application/json;q=0"], &["image/*", "application/xml"]] {
            assert!(!takes(bad), "{bad:?}");
        }
    }
}
