//! Writes an export: rollouts go in one by one, in the order of their job's log, and come out as rows, group by group.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufWriter, Write};

use bundle::{Container, Parts, Table};
use protocol::rollout::RolloutRecord;
use serde::Serialize;

use crate::error::Error;
use crate::filter::Filter;
use crate::format::{Compression, Format};
use crate::formats::{self, Rows, verl};
use crate::lines::{LeftOut, Lines};

const ZSTD_LEVEL: i32 = 3;

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Lines, records or rows of the file, repeated ones counted each time.
    pub rows: u64,
    /// Rollouts that are not in it, by the reason.
    pub left_out: BTreeMap<LeftOut, u64>,
}

/// Writes one file; nothing is whole before [`Exporter::finish`]. After an error it is of no more use.
pub struct Exporter<W: Write + Send> {
    sink: Sink<W>,
    filter: Filter,
    /// Rows do not say how often they count: they are there so often.
    repeats: bool,
    /// The group that is not complete yet.
    group: Vec<RolloutRecord>,
    summary: Summary,
}

enum Sink<W: Write + Send> {
    Records(bundle::Writer<W>),
    Prompts(Box<Table<W>>),
    Rows { rows: Rows, out: Text<W> },
}

/// Rows that are not columns, with or without a compression around them.
enum Text<W: Write> {
    Plain(BufWriter<W>),
    Zstd(Box<zstd::Encoder<'static, W>>),
}

impl<W: Write + Send> Exporter<W> {
    /// `compression` is nothing to a format that is compressed inside.
    pub fn new(out: W, format: Format, compression: Compression, filter: Filter) -> Result<Self, Error> {
        let sink = match formats::rows(format) {
            Some(rows) => Sink::Rows { rows, out: Text::new(out, compression)? },
            None if format == Format::VerlPrompts => {
                Sink::Prompts(Box::new(Table::of(out, Container::Parquet, &verl::Prompt::sample())?))
            }
            None => {
                let bundle =
                    if format == Format::Arrow { bundle::Format::Arrow } else { bundle::Format::Parquet };
                Sink::Records(bundle::Writer::with(out, bundle, Parts::ALL)?)
            }
        };
        Ok(Self {
            sink,
            filter,
            repeats: !format.has_weights(),
            group: Vec::new(),
            summary: Summary::default(),
        })
    }

    /// Adds a rollout. Rollouts of one group follow each other.
    pub fn write(&mut self, record: RolloutRecord) -> Result<(), Error> {
        if self.group.first().is_some_and(|first| first.group_id != record.group_id) {
            self.end_group()?;
        }
        if !self.filter.takes(&record) {
            *self.summary.left_out.entry(LeftOut::Filtered).or_default() += 1;
            return Ok(());
        }
        self.group.push(record);
        Ok(())
    }

    /// Writes what is left, and says what the file has.
    pub fn finish(mut self) -> Result<(Summary, W), Error> {
        self.end_group()?;
        let out = match self.sink {
            Sink::Records(writer) => writer.finish()?.1,
            Sink::Prompts(table) => table.finish()?,
            Sink::Rows { out, .. } => out.finish()?,
        };
        Ok((self.summary, out))
    }

    /// Writes the group, and again under the name of each group that it stands for: a trainer that knows no weights counts
    /// rows, and one that makes statistics by group keeps the copies apart.
    fn end_group(&mut self) -> Result<(), Error> {
        let mut group = std::mem::take(&mut self.group);
        let Some(first) = group.first() else { return Ok(()) };
        let stands_for = if self.repeats { first.group.replaces.clone() } else { Vec::new() };
        for (why, count) in self.put(&group)? {
            *self.summary.left_out.entry(why).or_default() += count;
        }
        for id in stands_for {
            for record in &mut group {
                record.group_id = id;
            }
            // what it leaves out are no other rollouts
            self.put(&group)?;
        }
        Ok(())
    }

    /// Writes the rows of a group, and says what of it is not in them.
    fn put(&mut self, group: &[RolloutRecord]) -> Result<BTreeMap<LeftOut, u64>, Error> {
        let (rows, left_out) = match &mut self.sink {
            Sink::Records(writer) => {
                group.iter().try_for_each(|record| writer.write(record))?;
                (group.len() as u64, BTreeMap::new())
            }
            Sink::Prompts(table) => match verl::Prompt::of(&group[0]) {
                Some(prompt) => {
                    table.write(&prompt)?;
                    (1, BTreeMap::new())
                }
                None => (0, BTreeMap::from([(LeftOut::NoPromptText, 1)])),
            },
            Sink::Rows { rows, out } => {
                let mut lines = Lines::default();
                rows(group, &mut lines)?;
                out.write(&lines.bytes)?;
                (lines.rows, lines.left_out)
            }
        };
        self.summary.rows += rows;
        Ok(left_out)
    }
}

impl<W: Write> Text<W> {
    fn new(out: W, compression: Compression) -> Result<Self, Error> {
        Ok(match compression {
            Compression::None => Self::Plain(BufWriter::new(out)),
            Compression::Zstd => {
                let mut encoder = zstd::Encoder::new(out, ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Self::Zstd(Box::new(encoder))
            }
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Plain(out) => out.write_all(bytes)?,
            Self::Zstd(out) => out.write_all(bytes)?,
        }
        Ok(())
    }

    fn finish(self) -> Result<W, Error> {
        match self {
            Self::Plain(out) => Ok(out.into_inner().map_err(std::io::IntoInnerError::into_error)?),
            Self::Zstd(out) => Ok(out.finish()?),
        }
    }
}

impl<W: Write + Send> fmt::Debug for Exporter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").field("summary", &self.summary).finish_non_exhaustive()
    }
}
