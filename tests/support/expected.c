#include "tests/support/expected.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quiz/io/ydoc.h"
#include "tests/support/tempdir.h"

static void
forget(struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        free(faults->items[i].file);
        free(faults->items[i].message);
    }
    free(faults->items);
}

static bool
is_good(const char *path, expected_load *load)
{
    struct faults faults = {0};
    bool good = load(path, &faults) == 0 && faults.count == 0;
    if (!good) {
        fprintf(stderr, "%s: %s\n", path,
                faults.count > 0 ? faults.items[0].message : "refused");
    }
    forget(&faults);
    return good;
}

/* Whether a line "# expect: …" says what the fault says; NULL: no fault. */
static bool
says(const char *path, const char *words, size_t length,
     const struct fault *fault)
{
    char said[1024] = "nothing";
    if (fault != NULL) {
        snprintf(said, sizeof(said), "%d:%d: %s", fault->line, fault->column,
                 fault->message);
    }
    if (strncmp(said, words, length) == 0) {
        return true;
    }
    fprintf(stderr, "%s: says %s\n  not %.*s\n", path, said, (int)length,
            words);
    return false;
}

static bool
is_bad_as_it_says(const char *path, expected_load *load)
{
    static const char SIGN[] = "# expect: ";
    const size_t sign = sizeof(SIGN) - 1;
    struct faults faults = {0};
    char *text = tempdir_read(path);
    bool fits = load(path, &faults) != 0;
    size_t expected = 0;
    for (const char *line = text; line != NULL && *line == '#';) {
        size_t length = strcspn(line, "\n");
        if (strncmp(line, SIGN, sign) == 0) {
            const struct fault *fault =
                expected < faults.count ? &faults.items[expected] : NULL;
            fits &= says(path, line + sign, length - sign, fault);
            expected++;
        }
        line += length + (line[length] == '\n');
    }
    if (expected == 0 || faults.count != expected) {
        fprintf(stderr, "%s: %zu faults, %zu expected\n", path, faults.count,
                expected);
        fits = false;
    }
    free(text);
    forget(&faults);
    return fits;
}

static int
is_yaml(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot != NULL && strcmp(dot, ".yaml") == 0;
}

int
expected_each(const char *folder, void (*visit)(const char *path, void *data),
              void *data)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_yaml, alphasort);
    for (int i = 0; i < count; i++) {
        char path[512];
        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        visit(path, data);
        free(entries[i]);
    }
    free(entries);
    return count;
}

struct looking {
    expected_load *load;
    int *wrong;
};

static void
look_at_good(const char *path, void *data)
{
    const struct looking *looking = data;
    *looking->wrong += !is_good(path, looking->load);
}

static void
look_at_bad(const char *path, void *data)
{
    const struct looking *looking = data;
    *looking->wrong += !is_bad_as_it_says(path, looking->load);
}

int
expected_good(const char *folder, expected_load *load, int *wrong)
{
    struct looking looking = {load, wrong};
    return expected_each(folder, look_at_good, &looking);
}

int
expected_bad(const char *folder, expected_load *load, int *wrong)
{
    struct looking looking = {load, wrong};
    return expected_each(folder, look_at_bad, &looking);
}
