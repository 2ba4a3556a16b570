#include "labs/runtime/alloc.h"
#include "labs/runtime/coroutine.h"
#include "labs/runtime/exception.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/testing.h"

/* A generator of numbers that remembers what it was told. */
struct counter {
    struct rt_coroutine frame;
    struct rt_object *kept; // what it awaits, or just holds
    int next, last;
    bool catches; // goes on after an error
};

static char events[128];
static const char *never_awaited; // name of the last one

static void
happened(const char *what)
{
    strncat(events, what, sizeof(events) - strlen(events) - 1);
}

static enum rt_sent
counter_body(struct rt_coroutine *frame, struct rt_object *sent,
             struct rt_object **result)
{
    struct counter *my = (struct counter *)frame;
    RT_BEGIN;
    happened("begin ");
    while (my->next < my->last) {
        RT_YIELD(rt_int_new(my->next));
        if (sent == NULL) {
            happened(rt_error_name(rt_error_occurred()));
            happened(" ");
            if (!my->catches) {
                RT_FAIL;
            }
            rt_error_clear();
        }
        else if (sent != rt_none) {
            my->next = (int)rt_int_value(sent) - 1;
        }
        my->next++;
    }
    happened("end ");
    RT_RETURN(rt_int_new(100));
    RT_END;
}

/* Awaits what it keeps and hands its result on, one more. */
static enum rt_sent
outer_body(struct rt_coroutine *frame, struct rt_object *sent,
           struct rt_object **result)
{
    struct counter *my = (struct counter *)frame;
    RT_BEGIN;
    RT_AWAIT(my->kept != NULL ? rt_new_ref(my->kept) : NULL);
    if (sent == NULL) {
        happened("outer ");
        happened(rt_error_name(rt_error_occurred()));
        happened(" ");
        RT_FAIL;
    }
    RT_RETURN(rt_int_new(rt_int_value(sent) + 1));
    RT_END;
}

static enum rt_sent
stopping_body(struct rt_coroutine *frame, struct rt_object *sent,
              struct rt_object **result)
{
    (void)frame;
    (void)sent;
    (void)result;
    rt_error_set(RT_ERROR_STOP_ITERATION, "%s", "");
    RT_FAIL;
}

/* Sends to itself, which it keeps. */
static enum rt_sent
nested_body(struct rt_coroutine *frame, struct rt_object *sent,
            struct rt_object **result)
{
    (void)sent;
    return rt_coroutine_send(&frame->head, rt_none, result);
}

static const struct rt_code counter_code =
    RT_GENERATOR("counter", struct counter, 1, counter_body);
static const struct rt_code awaited_code =
    RT_COROUTINE("awaited", struct counter, 1, counter_body);
static const struct rt_code outer_code =
    RT_COROUTINE("outer", struct counter, 1, outer_body);
static const struct rt_code stopping_code =
    RT_GENERATOR("stopping", struct counter, 1, stopping_body);
static const struct rt_code nested_code =
    RT_GENERATOR("nested", struct counter, 1, nested_body);

static struct rt_object *
make(const struct rt_code *code, int last)
{
    struct counter *counter = rt_coroutine_new(code);
    assert_non_null(counter);
    counter->last = last;
    return &counter->frame.head;
}

/* A coroutine that awaits inner, stolen. */
static struct rt_object *
around(struct rt_object *inner)
{
    struct rt_object *outer = make(&outer_code, 0);
    ((struct counter *)outer)->kept = inner;
    return outer;
}

static enum rt_coroutine_state
state_of(const struct rt_object *object)
{
    return ((const struct rt_coroutine *)object)->state;
}

/* What comes of a send: its value, or -1 with the error pending. */
static int
send(struct rt_object *to, struct rt_object *value, enum rt_sent expected)
{
    struct rt_object *result = NULL;
    assert_number(rt_coroutine_send(to, value, &result), expected);
    int number = expected == RT_SENT_ERROR ? -1
                 : result == rt_none       ? 0
                                           : (int)rt_int_value(result);
    if (expected != RT_SENT_ERROR) {
        rt_decref(result);
    }
    return number;
}

static void
expect_error(enum rt_error error, const char *text)
{
    assert_text(rt_error_name(rt_error_occurred()), rt_error_name(error));
    assert_text(rt_error_text(), text);
    rt_error_clear();
}

// --- generators ------------------------------------------------------------

static void
a_generator_hands_out_values_and_then_returns(void **state)
{
    (void)state;
    struct rt_object *counter = make(&counter_code, 2);
    assert_text(events, "");
    assert_number(send(counter, rt_none, RT_SENT_YIELD), 0);
    assert_number(send(counter, rt_none, RT_SENT_YIELD), 1);
    assert_number(send(counter, rt_none, RT_SENT_RETURN), 100);
    assert_text(events, "begin end ");
    rt_decref(counter);
}

static void
one_that_is_over_returns_none_again_and_again(void **state)
{
    (void)state;
    struct rt_object *counter = make(&counter_code, 0);
    assert_number(send(counter, rt_none, RT_SENT_RETURN), 100);
    assert_number(send(counter, rt_none, RT_SENT_RETURN), 0);
    assert_null(rt_generator_next(counter));
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    rt_decref(counter);
}

static void
what_is_sent_is_the_value_of_the_yield(void **state)
{
    (void)state;
    struct rt_object *counter = make(&counter_code, 50);
    struct rt_object *forty = rt_int_new(40);
    assert_number(send(counter, rt_none, RT_SENT_YIELD), 0);
    assert_number(send(counter, forty, RT_SENT_YIELD), 40);
    rt_decref(forty);
    rt_decref(counter);
}

static void
a_value_cannot_be_sent_before_the_beginning(void **state)
{
    (void)state;
    struct rt_object *counter = make(&counter_code, 1);
    struct rt_object *one = rt_int_new(1);
    send(counter, one, RT_SENT_ERROR);
    expect_error(RT_ERROR_TYPE,
                 "can't send non-None value to a just-started generator");
    assert_number(state_of(counter), RT_COROUTINE_CREATED);
    assert_number(send(counter, rt_none, RT_SENT_YIELD), 0);
    rt_decref(one);
    rt_decref(counter);
}

static void
one_that_runs_cannot_be_sent_to(void **state)
{
    (void)state;
    struct rt_object *nested = make(&nested_code, 0);
    send(nested, rt_none, RT_SENT_ERROR);
    expect_error(RT_ERROR_VALUE, "generator already executing");
    assert_number(state_of(nested), RT_COROUTINE_CLOSED);
    rt_decref(nested);
}

static void
an_error_is_thrown_in_at_the_yield(void **state)
{
    (void)state;
    struct rt_object *counter = make(&counter_code, 5);
    struct rt_object *boom = rt_exception_new(RT_ERROR_EXCEPTION, "Boom");
    struct rt_object *result = NULL;
    ((struct counter *)counter)->catches = true;
    assert_number(send(counter, rt_none, RT_SENT_YIELD), 0);
    assert_number(rt_coroutine_throw(counter, boom, &result), RT_SENT_YIELD);
    assert_number(rt_int_value(result), 1);
    assert_text(events, "begin Exception ");
    rt_decref(result);
    rt_decref(boom);
    rt_decref(counter);
}

static void
an_error_before_the_beginning_ends_it(void **state)
{
    (void)state;
    struct rt_object *counter = make(&counter_code, 5);
    struct rt_object *boom = rt_exception_new(RT_ERROR_EXCEPTION, "Boom");
    struct rt_object *result = NULL;
    assert_number(rt_coroutine_throw(counter, boom, &result), RT_SENT_ERROR);
    expect_error(RT_ERROR_EXCEPTION, "Boom");
    assert_text(events, "");
    assert_number(state_of(counter), RT_COROUTINE_CLOSED);
    assert_number(send(counter, rt_none, RT_SENT_RETURN), 0);
    rt_decref(boom);
    rt_decref(counter);
}

static void
a_stop_iteration_does_not_get_out(void **state)
{
    (void)state;
    struct rt_object *stopping = make(&stopping_code, 0);
    send(stopping, rt_none, RT_SENT_ERROR);
    expect_error(RT_ERROR_RUNTIME, "generator raised StopIteration");
    rt_decref(stopping);
}

// --- the end ---------------------------------------------------------------

static void
closing_throws_generator_exit(void **state)
{
    (void)state;
    struct rt_object *counter = make(&counter_code, 5);
    assert_number(send(counter, rt_none, RT_SENT_YIELD), 0);
    assert_number(rt_coroutine_close(counter), 0);
    assert_text(events, "begin GeneratorExit ");
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    assert_number(rt_coroutine_close(counter), 0);
    rt_decref(counter);
}

static void
closing_before_the_beginning_runs_nothing(void **state)
{
    (void)state;
    struct rt_object *counter = make(&awaited_code, 5);
    assert_number(rt_coroutine_close(counter), 0);
    assert_text(events, "");
    rt_decref(counter);
    assert_null(never_awaited); // who closes it knows what it does
}

static void
one_that_yields_when_closed_has_ignored_it(void **state)
{
    (void)state;
    struct rt_object *counter = make(&counter_code, 5);
    ((struct counter *)counter)->catches = true;
    assert_number(send(counter, rt_none, RT_SENT_YIELD), 0);
    assert_number(rt_coroutine_close(counter), -1);
    expect_error(RT_ERROR_RUNTIME, "generator ignored GeneratorExit");
    ((struct counter *)counter)->catches = false;
    rt_decref(counter);
}

static void
one_that_dies_is_closed(void **state)
{
    (void)state;
    struct rt_object *counter = make(&counter_code, 5);
    assert_number(send(counter, rt_none, RT_SENT_YIELD), 0);
    rt_decref(counter);
    assert_text(events, "begin GeneratorExit ");
}

static void
the_collector_closes_one_that_holds_itself(void **state)
{
    (void)state;
    struct rt_object *counter = make(&counter_code, 5);
    ((struct counter *)counter)->kept = rt_new_ref(counter);
    assert_number(send(counter, rt_none, RT_SENT_YIELD), 0);
    rt_decref(counter);
    assert_text(events, "begin ");
    rt_gc_collect(2); // as in CPython it dies of the closing, so 0 are found
    assert_text(events, "begin GeneratorExit ");
}

// --- coroutines ------------------------------------------------------------

static void
a_coroutine_that_nobody_awaits_is_reported(void **state)
{
    (void)state;
    rt_decref(make(&awaited_code, 5));
    assert_text(never_awaited, "awaited");
    never_awaited = NULL;
    rt_decref(make(&counter_code, 5)); // a generator may be left alone
    assert_null(never_awaited);
}

static void
a_coroutine_cannot_be_used_twice(void **state)
{
    (void)state;
    struct rt_object *awaited = make(&awaited_code, 0);
    assert_number(send(awaited, rt_none, RT_SENT_RETURN), 100);
    send(awaited, rt_none, RT_SENT_ERROR);
    expect_error(RT_ERROR_RUNTIME, "cannot reuse already awaited coroutine");
    rt_decref(awaited);
}

static void
awaiting_passes_everything_through(void **state)
{
    (void)state;
    struct rt_object *outer = around(around(make(&awaited_code, 3)));
    struct rt_object *one = rt_int_new(1);
    assert_number(send(outer, rt_none, RT_SENT_YIELD), 0);
    assert_number(send(outer, rt_none, RT_SENT_YIELD), 1);
    assert_number(send(outer, one, RT_SENT_YIELD), 1);
    assert_number(send(outer, rt_none, RT_SENT_YIELD), 2);
    assert_number(send(outer, rt_none, RT_SENT_RETURN), 102);
    rt_decref(one);
    rt_decref(outer);
}

static void
an_error_goes_in_to_the_innermost_and_comes_out_through_all(void **state)
{
    (void)state;
    struct rt_object *outer = around(around(make(&awaited_code, 3)));
    struct rt_object *boom = rt_exception_new(RT_ERROR_EXCEPTION, "Boom");
    struct rt_object *result = NULL;
    assert_number(send(outer, rt_none, RT_SENT_YIELD), 0);
    assert_number(rt_coroutine_throw(outer, boom, &result), RT_SENT_ERROR);
    expect_error(RT_ERROR_EXCEPTION, "Boom");
    assert_text(events, "begin Exception outer Exception outer Exception ");
    rt_decref(boom);
    rt_decref(outer);
}

static void
closing_closes_the_innermost_first(void **state)
{
    (void)state;
    struct rt_object *outer = around(make(&awaited_code, 3));
    assert_number(send(outer, rt_none, RT_SENT_YIELD), 0);
    assert_number(rt_coroutine_close(outer), 0);
    assert_text(events, "begin GeneratorExit outer GeneratorExit ");
    rt_decref(outer);
}

static void
an_awaited_coroutine_has_one_waiter(void **state)
{
    (void)state;
    struct rt_object *middle = around(make(&awaited_code, 3));
    struct rt_object *first = around(rt_new_ref(middle));
    struct rt_object *second = around(middle);
    assert_number(send(first, rt_none, RT_SENT_YIELD), 0);
    send(second, rt_none, RT_SENT_ERROR);
    expect_error(RT_ERROR_RUNTIME, "coroutine is being awaited already");
    rt_decref(second);
    rt_decref(first);
}

static void
not_everything_can_be_awaited(void **state)
{
    (void)state;
    struct rt_object *outer = around(rt_int_new(1000));
    send(outer, rt_none, RT_SENT_ERROR);
    expect_error(RT_ERROR_TYPE,
                 "object int can't be used in 'await' expression");
    rt_decref(outer);
}

static void
a_call_that_failed_fails_the_await(void **state)
{
    (void)state;
    struct rt_object *outer = around(NULL);
    rt_error_set(RT_ERROR_KEY, "no such call");
    send(outer, rt_none, RT_SENT_ERROR);
    expect_error(RT_ERROR_KEY, "no such call");
    rt_decref(outer);
}

static void
a_long_chain_of_awaits_dies_without_a_deep_stack(void **state)
{
    (void)state;
    struct rt_object *chain = make(&awaited_code, 1);
    for (int i = 0; i < 100000; i++) {
        chain = around(chain);
    }
    rt_decref(chain);
}

// --- all of them -----------------------------------------------------------

static void
remember_never_awaited(const struct rt_code *code)
{
    never_awaited = code->name;
}

static int
begin(void **state)
{
    (void)state;
    events[0] = '\0';
    never_awaited = NULL;
    rt_coroutine_set_never_awaited_hook(remember_never_awaited);
    rt_gc_disable();
    return 0;
}

static int
end(void **state)
{
    (void)state;
    rt_gc_collect(2);
    assert_null(rt_gc_check());
    assert_number(rt_error_occurred(), RT_ERROR_NONE);
    assert_number(rt_alloc_live_blocks(), 0);
    return 0;
}

#define COROUTINE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        COROUTINE_TEST(a_generator_hands_out_values_and_then_returns),
        COROUTINE_TEST(one_that_is_over_returns_none_again_and_again),
        COROUTINE_TEST(what_is_sent_is_the_value_of_the_yield),
        COROUTINE_TEST(a_value_cannot_be_sent_before_the_beginning),
        COROUTINE_TEST(one_that_runs_cannot_be_sent_to),
        COROUTINE_TEST(an_error_is_thrown_in_at_the_yield),
        COROUTINE_TEST(an_error_before_the_beginning_ends_it),
        COROUTINE_TEST(a_stop_iteration_does_not_get_out),
        COROUTINE_TEST(closing_throws_generator_exit),
        COROUTINE_TEST(closing_before_the_beginning_runs_nothing),
        COROUTINE_TEST(one_that_yields_when_closed_has_ignored_it),
        COROUTINE_TEST(one_that_dies_is_closed),
        COROUTINE_TEST(the_collector_closes_one_that_holds_itself),
        COROUTINE_TEST(a_coroutine_that_nobody_awaits_is_reported),
        COROUTINE_TEST(a_coroutine_cannot_be_used_twice),
        COROUTINE_TEST(awaiting_passes_everything_through),
        COROUTINE_TEST(
            an_error_goes_in_to_the_innermost_and_comes_out_through_all),
        COROUTINE_TEST(closing_closes_the_innermost_first),
        COROUTINE_TEST(an_awaited_coroutine_has_one_waiter),
        COROUTINE_TEST(not_everything_can_be_awaited),
        COROUTINE_TEST(a_call_that_failed_fails_the_await),
        COROUTINE_TEST(a_long_chain_of_awaits_dies_without_a_deep_stack),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
