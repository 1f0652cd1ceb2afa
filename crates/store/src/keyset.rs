//! Pages of a list: where one starts, which way it is read, and what is cut off what was read. Not for lists without keys
//! in an order.
//!
//! A page before a row is read the other way round, from that row on, and turned at the end, so that it stands in the
//! list's own order. Every query reads one row more than is wanted, which tells whether more follow.

use uuid::Uuid;

/// Where a page starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor<T> {
    /// With the first row of the list.
    Start,
    /// With the row that follows this one.
    After(T),
    /// So that it ends with the row that stands before this one.
    Before(T),
}

/// One page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<T> {
    pub cursor: Cursor<T>,
    /// At most so many rows.
    pub limit: i64,
}

/// What a page holds, in the order of its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<R> {
    pub rows: Vec<R>,
    /// There are more, on the side away from the cursor.
    pub has_more: bool,
}

impl<R> Found<R> {
    pub fn map<S>(self, change: impl FnMut(R) -> S) -> Found<S> {
        Found { rows: self.rows.into_iter().map(change).collect(), has_more: self.has_more }
    }

    pub fn try_map<S, E>(self, change: impl FnMut(R) -> Result<S, E>) -> Result<Found<S>, E> {
        let rows = self.rows.into_iter().map(change).collect::<Result<_, _>>()?;
        Ok(Found { rows, has_more: self.has_more })
    }
}

impl<T> Page<T> {
    /// The same page by another name of its cursor.
    pub fn map<S>(self, change: impl FnOnce(T) -> S) -> Page<S> {
        let cursor = match self.cursor {
            Cursor::Start => Cursor::Start,
            Cursor::After(at) => Cursor::After(change(at)),
            Cursor::Before(at) => Cursor::Before(change(at)),
        };
        Page { cursor, limit: self.limit }
    }

    /// The page of a list that is in memory, in its order. `None`: the cursor is not in it.
    pub fn among<R>(&self, mut rows: Vec<R>, key: impl Fn(&R) -> T) -> Option<Found<R>>
    where
        T: PartialEq,
    {
        match &self.cursor {
            Cursor::Start => {}
            Cursor::After(at) => drop(rows.drain(..=rows.iter().position(|row| key(row) == *at)?)),
            Cursor::Before(at) => {
                rows.truncate(rows.iter().position(|row| key(row) == *at)?);
                rows.reverse();
            }
        }
        Some(self.cut(rows))
    }

    /// Makes a page of what its [`Span`] has read.
    pub(crate) fn cut<R>(&self, mut rows: Vec<R>) -> Found<R> {
        let limit = usize::try_from(self.limit).unwrap_or(0);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        if matches!(self.cursor, Cursor::Before(_)) {
            rows.reverse();
        }
        Found { rows, has_more }
    }
}

/// What rows are told apart and ordered by.
pub(crate) trait Key: Copy {
    const LOWEST: Self;
    const HIGHEST: Self;

    fn next(self) -> Option<Self>;
    fn previous(self) -> Option<Self>;
}

impl Key for Uuid {
    const LOWEST: Self = Uuid::nil();
    const HIGHEST: Self = Uuid::max();

    fn next(self) -> Option<Self> {
        self.as_u128().checked_add(1).map(Uuid::from_u128)
    }

    fn previous(self) -> Option<Self> {
        self.as_u128().checked_sub(1).map(Uuid::from_u128)
    }
}

macro_rules! integer_keys {
    ($($integer:ty),*) => {$(
        impl Key for $integer {
            const LOWEST: Self = Self::MIN;
            const HIGHEST: Self = Self::MAX;

            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }

            fn previous(self) -> Option<Self> {
                self.checked_sub(1)
            }
        }
    )*};
}

integer_keys!(i32, i64);

/// What a query reads for a page: the keys from `low` to `high`, both included, upwards or downwards, and so many rows.
///
/// `ORDER BY CASE WHEN $upwards THEN id END, id DESC`: with its parameters known the first term is either the key, and the
/// second says nothing more, or a constant, which orders nothing. So one text reads an index from either end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span<K> {
    pub(crate) low: K,
    pub(crate) high: K,
    pub(crate) upwards: bool,
    pub(crate) rows: i64,
}

impl<K: Key> Span<K> {
    /// One row, whose key is known.
    pub(crate) fn only(key: K) -> Self {
        Self { low: key, high: key, upwards: false, rows: 1 }
    }

    /// Of a list whose highest key comes first.
    pub(crate) fn newest_first(page: Page<K>) -> Self {
        Self::of(page, false)
    }

    /// Of a list whose lowest key comes first.
    pub(crate) fn oldest_first(page: Page<K>) -> Self {
        Self::of(page, true)
    }

    fn of(page: Page<K>, is_rising: bool) -> Self {
        let upwards = is_rising != matches!(page.cursor, Cursor::Before(_));
        let (low, high) = match page.cursor {
            Cursor::Start => (Some(K::LOWEST), Some(K::HIGHEST)),
            Cursor::After(key) | Cursor::Before(key) if upwards => (key.next(), Some(K::HIGHEST)),
            Cursor::After(key) | Cursor::Before(key) => (Some(K::LOWEST), key.previous()),
        };
        // nothing is beyond the last key of all: between the two, so turned, there is no row
        let (low, high) = low.zip(high).unwrap_or((K::HIGHEST, K::LOWEST));
        Self { low, high, upwards, rows: page.limit.saturating_add(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a database does with a span.
    fn read(keys: &[i32], span: Span<i32>) -> Vec<i32> {
        let mut rows: Vec<i32> =
            keys.iter().copied().filter(|key| (span.low..=span.high).contains(key)).collect();
        rows.sort_unstable();
        if !span.upwards {
            rows.reverse();
        }
        rows.truncate(usize::try_from(span.rows).unwrap());
        rows
    }

    fn pages(keys: &[i32], is_rising: bool, page: Page<i32>) -> Found<i32> {
        page.cut(read(keys, Span::of(page, is_rising)))
    }

    #[test]
    fn a_page_ends_before_or_starts_after_its_cursor_in_the_order_of_the_list() {
        let keys = [i32::MIN, 2, 3, 5, 8, i32::MAX];
        let found = |rows: &[i32], has_more| Found { rows: rows.to_vec(), has_more };
        for (is_rising, cursor, expected) in [
            (true, Cursor::Start, found(&[i32::MIN, 2], true)),
            (true, Cursor::After(2), found(&[3, 5], true)),
            (true, Cursor::After(4), found(&[5, 8], true)),
            (true, Cursor::After(5), found(&[8, i32::MAX], false)),
            (true, Cursor::After(i32::MAX), found(&[], false)),
            (true, Cursor::Before(8), found(&[3, 5], true)),
            (true, Cursor::Before(3), found(&[i32::MIN, 2], false)),
            (true, Cursor::Before(i32::MIN), found(&[], false)),
            (false, Cursor::Start, found(&[i32::MAX, 8], true)),
            (false, Cursor::After(8), found(&[5, 3], true)),
            (false, Cursor::After(i32::MIN), found(&[], false)),
            (false, Cursor::Before(3), found(&[8, 5], true)),
            (false, Cursor::Before(5), found(&[i32::MAX, 8], false)),
            (false, Cursor::Before(i32::MAX), found(&[], false)),
        ] {
            assert_eq!(
                pages(&keys, is_rising, Page { cursor, limit: 2 }),
                expected,
                "{is_rising} {cursor:?}"
            );
        }
    }

    #[test]
    fn ids_have_neighbours() {
        let id = Uuid::from_u128(7);
        assert_eq!((id.next(), id.previous()), (Some(Uuid::from_u128(8)), Some(Uuid::from_u128(6))));
        assert_eq!((Uuid::max().next(), Uuid::nil().previous()), (None, None));
    }
}
