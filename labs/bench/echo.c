#include "labs/bench/echo.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "labs/bench/measure.h"
#include "labs/runtime/address.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/stream.h"
#include "labs/runtime/stream_server.h"
#include "labs/runtime/task.h"

enum {
    MESSAGE_BYTES = 64,
    MOST_BYTES = 64 * 1024, // of one read
    BACKLOG = 4096,
    PAIRS = 100,
    HOPS = 400 * 1000
};

struct echo {
    struct rt_coroutine frame;
    struct rt_object *stream;
    int *hops_left; // NULL: without end
};

/* Whether it was the last one. */
static bool
count_hop(struct echo *my)
{
    if (my->hops_left == NULL || --*my->hops_left > 0) {
        return false;
    }
    rt_loop_stop(rt_loop_running());
    return true;
}

static enum rt_sent
echo_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct echo *my = (struct echo *)frame;
    RT_BEGIN;
    for (;;) {
        RT_AWAIT(rt_stream_read(my->stream, MOST_BYTES));
        if (sent == NULL) {
            RT_FAIL;
        }
        if (rt_bytes_size(sent) == 0 || count_hop(my)) {
            break;
        }
        if (rt_stream_write(my->stream, rt_bytes_data(sent),
                            rt_bytes_size(sent)) != 0) {
            RT_FAIL;
        }
        if (rt_stream_unsent(my->stream) > 0) {
            RT_AWAIT(rt_stream_drain(my->stream));
            if (sent == NULL) {
                RT_FAIL;
            }
        }
    }
    rt_stream_close(my->stream);
    RT_END;
}

static struct rt_object *
echo(struct rt_object *stream, void *hops_left)
{
    static const struct rt_code CODE =
        RT_COROUTINE("echo", struct echo, 1, echo_body);
    struct echo *my = rt_coroutine_new(&CODE);
    if (my == NULL) {
        return NULL;
    }
    my->stream = rt_new_ref(stream);
    my->hops_left = hops_left;
    return &my->frame.head;
}

/* Clients that hang up, and what is left when the loop is closed, are not
 * worth a word: a hundred of them would hide the figures. */
static void
say_nothing(struct rt_loop *loop, const struct rt_loop_trouble *trouble,
            void *data)
{
    (void)loop;
    (void)trouble;
    (void)data;
}

// --- pairs -----------------------------------------------------------------

static void
start_end(struct rt_loop *loop, int fd, int *hops_left, bool begins)
{
    struct rt_object *stream = need(rt_stream_new(loop, fd, RT_STREAM_LIMIT));
    static const char MESSAGE[MESSAGE_BYTES];
    if (begins) {
        rt_stream_write(stream, MESSAGE, sizeof(MESSAGE));
    }
    rt_decref(need(rt_task_new(loop, echo(stream, hops_left))));
    rt_decref(stream);
}

static double
hop_ns(void)
{
    int hops_left = HOPS;
    struct rt_loop *loop = rt_loop_new();
    rt_loop_set_exception_handler(loop, say_nothing, NULL);
    for (int i = 0; i < PAIRS; i++) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0) {
            perror("rt-bench: socketpair");
            exit(EXIT_FAILURE);
        }
        start_end(loop, ends[0], &hops_left, true);
        start_end(loop, ends[1], &hops_left, false);
    }
    int64_t start = now_ns();
    rt_loop_run_forever(loop);
    double took = (double)(now_ns() - start) / HOPS;
    rt_loop_close(loop);
    rt_loop_free(loop);
    return took;
}

void
bench_hops(void)
{
    double rounds[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        rounds[round] = hop_ns();
    }
    report("e6 echo over 100 pairs", "hop", rounds);
}

// --- a server --------------------------------------------------------------

int
bench_echo_server(int port)
{
    struct rt_loop *loop = rt_loop_new();
    struct rt_object *addresses = rt_address_of_number("127.0.0.1", port);
    struct rt_object *server =
        loop != NULL && addresses != NULL
            ? rt_server_new(loop, addresses, BACKLOG, echo, NULL)
            : NULL;
    if (server != NULL) {
        rt_loop_set_exception_handler(loop, say_nothing, NULL);
        printf("ready %d\n", rt_server_port(server));
        fflush(stdout);
        rt_loop_run_forever(loop);
    }
    fprintf(stderr, "rt-bench: %s\n", rt_error_text());
    return EXIT_FAILURE;
}
