//! The names of a job's prompts: each once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Which names are taken, and by which prompt.
#[derive(Debug, Default)]
pub struct Names(HashMap<String, u32>);

impl Names {
    /// Takes a name for a prompt, or says which one has it already.
    pub fn take(&mut self, name: String, index: u32) -> Result<(), u32> {
        match self.0.entry(name) {
            Entry::Vacant(free) => {
                free.insert(index);
                Ok(())
            }
            Entry::Occupied(taken) => Err(*taken.get()),
        }
    }
}
