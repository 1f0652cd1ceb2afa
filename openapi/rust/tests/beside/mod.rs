//! A service for one test, on a loopback port.

use std::sync::Mutex;
use std::time::Duration;

use reliquary_client::{Client, Options};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A request as it came: its head, and its body.
pub(crate) type Seen = (String, String);

/// Runs `work` beside a service that answers the n-th request with `answer(n, head)` and closes the connection.
pub(crate) async fn beside<T>(
    answer: impl Fn(usize, &str) -> Vec<u8>,
    work: impl AsyncFnOnce(Client) -> T,
) -> (T, Vec<Seen>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let seen = Mutex::new(Vec::new());
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let serve = async {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            let (head, body) = loop {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if let Some((head, body)) = text.split_once("\r\n\r\n") {
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                    if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                        break (head.to_owned(), body.to_owned());
                    }
                }
                assert_ne!(socket.read_buf(&mut bytes).await.unwrap(), 0, "half a request");
            };
            let number = seen.lock().unwrap().len();
            let answered = answer(number, &head);
            seen.lock().unwrap().push((head, body));
            socket.write_all(&answered).await.unwrap();
            socket.shutdown().await.unwrap();
        }
    };
    let options = Options { patience: Duration::from_secs(30), ..Options::new(&url, "rk_test") };
    let client = Client::new(options).unwrap();
    let done = tokio::select! {
        done = work(client) => done,
        never = serve => never,
    };
    (done, seen.into_inner().unwrap())
}

pub(crate) fn answer(status: &str, more: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{more}\r\n{body}")
        .into_bytes()
}
