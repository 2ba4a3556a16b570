#include "labs/runtime/pending_calls.h"

#include <pthread.h>
#include <stddef.h>

#include "labs/runtime/thread_state.h"

struct pending_call {
    int (*call)(void *argument);
    void *argument;
};

atomic_bool rt_pending_calls_there;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct pending_call ring[RT_PENDING_CALLS]; // guarded by mutex
static size_t first, count;                        // guarded by mutex
static bool busy;                                  // of the main thread alone

static void
hold(void)
{
    pthread_mutex_lock(&mutex);
}

static void
let_go(void)
{
    pthread_mutex_unlock(&mutex);
}

__attribute__((constructor)) static void
care_for_forks(void)
{
    pthread_atfork(hold, let_go, let_go);
}

int
rt_pending_calls_add(int (*call)(void *argument), void *argument)
{
    int result = -1;
    pthread_mutex_lock(&mutex);
    if (count < RT_PENDING_CALLS) {
        ring[(first + count) % RT_PENDING_CALLS] =
            (struct pending_call){.call = call, .argument = argument};
        count++;
        atomic_store(&rt_pending_calls_there, true);
        result = 0;
    }
    pthread_mutex_unlock(&mutex);
    return result;
}

/* Takes the oldest; one without a function if there is none. */
static struct pending_call
take_first(void)
{
    struct pending_call taken = {.call = NULL};
    pthread_mutex_lock(&mutex);
    if (count > 0) {
        taken = ring[first];
        first = (first + 1) % RT_PENDING_CALLS;
        count--;
    }
    atomic_store(&rt_pending_calls_there, count > 0);
    pthread_mutex_unlock(&mutex);
    return taken;
}

int
rt_pending_calls_run(void)
{
    if (!rt_thread_is_main() || busy) {
        return 0;
    }
    busy = true;
    int result = 0;
    for (int made = 0; made < RT_PENDING_CALLS && result == 0; made++) {
        struct pending_call next = take_first();
        if (next.call == NULL) {
            break;
        }
        result = next.call(next.argument);
    }
    busy = false;
    return result;
}
