//! Runs a command beside a private, migrated Postgres, with `DATABASE_URL` set: for sqlx's checked queries.
//!
//! `cargo run -p embedded --example with_postgres -- COMMAND [ARG ...]`, from the root of the repository.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use embedded::Tuning;
use embedded::testing::{TestPostgres, psql};

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().ok_or("name a command to run")?;
    let postgres =
        TestPostgres::start(Tuning { shared_buffers_mb: 64, max_connections: 20, fsync: false }).await?;
    let database = postgres.empty_database().await?;
    let mut migrations: Vec<PathBuf> =
        std::fs::read_dir("migrations")?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    migrations.sort();
    for migration in migrations.iter().filter(|path| path.extension().is_some_and(|e| e == "sql")) {
        psql(database.url(), &std::fs::read_to_string(migration)?).await?;
    }
    let status = Command::new(program).args(arguments).env("DATABASE_URL", database.url()).status()?;
    drop(database);
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
