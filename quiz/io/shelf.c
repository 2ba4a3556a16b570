#include "quiz/io/shelf.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quiz/core/arena.h"
#include "quiz/core/error.h"
#include "quiz/core/lang.h"
#include "quiz/core/suggest.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/content.h"
#include "quiz/io/paths.h"

enum {
    FILE_LIMIT_BYTES = 1 << 20
};

struct shelf {
    char *folder;
    struct arena *arena; // of the labs
    const struct lab **labs;
    size_t count;
};

/* Reads folder/name/lab.yaml; a folder without one is no lab. */
static int
add_lab(struct shelf *shelf, const char *name, struct error *err)
{
    char *path = xasprintf("%s/%s/lab.yaml", shelf->folder, name);
    int result = 0;
    if (access(path, F_OK) == 0) {
        const struct lab *lab = NULL;
        result = content_load_lab(path, shelf->arena, &lab, NULL, err);
        if (result == 0) {
            shelf->labs = xreallocarray(shelf->labs, shelf->count + 1,
                                        sizeof(const struct lab *));
            shelf->labs[shelf->count++] = lab;
        }
    }
    free(path);
    return result;
}

static int
by_id(const void *a, const void *b)
{
    const struct lab *const *x = a;
    const struct lab *const *y = b;
    return strcmp((*x)->id, (*y)->id);
}

int
shelf_load(struct shelf **shelf, const char *folder, struct error *err)
{
    DIR *directory = opendir(folder);
    if (directory == NULL) {
        return error_set(err, tr("cannot open '%s': %s"), folder,
                         strerror(errno));
    }
    struct shelf *loaded = xcalloc(1, sizeof(*loaded));
    loaded->folder = xstrdup(folder);
    loaded->arena = arena_new();

    int result = 0;
    const struct dirent *entry = NULL;
    while (result == 0 && (entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') {
            result = add_lab(loaded, entry->d_name, err);
        }
    }
    closedir(directory);
    if (result != 0) {
        shelf_free(loaded);
        return -1;
    }
    if (loaded->count > 0) {
        qsort(loaded->labs, loaded->count, sizeof(const struct lab *), by_id);
    }
    *shelf = loaded;
    return 0;
}

void
shelf_free(struct shelf *shelf)
{
    if (shelf == NULL) {
        return;
    }
    arena_free(shelf->arena);
    free(shelf->labs);
    free(shelf->folder);
    free(shelf);
}

size_t
shelf_count(const struct shelf *shelf)
{
    return shelf->count;
}

const struct lab *
shelf_at(const struct shelf *shelf, size_t index)
{
    return shelf->labs[index];
}

const struct lab *
shelf_find(const struct shelf *shelf, const char *name, struct error *err)
{
    struct suggest suggest = suggest_begin(name);
    for (size_t i = 0; i < shelf->count; i++) {
        const struct lab *lab = shelf->labs[i];
        if (lab_is_called(lab, name)) {
            return lab;
        }
        suggest_offer(&suggest, lab->id);
        const char *word = strchr(lab->id, '_');
        if (word != NULL) {
            suggest_offer(&suggest, word + 1);
        }
    }
    if (suggest.best != NULL) {
        error_set_status(err, EXIT_STATUS_USAGE,
                         tr("there is no lab '%s': did you mean '%s'?"), name,
                         suggest.best);
    }
    else {
        error_set_status(err, EXIT_STATUS_USAGE,
                         tr("there is no lab '%s': see ouro lab list"), name);
    }
    return NULL;
}

static char *
read_text(const char *path, struct error *err)
{
    char *bytes = NULL;
    size_t length = 0;
    if (paths_read_file(path, FILE_LIMIT_BYTES, &bytes, &length, err) != 0) {
        return NULL;
    }
    return bytes;
}

char *
shelf_read(const struct shelf *shelf, const struct lab *lab, const char *name,
           struct error *err)
{
    char *path = xasprintf("%s/%s/%s", shelf->folder, lab->id, name);
    char *text = read_text(path, err);
    free(path);
    return text;
}

char *
shelf_read_reference(const struct shelf *shelf, const struct lab *lab,
                     struct error *err)
{
    if (lab->replaces == NULL) {
        return shelf_read(shelf, lab, "solution.c", err);
    }
    char *path = xasprintf("%s/runtime/%s", shelf->folder, lab->replaces);
    char *text = read_text(path, err);
    free(path);
    return text;
}
