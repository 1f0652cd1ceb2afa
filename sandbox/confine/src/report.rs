//! Which measures are active, and why the others are not.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What became of every measure, in the order in which they were taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    pub measures: Vec<Measure>,
}

/// One measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    pub name: String,
    /// `None`: it is active.
    pub missing: Option<String>,
}

impl Report {
    pub(crate) fn note(&mut self, name: &str, result: Result<(), String>) {
        self.measures.push(Measure { name: name.to_owned(), missing: result.err() });
    }

    /// Measures that are not active.
    pub fn missing(&self) -> impl Iterator<Item = &Measure> {
        self.measures.iter().filter(|measure| measure.missing.is_some())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Measure { name, missing }) in self.measures.iter().enumerate() {
            let between = if index == 0 { "" } else { ", " };
            match missing {
                None => write!(f, "{between}{name}")?,
                Some(why) => write!(f, "{between}NOT {name} ({why})")?,
            }
        }
        Ok(())
    }
}
