/* Nests that are deeper than the stack may be, in one thread and in two. */
#include <pthread.h>
#include <stdlib.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/list.h"
#include "labs/runtime/trash.h"
#include "labs/runtime/tuple.h"
#include "labs/testing.h"

enum {
    LEVELS = 60, // more than RT_TRASH_LEVELS
    ROUNDS = 40,
    THREADS = 2
};

static struct rt_class ouch;
static int made, finalized;
static _Thread_local int made_here, finalized_here;

/* Stands for the GIL: who holds the turn may touch objects. Turns change while
 * a nest dies, so that both threads are in the middle of theirs. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn;           // guarded by lock
static bool done[THREADS]; // guarded by lock
static _Thread_local int me;

/* Gives the turn to the other thread, unless that has finished, and waits
 * until it comes back. */
static void
pass_turn(void)
{
    pthread_mutex_lock(&lock);
    if (!done[1 - me]) {
        turn = 1 - me;
        pthread_cond_broadcast(&changed);
        while (turn != me) {
            pthread_cond_wait(&changed, &lock);
        }
    }
    pthread_mutex_unlock(&lock);
}

static bool in_threads, is_prompt;

static void
count_and_pass(struct rt_object *object)
{
    (void)object;
    finalized++;
    finalized_here++;
    if (finalized % 17 == 0) {
        rt_gc_collect(2);
    }
    if (in_threads && finalized % 7 == 0) {
        pass_turn();
    }
}

/* A level more: a list or a tuple of the nest, handed over, and a new object
 * with last words. */
static struct rt_object *
wrap(struct rt_object *nest, int level)
{
    struct rt_object *object = rt_instance_new(&ouch);
    struct rt_object *items[] = {nest, object};
    struct rt_object *outer = NULL;
    made++;
    made_here++;
    if (level % 2 == 0) {
        outer = rt_tuple_new(items, 2);
    }
    else {
        outer = rt_list_new();
        if (rt_list_append(outer, nest) != 0 ||
            rt_list_append(outer, object) != 0) {
            abort();
        }
    }
    rt_xdecref(nest);
    rt_decref(object);
    return outer;
}

static void
build_and_drop(void)
{
    struct rt_object *nest = NULL;
    for (int level = 0; level < LEVELS; level++) {
        nest = wrap(nest, level);
    }
    rt_decref(nest);
}

static int
start_clean(void **state)
{
    static const char *const NAMES[] = {"a"};
    (void)state;
    rt_class_init(&ouch, "Ouch", NAMES, 1, count_and_pass);
    made = finalized = 0;
    rt_error_clear();
    rt_gc_disable();
    rt_gc_collect(2);
    return 0;
}

static int
nothing_is_left(void **state)
{
    (void)state;
    rt_gc_disable();
    rt_gc_collect(2);
    assert_null(rt_gc_check());
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

static void
a_nest_dies_whole(void **state)
{
    (void)state;
    in_threads = false;
    rt_gc_enable();
    for (int round = 0; round < ROUNDS; round++) {
        build_and_drop();
    }
    assert_number(made, ROUNDS * LEVELS);
    assert_number(finalized, made);
}

static void *
build_in_turns(void *number)
{
    me = *(const int *)number;
    pthread_mutex_lock(&lock);
    while (turn != me) {
        pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
    for (int round = 0; round < ROUNDS; round++) {
        build_and_drop();
        // Whatever the other one is in the middle of: it dies here and now.
        is_prompt &= finalized_here == made_here;
    }
    pthread_mutex_lock(&lock);
    done[me] = true;
    turn = 1 - me;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return NULL;
}

/* row: RC08 test_gc.GCTests.test_trashcan_threads */
static void
two_threads_finalize_all_that_they_make(void **state)
{
    (void)state;
    static int numbers[THREADS] = {0, 1};
    pthread_t threads[THREADS];
    in_threads = is_prompt = true;
    turn = 0;
    rt_gc_enable();
    for (int i = 0; i < THREADS; i++) {
        done[i] = false;
    }
    for (int i = 0; i < THREADS; i++) {
        assert_number(
            pthread_create(&threads[i], NULL, build_in_turns, &numbers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_number(made, THREADS * ROUNDS * LEVELS);
    assert_number(finalized, made);
    assert_true(is_prompt);
}

#define CASE(test)                                                            \
    cmocka_unit_test_setup_teardown(test, start_clean, nothing_is_left)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_nest_dies_whole),
        CASE(two_threads_finalize_all_that_they_make),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
