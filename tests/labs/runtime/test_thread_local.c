#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/object.h"
#include "labs/runtime/thread_event.h"
#include "labs/runtime/thread_local.h"
#include "labs/testing.h"
#include "tests/support/bunch.h"

static struct rt_thread_local local;
static struct rt_thread_event go;
static size_t blocks_before;
static atomic_int number, ready, wrong;

static int
start_clean(void **state)
{
    (void)state;
    rt_error_clear();
    rt_thread_event_init(&go);
    atomic_store(&number, 0);
    atomic_store(&ready, 0);
    atomic_store(&wrong, 0);
    blocks_before = rt_alloc_live_blocks();
    return 0;
}

static int
end_clean(void **state)
{
    (void)state;
    rt_thread_local_destroy(&local);
    rt_thread_event_destroy(&go);
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

static void
set(int64_t value)
{
    struct rt_object *object = rt_int_new(value);
    assert_number(rt_thread_local_set(&local, object), 0);
    rt_decref(object);
}

/* Sets a number of its own, waits until all have, and looks. */
static int
set_and_look(void *data)
{
    (void)data;
    int64_t mine = 1000 + atomic_fetch_add(&number, 1);
    atomic_fetch_add(&wrong, rt_thread_local_get(&local) != NULL);
    struct rt_object *object = rt_int_new(mine);
    rt_thread_local_set(&local, object);
    rt_decref(object);
    atomic_fetch_add(&ready, 1);
    rt_thread_event_wait(&go, RT_NO_TIMEOUT);
    atomic_fetch_add(&wrong,
                     rt_int_value(rt_thread_local_get(&local)) != mine);
    return 0;
}

/* row: TH16 test_threading_local.BaseLocalTest.test_threading_local */
static void
each_thread_sees_its_own_and_loses_it_at_its_end(void **state)
{
    (void)state;
    rt_thread_local_init(&local, NULL);
    set(7000);
    size_t blocks = rt_alloc_live_blocks();
    struct bunch bunch;
    bunch_start(&bunch, 5, set_and_look, NULL);
    bunch_await(atomic_load(&ready) == 5);
    rt_thread_event_set(&go);
    bunch_finish(&bunch);
    assert_number(atomic_load(&wrong), 0);
    assert_number(rt_int_value(rt_thread_local_get(&local)), 7000);
    assert_number(rt_alloc_live_blocks(), blocks);
}

static int
set_and_wait(void *data)
{
    (void)data;
    struct rt_object *object = rt_int_new(1000);
    rt_thread_local_set(&local, object);
    rt_decref(object);
    atomic_fetch_add(&ready, 1);
    return rt_thread_event_wait(&go, RT_NO_TIMEOUT) == 1 ? 0 : -1;
}

static void
the_values_of_all_threads_die_with_it(void **state)
{
    (void)state;
    rt_thread_local_init(&local, NULL);
    struct bunch bunch;
    bunch_start(&bunch, 5, set_and_wait, NULL);
    bunch_await(atomic_load(&ready) == 5);
    size_t blocks = rt_alloc_live_blocks();
    rt_thread_local_destroy(&local);
    assert_number(rt_alloc_live_blocks(), blocks - 2 * 5);
    rt_thread_event_set(&go);
    bunch_finish(&bunch);
    assert_null(rt_thread_local_get(&local));
}

static void
it_can_be_set_again_and_taken_away(void **state)
{
    (void)state;
    rt_thread_local_init(&local, NULL);
    assert_null(rt_thread_local_get(&local));
    assert_number(rt_thread_local_set(&local, NULL), 0);
    set(1001);
    set(1002);
    assert_number(rt_int_value(rt_thread_local_get(&local)), 1002);
    assert_number(rt_thread_local_set(&local, NULL), 0);
    assert_null(rt_thread_local_get(&local));
    set(1003);
    assert_number(rt_int_value(rt_thread_local_get(&local)), 1003);
}

static struct rt_object *
make_number(void)
{
    return rt_int_new(2000 + atomic_fetch_add(&number, 1));
}

static int
look_twice(void *data)
{
    (void)data;
    struct rt_object *first = rt_thread_local_get(&local);
    atomic_fetch_add(&wrong, first == NULL);
    atomic_fetch_add(&wrong, rt_thread_local_get(&local) != first);
    return 0;
}

static void
each_thread_is_given_a_first_value_once(void **state)
{
    (void)state;
    rt_thread_local_init(&local, make_number);
    struct bunch bunch;
    bunch_start(&bunch, 4, look_twice, NULL);
    bunch_finish(&bunch);
    look_twice(NULL);
    assert_number(atomic_load(&number), 5);
    assert_number(atomic_load(&wrong), 0);
}

static void
no_memory_is_an_error(void **state)
{
    (void)state;
    rt_thread_local_init(&local, make_number);
    for (size_t nth = 1; nth <= 2; nth++) {
        rt_alloc_fail_nth(nth);
        assert_null(rt_thread_local_get(&local));
        assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
        rt_error_clear();
    }
    assert_non_null(rt_thread_local_get(&local));
}

#define CASE(name)                                                            \
    cmocka_unit_test_setup_teardown(name, start_clean, end_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(each_thread_sees_its_own_and_loses_it_at_its_end),
        CASE(the_values_of_all_threads_die_with_it),
        CASE(it_can_be_set_again_and_taken_away),
        CASE(each_thread_is_given_a_first_value_once),
        CASE(no_memory_is_an_error),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
