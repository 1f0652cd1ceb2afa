//! The one text of a JSON value (RFC 8785, JCS): what is hashed and signed, so that anyone with any JSON library computes the
//! same bytes.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The canonical text: keys in UTF-16 order, no spaces, numbers as ECMAScript writes doubles.
pub fn to_string(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

/// SHA-256 of the canonical text.
pub fn sha256(value: &Value) -> [u8; 32] {
    Sha256::digest(to_string(value)).into()
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(known) => out.push_str(if *known { "true" } else { "false" }),
        // serde_json keeps no number that is not finite
        Value::Number(number) => out.push_str(&double(number.as_f64().unwrap_or(0.0))),
        Value::String(text) => quote(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                quote(name, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

/// serde_json escapes exactly what JCS escapes, in the same way.
fn quote(text: &str, out: &mut String) {
    out.push_str(&Value::from(text).to_string());
}

/// The shortest digits that give this double again, laid out as ECMAScript's `Number::toString` does.
fn double(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned(); // and so is -0
    }
    // serde_json's digits are the shortest, and the even ones of two that are as near; `{:e}` takes the greater
    let text = Value::from(number.abs()).to_string();
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{part}");
    let leading = all.len() - all.trim_start_matches('0').len();
    let digits = all.trim_matches('0').to_owned();
    // the value is 0.digits · 10^point
    let point = exponent.parse::<i32>().unwrap_or(0) + whole.len() as i32 - leading as i32;
    let count = digits.len() as i32;
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    let unsigned = if (1..=21).contains(&point) {
        if count <= point {
            format!("{digits}{}", zeros(point - count))
        } else {
            let (whole, part) = digits.split_at(point as usize);
            format!("{whole}.{part}")
        }
    } else if (-5..=0).contains(&point) {
        format!("0.{}{digits}", zeros(-point))
    } else {
        let (first, rest) = digits.split_at(1);
        let point_and_rest = if rest.is_empty() { String::new() } else { format!(".{rest}") };
        format!("{first}{point_and_rest}e{:+}", point - 1)
    };
    if number < 0.0 { format!("-{unsigned}") } else { unsigned }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_those_of_the_rfc() {
        // RFC 8785, appendix B
        for (bits, text) in [
            (0x0000_0000_0000_0000_u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            assert_eq!(double(f64::from_bits(bits)), text);
        }
    }

    #[test]
    fn keys_are_sorted_by_utf_16_and_nothing_is_spaced() {
        // RFC 8785, section 3.2.3
        let value = json!({ "\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7 });
        let expected =
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}";
        assert_eq!(to_string(&value), expected);
        let value = json!({ "b": [1.0, "a\u{f}\n\"\\/", null, true], "a": {} });
        assert_eq!(to_string(&value), "{\"a\":{},\"b\":[1,\"a\\u000f\\n\\\"\\\\/\",null,true]}");
    }
}
