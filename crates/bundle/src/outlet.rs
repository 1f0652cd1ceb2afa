//! A place to write to whose bytes can be taken out while the writer goes on: how a file becomes a stream.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that were written and not taken yet. Clones are the same place.
#[derive(Debug, Clone, Default)]
pub struct Outlet(Arc<Mutex<Vec<u8>>>);

impl Outlet {
    /// What was written since the last time.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
