//! What one call may hold. The numbers are those that the sandbox grants by default: a guest that is refused memory
//! must be refused it by both.

use wasmi::ResourceLimiter;
use wasmi_core::LimiterError;

const MEMORY_BYTES: usize = 64 << 20;
const TABLE_ELEMENTS: usize = 65_536;

/// Counts a call's memory, and remembers a refusal.
#[derive(Debug, Default)]
pub(crate) struct Account {
    used: usize,
    /// The guest was refused memory or table space that it asked for.
    pub(crate) refused: bool,
}

impl ResourceLimiter for Account {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        let granted = used <= MEMORY_BYTES && maximum.is_none_or(|maximum| desired <= maximum);
        if granted {
            self.used = used;
        }
        self.refused |= !granted;
        Ok(granted)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        let granted = desired <= TABLE_ELEMENTS && maximum.is_none_or(|maximum| desired <= maximum);
        self.refused |= !granted;
        Ok(granted)
    }

    // A core module is one instance; validation bounds the rest.
    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        32
    }

    fn memories(&self) -> usize {
        1
    }
}
