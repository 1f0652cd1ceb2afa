//! A relay on the loopback interface that does what a test tells it: plain HTTP/1.1, one answer per connection.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What the relay does when it is asked.
#[derive(Debug, Clone)]
pub(crate) enum Behaviour {
    Json(String),
    Status(u16),
    /// Sends the asker on to this address.
    Redirect(String),
    /// A body without end, in chunks.
    Flood,
    /// Says that much is coming, and sends a little.
    Hang,
    /// Takes the connection and says nothing.
    Silence,
}

pub(crate) struct Relay {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    behaviour: Arc<Mutex<Behaviour>>,
    /// Connections whose answer does not end: open until the relay is dropped.
    taken: Arc<Mutex<Vec<TcpStream>>>,
    serving: Option<JoinHandle<()>>,
}

impl Relay {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let behaviour = Arc::new(Mutex::new(behaviour));
        let taken = Arc::new(Mutex::new(Vec::new()));
        let (paths, told, open) = (Arc::clone(&asked), Arc::clone(&behaviour), Arc::clone(&taken));
        let serving = std::thread::spawn(move || serve(&listener, &paths, &told, &open));
        Self { address, asked, behaviour, taken, serving: Some(serving) }
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn now(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    /// The paths that were asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // The asker may not run again to hang up on a flood; then a connection without a request ends the loop.
        for stream in self.taken.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        drop(TcpStream::connect(self.address));
        if let Some(serving) = self.serving.take() {
            serving.join().unwrap();
        }
    }
}

fn serve(
    listener: &TcpListener,
    asked: &Mutex<Vec<String>>,
    behaviour: &Mutex<Behaviour>,
    taken: &Mutex<Vec<TcpStream>>,
) {
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let Some(path) = read_request(&mut stream) else {
            return;
        };
        asked.lock().unwrap().push(path);
        let behaviour = behaviour.lock().unwrap().clone();
        if matches!(behaviour, Behaviour::Hang | Behaviour::Silence | Behaviour::Flood) {
            taken.lock().unwrap().push(stream.try_clone().unwrap());
        }
        answer(&mut stream, &behaviour);
    }
}

fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).unwrap() == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let mut words = head.split_whitespace();
    assert_eq!(words.next(), Some("GET"));
    words.next().map(str::to_owned)
}

/// Writing fails when the asker has had enough; that is what it is there to show.
fn answer(stream: &mut TcpStream, behaviour: &Behaviour) {
    let length = |body: &str| format!("content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let _ = match behaviour {
        Behaviour::Json(body) => write!(stream, "HTTP/1.1 200 OK\r\n{}", length(body)),
        Behaviour::Status(status) => write!(stream, "HTTP/1.1 {status} Said So\r\n{}", length("{}")),
        Behaviour::Redirect(to) => write!(stream, "HTTP/1.1 302 Found\r\nlocation: {to}\r\n{}", length("")),
        Behaviour::Hang => write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 300\r\n\r\n{{"),
        Behaviour::Silence => Ok(()),
        Behaviour::Flood => flood(stream),
    };
}

fn flood(stream: &mut TcpStream) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
    let chunk = " ".repeat(1024);
    loop {
        write!(stream, "400\r\n{chunk}\r\n")?;
    }
}
