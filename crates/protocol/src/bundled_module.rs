//! A customer's reward module as it travels with rollouts: one line before them, so that a reader who has the file has all
//! that a reward was computed from. Whether the bytes are what the hashes say is for who runs them to check.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use grail::hash::Hash;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The first field of the line, which tells it from a rollout.
pub const OBJECT: &str = "reward_module";
/// No module is larger: what an upload may have.
pub const MAX_MODULE_BYTES: usize = 32 << 20;
/// The longest line: the module in base64, and room for the names.
pub const MAX_LINE_BYTES: usize = MAX_MODULE_BYTES / 3 * 4 + (64 << 10);

/// The module that scored a job's rollouts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundledModule {
    /// Always `reward_module`.
    #[serde(deserialize_with = "object")]
    pub object: String,
    /// The name the job used, such as `rwf_…@3`.
    pub function: String,
    /// Of what the customer uploaded, which a core module is not any more when it runs: a name, not checked by the bytes.
    #[serde(with = "grail::lower_hex")]
    pub upload_sha256: Hash,
    /// Of the component, whose bytes follow.
    #[serde(with = "grail::lower_hex")]
    pub component_sha256: Hash,
    /// `reward` or `reward-simple`.
    pub world: String,
    /// What of WASI it may see: `none` or `deterministic`.
    pub wasi: String,
    #[serde(rename = "module_base64", serialize_with = "write", deserialize_with = "read")]
    pub component: Vec<u8>,
}

impl BundledModule {
    /// The line that stands before the rollouts, without its end.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("names and text are JSON")
    }

    /// Whether a line is one of these and no rollout: by its first field alone, since it may be long.
    pub fn is_line(line: &[u8]) -> bool {
        let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
        let mut rest = line.iter().copied().filter(|byte| !space(byte));
        br#"{"object":"reward_module""#.iter().all(|expected| rest.next() == Some(*expected))
    }
}

fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let given = String::deserialize(deserializer)?;
    if given == OBJECT { Ok(given) } else { Err(de::Error::custom("no reward module")) }
}

fn write<S: Serializer>(component: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64.encode(component))
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let bytes = BASE64.decode(String::deserialize(deserializer)?).map_err(de::Error::custom)?;
    if bytes.len() > MAX_MODULE_BYTES {
        return Err(de::Error::custom(format_args!("a module of more than {MAX_MODULE_BYTES} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strict_json;

    fn module() -> BundledModule {
        BundledModule {
            object: OBJECT.to_owned(),
            function: "rwf_1@3".to_owned(),
            upload_sha256: [1; 32],
            component_sha256: [2; 32],
            world: "reward-simple".to_owned(),
            wasi: "none".to_owned(),
            component: b"\0asm rest".to_vec(),
        }
    }

    #[test]
    fn a_module_is_one_line_that_is_known_by_its_start() {
        let line = module().line();
        assert!(line.starts_with(r#"{"object":"reward_module","function":"rwf_1@3","upload_sha256":"0101"#));
        assert!(line.ends_with(r#""module_base64":"AGFzbSByZXN0"}"#), "{line}");
        assert_eq!(strict_json::from_slice::<BundledModule>(line.as_bytes()).unwrap(), module());
        for same in [line.replace(':', ": "), format!(" \t{line}")] {
            assert!(BundledModule::is_line(same.as_bytes()), "{same}");
        }
        for other in [&br#"{"object":"rollout""#[..], b"", b"{", br#"{"x":1,"object":"reward_module"}"#] {
            assert!(!BundledModule::is_line(other));
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let line = module().line();
        let one = |from: &str, to: &str| line.replacen(from, to, 1);
        for bad in [
            one("\"reward_module\"", "\"rollout\""),
            one("AGFzbSByZXN0", "AGFzbSByZXN"),
            one("AGFzbSByZXN0", "AGFzbSByZXN0\\n"),
            one("{", "{\"more\":1,"),
            one("0101", "01"),
            one("\"world\":\"reward-simple\",", ""),
        ] {
            assert!(strict_json::from_slice::<BundledModule>(bad.as_bytes()).is_err(), "{bad}");
        }
        let longest = "A".repeat(MAX_MODULE_BYTES.div_ceil(3) * 4);
        assert!(
            strict_json::from_slice::<BundledModule>(one("AGFzbSByZXN0", &longest).as_bytes()).is_err(),
            "one byte too many"
        );
    }
}
