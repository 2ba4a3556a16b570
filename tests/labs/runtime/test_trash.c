/* Nests that are deeper than the stack may be, in one thread and in two. */
#include <pthread.h>
#include <stdio.h>
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

// --- what 3.13 puts off, asked of a child with that version -----------------

#ifndef __has_feature
#define __has_feature(feature) 0 // gcc has a macro instead
#endif
enum {
    FIRST = 52, // deaths of a nest that are looked at
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
    CALLS = 4000, // Py_C_RECURSION_LIMIT
#else
    CALLS = 10000,
#endif
    PUT_OFF = CALLS - 2 - 50, // the level at which there is no room
    NEST = CALLS + 500
};
static const char *own_path;
static struct rt_object *members[NEST + 1]; // by level, borrowed
static int levels[FIRST], dead;

static void
remember_level(struct rt_object *object)
{
    for (int level = 1; dead < FIRST && level <= NEST; level++) {
        if (members[level] == object) {
            levels[dead] = level;
        }
    }
    dead++;
}

/* A tuple releases its last item first: the nest inside, then its member. */
static int
child(void)
{
    static const char *const NAMES[] = {"a"};
    rt_class_init(&ouch, "Ouch", NAMES, 1, remember_level);
    rt_gc_disable();
    struct rt_object *nest = NULL;
    for (int level = NEST; level > 0; level--) {
        members[level] = rt_instance_new(&ouch);
        struct rt_object *items[] = {members[level], nest};
        struct rt_object *outer = rt_tuple_new(items, 2);
        rt_decref(members[level]);
        rt_xdecref(nest);
        nest = outer;
    }
    rt_decref(nest);
    for (int i = 0; i < FIRST; i++) {
        printf("%d ", levels[i]);
    }
    printf("%d\n", dead);
    return 0;
}

/* Level by level upwards from the last one that found room, until there is
 * room for 50; then those that were put off. */
static void
since_3_13_a_nest_dies_at_once_until_the_stack_is_short(void **state)
{
    (void)state;
    char command[4200];
    int seen[FIRST + 1] = {0};
    snprintf(command, sizeof(command), "RT_COMPAT=3.13 '%s' --child",
             own_path);
    FILE *output = popen(command, "r");
    assert_non_null(output);
    for (int i = 0; i <= FIRST; i++) {
        assert_number(fscanf(output, "%d", &seen[i]), 1);
    }
    assert_number(pclose(output), 0);
    for (int i = 0; i < 50; i++) {
        assert_number(seen[i], PUT_OFF - 1 - i);
    }
    assert_number(seen[50], PUT_OFF);
    assert_number(seen[51], PUT_OFF + 49);
    assert_number(seen[FIRST], NEST);
}

#define CASE(test)                                                            \
    cmocka_unit_test_setup_teardown(test, start_clean, nothing_is_left)

int
main(int argc, char **argv)
{
    if (argc > 1) {
        return child();
    }
    own_path = argv[0];
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(
            since_3_13_a_nest_dies_at_once_until_the_stack_is_short),
        CASE(a_nest_dies_whole),
        CASE(two_threads_finalize_all_that_they_make),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
