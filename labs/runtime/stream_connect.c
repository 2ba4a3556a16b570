#include "labs/runtime/stream_connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "labs/runtime/address.h"
#include "labs/runtime/closure.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/loop_poll.h"
#include "labs/runtime/none.h"
#include "labs/runtime/os_error.h"
#include "labs/runtime/stream.h"

struct attempt {
    struct rt_coroutine frame;
    struct rt_object *addresses;
    struct rt_object *waiter;  // the future of the socket's answer
    struct rt_object *failure; // of the addresses before, an exception
    struct rt_loop *loop;
    size_t limit;
    size_t next;    // address
    int fd;         // -1: none
    int error;      // of the socket
    bool is_answer; // it was a while until the error came
};

// --- one address -----------------------------------------------------------

static int
answer(struct rt_object *waiter)
{
    return rt_future_is_done(waiter) ? 0
                                     : rt_future_set_result(waiter, rt_none);
}

static struct rt_static_function answering = RT_STATIC_FUNCTION(answer);

/* Begins to connect: an error is left in my->error, EINPROGRESS if there is
 * none yet. */
static void
begin(struct attempt *my)
{
    const struct rt_address *address =
        rt_address_at(my->addresses, my->next++);
    my->fd = socket(address->name.ss_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    my->error = 0;
    if (my->fd < 0 || connect(my->fd, (const struct sockaddr *)&address->name,
                              address->size) != 0) {
        my->error = errno == EINTR ? EINPROGRESS : errno;
    }
    my->is_answer = my->error == EINPROGRESS;
}

/* A new future of the socket's answer. */
static struct rt_object *
answer_of(struct attempt *my)
{
    rt_set_ref(&my->waiter, rt_future_new(my->loop));
    if (my->waiter == NULL ||
        rt_loop_add_writer(my->loop, my->fd, &answering.head, my->waiter) !=
            0) {
        return NULL;
    }
    return rt_new_ref(my->waiter);
}

static void
look_at_answer(struct attempt *my)
{
    socklen_t size = sizeof(my->error);
    if (getsockopt(my->fd, SOL_SOCKET, SO_ERROR, &my->error, &size) != 0) {
        my->error = errno;
    }
}

static void
give_up(struct attempt *my)
{
    if (my->fd >= 0) {
        (void)rt_loop_remove_writer(my->loop, my->fd);
        close(my->fd);
        my->fd = -1;
    }
}

// --- several ---------------------------------------------------------------

static void
set_error(const struct attempt *my)
{
    char address[80];
    char text[128];
    rt_address_print(rt_address_at(my->addresses, my->next - 1), address,
                     sizeof(address));
    snprintf(text, sizeof(text), "Connect call failed %s", address);
    rt_os_error_saying(my->error, my->is_answer ? text : NULL);
}

/* The error of this address joins those of the others. */
static int
add_failure(struct attempt *my)
{
    set_error(my);
    struct rt_object *exception = rt_exception_catch();
    if (my->failure != NULL && strcmp(rt_exception_text(my->failure),
                                      rt_exception_text(exception)) != 0) {
        const char *before = rt_exception_text(my->failure);
        bool is_first = strncmp(before, "Multiple", 8) != 0;
        rt_error_set(RT_ERROR_OS, "%s%s, %s",
                     is_first ? "Multiple exceptions: " : "", before,
                     rt_exception_text(exception));
        rt_set_ref(&exception, rt_exception_catch());
    }
    rt_set_ref(&my->failure, exception);
    return rt_exception_error(exception) == RT_ERROR_MEMORY ? -1 : 0;
}

/* The result: a stream, which takes the socket over. */
static enum rt_sent
make_stream(struct attempt *my, struct rt_object **result)
{
    int fd = my->fd;
    int on = 1;
    // Not of a Unix socket, which sends at once anyway.
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    my->fd = -1;
    *result = rt_stream_new(my->loop, fd, my->limit);
    return *result != NULL ? RT_SENT_RETURN : RT_SENT_ERROR;
}

static enum rt_sent
attempt_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct attempt *my = (struct attempt *)frame;
    RT_BEGIN;
    my->loop = rt_loop_running();
    while (my->next < rt_address_count(my->addresses)) {
        begin(my);
        if (my->error == EINPROGRESS) {
            RT_AWAIT(answer_of(my));
            (void)rt_loop_remove_writer(my->loop, my->fd);
            if (sent == NULL) {
                give_up(my);
                RT_FAIL;
            }
            look_at_answer(my);
        }
        if (my->error == 0) {
            return make_stream(my, result);
        }
        give_up(my);
        if (add_failure(my) != 0) {
            break;
        }
    }
    if (my->failure != NULL) {
        rt_exception_raise(my->failure);
    }
    else {
        rt_error_set(RT_ERROR_OS, "getaddrinfo() returned empty list");
    }
    RT_FAIL;
    RT_END;
}

struct rt_object *
rt_connect(struct rt_object *addresses, size_t limit)
{
    static const struct rt_code CODE =
        RT_COROUTINE("connect", struct attempt, 3, attempt_body);
    struct attempt *my = rt_coroutine_new(&CODE);
    if (my == NULL) {
        return NULL;
    }
    my->addresses = rt_new_ref(addresses);
    my->limit = limit;
    my->fd = -1;
    return &my->frame.head;
}

struct rt_object *
rt_connect_path(const char *path, size_t limit)
{
    struct rt_object *addresses = rt_address_of_path(path);
    if (addresses == NULL) {
        return NULL;
    }
    struct rt_object *coroutine = rt_connect(addresses, limit);
    rt_decref(addresses);
    return coroutine;
}

// --- a host ----------------------------------------------------------------

struct host {
    struct rt_coroutine frame;
    struct rt_object *resolving; // a coroutine, until it is awaited
    size_t limit;
};

static struct rt_object *
take_resolving(struct host *my)
{
    struct rt_object *resolving = my->resolving;
    my->resolving = NULL;
    return resolving;
}

static enum rt_sent
host_body(struct rt_coroutine *frame, struct rt_object *sent,
          struct rt_object **result)
{
    struct host *my = (struct host *)frame;
    RT_BEGIN;
    RT_AWAIT(take_resolving(my));
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_AWAIT(rt_connect(sent, my->limit));
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_RETURN(rt_new_ref(sent));
    RT_END;
}

struct rt_object *
rt_connect_host(const char *host, int port, size_t limit)
{
    static const struct rt_code CODE =
        RT_COROUTINE("connect_host", struct host, 1, host_body);
    struct host *my = rt_coroutine_new(&CODE);
    if (my == NULL) {
        return NULL;
    }
    my->limit = limit;
    my->resolving = rt_address_resolve(host, port);
    if (my->resolving == NULL) {
        (void)rt_coroutine_close(&my->frame.head);
        rt_decref(&my->frame.head);
        return NULL;
    }
    return &my->frame.head;
}
