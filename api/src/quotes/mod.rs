//! Quotes: what a job would cost, and a price that is promised for a while.

pub(crate) mod create;
pub(crate) mod show;

use grail::CheckpointId;
use grail::hash::{Hash, Transcript};
use protocol::QuoteId;
use protocol::job::{JobSpec, Prompt, PromptContent};
use protocol::money::Price;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::jobs::parse::Faults;
use crate::state::AppState;

/// A promise that a job wants kept.
#[derive(Debug)]
pub(crate) struct Promise {
    pub(crate) price: Price,
    pub(crate) digest: Hash,
}

/// The quote that a job names, if it is this account's and still holds.
pub(crate) async fn named(
    state: &AppState,
    caller: Caller,
    id: Option<QuoteId>,
    faults: &mut Faults,
) -> Result<Option<Promise>, ApiError> {
    let Some(id) = id else { return Ok(None) };
    let mut conn = state.tenant(caller).await?;
    let Some(quote) = store::quotes::find(&mut conn, caller.project, id).await? else {
        faults.add("#/quote", "unknown_quote", "you have no such quote");
        return Ok(None);
    };
    if quote.expires_at <= state.ambient.now() {
        faults.add("#/quote", "quote_expired", format!("the quote held until {}", quote.expires_at));
        return Ok(None);
    }
    let digest = quote.digest.try_into().map_err(|_| ApiError::Internal("a quote's digest".into()))?;
    Ok(Some(Promise { price: quote.price, digest }))
}

/// Where the prompts of a quote are.
pub(crate) enum Source<'a> {
    Prompts(&'a [Prompt]),
    /// In a file, of which this is the SHA-256: the same bytes are the same prompts, whatever their file is called.
    File(&'a Hash),
}

/// What a quote is made for: all terms and prompts, but not the customer's words, nor how much it wants to spend.
pub(crate) fn digest(
    spec: &JobSpec,
    source: &Source<'_>,
    checkpoint: CheckpointId,
) -> Result<Hash, ApiError> {
    let terms = JobSpec { max_amount: None, metadata: std::collections::BTreeMap::new(), ..spec.clone() };
    let terms = serde_json::to_vec(&terms)?;
    let begin = |label| Transcript::new(label).bytes(checkpoint.as_bytes()).bytes(&terms);
    let add = |transcript: Transcript, prompt: &Prompt| {
        transcript
            .bytes(prompt.custom_id.as_bytes())
            .bytes(&content(&prompt.content))
            .bytes(prompt.reference.as_bytes())
            .bytes(prompt.metadata.as_bytes())
    };
    Ok(match source {
        Source::Prompts(prompts) => {
            prompts.iter().fold(begin("reliquary/quote/1").u32(prompts.len() as u32), add)
        }
        Source::File(sha256) => begin("reliquary/quote/file/1").bytes(*sha256),
    }
    .finish())
}

fn content(content: &PromptContent) -> Hash {
    match content {
        PromptContent::Text { text, encoding } => {
            Transcript::new("reliquary/quote/text").bytes(encoding.as_str().as_bytes()).bytes(text.as_bytes())
        }
        PromptContent::Tokens { ids, .. } => {
            Transcript::new("reliquary/quote/tokens").bytes(&grail::hash::tokens(ids))
        }
    }
    .finish()
}
