//! Where a service or a reader takes its rounds from; only verified ones come out.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::relays::Relays;
use crate::{Error, LocalBeacon, Round, Schedule, Trust, VerifiedRound, file};

/// Groups of one time share their audit round, so a few minutes of rounds serve almost every question.
const KEPT: usize = 256;

/// A beacon as it can be asked from here.
#[derive(Debug)]
pub struct Beacon {
    source: Source,
    /// Oldest question first.
    kept: Mutex<VecDeque<VerifiedRound>>,
}

#[derive(Debug)]
enum Source {
    File(PathBuf),
    Relays(Relays),
    Local(LocalBeacon),
}

impl Beacon {
    /// Quicknet rounds from a file of drand's JSON. A round that is not in it counts as not published yet.
    pub fn file(path: PathBuf) -> Self {
        Self::new(Source::File(path))
    }

    /// Quicknet rounds from drand's relays, each named by its address before the chain hash, asked in this order and
    /// given up on after `patience` each. Plain http only.
    pub fn relays(bases: &[String], patience: Duration) -> Result<Self, Error> {
        Ok(Self::new(Source::Relays(Relays::new(bases, patience)?)))
    }

    /// Not public randomness.
    pub fn local(beacon: LocalBeacon) -> Self {
        Self::new(Source::Local(beacon))
    }

    fn new(source: Source) -> Self {
        Self { source, kept: Mutex::default() }
    }

    /// The same for all sources.
    pub const fn schedule(&self) -> Schedule {
        Schedule::QUICKNET
    }

    /// What a reader of this beacon's rounds must trust; its `kind` is the label to show.
    pub fn trust(&self) -> Trust {
        match &self.source {
            Source::File(_) | Source::Relays(_) => Trust::Quicknet,
            Source::Local(beacon) => beacon.trust(),
        }
    }

    /// The verified round, or `None` when it is not published yet. Before its time by the caller's clock nobody is
    /// asked; whether a `None` after that time is late or withheld is the caller's to judge by the schedule.
    pub async fn round(&self, number: u64, now_ms: u64) -> Result<Option<VerifiedRound>, Error> {
        if number == 0 {
            return Err(Error::RoundZero);
        }
        if number > self.schedule().round_at(now_ms) {
            return Ok(None);
        }
        if let Some(kept) = self.kept(number) {
            return Ok(Some(kept));
        }
        let found = match &self.source {
            Source::File(path) => from_file(path.clone(), Pick::Number(number)).await?,
            Source::Relays(relays) => relays.round(number).await?,
            Source::Local(beacon) => from_local(beacon, number, now_ms)?,
        };
        if let Some(found) = found {
            self.keep(found);
        }
        Ok(found)
    }

    /// The newest round that the source can prove: a health check. A relay's may lie ahead of `now_ms`; then our
    /// clock is behind, and rounds that are drawn by it may be known already.
    pub async fn latest(&self, now_ms: u64) -> Result<Option<VerifiedRound>, Error> {
        let current = self.schedule().round_at(now_ms);
        match &self.source {
            Source::File(path) => from_file(path.clone(), Pick::NewestUpTo(current)).await,
            Source::Relays(relays) => relays.latest().await,
            Source::Local(_) if current == 0 => Ok(None),
            Source::Local(beacon) => from_local(beacon, current, now_ms),
        }
    }

    fn kept(&self, number: u64) -> Option<VerifiedRound> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|round| round.number() == number).copied()
    }

    fn keep(&self, round: VerifiedRound) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.iter().any(|held| held.number() == round.number()) {
            return;
        }
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(round);
    }
}

fn from_local(beacon: &LocalBeacon, number: u64, now_ms: u64) -> Result<Option<VerifiedRound>, Error> {
    let round = beacon.round(number, now_ms)?;
    round.map(|round| round.verify(&beacon.trust())).transpose()
}

#[derive(Clone, Copy)]
enum Pick {
    Number(u64),
    NewestUpTo(u64),
}

async fn from_file(path: PathBuf, pick: Pick) -> Result<Option<VerifiedRound>, Error> {
    let reading = tokio::task::spawn_blocking(move || {
        let rounds = file::rounds(&path)?;
        let found = match pick {
            Pick::Number(number) => rounds.into_iter().find(|round| round.number() == number),
            Pick::NewestUpTo(limit) => {
                rounds.into_iter().filter(|round| round.number() <= limit).max_by_key(Round::number)
            }
        };
        found
            .map(|round| round.verify(&Trust::Quicknet))
            .transpose()
            .map_err(|source| Error::FileContent { path, source: Box::new(source) })
    });
    reading.await.map_err(|_| Error::Stopped)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded() {
        let local = LocalBeacon::from_seed(&[1; 32]);
        let beacon = Beacon::local(local.clone());
        for number in 1..=KEPT as u64 + 10 {
            let round = from_local(&local, number, u64::MAX).unwrap().unwrap();
            beacon.keep(round);
            beacon.keep(round);
        }
        assert_eq!(beacon.kept.lock().unwrap().len(), KEPT);
        assert!(beacon.kept(10).is_none());
        assert_eq!(beacon.kept(11).unwrap().number(), 11);
    }
}
