/* How a box is made:
 *
 *   caller        clones the init of the box into fresh namespaces, writes its
 *                 user map, then reads its output and watches the clock
 *   init          waits for the map, makes the root folder in memory, moves
 *                 into it, drops rights, sets limits, and becomes the task's
 *                 program; as process 1 of its process namespace its death
 *                 is the death of everything in the box
 *
 * Order matters: files are read before the root changes, the network and the
 * machine's files are gone before rights are dropped, rights are gone before
 * the program starts. A failure on the way is written to a pipe that closes
 * by itself when the program starts: an empty pipe means that it did.
 *
 * Started by root, the program runs as user 65534 (limits on processes do not
 * hold for root). By anyone else, as that user in a user namespace of its
 * own. Root in a place that refuses user namespaces (a chroot) goes without
 * that one: it has the rights for the others. */
#include "grader/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "grader/filter.h"
#include "grader/language.h"

enum {
    NOBODY = 65534,
    INSIDE = 1000,
    BOX_BYTES = 96 << 20
};

struct sandbox {
    const struct sandbox_task *task;
    pid_t init;
    int out, err, failed;     // our ends of the pipes
    int64_t start_us, end_us; // end_us: of its time
    int64_t weighed_us;       // when its memory was looked at last
    bool has_users;           // a user namespace of its own
    bool out_closed, err_closed;
    struct sandbox_result result; // so far
    char failure[256];
};

static int64_t
now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

// --- inside ----------------------------------------------------------------

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

static int
write_file(const struct sandbox_file *file)
{
    if (make_parents(file->name) != 0) {
        return -1;
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
    return close(out);
}

/* The new root folder, and /w in it with the task's files. Ends in /w. */
static void
make_root(const struct sandbox_task *task, bool has_users, int pipe)
{
    static const char ROOT[] = "/tmp";
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
    uid_t user = has_users ? INSIDE : NOBODY;
    if (chown(".", user, user) != 0) {
        give_up(pipe, say("cannot give the work folder away"));
    }
    for (size_t i = 0; i < task->file_count; i++) {
        if (write_file(&task->files[i]) != 0) {
            give_up(pipe, task->files[i].name);
        }
    }
    if (mounted >= 0 &&
        (fchdir(mounted) != 0 || bind_folder(".", "/tmp/w/include") != 0 ||
         close(mounted) != 0)) {
        give_up(pipe, task->mounted);
    }
    if (chdir(ROOT) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
        umount2(".", MNT_DETACH) != 0 || chdir("/") != 0) {
        give_up(pipe, say("cannot move into the root folder"));
    }
    for (const char *const *folder = task->hidden;
         folder != NULL && *folder != NULL; folder++) {
        if (access(*folder, F_OK) == 0 &&
            mount("tmpfs", *folder, "tmpfs", MS_RDONLY, "size=4096") != 0) {
            give_up(pipe, say("cannot hide our own files"));
        }
    }
    // Who is not root here owns this folder, too.
    if (chmod("/", 0555) != 0 || chdir("/w") != 0) {
        give_up(pipe, say("cannot enter the work folder"));
    }
}

static int
limit(int resource, int64_t value)
{
    struct rlimit limits = {(rlim_t)value, (rlim_t)value};
    return setrlimit((__rlimit_resource_t)resource, &limits);
}

static void
set_limits(const struct sandbox_task *task, int pipe)
{
    if (limit(RLIMIT_CORE, 0) != 0 || limit(RLIMIT_CPU, task->cpu_s) != 0 ||
        limit(RLIMIT_FSIZE, task->file_bytes) != 0 ||
        limit(RLIMIT_NOFILE, 64) != 0 || limit(RLIMIT_MEMLOCK, 0) != 0 ||
        limit(RLIMIT_MSGQUEUE, 0) != 0 || limit(RLIMIT_STACK, 8 << 20) != 0 ||
        limit(RLIMIT_NPROC, task->processes) != 0 ||
        (task->memory_bytes > 0 &&
         limit(RLIMIT_AS, task->memory_bytes) != 0)) {
        give_up(pipe, say("cannot set the limits"));
    }
}

/* Takes all rights away. */
static void
drop_rights(bool is_root, bool has_users, int pipe)
{
    uid_t user = has_users ? INSIDE : NOBODY;
    if (is_root && (setresgid(user, user, user) != 0 ||
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

struct start {
    const struct sandbox_task *task;
    bool is_root, has_users;
    int go; // a byte comes when the user map is written
    int out, err, failed;
};

static int
become(const struct start *start)
{
    const struct sandbox_task *task = start->task;
    char byte = 0;
    static char path[] = "PATH=/usr/bin:/bin";
    static char folder[] = "TMPDIR=/w";
    static char locale[] = "LC_ALL=C.UTF-8";
    char *environment[] = {folder, locale, task->keeps_tools ? path : NULL,
                           NULL};
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (read(start->go, &byte, 1) != 1) {
        _exit(125);
    }
    int null = open("/dev/null", O_RDWR);
    make_root(task, start->has_users, start->failed);
    // 0 nothing, 1 and 2 our pipes, 3 and 4 what the task passes on; the
    // failure pipe lies above them and closes by itself.
    int failed = fcntl(start->failed, F_DUPFD_CLOEXEC, 100);
    int out = fcntl(start->out, F_DUPFD, 101);
    int err = fcntl(start->err, F_DUPFD, 101);
    int passed[SANDBOX_PASSED];
    for (int i = 0; i < SANDBOX_PASSED; i++) {
        passed[i] =
            task->passed[i] < 0 ? -1 : fcntl(task->passed[i], F_DUPFD, 101);
    }
    dup2(null, 0);
    dup2(out, 1);
    dup2(err, 2);
    for (int i = 0; i < SANDBOX_PASSED; i++) {
        if (passed[i] < 0) {
            close(3 + i);
        }
        else {
            dup2(passed[i], 3 + i);
        }
    }
    close_range(3 + SANDBOX_PASSED, (unsigned)failed - 1, 0);
    close_range((unsigned)failed + 1, ~0U, 0);
    drop_rights(start->is_root, start->has_users, failed);
    setsid();
    if (task->niceness > 0 && nice(task->niceness) < 0) {
        give_up(failed, say("cannot be less urgent"));
    }
    if (task->keeps_tools && filter_tools() != 0) {
        give_up(failed, say("cannot filter system calls"));
    }
    set_limits(task, failed); // last: making the filter takes memory
    union {
        const char *const *given;
        char *const *wanted; // what exec was declared with before const
    } argv = {.given = task->arguments};
    execve(task->arguments[0], argv.wanted, environment);
    give_up(failed, task->arguments[0]);
}

// --- outside ---------------------------------------------------------------

static int
write_map(pid_t init, const char *name, const char *map)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)init, name);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) {
        return -1;
    }
    ssize_t written = write(file, map, strlen(map));
    close(file);
    return written < 0 ? -1 : 0;
}

/* Root maps itself, for the making of the box, and the nobody that the program
 * runs as; others can only map themselves. */
static int
map_users(pid_t init)
{
    char users[96];
    char groups[96];
    if (geteuid() == 0) {
        snprintf(users, sizeof(users), "0 0 1\n%d %d 1\n", INSIDE, NOBODY);
        snprintf(groups, sizeof(groups), "0 0 1\n%d %d 1\n", INSIDE, NOBODY);
    }
    else {
        snprintf(users, sizeof(users), "%d %d 1\n", INSIDE, (int)geteuid());
        snprintf(groups, sizeof(groups), "%d %d 1\n", INSIDE, (int)getegid());
    }
    return write_map(init, "setgroups", "deny") != 0 ||
                   write_map(init, "uid_map", users) != 0 ||
                   write_map(init, "gid_map", groups) != 0
               ? -1
               : 0;
}

/* Like fork(), into new namespaces. */
static pid_t
clone_into(unsigned long namespaces)
{
    return (pid_t)syscall(SYS_clone, namespaces | SIGCHLD, NULL, NULL, NULL,
                          NULL);
}

static void
start_box(struct sandbox *sandbox)
{
    const unsigned long OTHERS = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET |
                                 CLONE_NEWIPC | CLONE_NEWUTS;
    int go[2] = {-1, -1};
    int out[2] = {-1, -1};
    int err[2] = {-1, -1};
    int failed[2] = {-1, -1};
    if (pipe2(go, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 ||
        pipe2(err, O_CLOEXEC) != 0 || pipe2(failed, O_CLOEXEC) != 0) {
        snprintf(sandbox->failure, sizeof(sandbox->failure),
                 say("cannot make a pipe: %s"), strerror(errno));
        goto out;
    }
    struct start start = {.task = sandbox->task,
                          .is_root = geteuid() == 0,
                          .has_users = true,
                          .go = go[0],
                          .out = out[1],
                          .err = err[1],
                          .failed = failed[1]};
    fflush(NULL);
    sandbox->init = clone_into(CLONE_NEWUSER | OTHERS);
    if (sandbox->init < 0 && start.is_root) {
        start.has_users = false;
        sandbox->init = clone_into(OTHERS);
    }
    if (sandbox->init == 0) {
        close(go[1]);
        _exit(become(&start));
    }
    sandbox->has_users = start.has_users;
    if (sandbox->init < 0) {
        snprintf(sandbox->failure, sizeof(sandbox->failure),
                 say("this machine allows no namespaces: %s"),
                 strerror(errno));
    }
    else if (start.has_users && map_users(sandbox->init) != 0) {
        snprintf(sandbox->failure, sizeof(sandbox->failure),
                 say("cannot map the users of a namespace: %s"),
                 strerror(errno));
        kill(sandbox->init, SIGKILL);
    }
    else if (write(go[1], "g", 1) != 1) {
        kill(sandbox->init, SIGKILL);
    }
    sandbox->out = out[0];
    sandbox->err = err[0];
    sandbox->failed = failed[0];
    out[0] = err[0] = failed[0] = -1;
out:
    for (int i = 0; i < 2; i++) {
        int *ends[] = {&go[i], &out[i], &err[i], &failed[i]};
        for (int e = 0; e < 4; e++) {
            if (*ends[e] >= 0) {
                close(*ends[e]);
            }
        }
    }
}

struct sandbox *
sandbox_start(const struct sandbox_task *task)
{
    struct sandbox *sandbox = calloc(1, sizeof(*sandbox));
    if (sandbox == NULL) {
        return NULL;
    }
    sandbox->task = task;
    sandbox->init = -1;
    sandbox->out = sandbox->err = sandbox->failed = -1;
    sandbox->start_us = now_us();
    sandbox->end_us = sandbox->start_us + task->wall_ms * 1000;
    start_box(sandbox);
    return sandbox;
}

/* Resident bytes of a process, 0 if it is gone. */
static int64_t
resident_bytes(long pid)
{
    char path[64];
    long pages = 0;
    snprintf(path, sizeof(path), "/proc/%ld/statm", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    if (fscanf(file, "%*d %ld", &pages) != 1) {
        pages = 0;
    }
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

/* Resident bytes of init's children: it forks one at a time. */
static int64_t
resident_in_box(pid_t init)
{
    char path[64];
    int64_t sum = 0;
    long child = 0;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)init,
             (int)init);
    FILE *file = fopen(path, "re");
    while (file != NULL && fscanf(file, "%ld", &child) == 1) {
        sum += resident_bytes(child);
    }
    if (file != NULL) {
        fclose(file);
    }
    return sum;
}

/* Reads what a pipe has. False at its end. */
static bool
drain(int pipe, struct buffer *buffer, size_t limit, bool *over)
{
    char block[16384];
    ssize_t got = read(pipe, block, sizeof(block));
    if (got < 0 && errno == EINTR) {
        return true;
    }
    if (got <= 0) {
        return false;
    }
    size_t room = buffer->length < limit ? limit - buffer->length : 0;
    *over |= (size_t)got > room;
    buffer_add(buffer, block, (size_t)got < room ? (size_t)got : room);
    return true;
}

/* Reads once from both pipes, as far as they have something. */
static void
read_pipes(struct sandbox *sandbox, int wait_ms)
{
    struct sandbox_result *result = &sandbox->result;
    size_t limit = sandbox->task->output_limit;
    struct pollfd pipes[2] = {
        {.fd = sandbox->out_closed ? -1 : sandbox->out, .events = POLLIN},
        {.fd = sandbox->err_closed ? -1 : sandbox->err, .events = POLLIN}};
    if (poll(pipes, 2, wait_ms) <= 0) {
        return;
    }
    if (pipes[0].revents != 0) {
        sandbox->out_closed =
            !drain(sandbox->out, &result->out, limit, &result->over_output);
    }
    if (pipes[1].revents != 0) {
        sandbox->err_closed =
            !drain(sandbox->err, &result->err, limit, &result->over_output);
    }
}

enum {
    STEP_MS = 5 // how often memory is looked at
};

/* Whether the box may go on; else the result says why not. */
static bool
is_within_limits(struct sandbox *sandbox)
{
    const struct sandbox_task *task = sandbox->task;
    struct sandbox_result *result = &sandbox->result;
    int64_t now = now_us();
    result->timed_out |= now >= sandbox->end_us;
    if (task->resident_bytes > 0 &&
        now - sandbox->weighed_us >= STEP_MS * 1000) {
        result->over_memory |=
            resident_in_box(sandbox->init) > task->resident_bytes;
        sandbox->weighed_us = now;
    }
    return !result->timed_out && !result->over_memory && !result->over_output;
}

void
sandbox_allow(struct sandbox *sandbox, int64_t wall_ms)
{
    if (sandbox != NULL) {
        sandbox->end_us = now_us() + wall_ms * 1000;
    }
}

const struct buffer *
sandbox_watch(struct sandbox *sandbox, sandbox_enough *enough, void *context)
{
    if (sandbox == NULL || sandbox->init <= 0 || sandbox->failure[0] != '\0') {
        return NULL;
    }
    while ((!sandbox->out_closed || !sandbox->err_closed) &&
           is_within_limits(sandbox) &&
           (enough == NULL || !enough(context, &sandbox->result.out))) {
        int64_t left_ms = (sandbox->end_us - now_us()) / 1000 + 1;
        bool in_steps = sandbox->task->resident_bytes > 0 && left_ms > STEP_MS;
        read_pipes(sandbox, in_steps ? STEP_MS : (int)left_ms);
    }
    return &sandbox->result.out;
}

/* Kills the box, and learns how its first process ended and what it said
 * about its making. */
static void
kill_box(struct sandbox *sandbox, struct buffer *failure)
{
    bool over = false;
    kill(sandbox->init, SIGKILL); // and with it all of the box
    while (waitpid(sandbox->init, &sandbox->result.status, 0) < 0 &&
           errno == EINTR) {
    }
    while (drain(sandbox->failed, failure, 200, &over)) {
    }
}

void
sandbox_wait(struct sandbox *sandbox, struct sandbox_result *result)
{
    sandbox_watch(sandbox, NULL, NULL);
    sandbox_end(sandbox, result);
}

void
sandbox_end(struct sandbox *sandbox, struct sandbox_result *result)
{
    struct buffer failure = {0};
    *result = (struct sandbox_result){0};
    if (sandbox == NULL) {
        snprintf(result->failure, sizeof(result->failure), "%s",
                 say("out of memory"));
        return;
    }
    if (sandbox->init > 0) {
        kill_box(sandbox, &failure);
    }
    *result = sandbox->result;
    result->wall_us = now_us() - sandbox->start_us;
    snprintf(result->level, sizeof(result->level),
             "%spid mount net ipc uts seccomp limits",
             sandbox->has_users ? "user " : "");
    snprintf(result->failure, sizeof(result->failure), "%s",
             failure.length > 0 ? buffer_string(&failure) : sandbox->failure);
    buffer_release(&failure);
    int ends[] = {sandbox->out, sandbox->err, sandbox->failed};
    for (int i = 0; i < 3; i++) {
        if (ends[i] >= 0) {
            close(ends[i]);
        }
    }
    free(sandbox);
}

void
sandbox_result_release(struct sandbox_result *result)
{
    buffer_release(&result->out);
    buffer_release(&result->err);
}

bool
sandbox_works(char *failure, size_t room)
{
    static const char *const ARGUMENTS[] = {"/usr/bin/true", NULL};
    static const char *const FOLDERS[] = {"/usr", "/lib", "/lib64", "/bin",
                                          NULL};
    const struct sandbox_task task = {.arguments = ARGUMENTS,
                                      .folders = FOLDERS,
                                      .passed = {-1, -1},
                                      .keeps_tools = true,
                                      .wall_ms = 5000,
                                      .cpu_s = 5,
                                      .file_bytes = 4096,
                                      .processes = 16,
                                      .output_limit = 4096};
    struct sandbox_result result;
    sandbox_wait(sandbox_start(&task), &result);
    bool works = result.failure[0] == '\0' && WIFEXITED(result.status) &&
                 WEXITSTATUS(result.status) == 0;
    snprintf(failure, room, "%s",
             works                       ? ""
             : result.failure[0] != '\0' ? result.failure
                                         : say("an empty box fails"));
    sandbox_result_release(&result);
    return works;
}
