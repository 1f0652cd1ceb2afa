//! Keeps a measurement on one core: this thread, and every process that it starts meanwhile.

use std::io;

use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

/// While this lives, the thread that made it stays where it was. Threads that exist already are left alone.
#[derive(Debug)]
pub(crate) struct OneCore {
    before: CpuSet,
}

impl OneCore {
    pub(crate) fn hold() -> io::Result<Self> {
        let before = sched_getaffinity(None)?;
        let mut one = CpuSet::new();
        one.set(sched_getcpu());
        sched_setaffinity(None, &one)?;
        Ok(Self { before })
    }
}

impl Drop for OneCore {
    fn drop(&mut self) {
        // it was so before; should it fail, the rest is slow and no less right
        let _ = sched_setaffinity(None, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_core_is_held_and_let_go() {
        let cores = || sched_getaffinity(None).unwrap().count();
        let before = cores();
        let held = OneCore::hold().unwrap();
        assert_eq!(cores(), 1);
        drop(held);
        assert_eq!(cores(), before);
    }
}
