/* The program inside the run box: leaf ASAN SEED LIMIT_KIB CASES SCREENED
 *
 * It is started while the learner's file is still being compiled, loads the
 * lab, and waits for orders (frame.h) on descriptor 3. With the first order
 * the part under test is ready: descriptor 4 is a file that holds it.
 *
 *   first process   trusted; loads nothing of the learner's. For each case it
 *                   forks a process, reads what that says, watches the clock,
 *                   and writes a frame to stdout, which only it holds.
 *   case's process  limits itself, filters its own system calls, and only
 *                   then loads the part, and runs the case (leaf_case.c). It
 *                   holds two pipes: its stream and its log.
 *
 * Cases run in lanes side by side. In each lane is one process, or none. */
#include "grader/leaf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "grader/clock.h"
#include "grader/delay.h"
#include "grader/frame.h"

enum {
    ORDERS = 3,
    PART = 4,
    BOOKS = 5, // on processes, or closed
    LOG_LIMIT = 64 * 1024,
    IDLE_PCT = 2,         // of the processor, and less
    SPARES = 40,          // at most: each has four descriptors
    BUSY = 8,             // how much slower the clock may show a case to be
    STARVED = 32,         // the same when it is known why
    STARVED_PCT = 75,     // of the clock, and nothing is said of a case
    TICK_US = 20000,      // how often its delay is looked at
    LOOKS = 8,            // at a case whose calls are counted
    READ_US = 2000,       // how often what a case has said is read
    LAST_WORDS_US = 50000 // for who is told that the time is over
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

/* A line of the order that is being worked on. */
struct leaf_case {
    char *name; // or several, see leaf.h
    int time_ms;
    const char *needs; // names, parted by spaces
    enum {
        WAITING,
        RUNNING,
        RETURNED, // ended by returning
        LOST
    } state;
};

/* What one pipe has said so far. */
struct sink {
    int pipe; // -1 when it has closed
    char *bytes;
    size_t length, limit;
    size_t one_limit; // of a case
};

/* Where a case runs. */
struct lane {
    pid_t process; // 0: nothing runs
    int ended;     // tells when it has ended
    size_t which;
    uint32_t flags;
    clockid_t used;         // the processor's time, of all its threads
    long time_us, wait_us;  // that it may use, and do nothing
    long since_us, used_us; // when it was last looked at, or seen at work
    long end_us;            // on the clock, whatever it does
    struct delay delay;
    long step_us, look_us; // when to ask how far it has come
    struct sink sinks[2];  // stream and log
};

/* A process that waits for its case. Its making takes longer than many a case,
 * so that it is worth while before the part is there. */
struct spare {
    pid_t process;
    int ended;               // as in struct lane
    int errand, stream, log; // our ends of its pipes
};

/* What a spare process is told; behind it come the names. */
struct errand {
    int fill, traced; // as in struct order
    uint32_t name_bytes;
};

static struct lane lanes[FRAME_LANES];
static struct spare spares[SPARES];
static size_t spare_count;
static struct leaf_case cases[FRAME_CASES];
static size_t case_count;
static int hang_count; // cases of the order that have timed out
static bool delay_known;

static long
min_long(long a, long b)
{
    return a < b ? a : b;
}

// --- pipes -----------------------------------------------------------------

/* Writes them with one call, where that takes them: who reads is woken once.
 */
static void
write_parts(int pipe, struct iovec *parts, int count)
{
    while (count > 0) {
        ssize_t n = writev(pipe, parts, count);
        if (n < 0 && errno != EINTR) {
            _exit(94);
        }
        size_t done = n > 0 ? (size_t)n : 0;
        while (count > 0 && done >= parts->iov_len) {
            done -= parts->iov_len;
            parts++;
            count--;
        }
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + done;
            parts->iov_len -= done;
        }
    }
}

/* Reads what there is, once. False when there was nothing, or too much, which
 * is noted. */
static bool
fill(struct sink *sink, uint32_t *flags)
{
    char block[65536];
    ssize_t got = read(sink->pipe, block, sizeof(block));
    if (got <= 0) {
        return false;
    }
    size_t room = sink->limit - sink->length;
    size_t kept = (size_t)got < room ? (size_t)got : room;
    *flags |= (size_t)got > room ? FRAME_OVER_OUTPUT : 0U;
    memcpy(sink->bytes + sink->length, block, kept);
    sink->length += kept;
    return (size_t)got <= room;
}

/* Reads all that a case has said. */
static void
fill_all(struct lane *lane)
{
    for (int i = 0; i < 2; i++) {
        while (fill(&lane->sinks[i], &lane->flags)) {
        }
    }
}

// --- cases -----------------------------------------------------------------

/* All of it: true; false when nobody says it any more. */
static bool
read_all(int pipe, void *bytes, size_t length)
{
    char *at = bytes;
    while (length > 0) {
        ssize_t n = read(pipe, at, length);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return false;
        }
        at += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Waits on stdin for what to run, and runs it. */
__attribute__((noreturn)) static void
wait_for_case(const struct leaf *leaf)
{
    struct errand errand;
    if (leaf_enter(leaf) != LEAF_DONE) {
        _exit(LEAF_NO_FILTER);
    }
    leaf_get_ready();
    if (!read_all(STDIN_FILENO, &errand, sizeof(errand))) {
        _exit(LEAF_DONE); // it was not needed
    }
    char *names = malloc((size_t)errand.name_bytes + 1);
    if (names == NULL || !read_all(STDIN_FILENO, names, errand.name_bytes)) {
        _exit(LEAF_NO_CASE);
    }
    names[errand.name_bytes] = '\0';
    close(STDIN_FILENO);
    int status = leaf_run_cases(leaf, names, errand.fill, errand.traced);
    fflush(NULL);
    _exit(status);
}

__attribute__((noreturn)) static void
become_case(const struct leaf *leaf, const int *errand, const int *stream,
            const int *log)
{
    // 0 what to run, 1 and 2 the log (what the learner prints), 3 the stream.
    int own_errand = fcntl(errand[0], F_DUPFD, 20);
    int own_stream = fcntl(stream[1], F_DUPFD, 20);
    int own_log = fcntl(log[1], F_DUPFD, 20);
    if (own_errand < 0 || own_stream < 0 || own_log < 0) {
        _exit(95);
    }
    dup2(own_errand, STDIN_FILENO);
    dup2(own_log, STDOUT_FILENO);
    dup2(own_log, STDERR_FILENO);
    dup2(own_stream, LEAF_STREAM);
    dup2(own_log, LEAF_LOG);
    close_range(LEAF_LOG + 1, ~0U, 0);
    wait_for_case(leaf);
}

/* Makes a process for a case that is not known yet. */
static void
make_spare(const struct leaf *leaf)
{
    struct spare *spare = &spares[spare_count++];
    int errand[2];
    int stream[2];
    int log[2];
    if (pipe2(errand, O_CLOEXEC) != 0 || pipe2(stream, O_CLOEXEC) != 0 ||
        pipe2(log, O_CLOEXEC) != 0 ||
        fcntl(stream[0], F_SETFL, O_NONBLOCK) != 0 ||
        fcntl(log[0], F_SETFL, O_NONBLOCK) != 0) {
        _exit(95);
    }
    spare->process = fork();
    if (spare->process < 0) {
        _exit(96);
    }
    if (spare->process == 0) {
        become_case(leaf, errand, stream, log);
    }
    close(errand[0]);
    close(stream[1]);
    close(log[1]);
    spare->errand = errand[1];
    spare->stream = stream[0];
    spare->log = log[0];
    spare->ended = (int)syscall(SYS_pidfd_open, spare->process, 0);
    if (spare->ended < 0) {
        _exit(98);
    }
}

/* Sets the limits of a case that begins. */
static void
start_watch(struct lane *lane, int time_ms, const struct order *order)
{
    lane->since_us = clock_us();
    lane->used_us = 0;
    lane->time_us = time_ms * 1000L;
    lane->wait_us = order->wait_ms * 1000L;
    lane->end_us = lane->since_us + lane->wait_us +
                   lane->time_us * (delay_known ? STARVED : BUSY);
    delay_start(&lane->delay, lane->since_us);
    lane->step_us = lane->time_us / LOOKS;
    lane->look_us =
        order->traced & ORDER_TRACE_CALLS ? lane->step_us : LONG_MAX;
    if (clock_getcpuclockid(lane->process, &lane->used) != 0) {
        lane->used = CLOCK_MONOTONIC;
    }
}

/* Empties what a lane's pipes go to, and makes it large enough. */
static void
clear_sinks(struct lane *lane, const char *names)
{
    size_t members = 1;
    for (; *names != '\0'; names++) {
        members += *names == '+';
    }
    for (int i = 0; i < 2; i++) {
        struct sink *sink = &lane->sinks[i];
        size_t limit = members * sink->one_limit;
        if (limit > sink->limit || sink->bytes == NULL) {
            free(sink->bytes);
            sink->bytes = malloc(limit + 1);
        }
        if (sink->bytes == NULL) {
            _exit(97);
        }
        sink->limit = limit;
        sink->length = 0;
    }
}

static void
start_case(const struct leaf *leaf, const struct order *order, size_t which,
           struct lane *lane)
{
    if (spare_count == 0) {
        make_spare(leaf);
    }
    const struct spare spare = spares[--spare_count];
    const char *names = cases[which].name;
    struct errand errand = {.fill = (int)order->fill,
                            .traced = (int)order->traced,
                            .name_bytes = (uint32_t)strlen(names)};
    lane->process = spare.process;
    lane->ended = spare.ended;
    start_watch(lane, cases[which].time_ms, order);
    struct iovec parts[] = {
        {.iov_base = &errand, .iov_len = sizeof(errand)},
        {.iov_base = cases[which].name, .iov_len = errand.name_bytes}};
    write_parts(spare.errand, parts, 2);
    close(spare.errand);
    lane->which = which;
    lane->flags = 0;
    lane->sinks[0].pipe = spare.stream;
    lane->sinks[1].pipe = spare.log;
    clear_sinks(lane, names);
    cases[which].state = RUNNING;
}

/* The stream begins behind the mark of a part that was loaded. */
static void
write_frame(struct frame *frame, const struct sink *sinks)
{
    size_t mark = sinks[0].length > 0;
    struct iovec parts[] = {
        {.iov_base = frame, .iov_len = sizeof(*frame)},
        {.iov_base = sinks[0].bytes + mark, .iov_len = frame->stream_bytes},
        {.iov_base = sinks[1].bytes, .iov_len = frame->log_bytes}};
    write_parts(STDOUT_FILENO, parts, 3);
}

/* The microseconds of the processor that a process has used. */
static long
time_of(const struct rusage *usage)
{
    return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 +
           usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

/* The process has ended: what it has left in its pipes is all there is. */
static void
end_case(struct lane *lane)
{
    int status = 0;
    struct rusage usage = {0};
    while (wait4(lane->process, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    close(lane->ended);
    fill_all(lane);
    close(lane->sinks[0].pipe);
    close(lane->sinks[1].pipe);
    size_t mark = lane->sinks[0].length > 0;
    if (mark > 0 && WIFEXITED(status) &&
        (WEXITSTATUS(status) == LEAF_NO_PART ||
         WEXITSTATUS(status) == LEAF_NO_ROOM ||
         WEXITSTATUS(status) == LEAF_NO_LAB)) {
        lane->flags |= FRAME_HAD_PART;
    }
    struct frame frame = {.magic = FRAME_MAGIC,
                          .which = (uint32_t)lane->which,
                          .flags = lane->flags,
                          .status = status,
                          .stream_bytes =
                              (uint32_t)(lane->sinks[0].length - mark),
                          .log_bytes = (uint32_t)lane->sinks[1].length,
                          .time_us = (uint32_t)time_of(&usage)};
    write_frame(&frame, lane->sinks);
    hang_count += (frame.flags & FRAME_TIMED_OUT) != 0;
    cases[lane->which].state =
        frame.flags == 0 && status == 0 ? RETURNED : LOST;
    lane->process = 0;
}

static void
skip_case(size_t which)
{
    struct frame frame = {.magic = FRAME_MAGIC,
                          .which = (uint32_t)which,
                          .flags = FRAME_SKIPPED};
    write_frame(&frame, lanes[0].sinks);
    cases[which].state = LOST;
}

/* For how long a case may go on that does not use up its processor's time. */
static long
left_on_clock_us(struct lane *lane, long used, long now)
{
    long end = lane->end_us;
    if (delay_known) {
        long took = now - lane->delay.begun_us;
        if (now - lane->since_us >= TICK_US) {
            delay_look(&lane->delay, BOOKS, lane->process, now);
            lane->since_us = now;
        }
        long delay = lane->delay.total_us;
        end = min_long(end, lane->delay.begun_us + lane->time_us +
                                lane->wait_us + delay);
        if (now >= end && delay * 100 >= took * STARVED_PCT) {
            lane->flags |= FRAME_STARVED;
        }
        return min_long(end - now, TICK_US);
    }
    if (used - lane->used_us > lane->wait_us * IDLE_PCT / 100) {
        lane->since_us = now;
        lane->used_us = used;
    }
    return min_long(lane->since_us + lane->wait_us, end) - now;
}

/* For how long a case may go on before the next look; 0 if it may not. */
static long
left_us(struct lane *lane)
{
    long now = clock_us();
    if (lane->flags & FRAME_TIMED_OUT) {
        return lane->end_us - now; // for its last words
    }
    long used = clock_read_us(lane->used);
    if (used >= lane->look_us && used < lane->time_us) {
        kill(lane->process, SIGUSR1);
        lane->look_us +=
            (used - lane->look_us) / lane->step_us * lane->step_us +
            lane->step_us;
    }
    long left = min_long(lane->time_us - used, lane->look_us - used);
    return left <= 0 ? 0 : min_long(left, left_on_clock_us(lane, used, now));
}

/* Who is over its time is asked where it is, then killed. Returns for how many
 * microseconds it may go on. */
static long
keep_time(struct lane *lane)
{
    long left = left_us(lane);
    if (lane->flags & FRAME_OVER_OUTPUT) {
        kill(lane->process, SIGKILL);
        return LAST_WORDS_US;
    }
    if (left <= 0) {
        bool was_told = (lane->flags & FRAME_TIMED_OUT) != 0;
        kill(lane->process, was_told ? SIGKILL : SIGXCPU);
        lane->flags |= FRAME_TIMED_OUT;
        lane->end_us = clock_us() + LAST_WORDS_US;
        return LAST_WORDS_US;
    }
    return left;
}

/* Waits until a case ends, and sees to it. What the cases say is read now and
 * then: who waits for each word of it takes the processor from them. */
static void
attend(void)
{
    struct pollfd ends[FRAME_LANES];
    long left = READ_US;
    for (int i = 0; i < FRAME_LANES; i++) {
        struct lane *lane = &lanes[i];
        bool busy = lane->process != 0;
        ends[i] =
            (struct pollfd){.fd = busy ? lane->ended : -1, .events = POLLIN};
        left = busy ? min_long(left, keep_time(lane)) : left;
    }
    int ended = poll(ends, FRAME_LANES, (int)(left / 1000 + 1));
    for (int i = 0; i < FRAME_LANES; i++) {
        struct lane *lane = &lanes[i];
        if (ended > 0 && ends[i].fd >= 0 && ends[i].revents != 0) {
            end_case(lane);
        }
        else if (ends[i].fd >= 0) {
            fill_all(lane);
        }
    }
}

// --- orders ----------------------------------------------------------------

/* The state of the worst of the cases that this one needs. */
static int
state_of_needs(size_t which)
{
    int worst = RETURNED;
    const char *at = cases[which].needs;
    while (*(at += strspn(at, " ")) != '\0') {
        size_t length = strcspn(at, " ");
        for (size_t i = 0; i < which; i++) {
            if (strncmp(cases[i].name, at, length) != 0 ||
                cases[i].name[length] != '\0') {
                continue;
            }
            if (cases[i].state == LOST) {
                return LOST;
            }
            worst = cases[i].state == RETURNED ? worst : WAITING;
        }
        at += length;
    }
    return worst;
}

/* "NAME TIME_MS NEEDED...", terminated. */
static void
read_case(char *line)
{
    char *space = strchr(line, ' ');
    if (space == NULL || case_count == FRAME_CASES) {
        _exit(99);
    }
    *space = '\0';
    struct leaf_case *one = &cases[case_count++];
    *one = (struct leaf_case){.name = line};
    char *needs = NULL;
    one->time_ms = (int)strtol(space + 1, &needs, 10);
    one->needs = needs;
}

static int
busy_lanes(void)
{
    int busy = 0;
    for (int i = 0; i < FRAME_LANES; i++) {
        busy += lanes[i].process != 0;
    }
    return busy;
}

/* Starts what can be started in a lane; false when there is something to wait
 * for: a case that the next one needs, or one that may hang. */
static bool
fill_lane(const struct leaf *leaf, const struct order *order,
          struct lane *lane, size_t *next)
{
    while (lane->process == 0 && *next < case_count) {
        int needs = state_of_needs(*next);
        if (needs == LOST || hang_count >= (int)order->hangs) {
            skip_case((*next)++);
        }
        else if (needs == WAITING ||
                 hang_count + busy_lanes() >= (int)order->hangs) {
            return false;
        }
        else {
            start_case(leaf, order, (*next)++, lane);
        }
    }
    return true;
}

/* Fills the lanes; true when there is more to start or to wait for. */
static bool
start_cases(const struct leaf *leaf, const struct order *order, size_t *next)
{
    for (uint32_t i = 0; i < order->lanes && i < FRAME_LANES; i++) {
        if (!fill_lane(leaf, order, &lanes[i], next)) {
            break;
        }
    }
    return busy_lanes() > 0;
}

static void
work(const struct leaf *leaf, const struct order *order, char *text)
{
    size_t next = 0;
    case_count = 0;
    hang_count = 0;
    for (char *line = NULL; (line = strsep(&text, "\n")) != NULL;) {
        if (line[0] != '\0') {
            read_case(line);
        }
    }
    while (start_cases(leaf, order, &next)) {
        attend();
    }
}

/* Copies the part to where the loader finds it. */
static void
take_part(void)
{
    char block[65536];
    int out = open("part.so", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t length = 0;
    for (off_t at = 0; (length = pread(PART, block, sizeof(block), at)) > 0;
         at += length) {
        if (write(out, block, (size_t)length) != length) {
            _exit(100);
        }
    }
    close(out);
    close(PART);
}

static void
make_sinks(size_t limit_bytes)
{
    for (int i = 0; i < FRAME_LANES; i++) {
        lanes[i].sinks[0].one_limit = limit_bytes + 1; // and the mark
        lanes[i].sinks[1].one_limit = LOG_LIMIT;
    }
}

static void
say_ready(void)
{
    struct frame frame = {.magic = FRAME_MAGIC, .flags = FRAME_READY};
    write_frame(&frame, lanes[0].sinks);
}

int
main(int argc, char **argv)
{
    static struct leaf leaf; // not where the cases' stack is
    if (argc != 6) {
        return 2;
    }
    delay_known = delay_is_known(BOOKS);
    int failed = leaf_open(&leaf, strcmp(argv[1], "asan") == 0,
                           strtoull(argv[2], NULL, 10));
    if (failed != 0) {
        return failed;
    }
    leaf.may_call = strcmp(argv[5], "unscreened") == 0;
    // The dice lie above the stack of each case otherwise.
    memset(argv[2], '0', strlen(argv[2]));
    make_sinks((size_t)strtoul(argv[3], NULL, 10) * 1024);
    struct order order;
    for (size_t wanted = (size_t)strtoul(argv[4], NULL, 10);
         spare_count < wanted && spare_count < SPARES;) {
        make_spare(&leaf);
    }
    say_ready();
    for (int number = 0; read_all(ORDERS, &order, sizeof(order)); number++) {
        char *text = malloc((size_t)order.text_bytes + 1);
        if (order.magic != FRAME_MAGIC || text == NULL ||
            !read_all(ORDERS, text, order.text_bytes)) {
            free(text);
            return 99;
        }
        text[order.text_bytes] = '\0';
        if (number == 0) {
            take_part();
        }
        work(&leaf, &order, text);
        free(text);
    }
    return 0;
}
