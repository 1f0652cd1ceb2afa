//! `rwf_…@3`: how a version of a reward function is named, in the one way that it is written.

use std::fmt;
use std::str::FromStr;

use protocol::RewardFunctionId;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VersionName {
    pub(crate) function: RewardFunctionId,
    pub(crate) version: i32,
}

impl fmt::Display for VersionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.function, self.version)
    }
}

impl FromStr for VersionName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (function, version) = text.split_once('@').ok_or(())?;
        let name =
            Self { function: function.parse().map_err(|_| ())?, version: version.parse().map_err(|_| ())? };
        if name.to_string() == text { Ok(name) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_one_spelling() {
        let function = RewardFunctionId(uuid::Uuid::from_u128(7));
        assert_eq!(format!("{function}@3").parse(), Ok(VersionName { function, version: 3 }));
        for bad in [
            format!("{function}"),
            format!("{function}@"),
            format!("{function}@03"),
            format!("{function}@+3"),
            format!("{function}@3@3"),
            "@3".to_owned(),
        ] {
            assert_eq!(bad.parse::<VersionName>(), Err(()), "{bad}");
        }
    }
}
