/* Content cache: the bank as it was read, in one file that is quick to open.
 *
 * The YAML files stay the truth. The cache is used while their sizes, times
 * and inodes are the ones that it was made from, or else while their bytes
 * are, by a hash; and only by the program that made it. One that is stale,
 * damaged, cut off or somebody else's is left aside and made anew, and
 * whoever cannot write one does without. */
#ifndef QUIZ_IO_CONTENT_CACHE_H
#define QUIZ_IO_CONTENT_CACHE_H

#include <stddef.h>

struct arena;
struct bank;
struct error;

/* Like content_load_bank() for an empty bank, by way of a file in the folder
 * cache (made when it is needed; NULL: none). What has faults is never cached.
 */
int content_open_bank(const char *folder, const char *cache, struct bank *bank,
                      struct error *err);

/* The parts, for tests. The bytes of a cache: the bank of a content folder,
 * or NULL when the folder cannot be read; new. */
char *content_cache_make(const char *folder, const struct bank *bank,
                         size_t *length);

/* Fills an empty bank from the bytes of a cache, which must live as long as
 * the bank does; folder is where a question is read from whose bytes are
 * damaged (NULL: it is retired). 0, or -1 when they are no whole cache; some
 * questions may be in the bank then. Any bytes are safe. */
int content_cache_read(const char *bytes, size_t length, const char *folder,
                       struct bank *bank);

/* Sets the checksums of bytes right, as far as there are any. */
void content_cache_seal(char *bytes, size_t length);

#endif
