#include "quiz/io/workspace.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quiz/core/error.h"
#include "quiz/core/lang.h"
#include "quiz/core/xalloc.h"
#include "quiz/io/paths.h"

enum {
    BACKUPS_MAX = 1000
};

char *
workspace_default(const char *lab_id)
{
    return paths_join("ouro-labs", lab_id);
}

int
workspace_put(const char *folder, const char *name, const char *text,
              bool *written, struct error *err)
{
    if (paths_make_folder(folder, err) != 0) {
        return -1;
    }
    char *path = paths_join(folder, name);
    int result = 0;
    bool absent = access(path, F_OK) != 0;
    if (absent) {
        result = paths_write_file(path, text, strlen(text), err);
    }
    free(path);
    if (result == 0) {
        *written = absent;
    }
    return result;
}

static char *
memory_of(const char *state_folder, const char *lab_id)
{
    return xasprintf("%s/labs/%s", state_folder, lab_id);
}

int
workspace_remember(const char *state_folder, const char *lab_id,
                   const char *folder, struct error *err)
{
    char *absolute = realpath(folder, NULL);
    if (absolute == NULL) {
        return error_set(err, tr("cannot open '%s': %s"), folder,
                         strerror(errno));
    }
    char *labs = paths_join(state_folder, "labs");
    char *memory = memory_of(state_folder, lab_id);
    int result = paths_make_folder(labs, err);
    if (result == 0) {
        result = paths_write_file(memory, absolute, strlen(absolute), err);
    }
    free(memory);
    free(labs);
    free(absolute);
    return result;
}

/* The folder that was remembered, new, or NULL. */
static char *
recall(const char *state_folder, const char *lab_id)
{
    char *memory = memory_of(state_folder, lab_id);
    char *folder = NULL;
    size_t length = 0;
    struct error ignored;
    if (paths_read_file(memory, PATH_MAX, &folder, &length, &ignored) != 0) {
        folder = NULL;
    }
    free(memory);
    return folder;
}

/* Whether the current folder is called like the lab. */
static bool
stands_in(const char *lab_id)
{
    char here[PATH_MAX];
    return getcwd(here, sizeof(here)) != NULL &&
           strcmp(basename(here), lab_id) == 0;
}

/* path if a file is there; frees it and returns NULL otherwise. */
static char *
if_there(char *path)
{
    if (access(path, F_OK) == 0) {
        return path;
    }
    free(path);
    return NULL;
}

char *
workspace_find(const char *state_folder, const char *lab_id,
               const char *file_name)
{
    char *found = NULL;
    if (stands_in(lab_id)) {
        found = if_there(xstrdup(file_name));
    }
    if (found == NULL) {
        found = if_there(xasprintf("ouro-labs/%s/%s", lab_id, file_name));
    }
    if (found == NULL) {
        char *folder = recall(state_folder, lab_id);
        if (folder != NULL) {
            found = if_there(paths_join(folder, file_name));
        }
        free(folder);
    }
    return found;
}

int
workspace_set_aside(const char *path, char **backup, struct error *err)
{
    for (int number = 1; number < BACKUPS_MAX; number++) {
        char *name = number == 1 ? xasprintf("%s.bak", path)
                                 : xasprintf("%s.bak.%d", path, number);
        /* A hard link would do without a race, but not on every file
         * system; RENAME_NOREPLACE has the same limits. */
        if (access(name, F_OK) == 0) {
            free(name);
            continue;
        }
        if (rename(path, name) != 0) {
            free(name);
            return error_set(err, tr("cannot move '%s' aside: %s"), path,
                             strerror(errno));
        }
        *backup = name;
        return 0;
    }
    return error_set(err, tr("there are too many backups of '%s'"), path);
}
