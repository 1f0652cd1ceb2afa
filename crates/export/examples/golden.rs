//! Writes the golden rollouts in every format into a directory, for the frameworks' own loaders (tests/frameworks).

#![expect(clippy::unwrap_used, reason = "the same module is part of a test")]

#[path = "../tests/records/mod.rs"]
mod records;

use std::path::PathBuf;

use export::{Compression, Filter, Format};

fn main() -> std::io::Result<()> {
    let dir = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    std::fs::create_dir_all(&dir)?;
    for format in Format::ALL {
        let (_, bytes) = records::file(*format, Compression::None, Filter::default(), &records::records());
        std::fs::write(dir.join(format!("{}.{}", format.as_str(), format.extension())), bytes)?;
    }
    Ok(())
}
