//! A private Redis that keeps nothing: Postgres is the truth, so a restart may empty it.

use std::net::Ipv4Addr;
use std::path::Path;

use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Error;
use crate::account::Account;
use crate::place::{free_port, password, private_dir, write_private};
use crate::server::{Probe, Program, Server};

/// Starts Redis with its files in `home/redis`.
pub(crate) async fn start(binary: &Path, home: &Path, account: Account) -> Result<Server, Error> {
    let dir = home.join("redis");
    private_dir(&dir, account)?;
    let port = free_port(None)?;
    let password = password()?;
    let config = dir.join("redis.conf"); // a file, because arguments can be read by everyone
    let settings = [
        "bind 127.0.0.1".into(),
        format!("port {port}"),
        format!("requirepass {password}"),
        format!("dir \"{}\"", dir.display()),
        format!("pidfile \"{}\"", dir.join("redis.pid").display()),
        "save \"\"".into(),
        "appendonly no".into(),
        "maxmemory 256mb".into(),
        "maxmemory-policy allkeys-lru".into(), // all of it is disposable
    ];
    write_private(&config, &(settings.join("\n") + "\n"), account)?;
    let program = Program {
        name: "redis",
        binary: binary.into(),
        args: vec![config.into()],
        account,
        log: home.join("redis.log"),
        stop: Signal::TERM,
        probe: Probe::Redis(port),
    };
    Server::start(program, format!("redis://:{password}@127.0.0.1:{port}/0")).await
}

/// Whether a Redis serves commands on this port. One that asks for the password does; one that is loading does not.
pub(crate) async fn answers(port: u16) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.write_all(b"PING\r\n").await?;
        let mut answer = [0_u8; 7];
        stream.read_exact(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    ask.await.is_ok_and(|answer| answer.starts_with(b"+PONG") || answer.starts_with(b"-NOAUTH"))
}
