//! Exports that were asked for with a job, as its row tells them. How far each is, `exports` says.

use protocol::ExportId;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::Error;

/// An export to be written when its job has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedExport {
    pub id: ExportId,
    pub format: String,
    pub compression: String,
    pub filter: Value,
}

/// As the query writes it.
#[derive(Deserialize)]
struct Row {
    id: Uuid,
    format: String,
    compression: String,
    filter: Value,
}

/// What stands in a job's row; nothing where none was asked for.
pub(super) fn read(rows: Option<Value>) -> Result<Vec<WantedExport>, Error> {
    let Some(rows) = rows else { return Ok(Vec::new()) };
    let rows: Vec<Row> = serde_json::from_value(rows).map_err(|_| Error::Corrupt("exports of a job"))?;
    let wanted = |Row { id, format, compression, filter }| WantedExport {
        id: ExportId(id),
        format,
        compression,
        filter,
    };
    Ok(rows.into_iter().map(wanted).collect())
}
