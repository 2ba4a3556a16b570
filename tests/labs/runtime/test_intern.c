#include <stdio.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/intern.h"
#include "labs/runtime/string.h"
#include "labs/testing.h"
#include "tests/support/dice.h"

static int
nothing_is_left(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    return rt_alloc_live_blocks() == 0 && rt_alloc_live_bytes() == 0 ? 0 : -1;
}

static struct rt_object *
interned(const char *text)
{
    struct rt_object *string = rt_str_new(text);
    assert_non_null(string);
    rt_str_intern(&string);
    return string;
}

static void
the_first_string_becomes_the_interned_one(void **state)
{
    (void)state;
    struct rt_object *string = rt_str_new("spam");
    struct rt_object *slot = string;
    rt_str_intern(&slot);
    assert_ptr_equal(slot, string);
    assert_number(string->ob_refcnt, 1);
    rt_str_intern(&slot);
    assert_ptr_equal(slot, string);
    assert_number(string->ob_refcnt, 1);
    rt_decref(string);
}

static void
an_equal_string_is_replaced_and_released(void **state)
{
    (void)state;
    struct rt_object *first = interned("spam");
    struct rt_object *second = interned("spam");
    assert_ptr_equal(first, second);
    assert_number(first->ob_refcnt, 2);
    struct rt_object *other = interned("eggs");
    assert_true(other != first);
    rt_decref(first);
    rt_decref(second);
    rt_decref(other);
}

static void
a_string_that_is_kept_elsewhere_stays_as_it_was(void **state)
{
    (void)state;
    struct rt_object *first = interned("spam");
    struct rt_object *mine = rt_str_new("spam");
    struct rt_object *slot = rt_new_ref(mine);
    rt_str_intern(&slot);
    assert_ptr_equal(slot, first);
    assert_number(mine->ob_refcnt, 1);
    rt_decref(slot);
    rt_decref(first);
    rt_decref(mine);
}

static void
the_table_keeps_no_string_alive(void **state)
{
    (void)state;
    struct rt_object *string = interned("spam");
    rt_decref(string);
    assert_number(rt_alloc_live_blocks(), 0);
    struct rt_object *again = interned("spam");
    struct rt_object *same = interned("spam");
    assert_ptr_equal(again, same);
    rt_decref(again);
    rt_decref(same);
}

static void
without_memory_the_string_stays_what_it_is(void **state)
{
    (void)state;
    struct rt_object *string = rt_str_new("spam");
    struct rt_object *slot = string;
    rt_alloc_fail_nth(1);
    rt_str_intern(&slot);
    assert_ptr_equal(slot, string);
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    rt_str_intern(&slot);
    struct rt_object *second = interned("spam");
    assert_ptr_equal(second, string);
    rt_decref(second);
    rt_decref(string);
}

/* The model: for each of 64 texts the interned string and our references. */
static void
random_births_and_deaths_keep_the_table_right(void **state)
{
    (void)state;
    enum {
        TEXTS = 64
    };
    struct rt_object *live[TEXTS] = {NULL};
    struct dice dice = {.seed = 5};
    for (int step = 0; step < 50000; step++) {
        int i = (int)dice_roll(&dice, TEXTS);
        char text[16];
        snprintf(text, sizeof(text), "text %d", i);
        if (live[i] != NULL && dice_roll(&dice, 2) == 0) {
            int64_t references = live[i]->ob_refcnt;
            rt_decref(live[i]);
            if (references == 1) {
                live[i] = NULL;
            }
            continue;
        }
        struct rt_object *string = interned(text);
        if (live[i] == NULL) {
            assert_number(string->ob_refcnt, 1);
            live[i] = string;
        }
        assert_ptr_equal(string, live[i]);
    }
    for (int i = 0; i < TEXTS; i++) {
        while (live[i] != NULL) {
            int64_t references = live[i]->ob_refcnt;
            rt_decref(live[i]);
            if (references == 1) {
                live[i] = NULL;
            }
        }
    }
}

static void
small_ints_end_at_the_documented_bounds(void **state)
{
    (void)state;
    assert_non_null(rt_intern_small_int(-5));
    assert_non_null(rt_intern_small_int(256));
    assert_null(rt_intern_small_int(-6));
    assert_null(rt_intern_small_int(257));
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
}

#define CASE(name) cmocka_unit_test_teardown(name, nothing_is_left)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(the_first_string_becomes_the_interned_one),
        CASE(an_equal_string_is_replaced_and_released),
        CASE(a_string_that_is_kept_elsewhere_stays_as_it_was),
        CASE(the_table_keeps_no_string_alive),
        CASE(without_memory_the_string_stays_what_it_is),
        CASE(random_births_and_deaths_keep_the_table_right),
        CASE(small_ints_end_at_the_documented_bounds),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
