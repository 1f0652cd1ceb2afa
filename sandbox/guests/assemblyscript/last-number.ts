// Built-in reward `last-number`, world reward-simple.
//
// 1 when the completion's answer equals the reference's, else 0; NaN when the reference holds no number.
// The answer of a text is the first number after its last `####` (the GSM8K habit) or, where there is none,
// the last number anywhere. Numbers compare as written, digit by digit: 1,234.50 equals 1234.5, and no
// rounding is done. Known: thousands commas, + - and the minus sign U+2212, $, decimals. Not known:
// exponents, fractions, words.

// The canonical ABI's allocator. The stub runtime never frees; the instance is dropped after the call.
export function cabi_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  if (size == 0) return align;
  const fresh = heap.alloc(size); // 16-byte aligned, traps when memory is refused
  if (old) memory.copy(fresh, old, oldSize);
  return fresh;
}

/** Where a number stands in memory: `whole` may hold commas; `fraction` excludes its dot. */
@unmanaged class Num {
  negative: bool;
  whole: usize;
  wholeEnd: usize;
  fraction: usize;
  fractionEnd: usize;
}

// @ts-ignore: decorator
@inline function isDigit(c: u8): bool { return c - 48 < 10; }
// @ts-ignore: decorator
@inline function isWord(c: u8): bool { return isDigit(c) || (c | 32) - 97 < 26 || c == 95 /* _ */; }

/** Whether a comma at `at` separates thousands: exactly three digits follow. */
function isThousands(at: usize, end: usize): bool {
  if (at + 3 >= end) return false;
  if (!isDigit(load<u8>(at + 1)) || !isDigit(load<u8>(at + 2)) || !isDigit(load<u8>(at + 3))) return false;
  return at + 4 >= end || !isDigit(load<u8>(at + 4));
}

/** Whether a minus stands before `at`. After a word or a closing bracket it is an operator, not a sign. */
function isNegative(start: usize, at: usize): bool {
  if (at > start && load<u8>(at - 1) == 36 /* $ */) at--;
  if (at > start && load<u8>(at - 1) == 45 /* - */) at--;
  else if (at >= start + 3 && load<u8>(at - 3) == 0xe2 && load<u8>(at - 2) == 0x88 && load<u8>(at - 1) == 0x92) at -= 3;
  else return false;
  if (at == start) return true;
  const before = load<u8>(at - 1);
  return !isWord(before) && before != 41 /* ) */ && before != 93 /* ] */;
}

/** Reads the number that starts at `at`, and returns its end. */
function read(start: usize, at: usize, end: usize, into: Num): usize {
  into.negative = isNegative(start, at);
  into.whole = at;
  let i = at;
  while (i < end) {
    const c = load<u8>(i);
    if (isDigit(c)) i++;
    else if (c == 44 /* , */ && i > at && isThousands(i, end)) i++;
    else break;
  }
  into.wholeEnd = i;
  into.fraction = into.fractionEnd = i;
  if (i + 1 < end && load<u8>(i) == 46 /* . */ && isDigit(load<u8>(i + 1))) {
    into.fraction = ++i;
    while (i < end && isDigit(load<u8>(i))) i++;
    into.fractionEnd = i;
  }
  return i;
}

/** Finds the first or the last number of a text. */
function find(start: usize, end: usize, first: bool, into: Num): bool {
  let found = false;
  let i = start;
  while (i < end) {
    const c = load<u8>(i);
    const dot = c == 46 && i + 1 < end && isDigit(load<u8>(i + 1)) && (i == start || !isWord(load<u8>(i - 1)));
    if (!isDigit(c) && !dot) { i++; continue; }
    i = read(start, i, end, into);
    if (first) return true;
    found = true;
  }
  return found;
}

/** Finds the answer of a text. */
function answer(start: usize, end: usize, into: Num): bool {
  for (let i = end; i >= start + 4; i--) {
    if (load<u32>(i - 4) == 0x23232323 /* #### */) {
      let line = i;
      while (line < end && load<u8>(line) != 10) line++;
      if (find(i, line, true, into)) return true;
      break;
    }
  }
  return find(start, end, false, into);
}

/** Moves to the first digit that counts. */
function skipZeros(at: usize, end: usize): usize {
  while (at < end && (load<u8>(at) == 48 || load<u8>(at) == 44)) at++;
  return at;
}

/** Moves the end to after the last digit that counts. */
function dropZeros(start: usize, end: usize): usize {
  while (end > start && load<u8>(end - 1) == 48) end--;
  return end;
}

function equal(a: Num, b: Num): bool {
  let i = skipZeros(a.whole, a.wholeEnd);
  let j = skipZeros(b.whole, b.wholeEnd);
  let zero = i == a.wholeEnd;
  while (true) {
    if (i < a.wholeEnd && load<u8>(i) == 44) i++;
    if (j < b.wholeEnd && load<u8>(j) == 44) j++;
    if (i == a.wholeEnd || j == b.wholeEnd) break;
    if (load<u8>(i++) != load<u8>(j++)) return false;
  }
  if (i != a.wholeEnd || j != b.wholeEnd) return false;

  const size = dropZeros(a.fraction, a.fractionEnd) - a.fraction;
  if (size != dropZeros(b.fraction, b.fractionEnd) - b.fraction) return false;
  if (memory.compare(a.fraction, b.fraction, size) != 0) return false;
  zero = zero && size == 0;
  return zero || a.negative == b.negative;
}

export function reward(
  prompt: usize, promptLen: usize, completion: usize, completionLen: usize, ids: usize, idCount: usize,
  reference: usize, referenceLen: usize, metadata: usize, metadataLen: usize,
): f64 {
  const wanted = new Num();
  if (!answer(reference, reference + referenceLen, wanted)) return NaN;
  const given = new Num();
  if (!answer(completion, completion + completionLen, given)) return 0;
  return equal(given, wanted) ? 1 : 0;
}
