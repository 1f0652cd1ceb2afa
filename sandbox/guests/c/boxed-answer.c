// Built-in reward `boxed-answer`, world reward-simple.
//
// 1 when the content of the completion's last \boxed{...} equals the reference's, else 0; NaN when the
// reference is empty. The reference is its own last \boxed{...}, or all of it where it has none.
// Both are normalised: spaces, $, \left, \right and thin spaces go; \dfrac and \tfrac become \frac;
// \text{x} becomes x; a last dot goes. Plain numbers then compare by value, all else byte by byte.
// Freestanding: no libc, no imports.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define PAGE 65536u

typedef struct { const char *at; size_t size; } Text;

// ---- memory: a bump allocator; the instance is dropped after the call ----

extern char __heap_base;
static uintptr_t heap_top;

static void copy(char *to, const char *from, size_t size) {
  for (size_t i = 0; i < size; i++) to[i] = from[i];
}

static void *allocate(size_t align, size_t size) {
  if (!heap_top) heap_top = (uintptr_t)&__heap_base;
  uintptr_t start = (heap_top + align - 1) & ~(uintptr_t)(align - 1);
  uintptr_t end = start + size;
  if (end < start) __builtin_trap();
  uintptr_t have = __builtin_wasm_memory_size(0) * PAGE;
  if (end > have && __builtin_wasm_memory_grow(0, (end - have + PAGE - 1) / PAGE) == (size_t)-1) __builtin_trap();
  heap_top = end;
  return (void *)start;
}

EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
  if (size == 0) return (void *)align;
  char *fresh = allocate(align, size);
  if (old) copy(fresh, old, old_size < size ? old_size : size);
  return fresh;
}

// ---- text ----

static bool same(Text a, Text b) {
  if (a.size != b.size) return false;
  for (size_t i = 0; i < a.size; i++) if (a.at[i] != b.at[i]) return false;
  return true;
}

static bool starts(const char *at, const char *end, const char *word) {
  while (*word) if (at == end || *at++ != *word++) return false;
  return true;
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// The length of the TeX command `word` at `at`, or 0: \left is not the beginning of \leftarrow.
static size_t command(const char *at, const char *end, const char *word) {
  if (!starts(at, end, word)) return 0;
  size_t size = 0;
  while (word[size]) size++;
  return at + size < end && is_letter(at[size]) ? 0 : size;
}

// Finds the content of the last complete \boxed{...}.
static bool boxed(Text text, Text *content) {
  const char *end = text.at + text.size;
  for (const char *at = end; at-- > text.at;) {
    if (*at != '\\' || !starts(at, end, "\\boxed{")) continue;
    const char *start = at + 7;
    size_t depth = 0;
    for (const char *c = start; c < end; c++) {
      if (*c == '{') depth++;
      else if (*c == '}' && depth-- == 0) {
        *content = (Text){start, (size_t)(c - start)};
        return true;
      }
    }
  }
  return false;
}

// ---- normal form ----

#define UNWRAP_DEPTH 16

static Text normal(Text text) {
  static const char *const gone[] = {"\\left", "\\right", "\\displaystyle", "\\quad"};
  static const char *const wrappers[] = {"\\text{", "\\textbf{", "\\mathrm{", "\\mathbf{", "\\mbox{"};
  char *out = allocate(1, text.size + 1);
  size_t size = 0, depth = 0, open = 0;
  size_t unwrapped[UNWRAP_DEPTH]; // depths whose closing brace goes too
  const char *end = text.at + text.size;
  for (const char *c = text.at; c < end;) {
    size_t skip = 0;
    if (is_space(*c) || *c == '$') skip = 1;
    if (*c == '\\') {
      for (size_t i = 0; i < sizeof gone / sizeof *gone && !skip; i++) skip = command(c, end, gone[i]);
      if (!skip && c + 1 < end && (c[1] == '!' || c[1] == ',' || c[1] == ';' || c[1] == ':' || is_space(c[1]))) skip = 2;
      for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers && !skip && open < UNWRAP_DEPTH; i++) {
        if (!starts(c, end, wrappers[i])) continue;
        while (wrappers[i][skip]) skip++;
        unwrapped[open++] = depth++;
      }
      if (!skip && (command(c, end, "\\dfrac") || command(c, end, "\\tfrac"))) {
        out[size++] = '\\';
        skip = 2; // the rest, `frac`, is copied
      }
    }
    if (skip) { c += skip; continue; }
    if (*c == '{') depth++;
    if (*c == '}' && depth > 0 && open > 0 && unwrapped[open - 1] == depth - 1) { open--; depth--; c++; continue; }
    if (*c == '}' && depth > 0) depth--;
    out[size++] = *c++;
  }
  while (size && out[size - 1] == '.') size--;
  return (Text){out, size};
}

// ---- numbers ----

typedef struct { bool negative; Text whole, fraction; } Number;

// Reads all of a normal form as a decimal number, in its shortest spelling.
static bool number(Text text, Number *into) {
  const char *c = text.at, *end = text.at + text.size;
  into->negative = c < end && *c == '-';
  if (c < end && (*c == '-' || *c == '+')) c++;
  char *digits = allocate(1, text.size + 1);
  size_t size = 0, group = 0;
  bool commas = false;
  for (; c < end && *c != '.'; c++) {
    if (*c == ',') {
      if (group == 0 || group > 3 || (commas && group != 3)) return false;
      commas = true;
      group = 0;
    } else if (is_digit(*c)) {
      digits[size++] = *c;
      group++;
    } else return false;
  }
  if (commas && group != 3) return false;
  const char *fraction = c < end ? c + 1 : end;
  for (const char *d = fraction; d < end; d++) if (!is_digit(*d)) return false;
  if (size == 0 && fraction == end) return false;
  while (size && *digits == '0') { digits++; size--; }
  while (end > fraction && end[-1] == '0') end--;
  into->whole = (Text){digits, size};
  into->fraction = (Text){fraction, (size_t)(end - fraction)};
  if (size == 0 && fraction == end) into->negative = false; // one zero
  return true;
}

static bool equal(Text a, Text b) {
  Number x, y;
  if (number(a, &x) && number(b, &y)) {
    return x.negative == y.negative && same(x.whole, y.whole) && same(x.fraction, y.fraction);
  }
  return same(a, b);
}

// ---- the contract ----

EXPORT("reward")
double reward(const char *prompt, size_t prompt_size, const char *completion, size_t completion_size,
              const uint32_t *ids, size_t id_count, const char *reference, size_t reference_size,
              const char *metadata, size_t metadata_size) {
  (void)prompt, (void)prompt_size, (void)ids, (void)id_count, (void)metadata, (void)metadata_size;
  Text wanted = {reference, reference_size}, given;
  boxed(wanted, &wanted);
  wanted = normal(wanted);
  if (wanted.size == 0) return __builtin_nan("");
  if (!boxed((Text){completion, completion_size}, &given)) return 0;
  return equal(normal(given), wanted) ? 1 : 0;
}
