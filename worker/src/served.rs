//! The checkpoints that this process serves: the service's own, and those of customers that the operator has allowed and
//! whose files lie on this machine (docs/adr/0016). A few of the latter are kept open.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use checkpoint::{Checkpoint, Shelf};
use grail::check::Rules;
use grail::ids::{CheckpointId, ProfileId};
use grail::standard::Standard;
use store::checkpoints::Folder;

use crate::audit::Models;
use crate::{Audit, Context, Error};

/// A checkpoint, what its miners prove by, and the models that judge them.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) checkpoint: Arc<Checkpoint>,
    pub(crate) standard: Standard,
    pub(crate) models: Models,
}

impl Served {
    pub(crate) fn profile_id(&self) -> ProfileId {
        self.standard.profile().id()
    }

    /// What the checkpoint says of the shape of a rollout.
    pub(crate) fn rules(&self) -> Rules<'_> {
        let config = &self.checkpoint.config;
        Rules { vocab_size: config.vocab_size as u32, eos: &config.eos_token_ids }
    }
}

/// How customers' checkpoints are opened: all in the same way.
#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) standard: Standard,
    audit: Audit,
    threads: usize,
    shelf: Shelf<Served>,
    /// Where their files lie, as far as this process has asked.
    folders: Mutex<HashMap<CheckpointId, PathBuf>>,
}

impl Library {
    pub(crate) fn new(standard: Standard, audit: Audit, threads: usize, most: usize) -> Self {
        Self { standard, audit, threads, shelf: Shelf::new(most), folders: Mutex::default() }
    }

    /// Those of the folders that this machine has.
    fn note(&self, found: Vec<Folder>) -> Vec<CheckpointId> {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let here = found.into_iter().filter(|folder| folder.path.is_dir());
        here.map(|Folder { checkpoint, path }| {
            folders.insert(checkpoint, path);
            checkpoint
        })
        .collect()
    }

    /// Blocks. The files are hashed when the weights are loaded, and only then.
    fn take(&self, id: CheckpointId) -> Result<Arc<Served>, Error> {
        let folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let path = folders.get(&id).cloned().ok_or(Error::NotServed(id))?;
        drop(folders);
        self.shelf.take(id, || self.open(id, &path))
    }

    fn open(&self, id: CheckpointId, path: &Path) -> Result<Served, Error> {
        let checkpoint = Arc::new(Checkpoint::open_without_weights(path, id)?);
        let (standard, opened) = (self.standard.clone(), Arc::clone(&checkpoint));
        let models = Models::new(opened, None, self.audit, standard.clone(), self.threads);
        Ok(Served { checkpoint, standard, models })
    }
}

impl Context {
    /// All that this process can verify.
    pub(crate) async fn all_served(&self) -> Result<Vec<CheckpointId>, Error> {
        let found = store::checkpoints::folders(&mut *self.db.acquire().await?).await?;
        Ok(self.with_own(self.library.note(found)))
    }

    /// What groups may wait for a miner of: the service's own, and customers' with work to do.
    pub(crate) async fn served_with_work(&self) -> Result<Vec<CheckpointId>, Error> {
        let profile = self.library.standard.profile().id();
        let mut conn = self.db.acquire().await?;
        let found = store::checkpoints::folders_with_work(&mut conn, profile).await?;
        Ok(self.with_own(self.library.note(found)))
    }

    fn with_own(&self, mut ids: Vec<CheckpointId>) -> Vec<CheckpointId> {
        ids.retain(|id| *id != self.own.checkpoint.id);
        ids.push(self.own.checkpoint.id);
        ids
    }

    /// The profile that miners of this checkpoint prove by.
    pub(crate) fn profile_of(&self, id: CheckpointId) -> ProfileId {
        if id == self.own.checkpoint.id {
            self.own.profile_id()
        } else {
            self.library.standard.profile().id()
        }
    }

    /// One of those that were asked for before. Blocks.
    pub(crate) fn served_here(&self, id: CheckpointId) -> Result<Arc<Served>, Error> {
        if id == self.own.checkpoint.id { Ok(Arc::clone(&self.own)) } else { self.library.take(id) }
    }

    /// One checkpoint, opened off the async threads.
    pub(crate) async fn served(self: &Arc<Self>, id: CheckpointId) -> Result<Arc<Served>, Error> {
        if id == self.own.checkpoint.id {
            return Ok(Arc::clone(&self.own));
        }
        let path = store::checkpoints::folder_of(&mut *self.db.acquire().await?, id).await?;
        let path = path.ok_or(Error::NotServed(id))?;
        if self.library.note(vec![Folder { checkpoint: id, path }]).is_empty() {
            return Err(Error::NotServed(id));
        }
        let cx = Arc::clone(self);
        let opening = self.tracker.spawn_blocking(move || cx.library.take(id));
        opening.await.map_err(|_| Error::TaskEnded("checkpoint"))?
    }
}
