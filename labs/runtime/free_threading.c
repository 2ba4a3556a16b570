#include "labs/runtime/free_threading.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/object.h"
#include "labs/runtime/thread_state.h"

enum {
    LOCKS = 64
};

// --- memory ----------------------------------------------------------------

static pthread_mutex_t memory_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct rt_allocator guarded; // guarded by memory_mutex

static void *
guarded_alloc(void *context, size_t size)
{
    (void)context;
    pthread_mutex_lock(&memory_mutex);
    void *block = guarded.alloc(guarded.context, size);
    pthread_mutex_unlock(&memory_mutex);
    return block;
}

static void *
guarded_realloc(void *context, void *block, size_t size)
{
    (void)context;
    pthread_mutex_lock(&memory_mutex);
    void *moved = guarded.realloc(guarded.context, block, size);
    pthread_mutex_unlock(&memory_mutex);
    return moved;
}

static void
guarded_free(void *context, void *block)
{
    (void)context;
    pthread_mutex_lock(&memory_mutex);
    guarded.free(guarded.context, block);
    pthread_mutex_unlock(&memory_mutex);
}

void
rt_free_threading_begin(void)
{
    static const struct rt_allocator GUARD = {
        .alloc = guarded_alloc,
        .realloc = guarded_realloc,
        .free = guarded_free,
    };
    assert(rt_gil_rule() != RT_GIL_OFF);
    guarded = rt_alloc_get();
    rt_alloc_set(&GUARD);
    rt_gil_set_rule(RT_GIL_OFF);
}

void
rt_free_threading_end(void)
{
    assert(rt_gil_rule() == RT_GIL_OFF);
    rt_gil_set_rule(RT_GIL_CPYTHON);
    rt_alloc_set(&guarded);
}

// --- counts ----------------------------------------------------------------

/* rt_is_immortal() with a read that others may disturb. */
static bool
is_immortal(const struct rt_object *object)
{
    int64_t count = __atomic_load_n(&object->ob_refcnt, __ATOMIC_RELAXED);
    return (count & INT64_C(0x80000000)) != 0;
}

void
rt_atomic_incref(struct rt_object *object)
{
    if (!is_immortal(object)) {
        __atomic_fetch_add(&object->ob_refcnt, 1, __ATOMIC_RELAXED);
    }
}

/* Whoever takes the last one must see all that the others did to the object
 * before they let go of it: so each of them publishes it, and the last one
 * looks. */
void
rt_atomic_decref(struct rt_object *object)
{
    if (!is_immortal(object) &&
        __atomic_fetch_sub(&object->ob_refcnt, 1, __ATOMIC_ACQ_REL) == 1) {
        rt_dealloc(object);
    }
}

// --- objects ---------------------------------------------------------------

static pthread_mutex_t locks[LOCKS];

__attribute__((constructor)) static void
make_locks(void)
{
    for (size_t i = 0; i < LOCKS; i++) {
        pthread_mutex_init(&locks[i], NULL);
    }
}

static pthread_mutex_t *
lock_of(const struct rt_object *object)
{
    return &locks[((uintptr_t)object >> 4) % LOCKS];
}

void
rt_object_lock(const struct rt_object *object)
{
    pthread_mutex_lock(lock_of(object));
}

void
rt_object_unlock(const struct rt_object *object)
{
    pthread_mutex_unlock(lock_of(object));
}

void
rt_object_lock_both(const struct rt_object *a, const struct rt_object *b)
{
    pthread_mutex_t *one = lock_of(a);
    pthread_mutex_t *other = lock_of(b);
    pthread_mutex_lock(one < other ? one : other);
    if (one != other) {
        pthread_mutex_lock(one < other ? other : one);
    }
}

void
rt_object_unlock_both(const struct rt_object *a, const struct rt_object *b)
{
    pthread_mutex_unlock(lock_of(a));
    if (lock_of(a) != lock_of(b)) {
        pthread_mutex_unlock(lock_of(b));
    }
}
