#include "labs/runtime/loop_signal.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/handle.h"
#include "labs/runtime/loop_state.h"
#include "labs/runtime/thread_state.h"

enum {
    NUMBERS = 65 // of signals, 0 is none
};

struct rt_signals {
    struct rt_object *handles[NUMBERS]; // ours; NULL: not handled
};

/* What the handler sees. All of these can be used there, because they need no
 * lock. */
static atomic_int wake_fd = -1;
static atomic_bool any_arrived;
static atomic_uint arrived[NUMBERS];

static struct rt_loop *owner; // of them; for the main thread

// --- where a signal arrives ------------------------------------------------

static void
arrive(int number)
{
    int error = errno;
    uint64_t one = 1;
    atomic_fetch_add(&arrived[number], 1);
    atomic_store(&any_arrived, true);
    (void)!write(atomic_load(&wake_fd), &one, sizeof(one));
    errno = error;
}

/* 0, or -1 with errno. */
static int
set_action(int number, void (*handler)(int number))
{
    struct sigaction action = {.sa_flags = SA_RESTART};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, NULL);
}

// --- for people ------------------------------------------------------------

static int
check(const struct rt_loop *loop, int number)
{
    if (loop->is_closed) {
        return rt_error_set(RT_ERROR_RUNTIME, "Event loop is closed");
    }
    if (number < 1 || number >= NUMBERS) {
        return rt_error_set(RT_ERROR_VALUE, "invalid signal number %d",
                            number);
    }
    if (!rt_thread_is_main()) {
        return rt_error_set(RT_ERROR_RUNTIME,
                            "set_wakeup_fd only works in main thread of the "
                            "main interpreter");
    }
    return 0;
}

static int
make_signals(struct rt_loop *loop)
{
    if (loop->signals == NULL) {
        loop->signals = rt_alloc(sizeof(*loop->signals));
        if (loop->signals == NULL) {
            rt_error_no_memory();
            return -1;
        }
        memset(loop->signals, 0, sizeof(*loop->signals));
    }
    return 0;
}

static void
become_owner(struct rt_loop *loop)
{
    owner = loop;
    atomic_store(&wake_fd, loop->poller.wake_fd);
}

static bool
is_empty(const struct rt_signals *signals)
{
    int number = 0;
    while (number < NUMBERS && signals->handles[number] == NULL) {
        number++;
    }
    return number == NUMBERS;
}

/* Nobody listens any more. */
static void
drop_if_empty(struct rt_loop *loop)
{
    if (!is_empty(loop->signals)) {
        return;
    }
    rt_free(loop->signals);
    loop->signals = NULL;
    if (owner == loop) {
        owner = NULL;
        atomic_store(&wake_fd, -1);
    }
}

int
rt_loop_add_signal_handler(struct rt_loop *loop, int number,
                           struct rt_object *callback,
                           struct rt_object *argument)
{
    if (check(loop, number) != 0 || make_signals(loop) != 0) {
        return -1;
    }
    struct rt_object *handle = rt_handle_new(loop, callback, argument);
    if (handle == NULL) {
        drop_if_empty(loop);
        return -1;
    }
    become_owner(loop);
    if (set_action(number, arrive) != 0) {
        rt_decref(handle);
        drop_if_empty(loop);
        return rt_error_set(RT_ERROR_RUNTIME, "sig %d cannot be caught",
                            number);
    }
    ((struct rt_handle *)handle)->is_repeated = true;
    rt_set_ref(&loop->signals->handles[number], handle);
    return 0;
}

bool
rt_loop_remove_signal_handler(struct rt_loop *loop, int number)
{
    if (loop->signals == NULL || number < 1 || number >= NUMBERS ||
        loop->signals->handles[number] == NULL) {
        return false;
    }
    set_action(number, SIG_DFL);
    rt_handle_cancel(loop->signals->handles[number]);
    rt_clear(&loop->signals->handles[number]);
    drop_if_empty(loop);
    return true;
}

// --- for the loop ----------------------------------------------------------

bool
rt_loop_has_signals(const struct rt_loop *loop)
{
    return loop == owner && atomic_load(&any_arrived);
}

int
rt_loop_take_signals(struct rt_loop *loop)
{
    if (!rt_loop_has_signals(loop)) {
        return 0;
    }
    atomic_store(&any_arrived, false); // first: what comes now is not missed
    for (int number = 1; number < NUMBERS; number++) {
        unsigned count = atomic_exchange(&arrived[number], 0);
        struct rt_object *handle = loop->signals->handles[number];
        for (; handle != NULL && count > 0; count--) {
            if (rt_ready_push(&loop->ready, rt_new_ref(handle)) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

void
rt_loop_end_signals(struct rt_loop *loop)
{
    for (int number = 1; number < NUMBERS; number++) {
        (void)rt_loop_remove_signal_handler(loop, number);
    }
}
