#include "labs/runtime/child_watch.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/runtime/closure.h"
#include "labs/runtime/future.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/loop.h"
#include "labs/runtime/loop_poll.h"
#include "labs/runtime/os_error.h"

enum {
    STATUS_UNKNOWN = 255
};

struct watch {
    struct rt_object head;
    struct rt_object *future; // ours
    pid_t child;
    int fd; // ours, of the process
};

// --- as an object ----------------------------------------------------------

static int
watch_traverse(struct rt_object *object,
               int (*visit)(struct rt_object *held, void *data), void *data)
{
    const struct watch *watch = (struct watch *)object;
    return watch->future != NULL ? visit(watch->future, data) : 0;
}

static void
watch_clear(struct rt_object *object)
{
    rt_clear(&((struct watch *)object)->future);
}

static void
watch_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    watch_clear(object);
    close(((struct watch *)object)->fd);
    rt_gc_free(object);
}

static const struct rt_type watch_type = {
    .name = "child watch",
    .basicsize = sizeof(struct watch),
    .dealloc = watch_dealloc,
    .traverse = watch_traverse,
    .clear = watch_clear,
};

// --- the end of the child --------------------------------------------------

/* As waitstatus_to_exitcode() says it. */
static int
wait_for(pid_t child)
{
    int status = 0;
    pid_t found = 0;
    do {
        found = waitpid(child, &status, 0);
    } while (found < 0 && errno == EINTR);
    if (found < 0) {
        return STATUS_UNKNOWN;
    }
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* What the loop calls: the descriptor is readable. */
static int
end_watch(struct rt_object *argument)
{
    struct rt_object *object = rt_new_ref(argument);
    const struct watch *watch = (struct watch *)object;
    struct rt_loop *loop = rt_future_loop(watch->future);
    struct rt_object *status = rt_int_new(wait_for(watch->child));
    rt_loop_remove_reader(loop, watch->fd);
    int result = status != NULL ? 0 : -1;
    if (result == 0 && !rt_future_is_done(watch->future)) {
        result = rt_future_set_result(watch->future, status);
    }
    rt_xdecref(status);
    rt_decref(object);
    return result;
}

static struct rt_static_function ender = RT_STATIC_FUNCTION(end_watch);

// --- for people ------------------------------------------------------------

/* Steals fd, also on failure. */
static struct rt_object *
watch_new(struct rt_loop *loop, pid_t child, int fd)
{
    struct rt_object *future = rt_future_new(loop);
    struct rt_object *object =
        future != NULL ? rt_gc_new(&watch_type, 0) : NULL;
    if (object == NULL) {
        rt_xdecref(future);
        close(fd);
        return NULL;
    }
    struct watch *watch = (struct watch *)object;
    watch->future = future;
    watch->child = child;
    watch->fd = fd;
    rt_gc_track(object);
    return object;
}

struct rt_object *
rt_loop_watch_child(struct rt_loop *loop, pid_t child)
{
    int fd = (int)syscall(SYS_pidfd_open, child, 0);
    if (fd < 0) {
        rt_os_error(errno, "cannot watch a process");
        return NULL;
    }
    struct rt_object *object = watch_new(loop, child, fd);
    if (object == NULL) {
        return NULL;
    }
    struct rt_object *future = rt_new_ref(((struct watch *)object)->future);
    if (rt_loop_add_reader(loop, fd, &ender.head, object) != 0) {
        rt_clear(&future);
    }
    rt_decref(object);
    return future;
}
