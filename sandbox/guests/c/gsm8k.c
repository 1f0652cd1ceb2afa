// A GSM8K-like reward, world reward-simple; ../README.md says what it is. Freestanding: no libc, no imports.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define PAGE 65536u

// ---- memory: a bump allocator; the instance is dropped after the call ----

extern char __heap_base;
static uintptr_t heap_top;

EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
  (void)old, (void)old_size; // the host allocates, and never grows what it has
  if (!heap_top) heap_top = (uintptr_t)&__heap_base;
  uintptr_t start = (heap_top + align - 1) & ~(uintptr_t)(align - 1);
  uintptr_t end = start + size;
  if (end < start) __builtin_trap();
  uintptr_t have = __builtin_wasm_memory_size(0) * PAGE;
  if (end > have && __builtin_wasm_memory_grow(0, (end - have + PAGE - 1) / PAGE) == (size_t)-1) __builtin_trap();
  heap_top = end;
  return (void *)start;
}

// ---- numbers ----

// -?[0-9][0-9,]*(\.[0-9]+)? as it is written; `whole` may hold commas.
typedef struct {
  bool negative;
  const char *whole, *whole_end, *fraction, *fraction_end;
} Number;

static bool is_digit(char c) { return (unsigned char)(c - '0') < 10; }

// Reads the first number at or after `at`, and moves `at` behind it.
static bool next(const char **at, const char *end, Number *into) {
  const char *from = *at, *c = from;
  while (c < end && !is_digit(*c)) c++;
  if (c == end) return false;
  into->negative = c > from && c[-1] == '-';
  into->whole = c;
  while (c < end && (is_digit(*c) || *c == ',')) c++;
  into->whole_end = into->fraction = into->fraction_end = c;
  if (end - c >= 2 && *c == '.' && is_digit(c[1])) {
    into->fraction = ++c;
    while (c < end && is_digit(*c)) c++;
    into->fraction_end = c;
  }
  *at = c;
  return true;
}

// Drops zeros that do not count. The commas among leading zeros go too.
static void trim(Number *n) {
  while (n->whole < n->whole_end && (*n->whole == '0' || *n->whole == ',')) n->whole++;
  while (n->whole_end > n->whole && n->whole_end[-1] == ',') n->whole_end--;
  while (n->fraction_end > n->fraction && n->fraction_end[-1] == '0') n->fraction_end--;
  if (n->whole == n->whole_end && n->fraction == n->fraction_end) n->negative = false;
}

static bool same(Number a, Number b) {
  trim(&a);
  trim(&b);
  if (a.negative != b.negative) return false;
  for (;; a.whole++, b.whole++) {
    while (a.whole < a.whole_end && *a.whole == ',') a.whole++;
    while (b.whole < b.whole_end && *b.whole == ',') b.whole++;
    if (a.whole == a.whole_end || b.whole == b.whole_end) break;
    if (*a.whole != *b.whole) return false;
  }
  if (a.whole != a.whole_end || b.whole != b.whole_end) return false;
  if (a.fraction_end - a.fraction != b.fraction_end - b.fraction) return false;
  while (a.fraction < a.fraction_end) if (*a.fraction++ != *b.fraction++) return false;
  return true;
}

// Finds what follows the last ####.
static const char *after_marker(const char *text, const char *end) {
  const char *c = end;
  size_t run = 0;
  while (c > text) {
    run = *--c == '#' ? run + 1 : 0;
    if (run == 4) return c + 4;
  }
  return NULL;
}

// The first number after the last marker or, where there is no marker, the last number.
static bool answer(const char *text, const char *end, const char *marker, Number *into) {
  if (marker) return next(&marker, end, into);
  const char *at = end;
  while (at > text && !is_digit(at[-1])) at--;
  // Numbers hold no other bytes than these, so reading on from any other byte finds the same ones.
  while (at > text && (is_digit(at[-1]) || at[-1] == ',' || at[-1] == '.' || at[-1] == '-')) at--;
  bool found = false;
  while (next(&at, end, into)) found = true;
  return found;
}

// ---- the contract ----

EXPORT("reward")
double reward(const char *prompt, size_t prompt_size, const char *completion, size_t completion_size,
              const uint32_t *ids, size_t id_count, const char *reference, size_t reference_size,
              const char *metadata, size_t metadata_size) {
  (void)prompt, (void)prompt_size, (void)ids, (void)metadata, (void)metadata_size;
  Number wanted, given;
  const char *end = reference + reference_size;
  if (!answer(reference, end, after_marker(reference, end), &wanted)) return __builtin_nan(""); // cannot grade
  end = completion + completion_size;
  const char *marker = after_marker(completion, end);
  double correct = answer(completion, end, marker, &given) && same(given, wanted) ? 1.0 : 0.0;
  double format = marker ? 1.0 : 0.0;
  double length = 0.0 - 0.001 * (double)(id_count > 512 ? id_count - 512 : 0);
  return correct + 0.1 * format + length;
}
