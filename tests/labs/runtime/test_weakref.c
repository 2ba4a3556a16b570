#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/last_call.h"
#include "labs/runtime/list.h"
#include "labs/runtime/method.h"
#include "labs/runtime/weakref.h"
#include "labs/testing.h"

static const char *const NAMES[] = {"a"};
static struct rt_class plain, looking;
static char events[128];          // a letter for each thing that happened
static struct rt_object *watched; // borrowed

static void
happened(char letter)
{
    size_t length = strlen(events);
    assert_true(length + 1 < sizeof(events));
    events[length] = letter;
    events[length + 1] = '\0';
}

// --- functions that are objects --------------------------------------------

struct function {
    struct rt_object head;
    char letter;
    int result;
};

static void
function_dealloc(struct rt_object *object)
{
    rt_free(object);
}

static int
function_call(struct rt_object *object, struct rt_object *argument)
{
    struct function *function = (struct function *)object;
    happened(function->letter);
    if (rt_weakref_check(argument)) {
        struct rt_object *referent = rt_weakref_get(argument);
        happened(referent == NULL ? '-' : '!');
        rt_xdecref(referent);
    }
    if (function->result != 0) {
        rt_error_set(RT_ERROR_VALUE, "on purpose");
    }
    return function->result;
}

static const struct rt_type function_type = {.name = "function",
                                             .basicsize =
                                                 sizeof(struct function),
                                             .dealloc = function_dealloc,
                                             .call = function_call};

static struct rt_object *
function(char letter, int result)
{
    struct rt_object *object = rt_object_new(&function_type);
    assert_non_null(object);
    ((struct function *)object)->letter = letter;
    ((struct function *)object)->result = result;
    return object;
}

/* A weak reference with a callback that nobody else holds. */
static struct rt_object *
watch(struct rt_object *object, char letter)
{
    struct rt_object *callback = function(letter, 0);
    struct rt_object *reference = rt_weakref_new(object, callback);
    assert_non_null(reference);
    rt_decref(callback);
    return reference;
}

static void
look_at_watched(struct rt_object *object)
{
    (void)object;
    struct rt_object *referent = rt_weakref_get(watched);
    happened(referent == NULL ? 'n' : 'y');
    rt_xdecref(referent);
}

static void
on_unraisable(struct rt_object *source)
{
    (void)source;
    happened('u');
}

static size_t blocks_before;

static int
start_clean(void **state)
{
    (void)state;
    rt_class_init(&plain, "plain", NAMES, 1, NULL);
    rt_class_init(&looking, "looking", NAMES, 1, look_at_watched);
    events[0] = '\0';
    watched = NULL;
    rt_error_clear();
    rt_error_set_unraisable_hook(on_unraisable);
    rt_gc_disable();
    blocks_before = rt_alloc_live_blocks();
    return 0;
}

static int
end_clean(void **state)
{
    (void)state;
    rt_gc_collect(2);
    rt_error_set_unraisable_hook(NULL);
    assert_null(rt_gc_check());
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

static struct rt_object *
node(void)
{
    struct rt_object *object = rt_instance_new(&plain);
    assert_non_null(object);
    return object;
}

// --- references ------------------------------------------------------------

static void
it_reads_the_object_and_then_nothing(void **state)
{
    (void)state;
    struct rt_object *object = node();
    struct rt_object *reference = rt_weakref_new(object, NULL);
    assert_number(object->ob_refcnt, 1);
    struct rt_object *read = rt_weakref_get(reference);
    assert_ptr_equal(read, object);
    rt_decref(read);
    rt_decref(object);
    assert_null(rt_weakref_get(reference));
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    rt_decref(reference);
}

static void
without_a_callback_it_is_shared(void **state)
{
    (void)state;
    struct rt_object *object = node();
    struct rt_object *first = rt_weakref_new(object, NULL);
    struct rt_object *again = rt_weakref_new(object, NULL);
    struct rt_object *other = watch(object, 'a');
    assert_ptr_equal(first, again);
    assert_ptr_not_equal(first, other);
    assert_number(rt_weakref_count(object), 2);
    assert_ptr_equal(rt_weakref_first(object), first);
    rt_decref(again);
    rt_decref(first);
    assert_number(rt_weakref_count(object), 1);
    rt_decref(other);
    assert_number(rt_weakref_count(object), 0);
    rt_decref(object);
    assert_string_equal(events, "");
}

static void
callbacks_run_newest_first_and_see_nothing(void **state)
{
    (void)state;
    struct rt_object *object = node();
    struct rt_object *one = watch(object, 'a');
    struct rt_object *two = watch(object, 'b');
    struct rt_object *bare = rt_weakref_new(object, NULL);
    struct rt_object *three = watch(object, 'c');
    rt_decref(object);
    assert_string_equal(events, "c-b-a-");
    rt_decref(one);
    rt_decref(two);
    rt_decref(three);
    rt_decref(bare);
}

static void
a_reference_that_died_first_is_not_called(void **state)
{
    (void)state;
    struct rt_object *object = node();
    rt_decref(watch(object, 'a'));
    struct rt_object *kept = watch(object, 'b');
    rt_decref(object);
    assert_string_equal(events, "b-");
    rt_decref(kept);
}

static void
an_error_in_a_callback_is_unraisable_and_stops_nobody(void **state)
{
    (void)state;
    struct rt_object *object = node();
    struct rt_object *kept = watch(object, 'a');
    struct rt_object *fails = function('f', -1);
    struct rt_object *reference = rt_weakref_new(object, fails);
    rt_decref(fails);
    rt_error_set(RT_ERROR_KEY, "pending before");
    rt_decref(object);
    assert_string_equal(events, "f-ua-");
    assert_number(rt_error_occurred(), RT_ERROR_KEY);
    assert_string_equal(rt_error_text(), "pending before");
    rt_error_clear();
    rt_decref(reference);
    rt_decref(kept);
}

/* row: WR09 test_weakref.ReferencesTestCase.test_callbacks_protected */
static void
a_callback_leaves_a_pending_error_in_place(void **state)
{
    (void)state;
    struct rt_object *object = node();
    struct rt_object *kept = watch(object, 'a');
    rt_error_set(RT_ERROR_VALUE, "bogus");
    rt_decref(object);
    assert_string_equal(events, "a-");
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    assert_string_equal(rt_error_text(), "bogus");
    rt_error_clear();
    rt_decref(kept);
}

/* row: WR16
 * test_weakref.ReferencesTestCase.test_callback_attribute_after_deletion */
static void
after_the_death_there_is_no_callback_any_more(void **state)
{
    (void)state;
    struct rt_object *object = node();
    struct rt_object *callback = function('a', 0);
    struct rt_object *reference = rt_weakref_new(object, callback);
    assert_ptr_equal(((struct rt_weakref *)reference)->callback, callback);
    rt_decref(object);
    assert_null(((struct rt_weakref *)reference)->callback);
    assert_number(callback->ob_refcnt, 1);
    rt_decref(callback);
    rt_decref(reference);
}

static void
the_finalizer_sees_the_object_alive(void **state)
{
    (void)state;
    struct rt_object *object = rt_instance_new(&looking);
    watched = rt_weakref_new(object, NULL);
    rt_decref(object);
    assert_string_equal(events, "y");
    rt_decref(watched);
}

static void
an_object_without_a_list_refuses(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    assert_null(rt_weakref_new(list, NULL));
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    rt_error_clear();
    assert_number(rt_weakref_count(list), 0);
    rt_decref(list);
}

static void
no_memory_leaves_the_list_as_it_was(void **state)
{
    (void)state;
    struct rt_object *object = node();
    struct rt_object *kept = watch(object, 'a');
    struct rt_object *callback = function('b', 0);
    rt_alloc_fail_nth(1);
    assert_null(rt_weakref_new(object, callback));
    assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
    rt_error_clear();
    assert_number(rt_weakref_count(object), 1);
    assert_number(callback->ob_refcnt, 1);
    rt_decref(callback);
    rt_decref(object);
    assert_string_equal(events, "a-");
    rt_decref(kept);
}

// --- trash -----------------------------------------------------------------

static void
a_callback_outside_of_the_trash_runs_once(void **state)
{
    (void)state;
    struct rt_object *object = node();
    rt_instance_set(object, 0, object);
    struct rt_object *reference = watch(object, 'a');
    rt_decref(object);
    assert_string_equal(events, "");
    assert_number(rt_gc_collect(2), 1);
    assert_string_equal(events, "a-");
    rt_decref(reference);
}

static void
a_reference_that_is_trash_itself_stays_silent(void **state)
{
    (void)state;
    struct rt_object *object = node();
    struct rt_object *list = rt_list_new();
    struct rt_object *reference = watch(object, 'a');
    assert_number(rt_list_append(list, object), 0);
    assert_number(rt_list_append(list, reference), 0);
    rt_instance_set(object, 0, list);
    rt_decref(reference);
    rt_decref(list);
    rt_decref(object);
    assert_number(rt_gc_collect(2), 3);
    assert_string_equal(events, "");
}

/* A container that the collector does not look into: it holds one object. */
struct blind {
    struct rt_object head;
    struct rt_object *held; // ours
};

static void
blind_dealloc(struct rt_object *object)
{
    rt_clear(&((struct blind *)object)->held);
    rt_free(object);
}

static const struct rt_type blind_type = {.name = "blind",
                                          .basicsize = sizeof(struct blind),
                                          .dealloc = blind_dealloc};

/* A new list that holds itself; ours. */
static struct rt_object *
ring(void)
{
    struct rt_object *list = rt_list_new();
    assert_number(rt_list_append(list, list), 0);
    return list;
}

static void
move_into(struct rt_object *list, struct rt_object *item)
{
    assert_number(rt_list_append(list, item), 0);
    rt_decref(item);
}

/* The collector does not know that the object is trash, but it knows that the
 * reference is. The object dies as the first ring is cleared; the second ring
 * keeps the reference for longer.
 *
 * row: WR24 test_gc.GCTests.test_trash_weakref_clear */
static void
a_reference_in_the_trash_is_silent_about_hidden_trash(void **state)
{
    (void)state;
    struct rt_object *first = ring();
    struct rt_object *object = node();
    struct rt_object *blind = rt_object_new(&blind_type);
    ((struct blind *)blind)->held = object; // stolen
    struct rt_object *reference = watch(object, 'a');
    struct rt_object *second = ring();
    move_into(first, blind);
    move_into(first, rt_new_ref(reference));
    move_into(second, reference);
    rt_decref(first);
    rt_decref(second);
    assert_number(rt_gc_collect(2), 3);
    assert_string_equal(events, "");
}

// --- last calls ------------------------------------------------------------

static void
a_last_call_comes_once_at_death(void **state)
{
    (void)state;
    struct rt_object *object = node();
    struct rt_object *does = function('z', 0);
    struct rt_object *one = rt_last_call_new(object, does);
    rt_decref(does);
    assert_true(rt_last_call_is_alive(one));
    rt_decref(object);
    assert_string_equal(events, "z");
    assert_false(rt_last_call_is_alive(one));
    assert_number(rt_last_call_now(one), 0);
    assert_string_equal(events, "z");
    assert_false(rt_last_call_detach(one));
    rt_decref(one);
}

static void
last_calls_come_newest_first_but_for_the_detached(void **state)
{
    (void)state;
    struct rt_object *object = node();
    struct rt_object *calls[5];
    for (int i = 0; i < 5; i++) {
        struct rt_object *does = function((char)('0' + i), 0);
        calls[i] = rt_last_call_new(object, does);
        rt_decref(does);
    }
    assert_true(rt_last_call_detach(calls[0]));
    assert_number(rt_last_call_now(calls[3]), 0);
    rt_decref(object);
    assert_string_equal(events, "3421");
    for (int i = 0; i < 5; i++) {
        rt_decref(calls[i]);
    }
}

/* row: WR22 test_weakref.FinalizeTestCase.test_atexit */
static void
at_exit_an_error_does_not_stop_the_next(void **state)
{
    (void)state;
    struct rt_object *object = node();
    struct rt_object *last = function('a', 0);
    struct rt_object *fails = function('f', -1);
    rt_decref(rt_last_call_new(object, last));
    rt_decref(rt_last_call_new(object, fails));
    rt_last_call_at_exit();
    assert_string_equal(events, "fua");
    rt_decref(object);
    rt_decref(last);
    rt_decref(fails);
    assert_string_equal(events, "fua");
}

/* A function that registers one more. */
static struct rt_object *exits;

static int
register_one_more(struct rt_object *self, struct rt_object *argument)
{
    (void)argument;
    happened('r');
    happened(rt_gc_is_enabled() ? 'g' : '-');
    struct rt_object *last = function('z', 0);
    rt_decref(rt_last_call_new(exits, last));
    rt_decref(last);
    (void)self;
    return 0;
}

/* As in _exitfunc of Lib/weakref.py. */
static void
at_exit_those_registered_meanwhile_come_next(void **state)
{
    (void)state;
    exits = node();
    struct rt_object *last = function('a', 0);
    struct rt_object *registers = rt_function_new(register_one_more);
    rt_decref(rt_last_call_new(exits, last));
    rt_decref(rt_last_call_new(exits, registers));
    rt_gc_enable();
    rt_last_call_at_exit();
    assert_true(rt_gc_is_enabled());
    rt_gc_disable();
    assert_string_equal(events, "r-za");
    rt_clear(&exits);
    rt_decref(last);
    rt_decref(registers);
}

#define WEAKREF_TEST(test)                                                    \
    cmocka_unit_test_setup_teardown(test, start_clean, end_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        WEAKREF_TEST(it_reads_the_object_and_then_nothing),
        WEAKREF_TEST(without_a_callback_it_is_shared),
        WEAKREF_TEST(callbacks_run_newest_first_and_see_nothing),
        WEAKREF_TEST(a_reference_that_died_first_is_not_called),
        WEAKREF_TEST(an_error_in_a_callback_is_unraisable_and_stops_nobody),
        WEAKREF_TEST(a_callback_leaves_a_pending_error_in_place),
        WEAKREF_TEST(after_the_death_there_is_no_callback_any_more),
        WEAKREF_TEST(the_finalizer_sees_the_object_alive),
        WEAKREF_TEST(an_object_without_a_list_refuses),
        WEAKREF_TEST(no_memory_leaves_the_list_as_it_was),
        WEAKREF_TEST(a_callback_outside_of_the_trash_runs_once),
        WEAKREF_TEST(a_reference_that_is_trash_itself_stays_silent),
        WEAKREF_TEST(a_reference_in_the_trash_is_silent_about_hidden_trash),
        WEAKREF_TEST(a_last_call_comes_once_at_death),
        WEAKREF_TEST(last_calls_come_newest_first_but_for_the_detached),
        WEAKREF_TEST(at_exit_an_error_does_not_stop_the_next),
        WEAKREF_TEST(at_exit_those_registered_meanwhile_come_next),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
