//! The names of the formats, and what a file of each is.

use serde::{Deserialize, Serialize};

macro_rules! formats {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $extension:literal),* $(,)?) => {
        /// What an export is written as.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Format { $($(#[$doc])* #[serde(rename = $text)] $name),* }

        impl Format {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name in the API.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// What a file's name ends with, before that of its compression.
            pub fn extension(self) -> &'static str {
                match self { $(Self::$name => $extension),* }
            }
        }
    };
}

formats! {
    /// Whole records, one a line.
    Jsonl = "jsonl", "jsonl",
    /// Whole records in columns.
    Parquet = "parquet", "parquet",
    /// The same as Arrow's IPC stream.
    Arrow = "arrow", "arrows",
    Tinker = "tinker", "jsonl",
    TogetherRl = "together-rl", "jsonl",
    Trl = "trl", "jsonl",
    TrlAsync = "trl-async", "jsonl",
    Verl = "verl", "jsonl",
    VerlDump = "verl-dump", "jsonl",
    VerlPrompts = "verl-prompts", "parquet",
    Openrlhf = "openrlhf", "jsonl",
    PrimeRl = "prime-rl", "msgpack",
    PrimeRlTraces = "prime-rl-traces", "jsonl",
    Skyrl = "skyrl", "jsonl",
    NemoRl = "nemo-rl", "jsonl",
    NemoGym = "nemo-gym", "jsonl",
    Slime = "slime", "jsonl",
    Areal = "areal", "jsonl",
    Art = "art", "jsonl",
    Dpo = "dpo", "jsonl",
    Sft = "sft", "jsonl",
}

impl Format {
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.as_str() == text)
    }

    /// Columns are compressed inside, with zstd; nothing is put around them.
    pub fn is_compressed_inside(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow | Self::VerlPrompts)
    }

    /// Rows are whole records, whose `sample_weight` says how often they count.
    pub fn has_weights(self) -> bool {
        matches!(self, Self::Jsonl | Self::Parquet | Self::Arrow)
    }

    pub fn media_type(self) -> &'static str {
        match self.extension() {
            "parquet" => "application/vnd.apache.parquet",
            "arrows" => "application/vnd.apache.arrow.stream",
            "msgpack" => "application/vnd.msgpack",
            _ => "application/x-ndjson",
        }
    }
}

/// What is put around the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    None,
    Zstd,
}

impl Compression {
    pub const ALL: [Self; 2] = [Self::None, Self::Zstd];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Zstd => "zstd",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|compression| compression.as_str() == text)
    }
}
