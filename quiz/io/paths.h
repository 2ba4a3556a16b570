/* Paths: where the program's data and the person's files are.
 *
 * Data is found from the program's own place (/proc/self/exe), so that the
 * build tree and an installed copy both work from any directory:
 *   build/MODE/ouro  -> the source tree's content/ and labs/
 *   PREFIX/bin/ouro  -> PREFIX/share/ouro/, PREFIX/lib/ouro/
 * The person's files follow the XDG base directory specification, or are all
 * in one folder (--profile). */
#ifndef QUIZ_IO_PATHS_H
#define QUIZ_IO_PATHS_H

#include <stddef.h>

struct error;

struct paths {
    char *content;   // folder of the questions
    char *labs;      // folder of the labs' sources (tasks, starters)
    char *artifacts; // folder of the built labs (see grader/grade.h)
    char *include;   // where "labs/runtime/object.h" is found from
    char *locale;    // folder of the message catalogues
    char *data;      // the person's data: progress.db, backups
    char *state;     // the person's state: line history
    char *cache;     // what can be made anew at any time
};

/* Fills paths; give it back with paths_release(). profile: the one folder for
 * the person's files, or NULL for XDG. Creates nothing. Returns 0, or -1 when
 * the program's data is nowhere to be found or no home is known. */
int paths_find(struct paths *paths, const char *profile, struct error *err);
void paths_release(struct paths *paths); // a zeroed one is fine

/* Creates folder and its parents (mode 0700). 0, or -1 with err. */
int paths_make_folder(const char *folder, struct error *err);

/* folder/name, new. */
char *paths_join(const char *folder, const char *name);

/* The whole file as a terminated string in *bytes (new) and its length, NUL
 * bytes kept. At most limit_bytes. 0, or -1 with err. */
int paths_read_file(const char *path, size_t limit_bytes, char **bytes,
                    size_t *length, struct error *err);

/* Whether a file could be made at path: its folder is there and may be
 * written. 0, or -1 with err. */
int paths_may_create(const char *path, struct error *err);

/* Writes a file by way of a temporary one in the same folder, so that a
 * crash or a full disk leaves the old one. 0, or -1 with err. */
int paths_write_file(const char *path, const char *bytes, size_t length,
                     struct error *err);

#endif
