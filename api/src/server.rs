//! The HTTP server: threads, limits and the way it stops. HTTP/1.1 only; a proxy in front speaks HTTP/2.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpServer, web};
use tokio_util::sync::CancellationToken;

use crate::auth::KeyCache;
use crate::config::Config;
use crate::contract::Contract;
use crate::events::Streams;
use crate::gate::gate;
use crate::meta::status::Looked;
use crate::request::Request;
use crate::rewards::{Examinations, Uploads};
use crate::routes::routes;
use crate::sessions::KeyRing;
use crate::state::AppState;

const BLOCKING_THREADS: usize = 16;

/// A server on this listener. Await it: it serves until `stop`, then lets requests in flight finish.
pub fn server(
    state: AppState,
    config: Config,
    listener: TcpListener,
    stop: CancellationToken,
) -> io::Result<Server> {
    cut_off_stalled_clients(&listener, config.write_timeout_ms)?;
    let threads = match config.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let state = web::Data::new(state);
    let keys = web::Data::new(KeyCache::default());
    let ring = web::Data::new(KeyRing::default());
    let streams = web::Data::new(Streams::new(config.max_event_streams));
    let uploads = web::Data::new(Uploads::new(config.max_uploads));
    let examinations = web::Data::new(Examinations::new(config.max_examinations));
    let looked = web::Data::new(Looked::default());
    let token = web::Data::new(stop.clone());
    let contract = web::Data::new(Contract::new());
    let config = web::Data::new(config);
    let limits = config.clone();
    let app = move || {
        App::new()
            .app_data(state.clone())
            .app_data(keys.clone())
            .app_data(ring.clone())
            .app_data(streams.clone())
            .app_data(uploads.clone())
            .app_data(examinations.clone())
            .app_data(looked.clone())
            .app_data(token.clone())
            .app_data(limits.clone())
            .app_data(contract.clone())
            .configure(routes)
            .wrap(Compress::default())
            .wrap(from_fn(gate))
            .wrap(Request)
    };
    let server = HttpServer::new(app)
        .workers(threads)
        .max_connections(config.max_connections)
        // parsing and tokenising large bodies: more at once would only cost memory
        .worker_max_blocking_threads(BLOCKING_THREADS)
        .client_request_timeout(Duration::from_millis(config.header_timeout_ms))
        .keep_alive(Duration::from_millis(config.keep_alive_ms))
        // a client that closes its half is gone: streams to it end
        .h1_allow_half_closed(false)
        .shutdown_timeout(config.shutdown_timeout_ms.div_ceil(1000))
        .shutdown_signal(async move { stop.cancelled().await })
        .listen(listener)?
        .run();
    Ok(server)
}

/// The kernel ends connections whose client takes nothing for this long; accepted sockets inherit it.
#[cfg(target_os = "linux")]
fn cut_off_stalled_clients(listener: &TcpListener, timeout_ms: u32) -> io::Result<()> {
    Ok(rustix::net::sockopt::set_tcp_user_timeout(listener, timeout_ms)?)
}

/// Elsewhere the keep-alive of the connection must do.
#[cfg(not(target_os = "linux"))]
fn cut_off_stalled_clients(_: &TcpListener, _: u32) -> io::Result<()> {
    Ok(())
}
