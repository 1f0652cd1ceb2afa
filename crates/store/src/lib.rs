//! store: see the crate's files; under construction.
