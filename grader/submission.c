#include "grader/submission.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "grader/must.h"
#include "grader/sha256.h"

enum {
    DEEPEST = 8, // folders in a student's folder
    MOST = 10000 // entries that are looked at there
};

static char *
join(const char *folder, const char *name)
{
    char *path = NULL;
    size_t length = strlen(folder);
    bool slash = length > 0 && folder[length - 1] == '/';
    if (asprintf(&path, "%s%s%s", folder, slash ? "" : "/", name) < 0) {
        path = NULL;
    }
    return must(path);
}

/* Adds a submission; takes file and problem. */
static void
append(struct submissions *list, const char *name, char *file, char *problem)
{
    list->items =
        must(realloc(list->items, (list->count + 1) * sizeof(*list->items)));
    list->items[list->count++] = (struct submission){
        .name = must(strdup(name)), .file = file, .problem = problem};
}

// --- a student's folder ----------------------------------------------------

/* The C files of a folder so far. */
struct hunt {
    const char *wanted; // name, or NULL
    char *only, *named; // a C file, and one that has the name wanted
    size_t count, named_count, looked_at;
};

static bool
is_c(const char *name)
{
    size_t length = strlen(name);
    return length > 2 && strcmp(name + length - 2, ".c") == 0;
}

static void
note(struct hunt *hunt, const char *path, const char *name)
{
    hunt->count++;
    if (hunt->count == 1) {
        hunt->only = must(strdup(path));
    }
    if (hunt->wanted == NULL || strcmp(name, hunt->wanted) != 0) {
        return;
    }
    hunt->named_count++;
    if (hunt->named_count == 1) {
        hunt->named = must(strdup(path));
    }
}

static void
look_through(struct hunt *hunt, const char *folder, int depth)
{
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        return;
    }
    struct dirent *entry = NULL;
    while (hunt->looked_at < MOST && (entry = readdir(entries)) != NULL) {
        struct stat about;
        hunt->looked_at++;
        if (entry->d_name[0] == '.' ||
            strcmp(entry->d_name, "__MACOSX") == 0) {
            continue;
        }
        char *path = join(folder, entry->d_name);
        if (lstat(path, &about) != 0) {
            free(path);
            continue;
        }
        if (S_ISDIR(about.st_mode) && depth < DEEPEST) {
            look_through(hunt, path, depth + 1);
        }
        if (S_ISREG(about.st_mode) && is_c(entry->d_name)) {
            note(hunt, path, entry->d_name);
        }
        free(path);
    }
    closedir(entries);
}

static void
add_folder(struct submissions *list, const char *name, const char *path,
           const char *wanted)
{
    struct hunt hunt = {.wanted = wanted};
    char *problem = NULL;
    char **found = NULL;
    look_through(&hunt, path, 1);
    if (hunt.count == 1) {
        found = &hunt.only;
    }
    else if (hunt.named_count == 1) {
        found = &hunt.named;
    }
    if (found != NULL) {
        append(list, name, *found, NULL);
        *found = NULL;
    }
    else {
        if (hunt.count == 0) {
            problem = strdup("there is no C file in the folder");
        }
        else if (asprintf(&problem,
                          "there are %zu C files in the folder, and %s is "
                          "called '%s'",
                          hunt.count,
                          hunt.named_count == 0 ? "none" : "more than one",
                          wanted != NULL ? wanted : "as the lab") < 0) {
            problem = NULL;
        }
        append(list, name, must(strdup(path)), must(problem));
    }
    free(hunt.only);
    free(hunt.named);
}

// --- a class ---------------------------------------------------------------

/* Adds an entry of a class's folder. */
static void
add_entry(struct submissions *list, const char *folder, const char *name,
          const char *wanted, const struct stat *kept)
{
    struct stat about;
    char *path = join(folder, name);
    if (lstat(path, &about) != 0) {
        char *problem = must(strdup(strerror(errno)));
        append(list, name, path, problem);
        return;
    }
    if (S_ISDIR(about.st_mode)) {
        if (about.st_dev != kept->st_dev || about.st_ino != kept->st_ino) {
            add_folder(list, name, path, wanted);
        }
        free(path);
        return;
    }
    const char *problem = !S_ISREG(about.st_mode) ? "it is no regular file"
                          : !is_c(name)           ? "it is no C file"
                                                  : NULL;
    append(list, name, path, problem != NULL ? must(strdup(problem)) : NULL);
}

static int
by_name(const void *a, const void *b)
{
    const struct submission *one = a;
    const struct submission *other = b;
    return strcmp(one->name, other->name);
}

static int
add_class(struct submissions *list, const char *folder, const char *wanted,
          const char *kept, char *reason, size_t reason_size)
{
    const size_t before = list->count;
    struct stat about_kept = {0};
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        snprintf(reason, reason_size, "cannot read '%s': %s", folder,
                 strerror(errno));
        return -1;
    }
    if (kept == NULL || stat(kept, &about_kept) != 0) {
        about_kept = (struct stat){0};
    }
    struct dirent *entry = NULL;
    while ((entry = readdir(entries)) != NULL) {
        if (entry->d_name[0] != '.' &&
            strcmp(entry->d_name, "__MACOSX") != 0) {
            add_entry(list, folder, entry->d_name, wanted, &about_kept);
        }
    }
    closedir(entries);
    if (list->count > before) {
        qsort(list->items + before, list->count - before, sizeof(*list->items),
              by_name);
    }
    return 0;
}

int
submissions_add(struct submissions *list, const char *path, const char *wanted,
                const char *kept, char *reason, size_t reason_size)
{
    struct stat about;
    if (stat(path, &about) != 0) {
        append(list, path, must(strdup(path)), must(strdup(strerror(errno))));
        return 0;
    }
    if (S_ISDIR(about.st_mode)) {
        return add_class(list, path, wanted, kept, reason, reason_size);
    }
    append(list, path, must(strdup(path)),
           S_ISREG(about.st_mode) ? NULL
                                  : must(strdup("it is no regular file")));
    return 0;
}

// --- the list --------------------------------------------------------------

static void
release(struct submission *submission)
{
    free(submission->name);
    free(submission->file);
    free(submission->problem);
}

void
submissions_shard(struct submissions *list, unsigned index, unsigned count)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct submission *one = &list->items[i];
        char hex[65];
        sha256_hex(one->name, strlen(one->name), hex);
        hex[16] = '\0'; // 64 bits of it
        if (strtoull(hex, NULL, 16) % count == index - 1) {
            list->items[kept++] = *one;
        }
        else {
            release(one);
        }
    }
    list->count = kept;
}

void
submissions_release(struct submissions *list)
{
    for (size_t i = 0; i < list->count; i++) {
        release(&list->items[i]);
    }
    free(list->items);
    *list = (struct submissions){0};
}
