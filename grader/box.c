/* Order matters: files are read before the root changes, the network and the
 * machine's files are gone before rights are dropped, rights are gone before
 * the program starts. A failure on the way is written to a pipe that closes
 * by itself when the program starts: an empty pipe means that it did. */
#include "grader/box.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "grader/filter.h"
#include "grader/landlock.h"
#include "grader/language.h"

enum {
    BOX_BYTES = 96 << 20,
    DESCRIPTORS = 64, // unless the task says how many
    BOOKS = 3 + SANDBOX_PASSED
};

/* Ends init with a message for the caller. */
__attribute__((noreturn)) static void
give_up(int pipe, const char *what)
{
    char message[256];
    int length =
        snprintf(message, sizeof(message), "%s: %s", what, strerror(errno));
    if (write(pipe, message, (size_t)length) < 0) {
        _exit(126);
    }
    _exit(125);
}

/* Makes the folders of a path below the current folder. */
static int
make_parents(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof(copy), "%s", path);
    for (char *slash = copy; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        if (copy[0] != '\0' && mkdir(copy, 0755) != 0 && errno != EEXIST) {
            return -1;
        }
        *slash = '/';
    }
    return 0;
}

/* Lets a folder of the machine be seen at a place, read-only. */
static int
bind_folder(const char *folder, const char *place)
{
    struct statvfs flags;
    unsigned long kept = 0;
    if (mkdir(place, 0755) != 0 && errno != EEXIST) {
        return -1;
    }
    if (mount(folder, place, NULL, MS_BIND | MS_REC, NULL) != 0 ||
        statvfs(place, &flags) != 0) {
        return -1;
    }
    // What the machine has forbidden there must be named again.
    kept |= flags.f_flag & ST_NOEXEC ? MS_NOEXEC : 0;
    kept |= flags.f_flag & ST_NOATIME ? MS_NOATIME : 0;
    kept |= flags.f_flag & ST_NODIRATIME ? MS_NODIRATIME : 0;
    kept |= flags.f_flag & ST_RELATIME ? MS_RELATIME : 0;
    return mount(
        NULL, place, NULL,
        MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | kept, NULL);
}

/* Shows a folder, or the link that it is, at a place in the new root. */
static int
show_folder(const char *folder, const char *place)
{
    char target[PATH_MAX];
    struct stat status;
    if (lstat(folder, &status) != 0) {
        return 0; // this machine has none
    }
    if (make_parents(place) != 0) {
        return -1;
    }
    if (S_ISLNK(status.st_mode)) { // /lib -> usr/lib
        ssize_t length = readlink(folder, target, sizeof(target) - 1);
        if (length < 0) {
            return -1;
        }
        target[length] = '\0';
        return symlink(target, place);
    }
    return bind_folder(folder, place);
}

/* For whoever the program runs as. */
static int
make_pipe(const char *name)
{
    return mkfifo(name, 0666) != 0 ? -1 : chmod(name, 0666);
}

static int
write_file(const struct sandbox_file *file)
{
    if (make_parents(file->name) != 0) {
        return -1;
    }
    if (file->is_pipe) {
        return make_pipe(file->name);
    }
    int out = open(file->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    if (out < 0) {
        return -1;
    }
    for (size_t done = 0; done < file->length;) {
        ssize_t n = write(out, file->bytes + done, file->length - done);
        if (n < 0 && errno != EINTR) {
            close(out);
            return -1;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    const struct timespec never[2] = {{0}}; // nor what __TIMESTAMP__ says
    int result = futimens(out, never);
    return close(out) != 0 ? -1 : result;
}

/* A file of the machine as a mount that is nowhere yet, read-only; or its
 * bytes, where a mount would not do: there are no namespaces, the program is
 * another user than the caller and may not read the file, or may not run what
 * lies there. */
static int
open_source(const struct box *box, const struct sandbox_file *file)
{
    struct mount_attr shut = {
        .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
    struct stat about;
    struct statvfs flags;
    int bytes = open(file->path, O_RDONLY | O_CLOEXEC);
    if (bytes < 0 || fstat(bytes, &about) != 0 ||
        fstatvfs(bytes, &flags) != 0) {
        give_up(box->failed, file->path);
    }
    if (box->is_open || (about.st_mode & 0005) != 0005 ||
        (flags.f_flag & ST_NOEXEC) != 0) {
        return bytes;
    }
    int source =
        open_tree(AT_FDCWD, file->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (source < 0 ||
        mount_setattr(source, "", AT_EMPTY_PATH, &shut, sizeof(shut)) != 0) {
        return bytes;
    }
    close(bytes);
    return source;
}

/* Opens them while they can be seen. */
static void
open_sources(const struct box *box, int *sources)
{
    for (size_t i = 0; i < box->task->file_count; i++) {
        const struct sandbox_file *file = &box->task->files[i];
        sources[i] = file->path == NULL ? -1 : open_source(box, file);
    }
}

/* Copies what is left to read. */
static int
copy_bytes(int out, int in)
{
    ssize_t sent = 1;
    while (sent > 0) {
        sent = sendfile(out, in, NULL, 1 << 20);
    }
    return (int)sent;
}

/* Shows what open_source() gave. */
static int
show_file(const struct box *box, const struct sandbox_file *file, int source)
{
    int out = open(file->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    if (out < 0) {
        return -1;
    }
    int result = box->is_open ? -1
                              : move_mount(source, "", AT_FDCWD, file->name,
                                           MOVE_MOUNT_F_EMPTY_PATH);
    if (result != 0) {
        result = copy_bytes(out, source);
    }
    close(source);
    return close(out) != 0 ? -1 : result;
}

static void
write_files(const struct box *box, const int *sources)
{
    for (size_t i = 0; i < box->task->file_count; i++) {
        const struct sandbox_file *file = &box->task->files[i];
        if ((sources[i] < 0 ? write_file(file)
                            : show_file(box, file, sources[i])) != 0) {
            give_up(box->failed, file->name);
        }
    }
}

/* The books on the processes of the box, as a folder that is nowhere, or -1:
 * a machine that hides parts of its own allows no other. */
static int
open_books(void)
{
    int system = fsopen("proc", FSOPEN_CLOEXEC);
    int books = -1;
    if (system >= 0 &&
        fsconfig(system, FSCONFIG_SET_STRING, "subset", "pid", 0) == 0 &&
        fsconfig(system, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) {
        books = fsmount(system, FSMOUNT_CLOEXEC,
                        MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
                            MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    }
    if (system >= 0) {
        close(system);
    }
    return books;
}

static void
move_into_root(const char *root, int pipe)
{
    if (chdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
        umount2(".", MNT_DETACH) != 0 || chdir("/") != 0) {
        give_up(pipe, say("cannot move into the root folder"));
    }
}

static void
hide_folders(const struct sandbox_task *task, int pipe)
{
    for (const char *const *folder = task->hidden;
         folder != NULL && *folder != NULL; folder++) {
        if (access(*folder, F_OK) == 0 &&
            mount("tmpfs", *folder, "tmpfs", MS_RDONLY, "size=4096") != 0) {
            give_up(pipe, say("cannot hide our own files"));
        }
    }
}

/* The new root folder, and /w in it with the task's files. Ends in /w. */
static void
make_root(const struct box *box)
{
    static const char ROOT[] = "/tmp";
    const struct sandbox_task *task = box->task;
    int pipe = box->failed;
    char options[96];
    snprintf(options, sizeof(options), "size=%d,nr_inodes=8192,mode=755",
             BOX_BYTES);
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        give_up(pipe, say("cannot make the mounts private"));
    }
    // It may lie where the new root will hide it.
    int mounted = task->mounted == NULL
                      ? -1
                      : open(task->mounted, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (task->mounted != NULL && mounted < 0) {
        give_up(pipe, task->mounted);
    }
    int sources[SANDBOX_FILES];
    open_sources(box, sources);
    if (mount("tmpfs", ROOT, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0) {
        give_up(pipe, say("cannot make a root folder in memory"));
    }
    for (const char *const *folder = task->folders; *folder != NULL;
         folder++) {
        char place[PATH_MAX];
        snprintf(place, sizeof(place), "%s%s", ROOT, *folder);
        if (show_folder(*folder, place) != 0) {
            give_up(pipe, *folder);
        }
    }
    if (chdir(ROOT) != 0 || mkdir("w", 0755) != 0 || chdir("w") != 0) {
        give_up(pipe, say("cannot make the work folder"));
    }
    if (chown(".", box->user, box->user) != 0) {
        give_up(pipe, say("cannot give the work folder away"));
    }
    write_files(box, sources);
    if (mounted >= 0 &&
        (fchdir(mounted) != 0 || bind_folder(".", "/tmp/w/include") != 0 ||
         close(mounted) != 0)) {
        give_up(pipe, task->mounted);
    }
    move_into_root(ROOT, pipe);
    hide_folders(task, pipe);
    // Who is not root here owns this folder, too.
    if (chmod("/", 0555) != 0 || chdir("/w") != 0) {
        give_up(pipe, say("cannot enter the work folder"));
    }
}

static size_t copied_length; // of the path of the folder that is copied

/* Of a file or folder in it, below the work folder. */
static int
copy_entry(const char *path, const struct stat *about, int type,
           struct FTW *place)
{
    char target[PATH_MAX];
    (void)about;
    (void)place;
    snprintf(target, sizeof(target), "include%s", path + copied_length);
    if (type == FTW_D) {
        return mkdir(target, 0755);
    }
    int in = open(path, O_RDONLY | O_CLOEXEC);
    int out = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    int result = in < 0 || out < 0 ? -1 : copy_bytes(out, in);
    close(in);
    return close(out) == 0 ? result : -1;
}

/* What would be mounted: a link, or copies where the program is another user
 * than the caller and perhaps may not go there. */
static int
show_mounted(const struct box *box)
{
    const char *mounted = box->task->mounted;
    if (mounted == NULL) {
        return 0;
    }
    copied_length = strlen(mounted);
    return box->is_root ? nftw(mounted, copy_entry, 8, FTW_PHYS)
                        : symlink(mounted, "include");
}

/* Without namespaces: the task's files in a folder of the machine. */
static void
make_folder(const struct box *box)
{
    int sources[SANDBOX_FILES];
    open_sources(box, sources);
    if (chdir(box->folder) != 0) {
        give_up(box->failed, say("cannot enter the work folder"));
    }
    write_files(box, sources);
    if (show_mounted(box) != 0 || chown(".", box->user, box->user) != 0) {
        give_up(box->failed, say("cannot give the work folder away"));
    }
}

static int
limit(int resource, int64_t value)
{
    struct rlimit limits = {(rlim_t)value, (rlim_t)value};
    return setrlimit((__rlimit_resource_t)resource, &limits);
}

/* Without a namespace of users, processes are counted with all others that
 * the user has. */
static void
set_limits(const struct box *box, int pipe)
{
    const struct sandbox_task *task = box->task;
    if (limit(RLIMIT_CORE, 0) != 0 || limit(RLIMIT_CPU, task->cpu_s) != 0 ||
        limit(RLIMIT_FSIZE, task->file_bytes) != 0 ||
        limit(RLIMIT_NOFILE,
              task->descriptors > 0 ? task->descriptors : DESCRIPTORS) != 0 ||
        limit(RLIMIT_MEMLOCK, 0) != 0 || limit(RLIMIT_MSGQUEUE, 0) != 0 ||
        limit(RLIMIT_STACK, 8 << 20) != 0 ||
        (!box->is_open && limit(RLIMIT_NPROC, task->processes) != 0) ||
        (task->memory_bytes > 0 &&
         limit(RLIMIT_AS, task->memory_bytes) != 0)) {
        give_up(pipe, say("cannot set the limits"));
    }
}

/* Takes all rights away. */
static void
drop_rights(const struct box *box, int pipe)
{
    uid_t user = box->user;
    if (box->is_root && (setresgid(user, user, user) != 0 ||
                         setresuid(user, user, user) != 0)) {
        give_up(pipe, say("cannot become an ordinary user"));
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        give_up(pipe, say("cannot drop rights"));
    }
    // Whatever capabilities the namespace gave end with exec, because none is
    // ambient and the user is not 0 inside; the bounding set goes as well.
    for (int capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0;
         capability++) {
    }
}

/* What of the file system can be reached: what is shown, and our folder. */
static void
restrict_files(const struct box *box, int books, int pipe)
{
    const struct sandbox_task *task = box->task;
    int rules = landlock_begin();
    int own = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int result = landlock_allow(rules, own, LANDLOCK_WRITE);
    close(own);
    if (!box->is_open) {
        result |= landlock_allow_around(rules, "/", NULL);
    }
    for (const char *const *folder = task->folders;
         box->is_open && *folder != NULL; folder++) {
        result |= landlock_allow_around(rules, *folder, task->hidden);
    }
    if (box->is_open && task->mounted != NULL) {
        result |= landlock_allow_around(rules, task->mounted, NULL);
    }
    if (books >= 0) {
        result |= landlock_allow(rules, books, LANDLOCK_READ);
    }
    if (result != 0 || landlock_enter(rules) != 0) {
        give_up(pipe, say("cannot restrict the use of files"));
    }
}

/* Leaves open: 0 the input, 1 and 2 our pipes, 3 and 4 what the task passes
 * on, 5 the books; the failure pipe lies above them and closes by itself.
 * Returns that. */
static int
arrange_descriptors(const struct box *box, int input, int books)
{
    const int wanted[BOOKS + 1] = {
        input, box->out, box->err, box->task->passed[0], box->task->passed[1],
        books};
    int copies[BOOKS + 1];
    int failed = fcntl(box->failed, F_DUPFD_CLOEXEC, BOOKS + 1);
    for (int i = 0; i <= BOOKS; i++) {
        copies[i] = wanted[i] < 0 ? -1 : fcntl(wanted[i], F_DUPFD, BOOKS + 1);
    }
    for (int i = 0; i <= BOOKS; i++) {
        if (copies[i] < 0) {
            close(i);
        }
        else {
            dup2(copies[i], i);
        }
    }
    close_range(BOOKS + 1, (unsigned)failed - 1, 0);
    close_range((unsigned)failed + 1, ~0U, 0);
    return failed;
}

/* Dies with the caller, who may have died by now. Changing the user has undone
 * this once. */
static void
die_with_caller(int failed)
{
    struct pollfd caller = {.fd = failed};
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (poll(&caller, 1, 0) > 0) { // nobody reads any more
        _exit(125);
    }
}

void
box_become(const struct box *box)
{
    const struct sandbox_task *task = box->task;
    char byte = 0;
    char folder[PATH_MAX];
    static char path[] = "PATH=/usr/bin:/bin";
    static char locale[] = "LC_ALL=C.UTF-8";
    // What __DATE__ and __TIME__ say must not decide a verdict.
    static char date[] = "SOURCE_DATE_EPOCH=0";
    char *environment[] = {folder, locale, task->keeps_tools ? path : NULL,
                           date, NULL};
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    umask(022); // what is in the box, its program may read
    if (read(box->go, &byte, 1) != 1) {
        _exit(125);
    }
    snprintf(folder, sizeof(folder), "TMPDIR=%s",
             box->is_open ? box->folder : "/w");
    int nothing[2] = {-1, -1}; // to read; not every /dev/null can be trusted
    if (pipe2(nothing, O_CLOEXEC) != 0) {
        give_up(box->failed, say("cannot make the box"));
    }
    close(nothing[1]);
    int input = task->input > 0 ? task->input : nothing[0];
    int books = task->sees_processes && !box->is_open ? open_books() : -1;
    if (box->is_open) {
        make_folder(box);
    }
    else {
        make_root(box);
    }
    int failed = arrange_descriptors(box, input, books);
    drop_rights(box, failed);
    die_with_caller(failed);
    setsid();
    // Not nice(): its result may well be negative, when the caller is urgent.
    if (task->niceness > 0 &&
        setpriority(PRIO_PROCESS, 0,
                    getpriority(PRIO_PROCESS, 0) + task->niceness) != 0) {
        give_up(failed, say("cannot be less urgent"));
    }
    if (box->has_landlock) {
        restrict_files(box, books < 0 ? -1 : BOOKS, failed);
    }
    if (task->keeps_tools && filter_tools() != 0) {
        give_up(failed, say("cannot filter system calls"));
    }
    set_limits(box, failed); // last: making the filter takes memory
    union {
        const char *const *given;
        char *const *wanted; // what exec was declared with before const
    } argv = {.given = task->arguments};
    execve(task->arguments[0], argv.wanted, environment);
    give_up(failed, task->arguments[0]);
}
