//! The pool, and the migrations that come with the binary.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres, Transaction};

use crate::Error;

/// A pool of connections to the one database.
#[derive(Debug, Clone)]
pub struct Db(PgPool);

impl Db {
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self, Error> {
        let options: PgConnectOptions = url.parse()?;
        let options = options
            .application_name("reliquary")
            // no transaction of ours outlives a network call, so an idle one is a bug that must not pin rows
            .options([("idle_in_transaction_session_timeout", "30s"), ("statement_timeout", "60s")]);
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await?;
        Ok(Self(pool))
    }

    /// Applies the migrations that are missing. Safe to run from several processes at once (advisory lock).
    pub async fn migrate(&self) -> Result<(), Error> {
        Ok(sqlx::migrate!("../../migrations").run(&self.0).await?)
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.0
    }

    /// A transaction that sees all rows: for the service's own work. What is done for a tenant has `begin_as`.
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>, Error> {
        Ok(self.0.begin().await?)
    }

    /// A transaction that reads everything as it was at one moment, and writes nothing.
    pub async fn snapshot(&self) -> Result<Transaction<'static, Postgres>, Error> {
        Ok(self.0.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
    }

    pub async fn acquire(&self) -> Result<sqlx::pool::PoolConnection<Postgres>, Error> {
        Ok(self.0.acquire().await?)
    }

    pub async fn close(&self) {
        self.0.close().await;
    }

    /// One round trip, for readiness.
    pub async fn ping(&self) -> Result<(), Error> {
        sqlx::query!(r#"SELECT 1 AS "one!""#).fetch_one(&self.0).await?;
        Ok(())
    }
}
