//! JSON texts of strangers: bounded in depth, an object an object (`strict`), and read with the place of the first fault.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::strict::Strict;

/// Objects and lists inside each other.
pub const MAX_DEPTH: usize = 64;

/// Why a text is not what was to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// JSON pointer, as far as it is known.
    pub pointer: String,
    pub detail: String,
}

/// Reads one value. Bound the depth first, by [`too_deep`].
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Misread> {
    // places are only kept on a second reading: most texts need none
    let mut json = serde_json::Deserializer::from_str(text);
    if let Ok(value) = T::deserialize(Strict(&mut json))
        && json.end().is_ok()
    {
        return Ok(value);
    }
    let misread = |pointer, error: &serde_json::Error| Misread { pointer, detail: error.to_string() };
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(Strict(&mut json)).map_err(|error| {
        let pointer = pointer(error.path());
        misread(pointer, &error.into_inner())
    })?;
    json.end().map_err(|error| misread("#".to_owned(), &error))?;
    Ok(value)
}

fn pointer(path: &Path) -> String {
    path.iter().fold("#".to_owned(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", escaped(key)),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}

/// A member's name as it stands in a JSON pointer.
pub fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Where the nesting passes [`MAX_DEPTH`]. What is kept as raw JSON would otherwise have no bound.
pub fn too_deep(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut in_string, mut escape) = (0_usize, false, false);
    for (offset, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escape => escape = false,
            b'\\' if in_string => escape = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Some(offset);
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}
