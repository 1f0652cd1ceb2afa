//! HTTP to miners: who may be dialled, how requests are signed, and how much of an answer is read.
//!
//! A miner's address comes from a stranger. Only plain http and https to a public host are dialled, checked on the
//! address that the connection is made to (so that no name can be re-bound in between); no redirects, no proxy.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chain::{btauth, ss58};
use grail::Hotkey;
use grail::keys::HotkeyPair;
use protocol::public_address::is_public;
use protocol::work::{MinerStatus, STATUS_PATH, WORK_PATH};
use rand_core::OsRng;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};

use crate::{Config, Error};

const MAX_STATUS_BYTES: usize = 64 << 10;
const STATUS_TIMEOUT: Duration = Duration::from_secs(5);

/// The client for all miners.
#[derive(Debug)]
pub(crate) struct Axons {
    client: Client,
    hotkey: Arc<HotkeyPair>,
    /// A nonce is good once: each is larger than the one before, even where the clock stands still.
    last_nonce: AtomicU64,
    allow_private: bool,
}

/// Why a miner could not be asked. All of these are `miner_unavailable`; the text is for the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unavailable {
    #[error("its address is not allowed: {0}")]
    Address(&'static str),
    #[error("no connection")]
    Http(#[from] reqwest::Error),
    #[error("it answered {0}")]
    Status(StatusCode),
    #[error("its status {0}")]
    BadStatus(&'static str),
}

impl Axons {
    pub(crate) fn new(hotkey: Arc<HotkeyPair>, config: &Config) -> Result<Self, Error> {
        let allow_private = config.allow_private_miners;
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .http1_only()
            .connect_timeout(Duration::from_millis(config.connect_timeout_ms))
            .dns_resolver(Arc::new(PublicOnly { allow_private }))
            .user_agent(concat!("reliquary/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, hotkey, last_nonce: AtomicU64::new(0), allow_private })
    }

    /// Asks a miner how it is. The answer is checked to be this miner's, but not to be true.
    pub(crate) async fn status(&self, url: &str, hotkey: Hotkey) -> Result<MinerStatus, Unavailable> {
        let url = address(url, STATUS_PATH, self.allow_private)?;
        let mut response = self.client.get(url).timeout(STATUS_TIMEOUT).send().await?;
        if response.status() != StatusCode::OK {
            return Err(Unavailable::Status(response.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_STATUS_BYTES {
                return Err(Unavailable::BadStatus("is too long"));
            }
            body.extend_from_slice(&chunk);
        }
        let status: MinerStatus =
            serde_json::from_slice(&body).map_err(|_| Unavailable::BadStatus("is not what we expect"))?;
        match ss58::decode(&status.hotkey) {
            Ok(named) if named == hotkey => Ok(status),
            _ => Err(Unavailable::BadStatus("names another hotkey")),
        }
    }

    /// Sends work and returns the head of the answer; its body is still to be read.
    pub(crate) async fn work(
        &self,
        url: &str,
        receiver: Hotkey,
        body: Vec<u8>,
        now_ns: u64,
        head_timeout: Duration,
    ) -> Result<Response, Unavailable> {
        let url = address(url, WORK_PATH, self.allow_private)?;
        let signed = btauth::Request { method: "POST", target: url.path(), body: &body };
        let headers = btauth::sign(&self.hotkey, &signed, Some(&receiver), self.nonce(now_ns), OsRng);
        let mut request = self.client.post(url.clone()).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = tokio::time::timeout(head_timeout, request.body(body).send())
            .await
            .map_err(|_| Unavailable::BadStatus("did not come in time"))??;
        match response.status() {
            StatusCode::OK => Ok(response),
            status => Err(Unavailable::Status(status)),
        }
    }

    fn nonce(&self, now_ns: u64) -> u64 {
        let next = |last: u64| Some(now_ns.max(last + 1));
        let last = self.last_nonce.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        now_ns.max(last.unwrap_or(0) + 1)
    }
}

/// The address of `path` on a miner, unless a literal address in it is forbidden. Names are checked when resolved.
fn address(base: &str, path: &str, allow_private: bool) -> Result<Url, Unavailable> {
    let mut url = Url::parse(base).map_err(|_| Unavailable::Address("not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Unavailable::Address("neither http nor https"));
    }
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.path() == "/";
    if !plain {
        return Err(Unavailable::Address("more than a host and a port"));
    }
    let host = url.host_str().ok_or(Unavailable::Address("no host"))?;
    // the parser has already written every spelling of an address in one way
    let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    if literal.is_some_and(|ip| !allow_private && !is_public(ip)) {
        return Err(Unavailable::Address("not a public address"));
    }
    url.set_path(path);
    Ok(url)
}

/// Resolves names as the system does, and leaves out what is not public.
struct PublicOnly {
    allow_private: bool,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> =
                found.filter(|address| allow_private || is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("the name has no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_hosts_and_ports_and_every_spelling_of_loopback_is_seen() {
        assert_eq!(
            address("http://8.8.8.8:80/", WORK_PATH, false).unwrap().as_str(),
            "http://8.8.8.8/v1/work"
        );
        assert!(address("http://127.0.0.1:9000", WORK_PATH, true).is_ok());
        let bad = [
            "http://127.0.0.1:9000",
            "http://127.1",
            "http://0x7f000001",
            "http://2130706433",
            "http://017700000001",
            "http://[::1]:80",
            "http://[::ffff:127.0.0.1]",
            "ftp://8.8.8.8",
            "file:///etc/passwd",
            "http://user@8.8.8.8",
            "http://8.8.8.8/path",
            "http://8.8.8.8/?q",
            "8.8.8.8:80",
            "",
        ];
        for base in bad {
            assert!(address(base, WORK_PATH, false).is_err(), "{base}");
        }
    }

    #[tokio::test]
    async fn names_of_this_machine_do_not_resolve() {
        let resolve = |allow_private| PublicOnly { allow_private }.resolve("localhost".parse().unwrap());
        assert!(resolve(false).await.is_err());
        assert!(resolve(true).await.is_ok());
    }

    #[test]
    fn nonces_grow_even_when_the_clock_does_not() {
        let hotkey = Arc::new(HotkeyPair::from_seed(&[1; 32]));
        let axons = Axons::new(hotkey, &Config::default()).unwrap();
        assert_eq!([5, 5, 9, 3].map(|now| axons.nonce(now)), [5, 6, 9, 10]);
    }
}
