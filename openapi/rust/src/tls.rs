//! The client's own `https`: what reqwest writes goes out by hyper over rustls, with ring, to whom the system trusts.
//!
//! It is not reqwest's, which has rustls in two ways: with AWS-LC, which is C and slow to build, or with no provider, and then
//! every `reqwest::Client` of the program panics when it is made, whoever makes it, until somebody has installed one.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use reqwest::{Body, Request, Response};
use rustls::{ClientConfig, RootCertStore};

use crate::client::{CONNECT, SILENCE};
use crate::error::{Error, told};

/// Connections that are kept. It follows no redirect and knows no proxy.
#[derive(Debug, Clone)]
pub(crate) struct Tls(legacy::Client<HttpsConnector<HttpConnector>, Body>);

impl Tls {
    pub(crate) fn new() -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        let (added, _) = roots.add_parsable_certificates(found.certs);
        if added == 0 {
            let instead = "this machine has no certificates to trust: install some, or set `Options::http`";
            return Err(Error::Settings(instead.to_owned()));
        }
        Ok(Self::trusting(roots))
    }

    fn trusting(roots: RootCertStore) -> Self {
        // named, so that it does not matter which providers the rest of the program has
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring speaks the versions of TLS that rustls does")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut http = HttpConnector::new();
        http.enforce_http(false); // https goes through it, too
        http.set_nodelay(true);
        http.set_connect_timeout(Some(CONNECT));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_only()
            .enable_http1()
            .wrap_connector(http);
        Self(legacy::Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(https))
    }

    pub(crate) async fn send(&self, request: Request) -> Result<Response, Error> {
        let request = http::Request::<Body>::try_from(request)?;
        let answer = self.0.request(request).await?;
        Ok(answer.map(|body| Body::wrap_stream(chunks(body))).into())
    }
}

/// A body as it comes. One that is silent is cut.
fn chunks<B>(mut body: B) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static
where
    B: BodyExt<Data = Bytes> + Send + Unpin + 'static,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    async_stream::try_stream! {
        while let Some(frame) = tokio::time::timeout(SILENCE, body.frame()).await? {
            // the service sends no trailers
            if let Ok(data) = frame.map_err(io::Error::other)?.into_data() {
                yield data;
            }
        }
    }
}

impl From<legacy::Error> for Error {
    fn from(error: legacy::Error) -> Self {
        let text = told(&error);
        if error.is_connect() { Self::Unreachable(text) } else { Self::Connection(text) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener};
    use std::sync::mpsc;

    use reqwest::Method;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
    use rustls::{ServerConfig, ServerConnection, StreamOwned};
    use serde_json::{Value, json};

    use super::*;
    use crate::{Client, Options};

    /// Of 127.0.0.1, signed by itself.
    const CERTIFICATE: &[u8] = include_bytes!("../tests/tls/certificate.der");
    const KEY: &[u8] = include_bytes!("../tests/tls/key.der");
    const BODY: &str = r#"{"object":"limits"}"#;

    /// A service with that certificate, which answers each request with `BODY` and tells what it was.
    fn serve() -> (SocketAddr, mpsc::Receiver<String>) {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KEY));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(CERTIFICATE)], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, requests) = mpsc::channel();
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = StreamOwned::new(tls, socket.unwrap());
                let (mut head, mut byte) = (Vec::<u8>::new(), [0_u8]);
                while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                    head.extend(byte);
                }
                let head = String::from_utf8(head).unwrap();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
                // who does not trust it has gone by now
                let _ = stream.read_exact(&mut body);
                let length = BODY.len();
                let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{BODY}");
                stream.conn.send_close_notify();
                let _ = stream.flush();
                let _ = tell.send(format!("{head}{}", String::from_utf8(body).unwrap()));
            }
        });
        (address, requests)
    }

    async fn asked(address: SocketAddr, roots: RootCertStore) -> Result<Value, Error> {
        let options = Options { max_retries: 0, ..Options::new(&format!("https://{address}/"), "rk_test") };
        let client = Client::over(options, Some(Tls::trusting(roots)))?;
        client.call(Method::POST, "/v1/quotes", Some(&json!({ "prompts": [] }))).await
    }

    #[tokio::test]
    async fn a_service_that_is_trusted_is_spoken_to() {
        let (address, requests) = serve();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(CERTIFICATE)).unwrap();
        assert_eq!(asked(address, roots).await.unwrap(), serde_json::from_str::<Value>(BODY).unwrap());
        let request = requests.recv().unwrap();
        assert!(request.starts_with("POST /v1/quotes HTTP/1.1\r\n"), "{request}");
        assert!(request.contains(&format!("\r\nhost: {address}\r\n")), "{request}");
        assert!(request.contains("\r\nauthorization: Bearer rk_test\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\n{\"prompts\":[]}"), "{request}");
    }

    #[tokio::test]
    async fn a_service_that_signs_for_itself_is_refused() {
        let (address, _requests) = serve();
        let refused = asked(address, RootCertStore::empty()).await;
        let Err(Error::Unreachable(text)) = refused else { panic!("{refused:?}") };
        assert!(text.contains("invalid peer certificate"), "{text}");
    }

    #[tokio::test]
    async fn nobody_at_a_port_is_not_reached() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let refused = asked(address, RootCertStore::empty()).await;
        assert!(matches!(refused, Err(Error::Unreachable(_))), "{refused:?}");
    }

    #[test]
    fn an_https_address_is_taken() {
        let made = Client::new(Options::new("https://reliquary.example/", "rk_test"));
        // a machine that trusts nobody says so at once
        let trusts_nobody = rustls_native_certs::load_native_certs().certs.is_empty();
        assert!(made.is_ok() || matches!(made, Err(Error::Settings(_)) if trusts_nobody));
    }
}
