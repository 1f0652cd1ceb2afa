//! Prompts: written once with their job, read by every step after.

use protocol::JobId;
use protocol::job::Prompt;
use sqlx::PgConnection;

use crate::Error;

/// Writes all prompts of a new job in one statement.
pub async fn insert(conn: &mut PgConnection, job: JobId, prompts: &[Prompt]) -> Result<(), Error> {
    let indexes: Vec<i32> = prompts.iter().map(|prompt| prompt.index as i32).collect();
    let custom_ids: Vec<String> = prompts.iter().map(|prompt| prompt.custom_id.clone()).collect();
    let texts: Vec<Option<String>> = prompts.iter().map(|prompt| prompt.text.clone()).collect();
    let tokens: Vec<Vec<u8>> = prompts.iter().map(|prompt| token_bytes(&prompt.tokens)).collect();
    let references: Vec<String> = prompts.iter().map(|prompt| prompt.reference.clone()).collect();
    let metadata: Vec<String> = prompts.iter().map(|prompt| prompt.metadata.clone()).collect();
    sqlx::query!(
        r#"
        INSERT INTO prompts (job_id, prompt_index, custom_id, text, tokens, reference, metadata)
        SELECT $1, p.* FROM UNNEST($2::int[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[])
            AS p (prompt_index, custom_id, text, tokens, reference, metadata)
        "#,
        job.0,
        &indexes,
        &custom_ids,
        &texts as &[Option<String>],
        &tokens,
        &references,
        &metadata
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Token ids as they are stored: u32, little endian.
pub fn token_bytes(tokens: &[u32]) -> Vec<u8> {
    tokens.iter().flat_map(|token| token.to_le_bytes()).collect()
}

/// The inverse of [`token_bytes`].
pub fn tokens(bytes: &[u8]) -> Result<Vec<u32>, Error> {
    let (words, []) = bytes.as_chunks::<4>() else { return Err(Error::Corrupt("token bytes")) };
    Ok(words.iter().map(|word| u32::from_le_bytes(*word)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_their_bytes_and_odd_lengths_do_not() {
        let ids = [0, 1, 256, u32::MAX];
        assert_eq!(tokens(&token_bytes(&ids)).unwrap(), ids);
        assert!(tokens(&[1, 2, 3]).is_err());
    }
}
