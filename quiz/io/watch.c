#include "quiz/io/watch.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "quiz/core/error.h"
#include "quiz/core/lang.h"
#include "quiz/core/xalloc.h"

enum {
    POLL_EVERY_MS = 1000,
    SETTLE_MS = 100 // a save that is not over yet is looked at again
};

/* What tells two saves of a file apart. All zero: there is no file. */
struct stamp {
    struct timespec time;
    off_t size;
    ino_t inode;
};

struct watch {
    char *path;
    const char *name; // of the file, in the path
    int descriptor;   // of inotify, or -1: poll
    const char *reason;
    struct stamp last;    // as it was when last reported
    struct stamp pending; // seen once, not yet settled
    int64_t next_look_ms;
};

/* File systems whose events miss what other machines or systems write;
 * numbers from linux/magic.h and statfs(2). */
static const struct {
    uint32_t type;
    const char *name;
} BLIND[] = {
    {0x6969, "NFS"},      {0x517B, "SMB"},        {0xFE534D42, "SMB"},
    {0xFF534D42, "CIFS"}, {0x65735546, "FUSE"},   {0x01021997, "9P"},
    {0x00C36400, "Ceph"}, {0x786F4256, "vboxsf"}, {0x5346414F, "AFS"},
    {0x564C, "NCP"},      {0x73757245, "Coda"},   {0x47504653, "GPFS"},
};

/* The name of the folder's file system if its events miss things. */
static const char *
blind_file_system(const char *folder)
{
    struct statfs status;
    if (statfs(folder, &status) != 0) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(BLIND) / sizeof(*BLIND); i++) {
        if ((uint32_t)status.f_type == BLIND[i].type) {
            return BLIND[i].name;
        }
    }
    return NULL;
}

static struct stamp
stamp_of(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return (struct stamp){0};
    }
    return (struct stamp){status.st_mtim, status.st_size, status.st_ino};
}

static bool
same_stamp(struct stamp a, struct stamp b)
{
    return a.time.tv_sec == b.time.tv_sec &&
           a.time.tv_nsec == b.time.tv_nsec && a.size == b.size &&
           a.inode == b.inode;
}

/* Asks the kernel to tell; on failure the watch polls and says why. */
static void
ask_kernel(struct watch *watch, const char *folder, bool poll)
{
    watch->descriptor = -1;
    if (poll) {
        watch->reason = tr("as asked for");
        return;
    }
    if (blind_file_system(folder) != NULL) {
        watch->reason = tr("this is a network or shared file system, whose "
                           "changes the system does not report reliably");
        return;
    }
    int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (descriptor >= 0 &&
        inotify_add_watch(descriptor, folder,
                          IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_TO |
                              IN_CREATE | IN_ONLYDIR) >= 0) {
        watch->descriptor = descriptor;
        return;
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    watch->reason = tr("the system has no more room for file watches");
}

int
watch_open(struct watch **watch, const char *path, bool poll,
           struct error *err)
{
    char *copy = xstrdup(path);
    const char *folder = dirname(copy);
    if (access(folder, R_OK) != 0) {
        error_set(err, tr("cannot open '%s': %s"), folder, strerror(errno));
        free(copy);
        return -1;
    }
    struct watch *opened = xcalloc(1, sizeof(*opened));
    opened->path = xstrdup(path);
    const char *slash = strrchr(opened->path, '/');
    opened->name = slash != NULL ? slash + 1 : opened->path;
    ask_kernel(opened, folder, poll);
    opened->last = stamp_of(path);
    opened->pending = opened->last;
    free(copy);
    *watch = opened;
    return 0;
}

void
watch_close(struct watch *watch)
{
    if (watch == NULL) {
        return;
    }
    if (watch->descriptor >= 0) {
        close(watch->descriptor);
    }
    free(watch->path);
    free(watch);
}

const char *
watch_reason(const struct watch *watch)
{
    return watch->reason;
}

int
watch_descriptor(const struct watch *watch)
{
    return watch->descriptor;
}

/* What the kernel has told of the folder. */
struct news {
    bool any;   // what it was does not matter: the stamp decides
    bool saved; // the file is whole again
};

static struct news
drain(const struct watch *watch)
{
    _Alignas(struct inotify_event) char events[4096];
    struct news news = {0};
    ssize_t length = 0;
    while (watch->descriptor >= 0 &&
           (length = read(watch->descriptor, events, sizeof(events))) > 0) {
        news.any = true;
        for (const char *at = events; at < events + length;) {
            struct inotify_event event;
            memcpy(&event, at, sizeof(event));
            const char *name = at + sizeof(event);
            if (event.len > 0 && strcmp(name, watch->name) == 0) {
                news.saved =
                    (event.mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0;
            }
            at = name + event.len;
        }
    }
    return news;
}

bool
watch_changed(struct watch *watch, int64_t now_ms)
{
    const struct news news = drain(watch);
    if (!news.any && now_ms < watch->next_look_ms) {
        return false;
    }
    // Also when nothing is told: the file may be a link to elsewhere, or its
    // folder another one than it was.
    struct stamp stamp = stamp_of(watch->path);
    watch->next_look_ms = now_ms + POLL_EVERY_MS;
    if (stamp.inode == 0 || same_stamp(stamp, watch->last)) {
        watch->pending = watch->last;
        return false; // gone for the moment, or another file was meant
    }
    bool is_whole = news.saved && stamp.size > 0;
    if (!is_whole && !same_stamp(stamp, watch->pending)) {
        watch->pending = stamp;
        watch->next_look_ms = now_ms + SETTLE_MS;
        return false;
    }
    watch->last = watch->pending = stamp;
    return true;
}
