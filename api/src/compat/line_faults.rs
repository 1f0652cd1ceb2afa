//! What is wrong with the lines of a batch's file, as it is kept with the batch and shown with it.

use intake::{Fault, Room};
use serde::Serialize;
use utoipa::ToSchema;

/// One thing that is wrong with a batch's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LineFault {
    /// Stable name of what is wrong.
    #[schema(example = "out_of_range")]
    pub(crate) code: String,
    /// Counted from 1; null where it is the whole file.
    pub(crate) line: Option<usize>,
    pub(crate) message: String,
    /// The member of the line.
    #[schema(example = "body.temperature")]
    pub(crate) param: Option<String>,
}

/// What is wrong with a batch's file, as it is kept with the batch.
#[derive(Debug, Default)]
pub(crate) struct LineFaults {
    pub(crate) found: Vec<LineFault>,
    room: Room,
}

impl LineFaults {
    pub(super) fn add(&mut self, line: Option<usize>, code: &'static str, message: String, param: &str) {
        let fault = Fault { pointer: param.to_owned(), code, detail: message };
        let Some(Fault { pointer, code, detail }) = self.room.keep(fault) else { return };
        let param = Some(pointer).filter(|param| !param.is_empty());
        self.found.push(LineFault { code: code.to_owned(), line, message: detail, param });
    }
}
