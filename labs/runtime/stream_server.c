#include "labs/runtime/stream_server.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "labs/runtime/address.h"
#include "labs/runtime/closure.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/error.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/loop_poll.h"
#include "labs/runtime/os_error.h"
#include "labs/runtime/stream_state.h"
#include "labs/runtime/task.h"

static const double RETRY_S = 1.0; // ACCEPT_RETRY_DELAY

struct server {
    struct rt_object head;
    struct rt_loop *loop; // borrowed
    int fd;               // ours; -1: it is closed
    int backlog;
    rt_serve *serve;
    void *data;
    size_t limit;       // of its streams
    size_t connections; // that there are
    struct rt_waiters closers;
    struct rt_object *retry; // ours: a timer, while there are no descriptors
};

static struct server *
as_server(struct rt_object *object)
{
    return (struct server *)object;
}

// --- as an object ----------------------------------------------------------

static int
server_traverse(struct rt_object *object,
                int (*visit)(struct rt_object *held, void *data), void *data)
{
    return rt_waiters_traverse(&as_server(object)->closers, visit, data);
}

static void
server_clear(struct rt_object *object)
{
    rt_waiters_clear(&as_server(object)->closers);
}

static void
server_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    rt_server_close(object);
    server_clear(object);
    rt_gc_free(object);
}

static const struct rt_type server_type = {
    .name = "Server",
    .basicsize = sizeof(struct server),
    .dealloc = server_dealloc,
    .traverse = server_traverse,
    .clear = server_clear,
};

// --- connections -----------------------------------------------------------

/* The callback of the task that serves a stream. */
static int
look_at_task(struct rt_object *stream, struct rt_object *task)
{
    if (rt_future_is_cancelled(task)) {
        rt_stream_close(stream);
        return 0;
    }
    struct rt_object *exception = rt_future_exception(task);
    if (exception != NULL) {
        rt_loop_call_exception_handler(
            ((struct rt_stream *)stream)->loop,
            &(struct rt_loop_trouble){
                .message = "Unhandled exception in client_connected_cb",
                .exception = exception,
                .source = stream});
        rt_stream_close(stream);
        rt_decref(exception);
    }
    return 0;
}

static int
start_task(struct server *server, struct rt_object *stream)
{
    struct rt_object *callback = rt_closure_new(look_at_task, stream);
    struct rt_object *task =
        callback != NULL
            ? rt_task_new(server->loop, server->serve(stream, server->data))
            : NULL;
    int result =
        task != NULL ? rt_future_add_done_callback(task, callback) : -1;
    rt_xdecref(task);
    rt_xdecref(callback);
    return result;
}

/* A connection has come; the socket is stolen. */
static int
take_on(struct server *server, int fd)
{
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    struct rt_object *stream = rt_stream_new(server->loop, fd, server->limit);
    if (stream == NULL) {
        return -1;
    }
    ((struct rt_stream *)stream)->server = rt_new_ref(&server->head);
    server->connections++;
    int result = start_task(server, stream);
    if (result != 0) {
        struct rt_error_state pending = rt_error_fetch();
        rt_stream_abort(stream);
        rt_error_restore(&pending);
    }
    rt_decref(stream);
    return result;
}

int
rt_server_detach(struct rt_object *object)
{
    struct server *server = as_server(object);
    server->connections--;
    return server->connections == 0 && server->fd < 0
               ? rt_waiters_wake_all(&server->closers)
               : 0;
}

// --- accepting -------------------------------------------------------------

static int watch(struct rt_object *object);
static int accept_some(struct rt_object *object);

static struct rt_static_function accepting = RT_STATIC_FUNCTION(accept_some);
static struct rt_static_function watching = RT_STATIC_FUNCTION(watch);

/* Begins to accept, or begins again. */
static int
watch(struct rt_object *object)
{
    struct server *server = as_server(object);
    rt_clear(&server->retry);
    return server->fd < 0 ? 0
                          : rt_loop_add_reader(server->loop, server->fd,
                                               &accepting.head, object);
}

static bool
is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS ||
           error == ENOMEM;
}

/* Leaves the others waiting for a while: the socket would stay readable, and
 * the loop would do nothing else. */
static int
back_off(struct server *server, int error)
{
    rt_os_error_saying(error, NULL);
    struct rt_object *exception = rt_exception_catch();
    rt_loop_call_exception_handler(
        server->loop, &(struct rt_loop_trouble){
                          .message = "socket.accept() out of system resource",
                          .exception = exception,
                          .source = &server->head});
    rt_decref(exception);
    (void)rt_loop_remove_reader(server->loop, server->fd);
    rt_set_ref(&server->retry,
               rt_loop_call_later(server->loop, RETRY_S, &watching.head,
                                  &server->head));
    return server->retry != NULL ? 0 : -1;
}

/* Nobody is waiting, or whoever was has gone. */
static bool
is_nobody(int error)
{
    return error == EAGAIN || error == EINTR || error == ECONNABORTED;
}

/* What the loop calls when somebody waits to be accepted. */
static int
accept_some(struct rt_object *object)
{
    struct server *server = as_server(rt_new_ref(object));
    int result = 0;
    for (int i = 0; i < server->backlog && result == 0 && server->fd >= 0;
         i++) {
        int fd = accept4(server->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            result = take_on(server, fd);
        }
        else if (is_nobody(errno)) {
            break;
        }
        else {
            result = is_shortage(errno) ? back_off(server, errno)
                                        : rt_os_error_saying(errno, NULL);
            break;
        }
    }
    rt_decref(&server->head);
    return result;
}

// --- its life --------------------------------------------------------------

/* The socket that a server before left in the file system. */
static void
remove_old_socket(const struct rt_address *address)
{
    const struct sockaddr_un *local = (const void *)&address->name;
    struct stat status;
    if (stat(local->sun_path, &status) == 0 && S_ISSOCK(status.st_mode)) {
        (void)unlink(local->sun_path); // or binding will fail
    }
}

/* What servers want: 0, or -1 with errno. */
static int
set_options(int fd, int family)
{
    int on = 1;
    if (family == AF_UNIX) {
        return 0;
    }
    // Who listens to both kinds of addresses has two sockets.
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
                   (family == AF_INET6 &&
                    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
                               sizeof(on)) != 0)
               ? -1
               : 0;
}

static void
set_bind_error(const struct rt_address *address, int error)
{
    char name[80];
    char reason[64];
    char text[192];
    rt_address_print(address, name, sizeof(name));
    snprintf(reason, sizeof(reason), "%s", strerror(error));
    reason[0] = (char)tolower((unsigned char)reason[0]);
    snprintf(text, sizeof(text),
             "error while attempting to bind on address %s: %s", name, reason);
    rt_os_error_saying(error, text);
}

/* A socket that listens; -1 with a pending error. */
static int
open_socket(const struct rt_address *address, int backlog)
{
    int family = address->name.ss_family;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (family == AF_UNIX) {
        remove_old_socket(address);
    }
    if (fd >= 0 && set_options(fd, family) == 0 &&
        bind(fd, (const struct sockaddr *)&address->name, address->size) ==
            0 &&
        listen(fd, backlog) == 0) {
        return fd;
    }
    set_bind_error(address, errno);
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

struct rt_object *
rt_server_new(struct rt_loop *loop, struct rt_object *addresses, int backlog,
              rt_serve *serve, void *data)
{
    struct rt_object *object = rt_gc_new(&server_type, 0);
    if (object == NULL) {
        return NULL;
    }
    struct server *server = as_server(object);
    *server = (struct server){
        .head = *object,
        .loop = loop,
        .fd = open_socket(rt_address_at(addresses, 0), backlog),
        .backlog = backlog,
        .serve = serve,
        .data = data,
        .limit = RT_STREAM_LIMIT,
    };
    rt_gc_track(object);
    if (server->fd < 0 || watch(object) != 0) {
        rt_decref(object);
        return NULL;
    }
    return object;
}

int
rt_server_port(const struct rt_object *object)
{
    // The family and the port have the same places in all kinds.
    struct sockaddr_in6 name = {0};
    socklen_t size = sizeof(name);
    if (getsockname(((const struct server *)object)->fd,
                    (struct sockaddr *)&name, &size) != 0 ||
        name.sin6_family == AF_UNIX) {
        return 0;
    }
    return ntohs(name.sin6_port);
}

void
rt_server_set_limit(struct rt_object *object, size_t limit)
{
    as_server(object)->limit = limit;
}

void
rt_server_close(struct rt_object *object)
{
    struct server *server = as_server(object);
    int fd = server->fd;
    if (fd < 0) {
        return;
    }
    server->fd = -1;
    if (server->retry != NULL) {
        rt_handle_cancel(server->retry);
        rt_clear(&server->retry);
    }
    if (server->connections == 0 &&
        rt_waiters_wake_all(&server->closers) != 0) {
        rt_error_unraisable(object);
    }
    (void)rt_loop_remove_reader(server->loop, fd); // the loop's reference
    close(fd);
}

// --- waiting for the end ---------------------------------------------------

struct closing {
    struct rt_coroutine frame;
    struct rt_object *server, *waiter;
};

static enum rt_sent
closing_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct closing *my = (struct closing *)frame;
    struct server *server = as_server(my->server);
    RT_BEGIN;
    if (server->fd < 0 && server->connections == 0) {
        RT_RETURN(rt_none);
    }
    my->waiter = rt_waiters_add(&server->closers);
    if (my->waiter == NULL) {
        RT_FAIL;
    }
    rt_incref(my->waiter);
    RT_AWAIT(rt_new_ref(my->waiter));
    rt_waiters_remove(&server->closers, my->waiter);
    if (sent == NULL) {
        RT_FAIL;
    }
    RT_END;
}

struct rt_object *
rt_server_wait_closed(struct rt_object *server)
{
    static const struct rt_code CODE =
        RT_COROUTINE("wait_closed", struct closing, 2, closing_body);
    struct closing *my = rt_coroutine_new(&CODE);
    if (my == NULL) {
        return NULL;
    }
    my->server = rt_new_ref(server);
    return &my->frame.head;
}
