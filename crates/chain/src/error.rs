//! What can go wrong with addresses, key files and signed requests. Messages never hold a secret or a signature.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("not an ss58 address of a hotkey: {0}")]
    Ss58(&'static str),
    #[error("{0} is missing")]
    MissingHeader(&'static str),
    #[error("{header} {problem}")]
    Header { header: &'static str, problem: &'static str },
    #[error("the request was signed for a different receiver")]
    WrongReceiver,
    #[error("this caller is not served here")]
    NotServed,
    #[error("the nonce is older than the window")]
    Stale,
    #[error("the nonce is too far ahead of our clock")]
    Future,
    #[error("the signature is not the sender's over this request")]
    BadSignature,
    #[error("this nonce was already used by this sender")]
    Replayed,
    #[error("too many signed requests inside the window")]
    TooMany,
    #[error("key file {path}: {problem}")]
    KeyFile { path: PathBuf, problem: &'static str },
    #[error("key file {path}")]
    Io {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// The stable name of the error, for answers and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ss58(_) => "bad_ss58",
            Self::MissingHeader(_) => "auth_missing",
            Self::Header { .. } => "auth_malformed",
            Self::WrongReceiver => "auth_wrong_receiver",
            Self::NotServed => "auth_not_served",
            Self::Stale => "auth_stale",
            Self::Future => "auth_future",
            Self::BadSignature => "auth_bad_signature",
            Self::Replayed => "auth_replayed",
            Self::TooMany => "auth_too_many",
            Self::KeyFile { .. } => "bad_key_file",
            Self::Io { .. } => "key_file_io",
        }
    }
}
