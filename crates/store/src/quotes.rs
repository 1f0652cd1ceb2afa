//! Quotes: prices that were promised for a while, each for the terms and prompts that it was made for.

use chrono::{DateTime, Utc};
use protocol::money::Price;
use protocol::{ProjectId, QuoteId};
use sqlx::PgConnection;

use crate::{Error, Tenant};

/// A quote to write.
#[derive(Debug, Clone, Copy)]
pub struct NewQuote<'a> {
    pub id: QuoteId,
    pub tenant: Tenant,
    pub digest: [u8; 32],
    pub price: &'a Price,
    /// The exact JSON text that the customer gets.
    pub body: &'a str,
    pub expires_at: DateTime<Utc>,
}

/// A quote as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    pub digest: Vec<u8>,
    pub price: Price,
    pub body: String,
    pub expires_at: DateTime<Utc>,
}

pub async fn insert(conn: &mut PgConnection, quote: &NewQuote<'_>, now: DateTime<Utc>) -> Result<(), Error> {
    let price = serde_json::to_value(quote.price).map_err(|_| Error::Corrupt("price"))?;
    sqlx::query!(
        r#"
        INSERT INTO quotes (id, account_id, digest, price, body, created_at, expires_at, project_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        quote.id.0,
        quote.tenant.account.0,
        quote.digest.as_slice(),
        price,
        quote.body,
        now,
        quote.expires_at,
        quote.tenant.project.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A quote of this project, expired or not.
pub async fn find(conn: &mut PgConnection, project: ProjectId, id: QuoteId) -> Result<Option<Quote>, Error> {
    let row = sqlx::query!(
        "SELECT digest, price, body, expires_at FROM quotes WHERE project_id = $1 AND id = $2",
        project.0,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let price = serde_json::from_value(row.price).map_err(|_| Error::Corrupt("price"))?;
        Ok(Quote { digest: row.digest, price, body: row.body, expires_at: row.expires_at })
    })
    .transpose()
}
