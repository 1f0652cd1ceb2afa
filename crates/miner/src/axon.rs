//! The miner's server: opens the checkpoint, starts the generation thread, serves HTTP until it is told to stop.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, web};
use chain::btauth::Verifier;
use chain::ss58;
use checkpoint::Checkpoint;
use engine::Model;
use grail::Hotkey;
use protocol::work::{MinerStatus, STATUS_PATH, WORK_PATH};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::answer::Signer;
use crate::config::Config;
use crate::dishonest::{ReplayCache, Shape};
use crate::error::{Error, Problem};
use crate::generate::{self, Message, Settings};
use crate::load::Load;
use crate::weights;
use crate::work::{self, Offer};

/// Requests and wake-ups on their way to the generation thread.
const MAILBOX: usize = 256;
const MAX_CONNECTIONS: usize = 1024;
/// Far longer than a step takes.
const THREAD_END: Duration = Duration::from_secs(30);

/// What the handlers share.
pub(crate) struct Axon {
    pub(crate) config: Config,
    pub(crate) hotkey: Hotkey,
    pub(crate) verifier: Verifier,
    pub(crate) offer: Offer,
    pub(crate) load: Arc<Load>,
    pub(crate) replay: Arc<ReplayCache>,
    /// `None` for a miner that runs no model.
    pub(crate) generation: Option<mpsc::Sender<Message>>,
    pub(crate) stop: CancellationToken,
}

/// Serves on `listener` until `stop`; then lets the groups in flight finish, for [`Config::drain`] at most.
pub async fn serve(config: Config, listener: TcpListener, stop: CancellationToken) -> Result<(), Error> {
    listener.set_nonblocking(true)?;
    let opened = tokio::task::spawn_blocking(move || open(config)).await;
    let (config, offer, model) = opened.map_err(std::io::Error::other)??;
    let replay = Arc::new(ReplayCache::default());
    let (generation, ended) = match model {
        Some(model) => {
            let settings = Settings {
                max_rows: config.max_rows.max(1),
                kv_tokens: config.kv_tokens,
                behaviour: config.behaviour.clone(),
                shape: offer.shape.clone(),
                replay: Arc::clone(&replay),
                standard: config.standard.clone(),
                stop: stop.clone(),
            };
            let signer = Signer { key: Arc::clone(&config.key), rng: (config.rng)() };
            let (generation, ended) = spawn(model, settings, signer)?;
            (Some(generation), Some(ended))
        }
        None => (None, None),
    };
    let hotkey = config.key.hotkey();
    tracing::info!(
        miner.hotkey = %hotkey, checkpoint.id = %offer.checkpoint, miner.behaviour = ?config.behaviour, "axon serves"
    );
    let verifier = Verifier::new(hotkey).only_from(config.callers.iter().copied());
    let load = Arc::new(Load::default());
    let axon = Axon { config, hotkey, verifier, offer, load, replay, generation, stop };
    serve_http(axon, listener, ended).await
}

fn open(config: Config) -> Result<(Config, Offer, Option<Model>), Error> {
    let claimed = Checkpoint::open(&config.checkpoint_dir)?;
    let offer = Offer {
        checkpoint: claimed.id,
        profile: config.standard.profile().id(),
        shape: Shape {
            vocab_size: claimed.config.vocab_size as u32,
            eos: claimed.config.eos_token_ids.clone(),
        },
        context: claimed.config.max_position_embeddings,
        kv_tokens: config.kv_tokens,
    };
    let model = weights::load(&config, &claimed)?;
    Ok((config, offer, model))
}

/// Starts the thread. The second half resolves when it has ended, however it did.
fn spawn(
    model: Model,
    settings: Settings,
    signer: Signer,
) -> Result<(mpsc::Sender<Message>, oneshot::Receiver<()>), Error> {
    let (sender, mailbox) = mpsc::channel(MAILBOX);
    let (alive, ended) = oneshot::channel();
    std::thread::Builder::new().name("miner-generate".to_owned()).spawn(move || {
        let _alive: oneshot::Sender<()> = alive;
        generate::run(&model, settings, signer, mailbox);
    })?;
    Ok((sender, ended))
}

async fn serve_http(
    axon: Axon,
    listener: TcpListener,
    ended: Option<oneshot::Receiver<()>>,
) -> Result<(), Error> {
    let (threads, drain, stop) = (axon.config.threads.max(1), axon.config.drain, axon.stop.clone());
    let (generation, has_thread) = (axon.generation.clone(), axon.generation.is_some());
    let axon = web::Data::new(axon);
    let app = move || {
        App::new()
            .app_data(axon.clone())
            .service(web::resource(WORK_PATH).route(web::post().to(work::take)))
            .service(web::resource(STATUS_PATH).route(web::get().to(status)))
            .default_service(web::to(no_such_path))
    };
    let server = HttpServer::new(app)
        .workers(threads)
        .max_connections(MAX_CONNECTIONS)
        // a caller that hangs up cancels its groups
        .h1_allow_half_closed(false)
        .disable_signals()
        .shutdown_signal(stop.clone().cancelled_owned())
        .shutdown_timeout(drain.as_secs().max(1))
        .listen(listener)?
        .run();
    let ended = async {
        match ended {
            Some(ended) => {
                ended.await.ok();
            }
            None => std::future::pending().await,
        }
    };
    tokio::pin!(ended);
    // wakes a thread that sleeps over work which the stop makes moot
    let wake = async move {
        stop.cancelled().await;
        if let Some(generation) = generation {
            generation.try_send(Message::Look).ok();
        }
    };
    let (served, ()) = tokio::select! {
        served = async { tokio::join!(server, wake) } => served,
        () = &mut ended => return Err(Error::GenerationEnded),
    };
    served?;
    // every sender is gone with the server, so the thread ends after its current step
    if has_thread && tokio::time::timeout(THREAD_END, ended).await.is_err() {
        tracing::warn!("the generation thread did not end in time");
    }
    Ok(())
}

/// `GET /v1/status`: who this is and what it can do.
async fn status(axon: web::Data<Axon>) -> HttpResponse {
    HttpResponse::Ok().json(MinerStatus {
        hotkey: ss58::encode(&axon.hotkey),
        checkpoint: axon.offer.checkpoint,
        profile: axon.offer.profile,
        capacity: axon.config.max_rows as u32,
        in_flight: axon.load.rollouts(),
    })
}

async fn no_such_path() -> Result<HttpResponse, Problem> {
    Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this path"))
}
