//! What can go wrong while an export is written.

/// Why an export cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the export cannot be written")]
    Io(#[from] std::io::Error),
    #[error("the columns cannot be written")]
    Bundle(#[from] bundle::Error),
    #[error("a row is no MessagePack")]
    MsgPack(#[from] rmp_serde::encode::Error),
    #[error("a row is no JSON")]
    Json(#[from] serde_json::Error),
}
