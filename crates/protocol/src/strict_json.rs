//! JSON that has one spelling per value: what serde lets pass beyond that is refused.
//!
//! serde reads a struct from an array, a unit variant from an object, and of a key given twice the last. Each is a second
//! spelling of the same record, that another reader would understand otherwise.

use std::fmt;

use serde::de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// Reads a value whose own JSON has the same shape: the same keys, each once, and the same kinds of values. A key that is
/// left out is the same as null.
pub fn from_slice<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    let Once(given) = serde_json::from_slice(bytes)?;
    // from the text again: a number's way through f64 could round it twice
    same_shape(&given, serde_json::from_slice(bytes)?)
}

/// The same for a value that was read before; that its keys were given once is for the reader of its text to see.
pub fn from_value<T: DeserializeOwned + Serialize>(given: &Value) -> Result<T, serde_json::Error> {
    same_shape(given, T::deserialize(given)?)
}

fn same_shape<T: Serialize>(given: &Value, value: T) -> Result<T, serde_json::Error> {
    let own = serde_json::to_value(&value)?;
    match difference(given, &own, "") {
        None => Ok(value),
        Some(at) => {
            Err(serde_json::Error::custom(format_args!("{at} is written in another way than it should be")))
        }
    }
}

/// Where two values differ in keys or kinds.
fn difference(a: &Value, b: &Value, at: &str) -> Option<String> {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
            keys.find_map(|key| {
                let of = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                difference(&of(a), &of(b), &format!("{at}/{key}"))
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.find_map(|(index, (a, b))| difference(a, b, &format!("{at}/{index}")))
        }
        (Value::Null, Value::Null)
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::String(_), Value::String(_)) => None,
        _ => Some(if at.is_empty() { "the whole".to_owned() } else { at.to_owned() }),
    }
}

/// A value in which no key is given twice.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor).map(Self)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Once(value)) = seq.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            let Once(value) = access.next_value()?;
            if map.contains_key(&key) {
                return Err(A::Error::custom(format_args!("{key} is given twice")));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        One,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Thing {
        word: Word,
        number: f64,
        more: Option<Value>,
    }

    #[test]
    fn one_spelling_is_read_and_the_others_are_not() {
        let read = |text: &str| from_slice::<Thing>(text.as_bytes());
        assert!(read(r#"{"word":"one","number":1,"more":{"a":[1,"x",null,true]}}"#).is_ok());
        assert!(read(r#"{"word":"one","number":1}"#).is_ok());
        for other in [
            r#"["one",1,null]"#,
            r#"{"word":{"one":null},"number":1,"more":null}"#,
            r#"{"word":"one","number":1,"more":{"a":1,"a":1}}"#,
            r#"{"word":"one","number":1,"number":1,"more":null}"#,
            r#"{"word":"one","more":null}"#,
        ] {
            assert!(read(other).is_err(), "{other}");
        }
    }
}
