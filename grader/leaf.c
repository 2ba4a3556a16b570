/* The program inside the run box:
 * leaf ASAN SEED TIME_MS WAIT_MS LIMIT_KIB HANGS CASE...
 *
 * TIME_MS is the processor's time that a case may use: what it takes on the
 * clock depends on what else the machine does. A case that hardly uses the
 * processor for WAIT_MS on the clock waits for what never comes; both are
 * time-outs. A case named "-" is skipped, and so is every case after HANGS
 * time-outs.
 *
 *   first process   trusted; loads nothing of the learner's. For each case it
 *                   forks a process, reads what that says, watches the clock,
 *                   and writes a frame to stdout, which only it holds.
 *   case's process  limits itself, filters its own system calls, and only
 *                   then loads /w/part.so (the learner's file or the
 *                   reference) and /w/lab.so (the cases), and runs the case.
 *                   It holds two pipes: its stream and its log.
 *
 * The case's process is lost to the learner from the moment the part is
 * loaded: nothing in it is believed, everything it says is only compared. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "grader/filter.h"
#include "grader/frame.h"

enum {
    STREAM = 3,
    LOG = 4,
    LOG_LIMIT = 64 * 1024,
    IDLE_PCT = 2 // of the processor, and less
};

#if defined(__SANITIZE_ADDRESS__)
/* Read by the sanitizer before main; the box has no environment. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
    return "exitcode=87:detect_leaks=0:symbolize=0:abort_on_error=0:"
           "allocator_may_return_null=1:handle_abort=1:print_legend=0:"
           "print_summary=0:detect_stack_use_after_return=0";
}
const char *__ubsan_default_options(void);
const char *
__ubsan_default_options(void)
{
    return "exitcode=87:symbolize=0:print_summary=0";
}
#endif

struct words {
    bool lenient; // the sanitizers' leaf
    unsigned long long seed;
    int time_ms, wait_ms;
    size_t limit_bytes;
};

static long
read_us(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static long
min_long(long a, long b)
{
    return a < b ? a : b;
}

// --- the watch -------------------------------------------------------------

/* Over a case's process. */
struct watch {
    clockid_t used; // the processor's time, of all its threads
    long time_us, wait_us;
    long since_us, used_us; // when it was last seen at work
};

static struct watch
watch_over(pid_t child, const struct words *words)
{
    struct watch watch = {.time_us = words->time_ms * 1000L,
                          .wait_us = words->wait_ms * 1000L,
                          .since_us = read_us(CLOCK_MONOTONIC)};
    if (clock_getcpuclockid(child, &watch.used) != 0) {
        watch.used = CLOCK_MONOTONIC;
    }
    return watch;
}

/* For how long it may go on before the next look; 0 if it may not. */
static int
left_ms(struct watch *watch)
{
    long now = read_us(CLOCK_MONOTONIC);
    long used = read_us(watch->used);
    if (used - watch->used_us > watch->wait_us * IDLE_PCT / 100) {
        watch->since_us = now;
        watch->used_us = used;
    }
    long left_us = min_long(watch->time_us - used,
                            watch->since_us + watch->wait_us - now);
    return left_us > 0 ? (int)(left_us / 1000 + 1) : 0;
}

// --- a case ----------------------------------------------------------------

/* The life of a case's process. */
static int
run_case(const struct words *words, const char *name)
{
    if (filter_leaf(words->lenient) != 0) {
        return LEAF_NO_FILTER;
    }
    // Lazily and globally, so that the part and the lab find each other.
    if (dlopen("/w/part.so", RTLD_LAZY | RTLD_GLOBAL) == NULL) {
        dprintf(LOG, "%s\n", dlerror());
        return LEAF_NO_PART;
    }
    void *lab = dlopen("/w/lab.so", RTLD_LAZY | RTLD_GLOBAL);
    if (lab == NULL) {
        dprintf(LOG, "%s\n", dlerror());
        return LEAF_NO_LAB;
    }
    union {
        void *symbol;
        int (*run)(int output, uint64_t seed, const char *name);
    } entry = {.symbol = dlsym(lab, "lab_main")};
    if (entry.symbol == NULL) {
        return LEAF_NO_LAB;
    }
    return entry.run(STREAM, words->seed, name) == 0 ? LEAF_DONE
                                                     : LEAF_NO_CASE;
}

/* What one pipe has said so far. */
struct sink {
    int pipe;
    char *bytes;
    size_t length, limit;
};

/* Reads once. False at the end. */
static bool
fill(struct sink *sink, bool *over)
{
    char block[16384];
    ssize_t got = read(sink->pipe, block, sizeof(block));
    if (got < 0 && errno == EINTR) {
        return true;
    }
    if (got <= 0) {
        return false;
    }
    size_t room = sink->limit - sink->length;
    *over |= (size_t)got > room;
    size_t kept = (size_t)got < room ? (size_t)got : room;
    memcpy(sink->bytes + sink->length, block, kept);
    sink->length += kept;
    return true;
}

/* Reads both pipes until they close, the time is over or too much came. */
static uint32_t
listen_to(struct sink *sinks, struct watch *watch)
{
    struct pollfd pipes[2] = {{.fd = sinks[0].pipe, .events = POLLIN},
                              {.fd = sinks[1].pipe, .events = POLLIN}};
    while (pipes[0].fd >= 0 || pipes[1].fd >= 0) {
        int left = left_ms(watch);
        bool over = false;
        if (left == 0) {
            return FRAME_TIMED_OUT;
        }
        poll(pipes, 2, left);
        for (int i = 0; i < 2; i++) {
            if (pipes[i].revents != 0 && !fill(&sinks[i], &over)) {
                pipes[i].fd = -1;
            }
        }
        if (over) {
            return FRAME_OVER_OUTPUT;
        }
    }
    return 0;
}

static void
write_all(const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t n = write(STDOUT_FILENO, at, length);
        if (n < 0 && errno != EINTR) {
            _exit(94);
        }
        at += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
}

static void
become_case(const struct words *words, const char *name, const int *stream,
            const int *log)
{
    // 0 nothing, 1 and 2 the log (what the learner prints), 3 the stream.
    int own_stream = fcntl(stream[1], F_DUPFD, 20);
    int own_log = fcntl(log[1], F_DUPFD, 20);
    close(STDIN_FILENO);
    dup2(own_log, STDOUT_FILENO);
    dup2(own_log, STDERR_FILENO);
    dup2(own_stream, STREAM);
    dup2(own_log, LOG);
    close_range(LOG + 1, ~0U, 0);
    int status = run_case(words, name);
    fflush(NULL);
    _exit(status);
}

/* Waits for the end of a process that has closed its pipes. It may live on:
 * the watch goes on for it. */
static uint32_t
wait_for_end(pid_t child, struct watch *watch)
{
    struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, child, 0),
                         .events = POLLIN};
    int left = left_ms(watch);
    while (left > 0 && poll(&end, 1, left) <= 0) {
        left = left_ms(watch);
    }
    close(end.fd);
    return left > 0 ? 0 : FRAME_TIMED_OUT;
}

/* The microseconds of the processor that a process has used. */
static long
time_of(const struct rusage *usage)
{
    return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 +
           usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

/* Runs a case and writes its frame; whether it timed out. */
static bool
judge_case(const struct words *words, const char *name, struct sink *sinks)
{
    int stream[2];
    int log[2];
    if (pipe2(stream, O_CLOEXEC) != 0 || pipe2(log, O_CLOEXEC) != 0) {
        _exit(95);
    }
    pid_t child = fork();
    if (child < 0) {
        _exit(96);
    }
    if (child == 0) {
        become_case(words, name, stream, log);
    }
    close(stream[1]);
    close(log[1]);
    sinks[0].pipe = stream[0];
    sinks[1].pipe = log[0];
    sinks[0].length = sinks[1].length = 0;
    struct frame frame = {.magic = FRAME_MAGIC};
    struct watch watch = watch_over(child, words);
    struct rusage usage = {0};
    frame.flags = listen_to(sinks, &watch);
    if (frame.flags == 0) {
        frame.flags = wait_for_end(child, &watch);
    }
    if (frame.flags != 0) {
        kill(child, SIGKILL);
    }
    while (wait4(child, &frame.status, 0, &usage) < 0 && errno == EINTR) {
    }
    frame.time_us = (uint32_t)time_of(&usage);
    frame.stream_bytes = (uint32_t)sinks[0].length;
    frame.log_bytes = (uint32_t)sinks[1].length;
    write_all(&frame, sizeof(frame));
    write_all(sinks[0].bytes, sinks[0].length);
    write_all(sinks[1].bytes, sinks[1].length);
    close(stream[0]);
    close(log[0]);
    return (frame.flags & FRAME_TIMED_OUT) != 0;
}

int
main(int argc, char **argv)
{
    if (argc < 8) {
        return 2;
    }
    const struct words words = {.lenient = strcmp(argv[1], "asan") == 0,
                                .seed = strtoull(argv[2], NULL, 10),
                                .time_ms = (int)strtol(argv[3], NULL, 10),
                                .wait_ms = (int)strtol(argv[4], NULL, 10),
                                .limit_bytes =
                                    (size_t)strtoul(argv[5], NULL, 10) * 1024};
    static struct sink sinks[2];
    sinks[0].limit = words.limit_bytes;
    sinks[1].limit = LOG_LIMIT;
    for (int i = 0; i < 2; i++) {
        sinks[i].bytes = malloc(sinks[i].limit + 1);
        if (sinks[i].bytes == NULL) {
            return 97;
        }
    }
    long hangs = strtol(argv[6], NULL, 10);
    for (int i = 7; i < argc; i++) {
        if (hangs <= 0 || strcmp(argv[i], "-") == 0) {
            const struct frame skipped = {.magic = FRAME_MAGIC,
                                          .flags = FRAME_SKIPPED};
            write_all(&skipped, sizeof(skipped));
        }
        else if (judge_case(&words, argv[i], sinks)) {
            hangs--;
        }
    }
    return 0;
}
