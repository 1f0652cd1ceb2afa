//! grail: see the crate's files; under construction.
