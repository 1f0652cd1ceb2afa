//! The prompts of jobs: written once, whole, by COPY.

use protocol::job::{Encoding, Prompt, PromptContent};
use protocol::{JobId, Message};
use serde_json::Value;
use sqlx::PgConnection;

use crate::Error;

/// What begins and ends a binary COPY (Postgres' manual, "COPY", binary format).
const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TAIL: &[u8] = &(-1_i16).to_be_bytes();
const COLUMNS: i16 = 9;
/// What the binary form of a `jsonb` begins with.
const JSONB_VERSION: u8 = 1;

/// Writes prompts of a job. Outside a tenant's wall only: no COPY goes through it.
pub(crate) async fn insert(conn: &mut PgConnection, job: JobId, prompts: &[Prompt]) -> Result<(), Error> {
    if prompts.is_empty() {
        return Ok(());
    }
    let rows = rows(job, prompts)?;
    let copy = "COPY prompts (job_id, prompt_index, custom_id, messages, text, encoding, tokens, reference, metadata) FROM STDIN (FORMAT binary)";
    let mut copy = conn.copy_in_raw(copy).await?;
    if let Err(error) = copy.send(rows).await {
        copy.abort("the rows could not be sent").await?;
        return Err(error.into());
    }
    copy.finish().await?;
    Ok(())
}

fn rows(job: JobId, prompts: &[Prompt]) -> Result<Vec<u8>, Error> {
    let size = |prompt: &Prompt| {
        let content = match &prompt.content {
            PromptContent::Text { text, .. } => text.len(),
            PromptContent::Tokens { ids, text } => 4 * ids.len() + text.as_ref().map_or(0, String::len),
        };
        // messages are about as long as the text that they were rendered to
        let content = if prompt.messages.is_some() { 2 * content } else { content };
        content + prompt.custom_id.len() + prompt.reference.len() + prompt.metadata.len()
    };
    let mut rows = Vec::with_capacity(prompts.iter().map(|prompt| size(prompt) + 64).sum::<usize>() + 32);
    rows.extend_from_slice(HEAD);
    for prompt in prompts {
        rows.extend_from_slice(&COLUMNS.to_be_bytes());
        field(&mut rows, job.0.as_bytes());
        field(&mut rows, &(prompt.index as i32).to_be_bytes());
        field(&mut rows, prompt.custom_id.as_bytes());
        optional(&mut rows, prompt.messages.as_deref().map(jsonb).transpose()?.as_deref());
        optional(&mut rows, prompt.content.text().map(str::as_bytes));
        match &prompt.content {
            PromptContent::Text { encoding, .. } => {
                field(&mut rows, encoding.as_str().as_bytes());
                optional(&mut rows, None);
            }
            PromptContent::Tokens { ids, .. } => {
                optional(&mut rows, None);
                field(&mut rows, &token_bytes(ids));
            }
        }
        field(&mut rows, prompt.reference.as_bytes());
        field(&mut rows, prompt.metadata.as_bytes());
    }
    rows.extend_from_slice(TAIL);
    Ok(rows)
}

fn jsonb(messages: &[Message]) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![JSONB_VERSION];
    serde_json::to_writer(&mut bytes, messages).map_err(|_| Error::Corrupt("prompt messages"))?;
    Ok(bytes)
}

/// What [`insert`] has written.
pub(crate) fn messages(column: Option<Value>) -> Result<Option<Vec<Message>>, Error> {
    column.map(serde_json::from_value).transpose().map_err(|_| Error::Corrupt("prompt messages"))
}

fn field(rows: &mut Vec<u8>, bytes: &[u8]) {
    rows.extend_from_slice(&(bytes.len() as i32).to_be_bytes());
    rows.extend_from_slice(bytes);
}

fn optional(rows: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => field(rows, bytes),
        None => rows.extend_from_slice(&(-1_i32).to_be_bytes()),
    }
}

/// What a prompt's columns hold.
pub(crate) fn content(
    text: Option<String>,
    encoding: Option<&str>,
    tokens: Option<&[u8]>,
) -> Result<PromptContent, Error> {
    let corrupt = Error::Corrupt("prompt content");
    match (text, encoding, tokens) {
        (Some(text), Some(encoding), None) => {
            let encoding = Encoding::parse(encoding).ok_or(corrupt)?;
            Ok(PromptContent::Text { text, encoding })
        }
        (text, None, Some(bytes)) => Ok(PromptContent::Tokens { ids: self::tokens(bytes)?, text }),
        _ => Err(corrupt),
    }
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
