/* How a box is made:
 *
 *   caller        clones the init of the box into fresh namespaces, writes its
 *                 user map, then reads its output and watches the clock
 *   init          waits for the map, makes the root folder in memory, moves
 *                 into it, drops rights, sets limits, and becomes the task's
 *                 program (box.c); as process 1 of its process namespace its
 *                 death is the death of everything in the box
 *
 * Started by root, the program runs as user 65534 (limits on processes do not
 * hold for root). By anyone else, as that user in a user namespace of its
 * own. Root in a place that refuses user namespaces (a chroot) goes without
 * that one: it has the rights for the others.
 *
 * Who allows an open box gets one where all of these are refused (a container
 * that may make none): a folder of the machine in place of the root, a process
 * group in place of the process namespace, and the layers that are left. */
#include "grader/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "grader/box.h"
#include "grader/cgroup.h"
#include "grader/clock.h"
#include "grader/landlock.h"
#include "grader/language.h"
#include "grader/sweeper.h"

enum {
    NOBODY = 65534,
    INSIDE = 1000,
    FILES_BYTES = 128 << 20, // of memory, that the files of a box may take
    PROCESSORS = 2           // that a box may keep busy
};

struct sandbox {
    const struct sandbox_task *task;
    pid_t init;
    int out, err, failed;     // our ends of the pipes
    int64_t start_us, end_us; // end_us: of its time
    int64_t weighed_us;       // when its memory was looked at last
    bool has_users;           // a user namespace of its own
    bool is_open;             // no namespace at all
    bool has_landlock, had_group;
    bool was_paused; // and is to go on
    char folder[64]; // of an open box, or ""
    struct sweeper sweeper;
    struct cgroup group;
    bool out_closed, err_closed;
    struct sandbox_result result; // so far
    char failure[256];
};

static bool open_is_allowed;

void
sandbox_allow_open(bool allowed)
{
    open_is_allowed = allowed;
}

// --- the start -------------------------------------------------------------

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

/* A folder for a box that cannot have its own root. */
static int
make_folder(struct sandbox *sandbox)
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || parent[0] != '/' || strlen(parent) > 32) {
        parent = "/tmp";
    }
    snprintf(sandbox->folder, sizeof(sandbox->folder), "%s/ouro-box-XXXXXX",
             parent);
    if (mkdtemp(sandbox->folder) == NULL) {
        sandbox->folder[0] = '\0';
        return -1;
    }
    if (sweeper_start(&sandbox->sweeper, sandbox->folder) != 0) {
        rmdir(sandbox->folder);
        return -1;
    }
    return 0;
}

/* Starts what becomes the box, in as many namespaces as there are. */
static pid_t
start_init(struct sandbox *sandbox, struct box *box)
{
    const unsigned long OTHERS = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET |
                                 CLONE_NEWIPC | CLONE_NEWUTS;
    box->user = INSIDE;
    sandbox->has_users = true;
    pid_t init = clone_into(CLONE_NEWUSER | OTHERS);
    if (init < 0) {
        sandbox->has_users = false;
        box->user = box->is_root ? NOBODY : geteuid();
        init = box->is_root ? clone_into(OTHERS) : init;
    }
    if (init < 0 && open_is_allowed && make_folder(sandbox) == 0) {
        sandbox->is_open = box->is_open = true;
        box->folder = sandbox->folder;
        init = clone_into(0);
    }
    if (sandbox->is_open && init > 0) {
        sweeper_watch(&sandbox->sweeper, init);
    }
    return init;
}

/* The account of the box as a whole, where the kernel keeps one for us.
 * Without namespaces it is also what finds each of its processes. */
static void
account(struct sandbox *sandbox)
{
    const struct sandbox_task *task = sandbox->task;
    int64_t bytes =
        task->resident_bytes > 0 ? task->resident_bytes : task->memory_bytes;
    const struct cgroup_limits limits = {
        .memory_bytes = bytes > 0 ? bytes + FILES_BYTES : 0,
        .processes = task->processes,
        .processors = PROCESSORS};
    if (cgroup_make(&sandbox->group, &limits, !sandbox->is_open) == 0) {
        sandbox->had_group = cgroup_add(&sandbox->group, sandbox->init) == 0;
    }
    if (!sandbox->had_group) {
        cgroup_remove(&sandbox->group);
    }
}

/* What a process that has just been started waits for. */
static void
prepare(struct sandbox *sandbox, int go)
{
    if (sandbox->init < 0) {
        snprintf(sandbox->failure, sizeof(sandbox->failure),
                 say("this machine allows no namespaces (%s): "
                     "--unsafe-no-namespaces goes without them"),
                 strerror(errno));
        return;
    }
    if (sandbox->has_users && map_users(sandbox->init) != 0) {
        snprintf(sandbox->failure, sizeof(sandbox->failure),
                 say("cannot map the users of a namespace: %s"),
                 strerror(errno));
        kill(sandbox->init, SIGKILL);
        return;
    }
    account(sandbox);
    if (write(go, "g", 1) != 1) {
        kill(sandbox->init, SIGKILL);
    }
}

static void
start_box(struct sandbox *sandbox)
{
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
    sandbox->has_landlock = landlock_works();
    struct box box = {.task = sandbox->task,
                      .is_root = geteuid() == 0,
                      .has_landlock = sandbox->has_landlock,
                      .go = go[0],
                      .out = out[1],
                      .err = err[1],
                      .failed = failed[1]};
    fflush(NULL);
    sandbox->init = start_init(sandbox, &box);
    if (sandbox->init == 0) {
        close(go[1]);
        box_become(&box);
    }
    prepare(sandbox, go[1]);
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
    sandbox->start_us = clock_us();
    sandbox->end_us = sandbox->start_us + task->wall_ms * 1000;
    start_box(sandbox);
    return sandbox;
}

/* Resident bytes as a process's books say; 0 if it is gone. */
static int64_t
read_resident(const char *path)
{
    long pages = 0;
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

/* Resident bytes of a process. When its first thread has ended, its own books
 * are closed; those of the others are not. */
static int64_t
resident_bytes(long pid)
{
    char path[300];
    snprintf(path, sizeof(path), "/proc/%ld/statm", pid);
    int64_t bytes = read_resident(path);
    if (bytes > 0) {
        return bytes;
    }
    snprintf(path, sizeof(path), "/proc/%ld/task", pid);
    DIR *threads = opendir(path);
    const struct dirent *thread = NULL;
    while (threads != NULL && bytes == 0 &&
           (thread = readdir(threads)) != NULL) {
        snprintf(path, sizeof(path), "/proc/%ld/task/%s/statm", pid,
                 thread->d_name);
        bytes = read_resident(path);
    }
    if (threads != NULL) {
        closedir(threads);
    }
    return bytes;
}

/* Resident bytes of the largest of init's children. */
static int64_t
resident_in_box(pid_t init)
{
    char path[64];
    int64_t most = 0;
    long child = 0;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)init,
             (int)init);
    FILE *file = fopen(path, "re");
    while (file != NULL && fscanf(file, "%ld", &child) == 1) {
        int64_t bytes = resident_bytes(child);
        most = bytes > most ? bytes : most;
    }
    if (file != NULL) {
        fclose(file);
    }
    return most;
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
    STEP_MS = 5 // how often memory is looked at, and who was paused is woken
};

/* Whether the box may go on; else the result says why not. */
static bool
is_within_limits(struct sandbox *sandbox)
{
    const struct sandbox_task *task = sandbox->task;
    struct sandbox_result *result = &sandbox->result;
    int64_t now = clock_us();
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
        sandbox->start_us = clock_us();
        sandbox->end_us = sandbox->start_us + wall_ms * 1000;
    }
}

void
sandbox_send(int socket, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t sent = send(socket, at, length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return;
        }
        at += sent > 0 ? sent : 0;
        length -= sent > 0 ? (size_t)sent : 0;
    }
}

bool
sandbox_lives(const struct sandbox *sandbox)
{
    siginfo_t ended = {0};
    return sandbox != NULL && sandbox->init > 0 &&
           waitid(P_PID, (id_t)sandbox->init, &ended,
                  WEXITED | WNOHANG | WNOWAIT) == 0 &&
           ended.si_pid == 0;
}

/* All of a box is one process group, unless it has just been cloned. */
void
sandbox_pause(struct sandbox *sandbox, bool paused)
{
    if (sandbox != NULL && sandbox->init > 0) {
        kill(-sandbox->init, paused ? SIGSTOP : SIGCONT);
        sandbox->was_paused = !paused;
    }
}

/* A process that is being forked while its group is stopped may miss the
 * signal to go on that comes at once (seen on Linux 6.18). */
static void
wake(const struct sandbox *sandbox)
{
    if (sandbox->was_paused) {
        kill(-sandbox->init, SIGCONT);
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
        int64_t left_ms = (sandbox->end_us - clock_us()) / 1000 + 1;
        bool in_steps =
            sandbox->task->resident_bytes > 0 || sandbox->was_paused;
        wake(sandbox);
        read_pipes(sandbox,
                   in_steps && left_ms > STEP_MS ? STEP_MS : (int)left_ms);
    }
    return &sandbox->result.out;
}

/* What an open box has of the machine. */
static void
kill_open_box(struct sandbox *sandbox)
{
    kill(-sandbox->init, SIGKILL); // its group, once it has one
    cgroup_kill(&sandbox->group);
}

/* Kills the box, and learns how its first process ended and what it said
 * about its making. */
static void
kill_box(struct sandbox *sandbox, struct buffer *failure)
{
    bool over = false;
    kill(sandbox->init, SIGKILL); // and with it all of the box
    if (sandbox->is_open) {
        kill_open_box(sandbox);
    }
    while (waitpid(sandbox->init, &sandbox->result.status, 0) < 0 &&
           errno == EINTR) {
    }
    if (sandbox->is_open) {
        kill_open_box(sandbox); // who was started meanwhile
    }
    sandbox->result.over_memory |= cgroup_was_over_memory(&sandbox->group);
    cgroup_remove(&sandbox->group);
    while (drain(sandbox->failed, failure, 200, &over)) {
    }
}

void
sandbox_wait(struct sandbox *sandbox, struct sandbox_result *result)
{
    sandbox_watch(sandbox, NULL, NULL);
    sandbox_end(sandbox, result);
}

static void
name_layers(const struct sandbox *sandbox, char *level, size_t room)
{
    snprintf(level, room, "%s%s%s%sseccomp limits",
             sandbox->has_users ? "user " : "",
             sandbox->is_open ? "" : "pid mount net ipc uts ",
             sandbox->has_landlock ? "landlock " : "",
             sandbox->had_group ? "cgroup " : "");
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
    sweeper_end(&sandbox->sweeper);
    *result = sandbox->result;
    result->wall_us = clock_us() - sandbox->start_us;
    result->is_open = sandbox->is_open;
    name_layers(sandbox, result->level, sizeof(result->level));
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
