// A reward in C with wasi-libc, as a core module with the imports of the first WASI; built by the opt-in test.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, size_t old_size, size_t align,
                                                                size_t new_size) {
  (void)old_size;
  if (new_size == 0) return (void *)align;
  void *room = realloc(old, new_size);
  if (!room) abort();
  return room;
}

__attribute__((export_name("reward"))) double reward(const char *prompt, size_t prompt_size, const char *completion,
                                                     size_t completion_size, const uint32_t *ids, size_t ids_count,
                                                     const char *reference, size_t reference_size,
                                                     const char *metadata, size_t metadata_size) {
  (void)prompt, (void)prompt_size, (void)completion, (void)ids, (void)ids_count;
  (void)reference, (void)reference_size, (void)metadata, (void)metadata_size;
  fprintf(stderr, "%zu bytes, at %lld\n", completion_size, (long long)time(NULL));
  if (getenv("HOME") || fopen("/etc/passwd", "r")) return -1;
  uint8_t byte;
  return getentropy(&byte, 1) ? -1 : 1 + byte;
}
