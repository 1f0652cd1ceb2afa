//! The threads of one model. How work is split never changes a result: every row and every output column is
//! computed whole by one thread, in an order of its own.

use rayon::prelude::*;

use crate::error::Error;

#[derive(Debug)]
pub(crate) struct Crew {
    /// `None` with one thread: then everything runs on the caller's.
    pool: Option<rayon::ThreadPool>,
}

impl Crew {
    pub(crate) fn new(threads: usize) -> Result<Self, Error> {
        if threads <= 1 {
            return Ok(Self { pool: None });
        }
        let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = builder.thread_name(|index| format!("engine-{index}")).build()?;
        Ok(Self { pool: Some(pool) })
    }

    pub(crate) fn threads(&self) -> usize {
        self.pool.as_ref().map_or(1, rayon::ThreadPool::current_num_threads)
    }

    /// Runs `work` on one of the threads, so that [`Crew::each`] inside it costs no hand-over.
    pub(crate) fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// Runs every task, on several threads if there are several of both. Call it inside [`Crew::enter`].
    pub(crate) fn each<T: Send>(&self, tasks: Vec<T>, run: impl Fn(T) + Send + Sync) {
        if self.pool.is_some() && tasks.len() > 1 {
            tasks.into_par_iter().for_each(run);
        } else {
            tasks.into_iter().for_each(run);
        }
    }

    /// [`Crew::each`] with results, in the order of the tasks.
    pub(crate) fn map<T: Send, R: Send>(&self, tasks: Vec<T>, run: impl Fn(T) -> R + Send + Sync) -> Vec<R> {
        if self.pool.is_some() && tasks.len() > 1 {
            tasks.into_par_iter().map(run).collect()
        } else {
            tasks.into_iter().map(run).collect()
        }
    }
}
