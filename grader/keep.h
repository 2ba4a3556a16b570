/* Keep: the folder in which the results of a class are kept.
 *
 *   KEY.json      the record of a submission, see verdict.schema.json; KEY is
 *                 its name as a file name
 *   KEY.SUFFIX    the same in another format, when one was asked for
 *   seed          of the dice, so that a later call throws the same
 *   summary.csv   a row per submission
 *
 * Each file appears whole or not at all. A record is written last: where it
 * is, the grading was finished. */
#ifndef GRADER_KEEP_H
#define GRADER_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a summary needs of a record. */
struct record {
    char verdict[32];
    int score, max_score;
    double time_ms;
    char fingerprint[65];
};

/* Makes the folder, and those that it is in, unless they are there. 0, or -1
 * with the reason. */
int keep_open(const char *folder, char *reason, size_t reason_size);

/* Writes *seed down when it is_given, else takes the seed of an earlier call,
 * or writes *seed down if there is none. Of calls at the same time all get
 * the same. 0, or -1 with the reason. */
int keep_seed(const char *folder, uint64_t *seed, bool is_given, char *reason,
              size_t reason_size);

/* A submission's name as a file name, new. */
char *keep_key(const char *name);

/* Writes folder/KEYSUFFIX. 0, or -1 with the reason. */
int keep_write(const char *folder, const char *key, const char *suffix,
               const char *bytes, size_t length, char *reason,
               size_t reason_size);

/* Whether the file is there. */
bool keep_has(const char *folder, const char *key, const char *suffix);
void keep_remove(const char *folder, const char *key, const char *suffix);

/* Reads folder/KEY.json; false when there is no whole record. */
bool keep_read(const char *folder, const char *key, struct record *record);

/* Reads a record's text; false when it is none. */
bool record_parse(const char *bytes, size_t length, struct record *record);

#endif
