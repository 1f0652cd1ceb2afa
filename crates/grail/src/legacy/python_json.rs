//! JSON text as Python's `json.dumps(value, sort_keys=True, separators=(",", ":"))` writes it: the commit digest hashes it.

use serde_json::{Number, Value};

use super::Error;

/// Writes `value` with sorted keys, no spaces and everything outside ASCII escaped.
pub(super) fn write(value: &Value) -> Result<String, Error> {
    let mut text = String::new();
    push(&mut text, value)?;
    Ok(text)
}

fn push(text: &mut String, value: &Value) -> Result<(), Error> {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number_text(number)?),
        Value::String(string) => push_string(text, string),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                push(text, item)?;
            }
            text.push(']');
        }
        Value::Object(fields) => {
            // sorted here, because serde_json may be built to keep insertion order; UTF-8 order is code point order
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|field| field.0);
            text.push('{');
            for (index, (key, item)) in fields.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                push_string(text, key);
                text.push(':');
                push(text, item)?;
            }
            text.push('}');
        }
    }
    Ok(())
}

fn push_string(text: &mut String, string: &str) {
    use std::fmt::Write as _;
    text.push('"');
    for c in string.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\x08' => text.push_str("\\b"),
            '\x0c' => text.push_str("\\f"),
            ' '..='~' => text.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(text, "\\u{unit:04x}").expect("writing to a string cannot fail");
                }
            }
        }
    }
    text.push('"');
}

/// Integers are exact. serde_json turns an integer beyond 64 bits into a float, and then its digits are lost: refused.
fn number_text(number: &Number) -> Result<String, Error> {
    if !number.is_f64() {
        return Ok(number.to_string());
    }
    let value = number.as_f64().ok_or(Error::JsonNumber)?;
    if value.abs() >= 2_f64.powi(63) {
        return Err(Error::JsonNumber);
    }
    Ok(float_text(value))
}

/// Python's `repr(float)`: shortest digits that read back, positional for exponents -4 to 15.
fn float_text(value: f64) -> String {
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').expect("the e format always has an exponent");
    let exponent: i32 = exponent.parse().expect("the e format writes an integer exponent");
    if (-4..16).contains(&exponent) {
        return format!("{value:?}").replace("e-5", "e-05"); // Debug is positional here and keeps the `.0`
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(json: &str) -> Option<String> {
        write(&serde_json::from_str(json).unwrap()).ok()
    }

    #[test]
    fn text_is_pythons() {
        assert_eq!(
            python(r#"[ {"b": 1, "a": null, "é": [true, false]} ]"#).unwrap(),
            r#"[{"a":null,"b":1,"\u00e9":[true,false]}]"#
        );
        assert_eq!(
            python(r#""a\"\\\/\b\f\n\r\t\u0001\u007f\ud83d\ude00""#).unwrap(),
            r#""a\"\\/\b\f\n\r\t\u0001\u007f\ud83d\ude00""#
        );
        assert_eq!(
            python("[-9223372036854775808,18446744073709551615]").unwrap(),
            "[-9223372036854775808,18446744073709551615]"
        );
    }

    #[test]
    fn floats_are_pythons() {
        let cases = [
            ("1.0", "1.0"),
            ("-0.0", "-0.0"),
            ("0.1", "0.1"),
            ("1e15", "1000000000000000.0"),
            ("1e16", "1e+16"),
            ("1.5e16", "1.5e+16"),
            ("1e-4", "0.0001"),
            ("1e-5", "1e-05"),
            ("1.25e-7", "1.25e-07"),
            ("1e-300", "1e-300"),
            ("123456.789", "123456.789"),
        ];
        for (json, expected) in cases {
            assert_eq!(python(json).as_deref(), Some(expected), "{json}");
        }
    }

    #[test]
    fn integers_that_lost_their_digits_are_refused() {
        assert_eq!(python("18446744073709551616"), None);
        assert_eq!(python("-1e30"), None);
    }
}
