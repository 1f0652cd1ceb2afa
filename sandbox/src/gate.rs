//! Lets a bounded number of callers through at a time; the others wait their turn: for the engine's fixed pool of slots, for a
//! compile child.

use std::sync::{Condvar, Mutex, PoisonError};

/// Counts free places.
#[derive(Debug)]
pub struct Gate {
    free: Mutex<usize>,
    freed: Condvar,
}

/// One place; dropping it lets the next caller in.
#[derive(Debug)]
pub struct Pass<'a>(&'a Gate);

impl Gate {
    pub const fn new(places: usize) -> Self {
        Self { free: Mutex::new(places), freed: Condvar::new() }
    }

    pub fn enter(&self) -> Pass<'_> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Pass(self)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}
