//! Which indices `torch.topk` returns on the CPU, ties included.
//!
//! torch ranks by magnitude with NaN on top and leaves equal values to libstdc++: `nth_element`, or `partial_sort` once
//! the row is at least 64 times longer than the selection. In bf16 equal magnitudes at the boundary are common and decide
//! which dimension enters the sketch, so both algorithms are followed step by step.

use std::cmp::Ordering;

type Entry = (f32, usize);

/// The indices of the `k` largest magnitudes, ascending. `k` is at least 1 and at most the length.
pub(super) fn largest_magnitudes(values: &[f32], k: usize) -> Vec<usize> {
    let mut entries: Vec<Entry> =
        values.iter().enumerate().map(|(index, value)| (value.abs(), index)).collect();
    if k * 64 <= entries.len() {
        heap_select(&mut entries, k);
    } else {
        nth_element(&mut entries, k - 1);
    }
    let mut indices: Vec<usize> = entries[..k].iter().map(|entry| entry.1).collect();
    indices.sort_unstable();
    indices
}

/// torch's comparator: NaN before numbers, then larger before smaller.
fn before(a: Entry, b: Entry) -> bool {
    (a.0.is_nan() && !b.0.is_nan()) || a.0 > b.0
}

/// `std::nth_element`: introselect, falling back to a heap when the partitions are bad.
fn nth_element(entries: &mut [Entry], nth: usize) {
    let (mut first, mut last) = (0, entries.len());
    let mut depth = 2 * entries.len().ilog2();
    while last - first > 3 {
        if depth == 0 {
            heap_select(&mut entries[first..last], nth + 1 - first);
            entries.swap(first, nth);
            return;
        }
        depth -= 1;
        let cut = partition_around_median(entries, first, last);
        match cut.cmp(&nth) {
            Ordering::Less | Ordering::Equal => first = cut,
            Ordering::Greater => last = cut,
        }
    }
    insertion_sort(&mut entries[first..last]);
}

/// `__unguarded_partition_pivot`: the median of three goes to the front and splits the rest.
fn partition_around_median(entries: &mut [Entry], first: usize, last: usize) -> usize {
    let (a, b, c) = (first + 1, first + (last - first) / 2, last - 1);
    let median = match (
        before(entries[a], entries[b]),
        before(entries[b], entries[c]),
        before(entries[a], entries[c]),
    ) {
        (true, true, _) | (false, false, false) => b,
        (true, false, true) | (false, true, false) => c,
        (true, false, false) | (false, _, true) => a,
    };
    entries.swap(first, median);

    let pivot = entries[first];
    let (mut left, mut right) = (first + 1, last);
    loop {
        while before(entries[left], pivot) {
            left += 1;
        }
        right -= 1;
        while before(pivot, entries[right]) {
            right -= 1;
        }
        if left >= right {
            return left;
        }
        entries.swap(left, right);
        left += 1;
    }
}

/// `__insertion_sort`: stable.
fn insertion_sort(entries: &mut [Entry]) {
    for end in 1..entries.len() {
        let mut at = end;
        while at > 0 && before(entries[at], entries[at - 1]) {
            entries.swap(at, at - 1);
            at -= 1;
        }
    }
}

/// `__heap_select`: a heap of the first `k`, whose last-ranked entry gives way to any that ranks before it.
fn heap_select(entries: &mut [Entry], k: usize) {
    for parent in (0..k / 2).rev() {
        let value = entries[parent];
        adjust_heap(&mut entries[..k], parent, value);
    }
    for i in k..entries.len() {
        if before(entries[i], entries[0]) {
            let value = entries[i];
            entries[i] = entries[0];
            adjust_heap(&mut entries[..k], 0, value);
        }
    }
}

/// `__adjust_heap`: walks the hole down to a leaf along the larger children, then pushes `value` up from there.
fn adjust_heap(heap: &mut [Entry], top: usize, value: Entry) {
    let mut hole = top;
    while 2 * hole + 2 < heap.len() {
        let right = 2 * hole + 2;
        let child = if before(heap[right], heap[right - 1]) { right - 1 } else { right };
        heap[hole] = heap[child];
        hole = child;
    }
    if 2 * hole + 2 == heap.len() {
        heap[hole] = heap[2 * hole + 1];
        hole = 2 * hole + 1;
    }
    while hole > top && before(heap[(hole - 1) / 2], value) {
        heap[hole] = heap[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    heap[hole] = value;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Case {
        /// One magnitude per digit.
        digits: String,
        indices: Vec<usize>,
    }

    /// Rows full of ties and what `torch.topk(row, 16)` (torch 2.15, CPU) chose among them.
    #[test]
    fn ties_fall_as_torch_lets_them_fall() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../tests/data/torch-topk-ties.json")).unwrap();
        let mut unlike_lowest_index = 0;
        for case in &cases {
            let values: Vec<f32> =
                case.digits.chars().map(|digit| digit.to_digit(10).unwrap() as f32).collect();
            assert_eq!(largest_magnitudes(&values, 16), case.indices, "{}", case.digits);

            let mut lowest: Vec<usize> = (0..values.len()).collect();
            lowest.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
            lowest.truncate(16);
            lowest.sort_unstable();
            unlike_lowest_index += usize::from(lowest != case.indices);
        }
        assert!(unlike_lowest_index > 5, "the cases must be able to tell tie rules apart");
    }

    #[test]
    fn nan_is_the_largest_and_the_sign_is_ignored() {
        assert_eq!(largest_magnitudes(&[1.0, -5.0, f32::NAN, 4.0], 2), [1, 2]);
        assert_eq!(largest_magnitudes(&[f32::NAN; 40], 40), (0..40).collect::<Vec<_>>());
        assert_eq!(largest_magnitudes(&[0.0], 1), [0]);
    }
}
