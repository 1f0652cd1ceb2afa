//! One reader for both formats. It looks at the first bytes, not at the file's name.

use std::fmt;
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::Path;

use protocol::BundledModule;
use protocol::manifest::Evidence;
use protocol::rollout::RolloutRecord;

use crate::error::{Error, Place};
use crate::ndjson::Lines;
use crate::rows::{MAGIC, Rows};
use crate::writer::Format;

/// The records of a file, in its order. A record that cannot be read is an error in its place, and the next follows;
/// after a fatal error ([`Error::is_fatal`]) nothing does.
pub struct Reader {
    source: Source,
    ended: bool,
}

enum Source {
    Lines(Lines),
    Rows(Box<Rows>),
}

impl Reader {
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::of_file(File::open(path)?)
    }

    /// Reads a file from its start.
    pub fn of_file(mut file: File) -> Result<Self, Error> {
        let mut magic = Vec::new();
        file.rewind()?;
        (&file).take(MAGIC.len() as u64).read_to_end(&mut magic)?;
        file.rewind()?;
        let source = if magic == MAGIC {
            Source::Rows(Box::new(Rows::open(file)?))
        } else {
            Source::Lines(Lines::open(file)?)
        };
        Ok(Self { source, ended: false })
    }

    pub fn format(&self) -> Format {
        match self.source {
            Source::Lines(_) => Format::Ndjson,
            Source::Rows(_) => Format::Parquet,
        }
    }

    /// The reward modules that came so far: of Parquet all, of NDJSON those before the record that was given last.
    pub fn modules(&self) -> &[BundledModule] {
        match &self.source {
            Source::Lines(lines) => lines.modules(),
            Source::Rows(rows) => rows.modules(),
        }
    }

    /// What it says of manifests, as far as [`Reader::modules`] says of modules.
    pub fn evidence(&self) -> &[Evidence] {
        match &self.source {
            Source::Lines(lines) => lines.evidence(),
            Source::Rows(rows) => rows.evidence(),
        }
    }

    /// How far it has read, of [`Reader::total`]: bytes of NDJSON, rows of Parquet.
    pub fn consumed(&self) -> u64 {
        match &self.source {
            Source::Lines(lines) => lines.position(),
            Source::Rows(rows) => rows.position(),
        }
    }

    pub fn total(&self) -> u64 {
        match &self.source {
            Source::Lines(lines) => lines.total(),
            Source::Rows(rows) => rows.total(),
        }
    }

    /// Where the record is that was given last.
    pub fn place(&self) -> Place {
        match &self.source {
            Source::Lines(lines) => Place::Line(lines.line()),
            Source::Rows(rows) => Place::Row(rows.position()),
        }
    }
}

impl Iterator for Reader {
    type Item = Result<RolloutRecord, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = match &mut self.source {
            Source::Lines(lines) => lines.next_record(),
            Source::Rows(rows) => rows.next_record(),
        };
        self.ended = match &next {
            Ok(record) => record.is_none(),
            Err(error) => error.is_fatal(),
        };
        next.transpose()
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("format", &self.format())
            .field("place", &self.place())
            .finish_non_exhaustive()
    }
}
