//! Postings: how amounts come to stand on accounts.

use protocol::AccountId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;

/// Takes the account rows in id order: two postings over the same accounts can then never wait for each other in a ring.
pub(super) async fn lock(conn: &mut PgConnection, postings: &[(AccountId, i64, i64)]) -> Result<(), Error> {
    let ids: Vec<Uuid> = postings.iter().map(|(id, ..)| id.0).collect();
    sqlx::query!("SELECT id FROM accounts WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", &ids)
        .fetch_all(conn)
        .await?;
    Ok(())
}

/// Adds (credits, debits) to accounts; one account may come several times.
pub(crate) async fn post(conn: &mut PgConnection, postings: &[(AccountId, i64, i64)]) -> Result<(), Error> {
    lock(conn, postings).await?;
    let ids: Vec<Uuid> = postings.iter().map(|(id, ..)| id.0).collect();
    let credits: Vec<i64> = postings.iter().map(|(_, credit, _)| *credit).collect();
    let debits: Vec<i64> = postings.iter().map(|(.., debit)| *debit).collect();
    sqlx::query!(
        r#"
        -- a row is updated once by one statement: several postings to one account are added up first
        WITH sums AS (
            SELECT id, SUM(credit)::bigint AS credit, SUM(debit)::bigint AS debit
            FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[]) AS p (id, credit, debit) GROUP BY id
        )
        UPDATE accounts a SET credits_posted = credits_posted + p.credit, debits_posted = debits_posted + p.debit
        FROM sums p WHERE a.id = p.id
        "#,
        &ids,
        &credits,
        &debits
    )
    .execute(conn)
    .await?;
    Ok(())
}
