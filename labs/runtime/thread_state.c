#include "labs/runtime/thread_state.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

#include "labs/runtime/context.h"
#include "labs/runtime/gil_io.h"
#include "labs/runtime/thread_local.h"

static _Thread_local struct rt_thread_state self;

static enum rt_gil_rule rule;
static struct rt_gil gil;
static struct rt_gil_io gil_io;

/* A new process has one thread, the one that called fork(). Who else held a
 * lock or waited for it is not there, and will never let go
 * (_PyGILState_Reinit, _PyEval_ReInitThreads). */
static void
make_locks_anew(void)
{
    int64_t interval_us = rt_gil_interval_us(&gil);
    rt_gil_init(&gil);
    rt_gil_io_init(&gil_io);
    (void)rt_gil_set_interval_us(&gil, interval_us);
    atomic_store(&gil_io.interval_us, interval_us);
    if (self.holds_gil) {
        self.holds_gil = false;
        rt_thread_take_gil(false);
    }
}

static void
make_locks(void)
{
    rt_gil_init(&gil);
    rt_gil_io_init(&gil_io);
    pthread_atfork(NULL, NULL, make_locks_anew);
}

/* Both locks are made when the first is needed. Not in a constructor: when
 * gil.c comes from another shared object, that one cannot call back into this
 * one before all constructors have run. */
static void
need_locks(void)
{
    static pthread_once_t made = PTHREAD_ONCE_INIT;
    pthread_once(&made, make_locks);
}

struct rt_thread_state *
rt_thread_state(void)
{
    return &self;
}

void
rt_thread_attach(void)
{
    if (!self.holds_gil) {
        rt_thread_take_gil(false);
    }
}

void
rt_thread_detach(void)
{
    if (!self.holds_gil) {
        return;
    }
    rt_thread_local_end_thread();
    rt_context_forget();
    self.holds_gil = false;
    switch (rule) {
    case RT_GIL_CPYTHON:
        rt_gil_drop(&gil, NULL);
        break;
    case RT_GIL_IO_FIRST:
        rt_gil_io_drop(&gil_io);
        break;
    case RT_GIL_OFF:
        break;
    }
}

bool
rt_thread_is_main(void)
{
    return gettid() == getpid();
}

// --- the lock --------------------------------------------------------------

void
rt_thread_take_gil(bool from_outside)
{
    assert(!self.holds_gil);
    need_locks();
    switch (rule) {
    case RT_GIL_CPYTHON:
        rt_gil_take(&gil, &self);
        break;
    case RT_GIL_IO_FIRST:
        rt_gil_io_take(&gil_io, &self, from_outside);
        break;
    case RT_GIL_OFF:
        break;
    }
    self.holds_gil = true;
}

void
rt_thread_drop_gil(void)
{
    assert(self.holds_gil);
    self.holds_gil = false;
    switch (rule) {
    case RT_GIL_CPYTHON:
        rt_gil_drop(&gil, &self);
        break;
    case RT_GIL_IO_FIRST:
        rt_gil_io_drop(&gil_io);
        break;
    case RT_GIL_OFF:
        break;
    }
}

bool
rt_thread_drop_requested(void)
{
    return rt_gil_drop_requested(&gil) || rt_gil_io_drop_requested(&gil_io);
}

// --- for people ------------------------------------------------------------

void
rt_gil_set_rule(enum rt_gil_rule new_rule)
{
    bool held = self.holds_gil;
    if (held) {
        rt_thread_drop_gil();
    }
    rule = new_rule;
    if (held) {
        rt_thread_take_gil(false);
    }
}

enum rt_gil_rule
rt_gil_rule(void)
{
    return rule;
}

int
rt_set_switch_interval_us(int64_t interval_us)
{
    need_locks();
    if (rt_gil_set_interval_us(&gil, interval_us) != 0) {
        return -1;
    }
    atomic_store(&gil_io.interval_us, interval_us);
    return 0;
}

int64_t
rt_switch_interval_us(void)
{
    need_locks();
    return rt_gil_interval_us(&gil);
}

struct rt_gil_stats
rt_switch_stats(void)
{
    need_locks();
    return rule == RT_GIL_IO_FIRST ? rt_gil_io_stats(&gil_io)
                                   : rt_gil_stats(&gil);
}
