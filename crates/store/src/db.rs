//! The pool, and the migrations that come with the binary.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, PgPool, Postgres, Transaction};
use tokio_util::task::TaskTracker;

use crate::Error;

/// A connection that was used a moment ago needs no round trip that shows it is alive.
const FRESH: Duration = Duration::from_secs(1);

/// A pool of connections to the one database.
#[derive(Debug, Clone)]
pub struct Db {
    pool: PgPool,
    begins: TaskTracker,
}

impl Db {
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self, Error> {
        let options: PgConnectOptions = url.parse()?;
        let options = options
            .application_name("reliquary")
            // no transaction of ours outlives a network call, so an idle one is a bug that must not pin rows
            .options([("idle_in_transaction_session_timeout", "30s"), ("statement_timeout", "60s")])
            // our queries are short: what the planner thinks long would be compiled for longer than it runs
            .options([("jit", "off")]);
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(Duration::from_secs(10))
            .test_before_acquire(false)
            .before_acquire(|conn, meta| {
                Box::pin(async move {
                    if meta.idle_for >= FRESH {
                        conn.ping().await?; // a broken one is replaced
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await?;
        Ok(Self { pool, begins: TaskTracker::new() })
    }

    /// Applies the migrations that are missing. Safe to run from several processes at once (advisory lock).
    pub async fn migrate(&self) -> Result<(), Error> {
        Ok(sqlx::migrate!("../../migrations").run(&self.pool).await?)
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Begins on a task of its own, which sees it through when whoever asked is gone: sqlx 0.9.0 does not know of a
    /// transaction whose `BEGIN` was given up half-way, and would hand its connection on with the transaction open, as the
    /// tenant that it was begun for.
    pub(crate) async fn begin_whole(&self, begin: String) -> Result<Transaction<'static, Postgres>, Error> {
        let pool = self.pool.clone();
        let begun = self.begins.spawn(async move { pool.begin_with(AssertSqlSafe(begin)).await });
        match begun.await {
            Ok(begun) => Ok(begun?),
            Err(_) => Err(sqlx::Error::WorkerCrashed.into()),
        }
    }

    /// A transaction that sees all rows: for the service's own work. What is done for a tenant has `begin_as`.
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>, Error> {
        self.begin_whole("BEGIN".to_owned()).await
    }

    /// A transaction that reads everything as it was at one moment, and writes nothing.
    pub async fn snapshot(&self) -> Result<Transaction<'static, Postgres>, Error> {
        self.begin_whole("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".to_owned()).await
    }

    pub async fn acquire(&self) -> Result<sqlx::pool::PoolConnection<Postgres>, Error> {
        Ok(self.pool.acquire().await?)
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// One round trip, for readiness.
    pub async fn ping(&self) -> Result<(), Error> {
        sqlx::query!(r#"SELECT 1 AS "one!""#).fetch_one(&self.pool).await?;
        Ok(())
    }
}
