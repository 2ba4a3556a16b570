#include "tests/support/tempdir.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
die(const char *what, const char *path)
{
    fprintf(stderr, "tempdir: %s '%s': %s\n", what, path, strerror(errno));
    exit(99);
}

static char *
join(const char *folder, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", folder, name) < 0) {
        die("cannot name", name);
    }
    return path;
}

char *
tempdir_make(void)
{
    const char *base = getenv("TMPDIR");
    char *path = join(base != NULL ? base : "/tmp", "ouro-test-XXXXXX");
    if (mkdtemp(path) == NULL) {
        die("cannot make", path);
    }
    return path;
}

static int
remove_one(const char *path, const struct stat *status, int kind,
           struct FTW *place)
{
    (void)status;
    (void)place;
    if (kind == FTW_DNR) {
        chmod(path, 0700);
    }
    return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

void
tempdir_remove(char *path)
{
    if (path == NULL) {
        return;
    }
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0) {
        die("cannot remove", path);
    }
    free(path);
}

char *
tempdir_write(const char *folder, const char *name, const char *text)
{
    char *path = join(folder, name);
    for (char *slash = path + strlen(folder) + 1;
         (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) == EOF || fclose(file) != 0) {
        die("cannot write", path);
    }
    return path;
}

char *
tempdir_read(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return NULL;
    }
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    for (int byte = 0; memory != NULL && (byte = getc(file)) != EOF;) {
        putc(byte, memory);
    }
    if (memory == NULL || fclose(memory) != 0) {
        die("cannot read", path);
    }
    fclose(file);
    return text;
}
