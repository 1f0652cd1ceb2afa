//! What can go wrong when bytes are read as parts of a proof. Verdicts are not errors: see [`crate::RejectReason`].

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    #[error("{what}: expected {expected} bytes, got {actual}")]
    Length { what: &'static str, expected: usize, actual: usize },
    #[error("{0} is not lower-case hex")]
    Hex(&'static str),
    #[error("{0} is not a valid public key")]
    PublicKey(&'static str),
    #[error("{0} is out of range")]
    Range(&'static str),
    #[error("not a calibration document: {0}")]
    Calibration(String),
}
