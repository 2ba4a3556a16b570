#include "labs/runtime/thread_local.h"

#include <pthread.h>
#include <stddef.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/object.h"
#include "labs/runtime/thread_state.h"

/* One thread's value of one variable. It stands in two lists: its thread goes
 * through the one, its variable through the other, whoever ends first. */
struct rt_thread_value {
    struct rt_thread_local *local;
    struct rt_thread_state *state;
    struct rt_object *object; // ours
    struct rt_thread_value *next_of_thread;
    struct rt_thread_value *next_of_local;
};

/* Guards all lists, also without a GIL. No code of others runs meanwhile. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

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

/* The values of threads that a new process does not have stay where they are:
 * nobody can say any more whose they were. */
__attribute__((constructor)) static void
care_for_forks(void)
{
    pthread_atfork(hold, let_go, let_go);
}

void
rt_thread_local_init(struct rt_thread_local *local,
                     struct rt_object *(*make)(void))
{
    local->values = NULL;
    local->make = make;
}

// --- the lists -------------------------------------------------------------

static struct rt_thread_value *
find(const struct rt_thread_local *local)
{
    struct rt_thread_value *value = rt_thread_state()->values;
    while (value != NULL && value->local != local) {
        value = value->next_of_thread;
    }
    return value;
}

static void
unlink_from_thread(struct rt_thread_value *value)
{
    struct rt_thread_value **link = &value->state->values;
    while (*link != value) {
        link = &(*link)->next_of_thread;
    }
    *link = value->next_of_thread;
}

static void
unlink_from_local(struct rt_thread_value *value)
{
    struct rt_thread_value **link = &value->local->values;
    while (*link != value) {
        link = &(*link)->next_of_local;
    }
    *link = value->next_of_local;
}

/* Takes one out of both lists and lets it go; *first is the head of one of
 * them. Whether there was one. The object may run code when it dies, so it
 * dies when everything is in order. */
static bool
drop_first(struct rt_thread_value *const *first)
{
    pthread_mutex_lock(&mutex);
    struct rt_thread_value *value = *first;
    if (value != NULL) {
        unlink_from_thread(value);
        unlink_from_local(value);
    }
    pthread_mutex_unlock(&mutex);
    if (value == NULL) {
        return false;
    }
    struct rt_object *object = value->object;
    rt_free(value);
    rt_xdecref(object);
    return true;
}

static int
add(struct rt_thread_local *local, struct rt_object *object)
{
    struct rt_thread_value *value = rt_alloc(sizeof(*value));
    if (value == NULL) {
        rt_error_no_memory();
        return -1;
    }
    struct rt_thread_state *state = rt_thread_state();
    rt_incref(object);
    *value = (struct rt_thread_value){
        .local = local, .state = state, .object = object};
    pthread_mutex_lock(&mutex);
    value->next_of_thread = state->values;
    state->values = value;
    value->next_of_local = local->values;
    local->values = value;
    pthread_mutex_unlock(&mutex);
    return 0;
}

// --- for people ------------------------------------------------------------

void
rt_thread_local_destroy(struct rt_thread_local *local)
{
    while (drop_first(&local->values)) {
    }
}

void
rt_thread_local_end_thread(void)
{
    while (drop_first(&rt_thread_state()->values)) {
    }
}

struct rt_object *
rt_thread_local_get(struct rt_thread_local *local)
{
    pthread_mutex_lock(&mutex);
    const struct rt_thread_value *value = find(local);
    struct rt_object *object = value != NULL ? value->object : NULL;
    pthread_mutex_unlock(&mutex);
    if (value != NULL || local->make == NULL) {
        return object;
    }
    object = local->make();
    if (object == NULL) {
        return NULL;
    }
    int result = rt_thread_local_set(local, object);
    rt_decref(object);
    return result == 0 ? object : NULL;
}

int
rt_thread_local_set(struct rt_thread_local *local, struct rt_object *value)
{
    pthread_mutex_lock(&mutex);
    struct rt_thread_value *old = find(local);
    struct rt_object *object = NULL;
    if (old != NULL) {
        object = old->object;
        rt_xincref(value);
        old->object = value;
    }
    pthread_mutex_unlock(&mutex);
    rt_xdecref(object);
    return old != NULL || value == NULL ? 0 : add(local, value);
}
