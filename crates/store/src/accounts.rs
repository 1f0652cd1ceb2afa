//! Customers: who owns jobs, keys and money. Balances are the ledger's affair.

use chrono::{DateTime, Utc};
use protocol::AccountId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::projects::{self, NewProject};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub name: String,
    pub created_at: DateTime<Utc>,
}

/// Opens a customer's account, with nothing on it and its default project.
pub async fn create(
    conn: &mut PgConnection,
    id: AccountId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO accounts (id, kind, name, created_at) VALUES ($1, 'customer', $2, $3)",
        id.0,
        name,
        now
    )
    .execute(&mut *conn)
    .await?;
    let project = NewProject { id: id.default_project(), account: id, name: "default", cap: None };
    projects::create(conn, &project, now).await
}

/// One customer. The house and the miners are no customers.
pub async fn find(conn: &mut PgConnection, id: AccountId) -> Result<Option<Account>, Error> {
    let row =
        sqlx::query!("SELECT id, name, created_at FROM accounts WHERE id = $1 AND kind = 'customer'", id.0)
            .fetch_optional(conn)
            .await?;
    Ok(row.map(|row| Account { id: AccountId(row.id), name: row.name, created_at: row.created_at }))
}

/// All customers in the order of their ids, a page at a time.
pub async fn list(
    conn: &mut PgConnection,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<Account>, Error> {
    let rows = sqlx::query!(
        "SELECT id, name, created_at FROM accounts WHERE kind = 'customer' AND id > $1 ORDER BY id LIMIT $2",
        after.map_or(Uuid::nil(), |id| id.0),
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Account { id: AccountId(row.id), name: row.name, created_at: row.created_at })
        .collect())
}
