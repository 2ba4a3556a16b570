/* loop_limit: what an event loop could need, written by hand for nothing but
 * the workloads of rt-bench: no objects, no counts, no collector, no errors.
 *
 *   loop_limit e1|e2|e3|e4|e5|e7    lines like those of rt-bench
 *   loop_limit echo    a server that sends back what it gets; says "ready" and
 *                      its port, runs until it is killed
 *
 * A task is 48 bytes and a function that is called again and again. Built and
 * run by loop_beside_peers.py. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MILLION = 1000 * 1000,
    MANY = 100 * 1000,
    BATCH = 10 * 1000,
    EVENTS = 1024,
    BACKLOG = 4096,
    DESCRIPTORS = 20000,
    FIRST_PLACES = 1024
};

// --- the loop --------------------------------------------------------------

struct call {
    void (*function)(void *data);
    void *data;
};

struct timer {
    int64_t due_ns;
    struct call call;
};

static struct call *ready; // a ring
static size_t mask, first, end;
static struct timer timers[MANY]; // a heap in which each has four children
static size_t timer_count;
static int epoll_fd;
static bool has_readers;
static int left; // of whatever is counted down; 0 ends the loop

static void *
need(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

static int64_t
clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
grow(void)
{
    size_t places = ready != NULL ? 2 * (mask + 1) : FIRST_PLACES;
    struct call *larger = need(malloc(places * sizeof(*larger)));
    for (size_t i = first; i != end; i++) {
        larger[i & (places - 1)] = ready[i & mask];
    }
    free(ready);
    ready = larger;
    mask = places - 1;
}

static inline void
call_soon(void (*function)(void *data), void *data)
{
    if (ready == NULL || end - first > mask) {
        grow();
    }
    ready[end++ & mask] = (struct call){function, data};
}

static void
call_at(int64_t due_ns, void (*function)(void *data), void *data)
{
    size_t at = timer_count++;
    for (; at > 0 && timers[(at - 1) / 4].due_ns > due_ns; at = (at - 1) / 4) {
        timers[at] = timers[(at - 1) / 4];
    }
    timers[at] = (struct timer){due_ns, {function, data}};
}

static struct call
take_first_timer(void)
{
    struct call taken = timers[0].call;
    struct timer last = timers[--timer_count];
    size_t at = 0;
    while (4 * at + 1 < timer_count) {
        size_t least = 4 * at + 1;
        for (size_t i = least + 1; i < 4 * at + 5 && i < timer_count; i++) {
            least = timers[i].due_ns < timers[least].due_ns ? i : least;
        }
        if (timers[least].due_ns >= last.due_ns) {
            break;
        }
        timers[at] = timers[least];
        at = least;
    }
    timers[at] = last;
    return taken;
}

/* What is ready to be read is called at once. */
static void
wait_for_events(void)
{
    static struct epoll_event events[EVENTS];
    struct timespec timeout = {0};
    bool for_ever = first == end && timer_count == 0;
    if (first == end && timer_count > 0) {
        int64_t ns = timers[0].due_ns - clock_ns(CLOCK_MONOTONIC);
        timeout.tv_nsec = ns > 0 ? ns : 0; // less than a second
    }
    int count = epoll_pwait2(epoll_fd, events, EVENTS,
                             for_ever ? NULL : &timeout, NULL);
    for (int i = 0; i < count; i++) {
        const struct call *reader = events[i].data.ptr;
        reader->function(events[i].data.ptr);
    }
}

static void
run(void)
{
    while (left > 0) {
        if (has_readers || first == end) {
            wait_for_events();
        }
        int64_t now_ns = timer_count > 0 ? clock_ns(CLOCK_MONOTONIC) : 0;
        while (timer_count > 0 && timers[0].due_ns <= now_ns) {
            struct call call = take_first_timer();
            call_soon(call.function, call.data);
        }
        for (size_t todo = end - first; todo > 0; todo--) {
            struct call call = ready[first++ & mask];
            call.function(call.data);
        }
    }
}

// --- measuring -------------------------------------------------------------

static int64_t started_ns;

static void
start(int count)
{
    left = count;
    started_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static void
report(const char *name, int count)
{
    int64_t taken = clock_ns(CLOCK_THREAD_CPUTIME_ID) - started_ns;
    printf("%-28s ns %9.2f\n", name, (double)taken / count);
}

// --- e1 --------------------------------------------------------------------

static void
chain(void *unused)
{
    if (--left > 0) {
        call_soon(chain, unused);
    }
}

static void
do_nothing(void *unused)
{
    __asm__ volatile("" : : "r"(unused));
}

static void
batch(void *unused)
{
    for (int i = 0; i < BATCH; i++) {
        call_soon(do_nothing, unused);
    }
    if (--left > 0) {
        call_soon(batch, unused);
    }
}

static void
time_callbacks(void)
{
    start(MILLION);
    call_soon(chain, NULL);
    run();
    report("e1 call_soon chain", MILLION);
    has_readers = true;
    start(MILLION);
    call_soon(chain, NULL);
    run();
    report("e1 call_soon chain, polled", MILLION);
    has_readers = false;
    start(MILLION / BATCH);
    call_soon(batch, NULL);
    run();
    report("e1 call_soon batch", MILLION);
}

// --- e2, e7 ----------------------------------------------------------------

struct task {
    int turns;
    int64_t result;
    void *unused[4]; // what it awaits, who is to be called, and so on
};

static void
spin(void *data)
{
    struct task *task = data;
    if (task->turns-- > 0) {
        call_soon(spin, task);
    }
    else {
        left--;
    }
}

static void
time_switches(const char *name, int count, int turns)
{
    struct task **tasks = need(malloc((size_t)count * sizeof(*tasks)));
    start(count);
    for (int i = 0; i < count; i++) {
        tasks[i] = need(malloc(sizeof(struct task)));
        *tasks[i] = (struct task){.turns = turns};
        call_soon(spin, tasks[i]);
    }
    run();
    report(name, count * (turns + 1));
    for (int i = 0; i < count; i++) {
        free(tasks[i]);
    }
    free(tasks);
}

static void
time_tasks(void)
{
    time_switches("e2 100k tasks x 4", MANY, 4);
    time_switches("e2 1M tasks x 4", MILLION, 4);
    time_switches("e2 1k tasks x 1k", 1000, 1000);
}

static int64_t results[MANY];

static void
be_a_child(void *data)
{
    struct task *task = data;
    if (task->turns-- > 0) {
        call_soon(be_a_child, task);
        return;
    }
    results[task->result] = task->result;
    free(task);
    left--;
}

static void
time_gather(void)
{
    start(MANY);
    for (int i = 0; i < MANY; i++) {
        struct task *task = need(malloc(sizeof(*task)));
        *task = (struct task){.turns = 1, .result = i};
        call_soon(be_a_child, task);
    }
    run();
    report("e7 gather 100k", MANY);
}

// --- e3 --------------------------------------------------------------------

static void
fire(void *unused)
{
    (void)unused;
    left--;
}

static void
time_timers(void)
{
    uint64_t state = 42;
    int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    has_readers = true; // it looks for them each time it waits for a timer
    start(MANY);
    for (int i = 0; i < MANY; i++) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        call_at(now_ns + (int64_t)(state >> 33) % 50000000, fire, NULL);
    }
    report("e3 timer scheduled", MANY);
    run();
    report("e3 timer in all", MANY);
}

// --- e4 --------------------------------------------------------------------

struct future {
    int64_t result;
    bool is_done;
    struct call callback;
};

static struct future *ping_future, *pong_future;

static void
set_result(struct future *future, int64_t result)
{
    future->is_done = true;
    future->result = result;
    if (future->callback.function != NULL) {
        call_soon(future->callback.function, future->callback.data);
    }
}

static void
renew(struct future **future)
{
    free(*future);
    *future = need(malloc(sizeof(**future)));
    **future = (struct future){.is_done = false};
}

static void
ping(void *unused)
{
    if (ping_future->is_done) {
        renew(&ping_future);
    }
    if (--left > 0) {
        ping_future->callback = (struct call){ping, unused};
        set_result(pong_future, 1);
    }
}

static void
pong(void *unused)
{
    renew(&pong_future);
    pong_future->callback = (struct call){pong, unused};
    set_result(ping_future, 1);
}

static void
time_futures(void)
{
    renew(&ping_future);
    renew(&pong_future);
    pong_future->callback.function = pong;
    start(MILLION);
    call_soon(ping, NULL);
    run();
    report("e4 future ping-pong", MILLION);
}

// --- e5 --------------------------------------------------------------------

static struct queue {
    int64_t items[64];
    unsigned taken, put, most; // most is a power of two
    int to_put;
    bool putter_waits, getter_waits;
} queue;

static void consume(void *unused);

static void
produce(void *unused)
{
    for (; queue.to_put > 0; queue.to_put--) {
        if (queue.put - queue.taken == queue.most) {
            queue.putter_waits = true;
            return;
        }
        queue.items[queue.put++ & (queue.most - 1)] = queue.to_put;
        if (queue.getter_waits) {
            queue.getter_waits = false;
            call_soon(consume, unused);
        }
    }
}

static void
consume(void *unused)
{
    for (; left > 0; left--) {
        if (queue.put == queue.taken) {
            queue.getter_waits = true;
            return;
        }
        do_nothing(
            (void *)(intptr_t)queue.items[queue.taken++ & (queue.most - 1)]);
        if (queue.putter_waits) {
            queue.putter_waits = false;
            call_soon(produce, unused);
        }
    }
}

static void
time_queue(const char *name, unsigned most)
{
    queue = (struct queue){.most = most, .to_put = MILLION};
    start(MILLION);
    call_soon(produce, NULL);
    call_soon(consume, NULL);
    run();
    report(name, MILLION);
}

static void
time_queues(void)
{
    time_queue("e5 queue 64", 64);
    time_queue("e5 queue 1", 1);
}

// --- echo ------------------------------------------------------------------

struct connection {
    struct call reader; // first: what an event points to
    int fd;
};

static struct connection connections[DESCRIPTORS];

static void
watch(int fd, void (*function)(void *data))
{
    if (fd >= DESCRIPTORS) {
        abort();
    }
    struct connection *connection = &connections[fd];
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    *connection = (struct connection){.reader.function = function, .fd = fd};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        abort();
    }
}

/* Messages are so small that the socket takes them at once. */
static void
send_back(void *data)
{
    static char received[64 * 1024];
    struct connection *connection = data;
    ssize_t count = read(connection->fd, received, sizeof(received));
    if (count <= 0 ||
        write(connection->fd, received, (size_t)count) != count) {
        close(connection->fd);
    }
}

static void
take_on(void *data)
{
    int on = 1;
    int fd = accept4(((struct connection *)data)->fd, NULL, NULL,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        watch(fd, send_back);
    }
}

static void
serve(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (const struct sockaddr *)&address, size) != 0 ||
        listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        abort();
    }
    printf("ready %d\n", ntohs(address.sin_port));
    fflush(stdout);
    has_readers = true;
    watch(fd, take_on);
    left = 1; // for ever
    run();
}

// --- the groups ------------------------------------------------------------

static const struct group {
    const char *name;
    void (*run)(void);
} GROUPS[] = {{"e1", time_callbacks}, {"e2", time_tasks},  {"e3", time_timers},
              {"e4", time_futures},   {"e5", time_queues}, {"e7", time_gather},
              {"echo", serve}};

int
main(int argc, char **argv)
{
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < sizeof(GROUPS) / sizeof(*GROUPS); i++) {
        if (argc == 2 && strcmp(GROUPS[i].name, argv[1]) == 0) {
            GROUPS[i].run();
            return EXIT_SUCCESS;
        }
    }
    return EXIT_FAILURE;
}
