/* peer_libuv: what libuv needs for the workloads of rt-bench that it has.
 *
 *   peer_libuv echo    a server that sends back what it gets; says "ready" and
 *                      its port, runs until it is killed
 *   peer_libuv e1|e3   lines like those of rt-bench
 *
 * Built and run by loop_beside_peers.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

enum {
    MILLION = 1000 * 1000,
    TIMERS = 100 * 1000,
    BACKLOG = 4096
};

static int left;

static double
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void
report(const char *name, double ns)
{
    printf("%-28s ns %9.2f\n", name, ns);
}

// --- echo ------------------------------------------------------------------

static char received[64 * 1024]; // there is one reader at a time

static void
give_room(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    (void)handle;
    (void)size;
    *buffer = uv_buf_init(received, sizeof(received));
}

static void
forget(uv_handle_t *handle)
{
    free(handle);
}

/* Messages are so small that the socket takes them at once. */
static void
send_back(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    uv_buf_t bytes =
        uv_buf_init(buffer->base, count > 0 ? (unsigned)count : 0);
    if (count < 0 || (count > 0 && uv_try_write(stream, &bytes, 1) != count)) {
        uv_close((uv_handle_t *)stream, forget);
    }
}

static void
take_on(uv_stream_t *server, int status)
{
    uv_tcp_t *client = malloc(sizeof(*client));
    if (status != 0 || client == NULL ||
        uv_tcp_init(server->loop, client) != 0) {
        abort();
    }
    if (uv_accept(server, (uv_stream_t *)client) != 0) {
        abort();
    }
    uv_tcp_nodelay(client, 1);
    uv_read_start((uv_stream_t *)client, give_room, send_back);
}

static int
serve(uv_loop_t *loop)
{
    static uv_tcp_t server;
    struct sockaddr_in address;
    int size = sizeof(address);
    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_tcp_init(loop, &server);
    if (uv_tcp_bind(&server, (const struct sockaddr *)&address, 0) != 0 ||
        uv_listen((uv_stream_t *)&server, BACKLOG, take_on) != 0 ||
        uv_tcp_getsockname(&server, (struct sockaddr *)&address, &size) != 0) {
        return EXIT_FAILURE;
    }
    printf("ready %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return uv_run(loop, UV_RUN_DEFAULT);
}

// --- e1, e3 ----------------------------------------------------------------

static void
count_down(uv_idle_t *idle)
{
    if (--left == 0) {
        uv_idle_stop(idle);
    }
}

/* The nearest that it has to a callback in each turn. */
static void
chain(uv_loop_t *loop)
{
    uv_idle_t idle;
    uv_idle_init(loop, &idle);
    left = MILLION;
    uv_idle_start(&idle, count_down);
    double start = now_ns();
    uv_run(loop, UV_RUN_DEFAULT);
    report("e1 call_soon chain, polled", (now_ns() - start) / MILLION);
}

static uv_timer_t timers[TIMERS];

static void
fire(uv_timer_t *timer)
{
    (void)timer;
    left--;
}

static void
time_timers(uv_loop_t *loop)
{
    uint64_t state = 42;
    double start = now_ns();
    for (int i = 0; i < TIMERS; i++) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        uv_timer_init(loop, &timers[i]);
        uv_timer_start(&timers[i], fire, (state >> 33) % 50, 0);
    }
    report("e3 timer scheduled", (now_ns() - start) / TIMERS);
    uv_run(loop, UV_RUN_DEFAULT);
    report("e3 timer in all", (now_ns() - start) / TIMERS);
    start = now_ns();
    for (int i = 0; i < TIMERS; i++) {
        uv_timer_start(&timers[i], fire, 60000 + (uint64_t)i / 1000, 0);
    }
    for (int i = 0; i < TIMERS; i++) {
        uv_timer_stop(&timers[i]);
    }
    report("e3 timer cancelled", (now_ns() - start) / TIMERS);
}

int
main(int argc, char **argv)
{
    uv_loop_t *loop = uv_default_loop();
    const char *what = argc == 2 ? argv[1] : "";
    if (strcmp(what, "echo") == 0) {
        return serve(loop);
    }
    if (strcmp(what, "e1") == 0) {
        chain(loop);
    }
    else if (strcmp(what, "e3") == 0) {
        time_timers(loop);
    }
    return EXIT_SUCCESS;
}
