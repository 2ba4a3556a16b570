#include "labs/runtime/alloc.h"
#include "labs/runtime/free_threading.h"
#include "labs/runtime/object.h"
#include "labs/runtime/thread_state.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

enum {
    THREADS = 4,
    TURNS = 20000
};

struct counter {
    struct rt_object head;
    int64_t value; // guarded by the object's lock
};

static atomic_int deaths;
static struct counter *first, *second;
static size_t blocks_before;

static void
counter_dealloc(struct rt_object *object)
{
    atomic_fetch_add(&deaths, 1);
    rt_free(object);
}

static const struct rt_type counter_type = {
    .name = "counter",
    .basicsize = sizeof(struct counter),
    .dealloc = counter_dealloc,
};

static int
start_free(void **state)
{
    (void)state;
    atomic_store(&deaths, 0);
    rt_thread_attach();
    blocks_before = rt_alloc_live_blocks();
    rt_free_threading_begin();
    first = (struct counter *)rt_object_new(&counter_type);
    second = (struct counter *)rt_object_new(&counter_type);
    first->value = second->value = 0;
    return 0;
}

static int
end_free(void **state)
{
    (void)state;
    rt_free_threading_end();
    assert_number(rt_gil_rule(), RT_GIL_CPYTHON);
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

// --- at once ---------------------------------------------------------------

static atomic_int there;

/* Ends only if the others run meanwhile, and nobody passes a safe point. */
static int
wait_for_the_others(void *data)
{
    (void)data;
    atomic_fetch_add(&there, 1);
    while (atomic_load(&there) < 2) {
    }
    return 0;
}

static void
threads_run_at_once(void **state)
{
    (void)state;
    atomic_store(&there, 0);
    struct bunch bunch;
    bunch_start(&bunch, 2, wait_for_the_others, NULL);
    bunch_finish(&bunch);
    rt_decref(&first->head);
    rt_decref(&second->head);
}

// --- counts ----------------------------------------------------------------

static int
count_up_and_down(void *data)
{
    struct rt_object *object = data;
    for (int i = 0; i < TURNS; i++) {
        rt_atomic_incref(object);
    }
    for (int i = 0; i < TURNS; i++) {
        rt_atomic_decref(object);
    }
    rt_atomic_decref(object); // the one that was lent to this thread
    return 0;
}

static void
atomic_counts_lose_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < THREADS; i++) {
        rt_atomic_incref(&first->head);
    }
    struct bunch bunch;
    bunch_start(&bunch, THREADS, count_up_and_down, first);
    bunch_finish(&bunch);
    assert_number(first->head.ob_refcnt, 1);
    assert_number(atomic_load(&deaths), 0);
    rt_atomic_decref(&first->head);
    assert_number(atomic_load(&deaths), 1);
    rt_atomic_decref(&second->head);
}

static void
the_last_of_many_threads_ends_the_object(void **state)
{
    (void)state;
    for (int i = 1; i < THREADS; i++) {
        rt_atomic_incref(&first->head);
    }
    struct bunch bunch;
    bunch_start(&bunch, THREADS, count_up_and_down, first);
    bunch_finish(&bunch);
    assert_number(atomic_load(&deaths), 1);
    rt_decref(&second->head);
}

static void
immortal_objects_are_not_counted(void **state)
{
    (void)state;
    static struct rt_object immortal;
    rt_object_init(&immortal, &counter_type);
    rt_set_immortal(&immortal);
    rt_atomic_incref(&immortal);
    rt_atomic_decref(&immortal);
    assert_number(immortal.ob_refcnt, RT_IMMORTAL_REFCNT);
    rt_decref(&first->head);
    rt_decref(&second->head);
}

// --- locks, memory ---------------------------------------------------------

static int
add_with_lock(void *data)
{
    (void)data;
    for (int i = 0; i < TURNS; i++) {
        rt_object_lock(&first->head);
        first->value++;
        rt_object_unlock(&first->head);
    }
    return 0;
}

static void
the_lock_of_an_object_guards_it(void **state)
{
    (void)state;
    struct bunch bunch;
    bunch_start(&bunch, THREADS, add_with_lock, NULL);
    bunch_finish(&bunch);
    assert_number(first->value, THREADS * TURNS);
    rt_decref(&first->head);
    rt_decref(&second->head);
}

static atomic_int turn;

/* Half of the threads name the objects in the one order, half in the other. */
static int
move_with_both_locks(void *data)
{
    (void)data;
    bool forwards = atomic_fetch_add(&turn, 1) % 2 == 0;
    struct counter *from = forwards ? first : second;
    struct counter *to = forwards ? second : first;
    for (int i = 0; i < TURNS; i++) {
        rt_object_lock_both(&from->head, &to->head);
        from->value--;
        to->value++;
        rt_object_unlock_both(&from->head, &to->head);
    }
    return 0;
}

static void
two_locks_are_taken_without_a_deadlock(void **state)
{
    (void)state;
    atomic_store(&turn, 0);
    struct bunch bunch;
    bunch_start(&bunch, THREADS, move_with_both_locks, NULL);
    bunch_finish(&bunch);
    assert_number(first->value, 0);
    assert_number(second->value, 0);
    rt_object_lock_both(&first->head, &first->head);
    rt_object_unlock_both(&first->head, &first->head);
    rt_decref(&first->head);
    rt_decref(&second->head);
}

static int
alloc_and_free(void *data)
{
    (void)data;
    for (int i = 0; i < TURNS / 10; i++) {
        char *block = rt_realloc(rt_alloc(8), 100);
        block[0] = block[99] = 'x';
        rt_free(block);
    }
    return 0;
}

static void
the_allocator_can_be_used_at_once(void **state)
{
    (void)state;
    struct bunch bunch;
    bunch_start(&bunch, THREADS, alloc_and_free, NULL);
    bunch_finish(&bunch);
    rt_decref(&first->head);
    rt_decref(&second->head);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start_free, end_free)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(threads_run_at_once),
        CASE(atomic_counts_lose_nothing),
        CASE(the_last_of_many_threads_ends_the_object),
        CASE(immortal_objects_are_not_counted),
        CASE(the_lock_of_an_object_guards_it),
        CASE(two_locks_are_taken_without_a_deadlock),
        CASE(the_allocator_can_be_used_at_once),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
