//! Prompts as the steps read them. They never change once written.

use protocol::JobId;
use protocol::job::Prompt;
use sqlx::PgConnection;

use crate::{Error, prompts};

/// The prompts of a job at these indexes, in ascending order.
pub async fn of_job(conn: &mut PgConnection, job: JobId, indexes: &[u32]) -> Result<Vec<Prompt>, Error> {
    let wanted: Vec<i32> = indexes.iter().map(|index| *index as i32).collect();
    let rows = sqlx::query!(
        r#"
        SELECT prompt_index, custom_id, messages, text, encoding, tokens, reference, metadata FROM prompts
        WHERE job_id = $1 AND prompt_index = ANY($2) ORDER BY prompt_index
        "#,
        job.0,
        &wanted
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Prompt {
                index: row.prompt_index as u32,
                custom_id: row.custom_id,
                content: prompts::content(row.text, row.encoding.as_deref(), row.tokens.as_deref())?,
                messages: prompts::messages(row.messages)?,
                reference: row.reference,
                metadata: row.metadata,
            })
        })
        .collect()
}
