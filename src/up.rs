//! `reliquary up`: everything in one process tree. Stops on the first signal, after draining.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use embedded::{Options, Progress, RedisSource, Services, Tuning};

use crate::config::Config;
use crate::lifecycle::lifecycle;

pub(crate) async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    let (lifecycle, mut ending) = lifecycle(Duration::from_millis(config.lifecycle.drain_ms))?;
    let services = tokio::select! {
        services = Services::start(&config.data.dir, options(config)?) => services.context("private services")?,
        () = ending.signalled() => return Ok(ExitCode::FAILURE),
    };
    tracing::info!(redis = services.redis_url.is_some(), "Postgres is ready");

    let stop = lifecycle.stop().clone();
    let services = std::sync::Arc::new(services);
    let watched = services.clone();
    lifecycle.spawn("services", async move {
        tokio::select! {
            error = watched.failed() => Err(error),
            () = stop.cancelled() => Ok(()),
        }
    });
    let code = ending.wait().await;
    services.stop().await.context("private services")?; // last: draining still writes
    Ok(code)
}

/// How the private Postgres and Redis are to be had.
pub(crate) fn options(config: &Config) -> anyhow::Result<Options> {
    let redis = match config.redis.url.reveal() {
        _ if config.redis.is_off() => RedisSource::Off,
        Some(url) => RedisSource::Given(url.into()),
        None => RedisSource::Embedded,
    };
    Ok(Options {
        database_url: config.postgres.url.reveal().map(str::to_owned),
        redis,
        hide: config.embedded.hide.parse().map_err(anyhow::Error::msg).context("embedded.hide")?,
        tuning: Tuning {
            shared_buffers_mb: config.embedded.shared_buffers_mb,
            max_connections: config.embedded.max_connections,
            fsync: true,
        },
        packages: None,
        progress: Progress::new(|line| eprintln!("{line}")),
    })
}
