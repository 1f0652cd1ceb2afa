//! sandbox: see the crate's files; under construction.
