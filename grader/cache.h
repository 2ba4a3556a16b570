/* Cache: verdicts that were found before, by all that they depend on.
 *
 * The key is the SHA-256 of the learner's file, of what the lab was built
 * into and is compiled with (the compiler, the assembler, the linker, the
 * libraries and headers), of the grader's own program, of the machine's kernel
 * and user, and of what the task asks for; but not of the seed, which is a
 * part of the verdict. Of our own files and the tools it takes place, size and
 * times: to read them all would take longer than to compile.
 *
 * Each entry is a file that appears whole or not at all and holds its own
 * checksum. What cannot be read, written or believed is as if it were not
 * there (seal.h): a cache is never a reason to fail. */
#ifndef GRADER_CACHE_H
#define GRADER_CACHE_H

#include <stdbool.h>

#include "grader/fingerprint.h"
#include "grader/grade.h"

enum {
    CACHE_ENTRIES = 256 // that a folder holds; the oldest go
};

/* What the keys of all files have in common that are graded in this way: a key
 * is fingerprint_of() this and of the file. It looks at each file of the lab,
 * so do it once. */
void cache_base(const struct grade_task *task, char base[FINGERPRINT_SIZE]);

/* What a result from the cache points to; NULL is fine. */
struct cached;
void cache_release(struct cached *cached);

/* Looks for the verdict of a key, and, if seed is not NULL, of that seed.
 * Fills *result, but for its memory, and gives what it points to; or NULL. */
struct cached *cache_find(const char *folder, const char *key,
                          const uint64_t *seed, struct grade_result *result);

/* Keeps a verdict. Not kept is one that might come out otherwise: internal
 * errors, flaky cases, those that ran out of time or memory, and what went
 * without namespaces. */
void cache_store(const char *folder, const char *key,
                 const struct grade_result *result);

#endif
