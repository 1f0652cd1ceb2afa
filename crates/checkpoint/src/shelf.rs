//! A bounded set of things that belong to checkpoints, opened when they are first needed: the one that was used longest ago
//! makes room. Whoever still holds a thing that was put away keeps it.

use std::sync::{Arc, Mutex, PoisonError};

use grail::ids::CheckpointId;

#[derive(Debug)]
pub struct Shelf<T> {
    most: usize,
    /// The one used last is last.
    places: Mutex<Vec<(CheckpointId, Arc<T>)>>,
}

impl<T> Shelf<T> {
    /// Room for so many, at least one.
    pub fn new(most: usize) -> Self {
        Self { most: most.max(1), places: Mutex::default() }
    }

    /// What stands there for this checkpoint, or what `open` makes. Others wait meanwhile: nothing is opened twice. Blocks.
    pub fn take<E>(&self, id: CheckpointId, open: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = match places.iter().position(|(known, _)| *known == id) {
            Some(place) => places.remove(place).1,
            None => Arc::new(open()?),
        };
        if places.len() == self.most {
            places.remove(0);
        }
        places.push((id, Arc::clone(&taken)));
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn take(shelf: &Shelf<u8>, id: u8, opened: &mut Vec<u8>) -> Arc<u8> {
        let open = || {
            opened.push(id);
            Ok::<_, Infallible>(id)
        };
        shelf.take(CheckpointId([id; 32]), open).unwrap()
    }

    #[test]
    fn the_one_used_longest_ago_makes_room() {
        let (shelf, mut opened) = (Shelf::new(2), Vec::new());
        let first = take(&shelf, 1, &mut opened);
        for id in [2, 1, 3, 1, 2] {
            take(&shelf, id, &mut opened);
        }
        assert_eq!((opened, *first), (vec![1, 2, 3, 2], 1));
    }

    #[test]
    fn what_cannot_be_opened_takes_no_place() {
        let shelf: Shelf<u8> = Shelf::new(1);
        take(&shelf, 1, &mut Vec::new());
        assert_eq!(shelf.take(CheckpointId([2; 32]), || Err("gone")), Err("gone"));
        let mut opened = Vec::new();
        take(&shelf, 1, &mut opened);
        assert!(opened.is_empty());
    }
}
