//! Prints the document of the interface. The same as `reliquary openapi`, without building the service:
//! `cargo run -q -p api --example openapi > openapi/openapi.json`.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().lock().write_all(api::openapi::json().as_bytes())
}
