/* Watch: notices that a file was saved.
 *
 * The kernel tells (inotify) where it can be trusted to. On network and
 * foreign file systems it does not see what another machine writes, so the
 * file's time and size are looked at once a second all the same; where that is
 * all, watch_reason() says so, because a learner who saves and sees nothing
 * happen must know why. The folder is watched, not the file: editors save by
 * renaming a new file over the old one. */
#ifndef QUIZ_IO_WATCH_H
#define QUIZ_IO_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct watch; // private to watch.c

/* Watches the file from now on. poll: look at the time and size in any case.
 * Returns 0 and *watch (give it back with watch_close()), or -1 with err when
 * its folder cannot be read. The file itself may be missing for a while. */
int watch_open(struct watch **watch, const char *path, bool poll,
               struct error *err);
void watch_close(struct watch *watch); // NULL is fine

/* Why the file's time and size are looked at instead of waiting for the
 * kernel, in the chosen language; NULL when the kernel tells. */
const char *watch_reason(const struct watch *watch);

/* Can be read when watch_changed() should be called at once; -1 where nobody
 * tells. Borrowed, and read by nobody else. */
int watch_descriptor(const struct watch *watch);

/* Whether the file has been saved since the last call. Does not wait: call it
 * several times a second. A file that whoever wrote it has closed, or put in
 * its place, is saved; one that only grew, or is empty, may not be whole yet
 * and is looked at again. now_ms: a clock that only goes forward. */
bool watch_changed(struct watch *watch, int64_t now_ms);

#endif
