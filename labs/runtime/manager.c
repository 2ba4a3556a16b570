#include "labs/runtime/manager.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/connection.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gil_release.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/manager_methods.h"
#include "labs/runtime/os_error.h"
#include "labs/runtime/process.h"
#include "labs/runtime/process_message.h"
#include "labs/runtime/string.h"
#include "labs/runtime/thread.h"
#include "labs/runtime/thread_lock.h"
#include "labs/runtime/tuple.h"

static const char KEEP[] = "#KEEP"; // instead of a method: a new object

struct rt_manager {
    struct rt_process *server;  // ours
    int door;                   // connections go in here
    pid_t owner, user;          // who started it; whose connection this is
    struct rt_thread_lock lock; // guards what follows
    struct rt_connection connection; // to a thread of the server
};

// --- in the server ---------------------------------------------------------

static struct rt_object *kept; // a list of all that is kept

static int
keep(struct rt_object *arguments, struct rt_object **result)
{
    if (rt_list_append(kept, rt_tuple_at(arguments, 0)) != 0) {
        return -1;
    }
    *result = rt_int_new((int64_t)rt_list_size(kept) - 1);
    return *result != NULL ? 0 : -1;
}

/* A request: a tuple of the number, the method and the arguments. */
static int
make_call(struct rt_object *request, struct rt_object **result)
{
    int64_t number = rt_int_value(rt_tuple_at(request, 0));
    const char *method = rt_str_text(rt_tuple_at(request, 1));
    struct rt_object *arguments = rt_tuple_at(request, 2);
    if (strcmp(method, KEEP) == 0) {
        return keep(arguments, result);
    }
    if (number < 0 || number >= (int64_t)rt_list_size(kept)) {
        return rt_error_set(RT_ERROR_KEY, "%lld", (long long)number);
    }
    struct rt_object **items = ((struct rt_list *)kept)->items;
    return rt_manager_method(&items[number], method, arguments, result);
}

static struct rt_object *
answer(struct rt_object *request)
{
    struct rt_object *result = NULL;
    if (make_call(request, &result) != 0) {
        return rt_process_message_error();
    }
    struct rt_object *made = rt_process_message_result(result);
    rt_xdecref(result);
    return made;
}

/* A thread for each connection, until its end (serve_client). */
static int
serve(void *data)
{
    struct rt_connection *client = data;
    struct rt_object *request = NULL;
    int sent = 0;
    while (sent == 0 &&
           rt_connection_receive(client, SIZE_MAX, NULL, 0, &request) == 0) {
        struct rt_object *made = answer(request);
        sent = made != NULL ? rt_connection_send(client, made) : -1;
        rt_xdecref(made);
        rt_decref(request);
    }
    rt_error_clear();
    rt_connection_close(client);
    rt_free(client);
    return 0;
}

/* The next connection that comes through the door; -1: there will be none. */
static int
let_in(int door)
{
    char byte = 0;
    char space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = space,
                             .msg_controllen = sizeof(space)};
    int file = -1;
    bool held = rt_gil_release_begin();
    ssize_t got;
    do {
        got = recvmsg(door, &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    rt_gil_release_end(held);
    const struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header != NULL) {
        memcpy(&file, CMSG_DATA(header), sizeof(file));
    }
    return file;
}

static int
start_serving(int file)
{
    struct rt_connection *client = rt_alloc(sizeof(*client));
    struct rt_thread *thread =
        client != NULL ? rt_thread_new(NULL, serve, client) : NULL;
    if (thread == NULL) {
        rt_free(client);
        close(file);
        rt_error_no_memory();
        return -1;
    }
    *client = (struct rt_connection){file, true, true};
    (void)rt_thread_set_daemon(thread, true);
    int started = rt_thread_start(thread);
    if (started != 0) {
        rt_connection_close(client);
        rt_free(client);
    }
    rt_thread_free(thread);
    return started;
}

struct doors {
    int inside, outside;
};

static int
run_server(void *data)
{
    const struct doors *doors = data;
    close(doors->outside); // or we would never see the end
    kept = rt_list_new();
    int file = kept != NULL ? let_in(doors->inside) : -1;
    while (file >= 0 && start_serving(file) == 0) {
        file = let_in(doors->inside);
    }
    return rt_error_occurred() != RT_ERROR_NONE ? -1 : 0;
}

// --- life ------------------------------------------------------------------

struct rt_manager *
rt_manager_start(void)
{
    int files[2];
    struct rt_manager *manager = rt_alloc(sizeof(*manager));
    if (manager == NULL) {
        return rt_error_no_memory();
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, files) != 0) {
        rt_free(manager);
        rt_os_error(errno, "socketpair");
        return NULL;
    }
    struct doors doors = {.inside = files[0], .outside = files[1]};
    *manager = (struct rt_manager){.door = doors.outside,
                                   .owner = getpid(),
                                   .user = getpid(),
                                   .connection = {.file = -1}};
    rt_thread_lock_init(&manager->lock, NULL);
    manager->server = rt_process_new(NULL, run_server, &doors);
    if (manager->server == NULL ||
        rt_process_set_daemon(manager->server, true) != 0 ||
        rt_process_start(manager->server) != 0) {
        close(doors.inside);
        rt_manager_free(manager);
        return NULL;
    }
    close(doors.inside);
    return manager;
}

/* An error stays pending. Those of other processes may still be in use, so the
 * server is told with a signal. */
void
rt_manager_free(struct rt_manager *manager)
{
    if (manager == NULL) {
        return;
    }
    struct rt_error_state error = rt_error_fetch();
    rt_connection_close(&manager->connection);
    close(manager->door);
    if (manager->owner == getpid() && rt_process_pid(manager->server) != 0) {
        (void)rt_process_terminate(manager->server);
        (void)rt_process_join(manager->server, RT_NO_TIMEOUT);
    }
    rt_process_free(manager->server);
    rt_thread_lock_destroy(&manager->lock);
    rt_free(manager);
    rt_error_restore(&error);
}

// --- in a client -----------------------------------------------------------

/* A new connection, whose other end goes through the door. */
static int
connect_to(struct rt_manager *manager)
{
    struct rt_connection ends[2];
    if (rt_pipe(true, ends) != 0) {
        return -1;
    }
    char byte = 'c';
    char space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = space,
                             .msg_controllen = sizeof(space)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &ends[1].file, sizeof(int));
    ssize_t sent = 0;
    do {
        sent = sendmsg(manager->door, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    rt_connection_close(&ends[1]);
    if (sent < 0) {
        rt_connection_close(&ends[0]);
        return rt_error_set(RT_ERROR_EOF, "%s", "");
    }
    manager->connection = ends[0];
    return 0;
}

/* In a child the connection, and who holds the lock, are the parent's. */
static void
own(struct rt_manager *manager)
{
    if (manager->user != getpid()) {
        manager->user = getpid();
        rt_connection_close(&manager->connection);
        rt_thread_lock_init(&manager->lock, NULL);
    }
}

/* Sends the request and waits for the answer, one at a time. */
static int
exchange(struct rt_manager *manager, struct rt_object *request,
         struct rt_object **answered)
{
    own(manager);
    rt_thread_lock_acquire(&manager->lock, RT_NO_TIMEOUT);
    int result = 0;
    if (manager->connection.file < 0) {
        result = connect_to(manager);
    }
    if (result == 0) {
        result = rt_connection_send(&manager->connection, request);
    }
    if (result == 0) {
        result = rt_connection_receive(&manager->connection, SIZE_MAX, NULL, 0,
                                       answered);
    }
    rt_thread_lock_release(&manager->lock);
    return result;
}

/* A new tuple of the number, the method and the arguments. */
static struct rt_object *
make_request(int64_t number, const char *method,
             struct rt_object *const *arguments, size_t count)
{
    struct rt_object *items[] = {rt_int_new(number), rt_str_new(method),
                                 rt_tuple_new(arguments, count)};
    struct rt_object *request = NULL;
    if (items[0] != NULL && items[1] != NULL && items[2] != NULL) {
        request = rt_tuple_new(items, 3);
    }
    for (int i = 0; i < 3; i++) {
        rt_xdecref(items[i]);
    }
    return request;
}

int
rt_manager_call(struct rt_manager *manager, int64_t number, const char *method,
                struct rt_object *const *arguments, size_t count,
                struct rt_object **result)
{
    struct rt_object *answered = NULL;
    struct rt_object *request = make_request(number, method, arguments, count);
    if (request == NULL) {
        return -1;
    }
    int exchanged = exchange(manager, request, &answered);
    rt_decref(request);
    if (exchanged != 0) {
        return -1;
    }
    int outcome = rt_process_message_open(answered, result);
    rt_decref(answered);
    return outcome;
}

int64_t
rt_manager_keep(struct rt_manager *manager, struct rt_object *object)
{
    struct rt_object *result = NULL;
    if (rt_manager_call(manager, 0, KEEP, &object, 1, &result) != 0) {
        return -1;
    }
    int64_t number = rt_int_value(result);
    rt_decref(result);
    return number;
}
