/* Manifest: what a lab's lab.yaml says, as the grader reads it: one
 * "key value" per line, made by `ouro content manifest`. */
#ifndef GRADER_MANIFEST_H
#define GRADER_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

enum {
    MANIFEST_LANGS = 2,
    MANIFEST_CASES = 128,
    MANIFEST_EXPORTS = 128
};

struct manifest_case {
    char *name;
    int points;
    char *needs; // names with a space before and behind each, or " "
    char *title[MANIFEST_LANGS], *help[MANIFEST_LANGS]; // English, Russian
};

struct manifest {
    char *lab, *kind, *replaces;
    char *exports; // " a b c "
    char *allow;   // likewise
    bool sanitizer;
    int time_ms, memory_mib, output_kib;
    char *title[MANIFEST_LANGS];
    struct manifest_case cases[MANIFEST_CASES];
    size_t case_count;
    struct {
        char *name, *text;
    } prototypes[MANIFEST_EXPORTS];
    size_t prototype_count;
};

/* Reads a manifest. 0 (release it), or -1 with the reason in English. */
int manifest_read(struct manifest *manifest, const char *path, char *reason,
                  size_t reason_size);
void manifest_release(struct manifest *manifest); // a zeroed one is fine

/* Whether a list like " a b " holds a word. */
bool manifest_lists(const char *list, const char *word);

/* The prototype of an export, or its bare name. */
const char *manifest_prototype(const struct manifest *manifest,
                               const char *name);

#endif
