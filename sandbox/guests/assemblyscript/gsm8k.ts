// A GSM8K-like reward, world reward-simple; ../README.md says what it is. Texts stay UTF-8 bytes in memory and are
// read with load<u8>: making AssemblyScript strings of them would cost more than grading.

// The canonical ABI's allocator. The stub runtime never frees; the instance is dropped after the call.
export function cabi_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  if (size == 0) return align;
  return heap.alloc(size); // 16-byte aligned, traps when memory is refused
}

/** -?[0-9][0-9,]*(\.[0-9]+)? as it is written: where it stands in memory. `whole` may hold commas. */
@unmanaged class Num {
  negative: bool;
  whole: usize;
  wholeEnd: usize;
  fraction: usize;
  fractionEnd: usize;
}

// @ts-ignore: decorator
@inline function isDigit(c: u8): bool { return <u8>(c - 48) < 10; }

/** Reads the first number at or after `at`, and returns its end, or 0. */
function next(at: usize, end: usize, into: Num): usize {
  let c = at;
  while (c < end && !isDigit(load<u8>(c))) c++;
  if (c == end) return 0;
  into.negative = c > at && load<u8>(c - 1) == 45; // -
  into.whole = c;
  while (c < end && (isDigit(load<u8>(c)) || load<u8>(c) == 44 /* , */)) c++;
  into.wholeEnd = into.fraction = into.fractionEnd = c;
  if (c + 1 < end && load<u8>(c) == 46 /* . */ && isDigit(load<u8>(c + 1))) {
    into.fraction = ++c;
    while (c < end && isDigit(load<u8>(c))) c++;
    into.fractionEnd = c;
  }
  return c;
}

/** Drops zeros and commas that do not count. */
function trim(n: Num): void {
  while (n.whole < n.wholeEnd && (load<u8>(n.whole) == 48 || load<u8>(n.whole) == 44)) n.whole++;
  while (n.wholeEnd > n.whole && load<u8>(n.wholeEnd - 1) == 44) n.wholeEnd--;
  while (n.fractionEnd > n.fraction && load<u8>(n.fractionEnd - 1) == 48) n.fractionEnd--;
  if (n.whole == n.wholeEnd && n.fraction == n.fractionEnd) n.negative = false;
}

function same(a: Num, b: Num): bool {
  trim(a);
  trim(b);
  if (a.negative != b.negative) return false;
  let i = a.whole, j = b.whole;
  while (true) {
    while (i < a.wholeEnd && load<u8>(i) == 44) i++;
    while (j < b.wholeEnd && load<u8>(j) == 44) j++;
    if (i == a.wholeEnd || j == b.wholeEnd) break;
    if (load<u8>(i++) != load<u8>(j++)) return false;
  }
  if (i != a.wholeEnd || j != b.wholeEnd) return false;
  const size = a.fractionEnd - a.fraction;
  return size == b.fractionEnd - b.fraction && memory.compare(a.fraction, b.fraction, size) == 0;
}

/** Where the text after the last #### begins, or 0. */
function afterMarker(start: usize, end: usize): usize {
  let run = 0;
  for (let at = end; at > start;) {
    run = load<u8>(--at) == 35 /* # */ ? run + 1 : 0;
    if (run == 4) return at + 4;
  }
  return 0;
}

/** The first number after the last marker or, where there is no marker, the last number. */
function answer(start: usize, end: usize, marker: usize, into: Num): bool {
  if (marker) return next(marker, end, into) != 0;
  let at = end;
  while (at > start && !isDigit(load<u8>(at - 1))) at--;
  // Numbers hold no other bytes than these, so reading on from any other byte finds the same ones.
  while (at > start) {
    const c = load<u8>(at - 1);
    if (!isDigit(c) && c != 44 && c != 45 && c != 46) break;
    at--;
  }
  let found = false;
  while ((at = next(at, end, into)) != 0) found = true;
  return found;
}

export function reward(
  prompt: usize, promptLen: usize, completion: usize, completionLen: usize, ids: usize, idCount: usize,
  reference: usize, referenceLen: usize, metadata: usize, metadataLen: usize,
): f64 {
  const wanted = new Num(), given = new Num();
  let end = reference + referenceLen;
  if (!answer(reference, end, afterMarker(reference, end), wanted)) return NaN; // cannot grade
  end = completion + completionLen;
  const marker = afterMarker(completion, end);
  const correct: f64 = answer(completion, end, marker, given) && same(given, wanted) ? 1 : 0;
  const format: f64 = marker ? 1 : 0;
  const length: f64 = 0.0 - 0.001 * <f64>(idCount > 512 ? idCount - 512 : 0);
  return correct + 0.1 * format + length;
}
