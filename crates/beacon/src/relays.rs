//! Quicknet rounds from drand's HTTP relays. A relay is trusted for nothing: what it says is verified, and how long
//! and how much it may talk is bounded. The worst that all of them together can do is to withhold a round.
//!
//! Plain http: the pinned key proves a round whichever way it came, so the only loss is that a listener sees which
//! rounds are asked for. An https-only relay needs a proxy beside the service.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};

use crate::drand::Answer;
use crate::{Error, Round, Trust, VerifiedRound, quicknet};

/// A round is under 300 bytes as JSON.
const ANSWER_LIMIT: usize = 4096;

/// The relays in the order in which they are asked.
#[derive(Debug)]
pub(crate) struct Relays {
    bases: Vec<Url>,
    client: Client,
}

impl Relays {
    /// `patience` bounds one exchange with one relay, from dialling to the last byte.
    pub(crate) fn new(bases: &[String], patience: Duration) -> Result<Self, Error> {
        if bases.is_empty() {
            return Err(Error::NoRelay);
        }
        let bases = bases.iter().map(|base| parse_base(base)).collect::<Result<_, _>>()?;
        let client = Client::builder()
            .timeout(patience)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(Error::Transport)?;
        Ok(Self { bases, client })
    }

    /// The first sound answer. `None` when none is sound and at least one relay does not have the round yet.
    pub(crate) async fn round(&self, number: u64) -> Result<Option<VerifiedRound>, Error> {
        let mut not_yet = false;
        let mut last = Error::NoRelay;
        for base in &self.bases {
            match self.ask(base, Some(number)).await {
                Ok(Some(round)) => return Ok(Some(round)),
                Ok(None) => not_yet = true,
                Err(error) => last = logged(base, error),
            }
        }
        if not_yet { Ok(None) } else { Err(self.none_answered(last)) }
    }

    /// The newest round that any relay can prove. All are asked: one alone could keep showing an old round.
    pub(crate) async fn latest(&self) -> Result<Option<VerifiedRound>, Error> {
        let answers = join_all(self.bases.iter().map(|base| self.ask(base, None))).await;
        let mut newest: Option<VerifiedRound> = None;
        let mut last = None;
        for (base, answer) in self.bases.iter().zip(answers) {
            match answer {
                Ok(round) => newest = newest.into_iter().chain(round).max_by_key(VerifiedRound::number),
                Err(error) => last = Some(logged(base, error)),
            }
        }
        match (newest, last) {
            (None, Some(last)) => Err(self.none_answered(last)),
            (newest, _) => Ok(newest),
        }
    }

    /// Asks one relay for a round, or for its latest, and verifies the answer.
    async fn ask(&self, base: &Url, number: Option<u64>) -> Result<Option<VerifiedRound>, Error> {
        let name = number.map_or_else(|| "latest".to_owned(), |number| number.to_string());
        let mut url = base.clone();
        url.path_segments_mut().expect("an http address has a path").pop_if_empty().extend([
            quicknet::CHAIN_HASH,
            "public",
            &name,
        ]);
        let Some(body) = self.fetch(url).await? else {
            return Ok(None);
        };
        let round: Round = serde_json::from_slice::<Answer>(&body).map_err(Error::Malformed)?.try_into()?;
        if let Some(asked) = number
            && asked != round.number()
        {
            return Err(Error::WrongRound { asked, answered: round.number() });
        }
        let verifying = tokio::task::spawn_blocking(move || round.verify(&Trust::Quicknet));
        verifying.await.map_err(|_| Error::Stopped)?.map(Some)
    }

    async fn fetch(&self, url: Url) -> Result<Option<Vec<u8>>, Error> {
        let mut response = self.client.get(url).send().await.map_err(Error::Transport)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::TOO_EARLY => return Ok(None),
            status => return Err(Error::Status(status.as_u16())),
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(Error::Transport)? {
            if body.len() + chunk.len() > ANSWER_LIMIT {
                return Err(Error::TooLarge { limit: ANSWER_LIMIT });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Some(body))
    }

    fn none_answered(&self, last: Error) -> Error {
        Error::NoneAnswered { relays: self.bases.len(), last: Box::new(last) }
    }
}

/// The next relay is asked, so this is where the failure is handled.
fn logged(base: &Url, error: Error) -> Error {
    tracing::warn!(beacon.relay = %base, error = &error as &dyn std::error::Error, "beacon relay failed");
    error
}

fn parse_base(text: &str) -> Result<Url, Error> {
    let refuse = |problem| Err(Error::RelayUrl { url: text.to_owned(), problem });
    let Ok(url) = Url::parse(text) else {
        return refuse("not an address");
    };
    if url.scheme() != "http" {
        return refuse("relays are spoken to in plain http (rounds are verified, however they came)");
    }
    if url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return refuse("only scheme, host, port and path are expected");
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_are_taken() {
        let new = |bases: &[&str]| {
            let bases: Vec<String> = bases.iter().map(|&base| base.to_owned()).collect();
            Relays::new(&bases, Duration::from_secs(1))
        };
        assert!(matches!(new(&[]), Err(Error::NoRelay)));
        assert!(new(&["http://127.0.0.1:1", "http://relay.example/some/path/"]).is_ok());
        for bad in [
            "",
            "relay.example",
            "https://relay.example",
            "file:///etc/hosts",
            "http://",
            "http://a@b",
            "http://a/?b",
        ] {
            assert!(matches!(new(&["http://127.0.0.1:1", bad]), Err(Error::RelayUrl { .. })), "{bad}");
        }
    }
}
