//! Whose rows: money is an organisation's, everything else a project's.
//!
//! Queries name the project or the account they are about. Behind them stands a second wall: in a transaction begun by
//! [`Db::begin_as`] row-level security (migration 0013) shows the tenant's rows and no others, whatever a query forgets.

use protocol::{AccountId, JobId, ProjectId};
use sqlx::{PgConnection, Postgres, Transaction};

use crate::{Db, Error};

/// A project, and the organisation that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tenant {
    pub account: AccountId,
    pub project: ProjectId,
}

impl Tenant {
    /// The project that every customer has from the start.
    pub fn default_of(account: AccountId) -> Self {
        Self { account, project: account.default_project() }
    }
}

impl Db {
    /// A transaction that sees this tenant's rows only; begun in one round trip.
    pub async fn begin_as(&self, tenant: Tenant) -> Result<Transaction<'static, Postgres>, Error> {
        self.begin_whole(begin(tenant)).await
    }

    /// The same, for reading much of one job: whether its log is the tenant's is asked once, and not for every row
    /// (migration 0029).
    pub async fn begin_in(
        &self,
        tenant: Tenant,
        job: JobId,
    ) -> Result<Transaction<'static, Postgres>, Error> {
        self.begin_whole(format!("{}; SET LOCAL reliquary.job = '{}'", begin(tenant), job.0)).await
    }
}

/// A statement that begins a transaction takes no parameters; UUIDs are all that is put in.
fn begin(Tenant { account, project }: Tenant) -> String {
    format!(
        "BEGIN; SET LOCAL ROLE reliquary_tenant; SET LOCAL reliquary.account = '{}'; SET LOCAL reliquary.project = '{}'",
        account.0, project.0
    )
}

/// The door in the wall: the rest of the transaction sees all rows, until [`Outside::back`]. For what follows from a
/// tenant's act and is not the tenant's, such as the queue's front or the settlement with miners. After an error between the
/// two the transaction is to be dropped.
pub async fn leave(conn: &mut PgConnection) -> Result<Outside, Error> {
    let row = sqlx::query!(
        r#"
        -- read first, then changed
        WITH was AS MATERIALIZED (SELECT current_setting('role') AS role)
        SELECT role AS "role!", set_config('role', 'none', true) AS "now!" FROM was
        "#
    )
    .fetch_one(conn)
    .await?;
    Ok(Outside(row.role))
}

/// The role that a transaction had before it left. `none` was outside already.
#[derive(Debug)]
#[must_use = "the transaction sees all rows until it is back"]
pub struct Outside(String);

impl Outside {
    pub async fn back(self, conn: &mut PgConnection) -> Result<(), Error> {
        if self.0 != "none" {
            sqlx::query!(r#"SELECT set_config('role', $1, true) AS "now!""#, self.0).fetch_one(conn).await?;
        }
        Ok(())
    }
}
