/* The version is read once, so what depends on it is asked of a child. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/bytes.h"
#include "labs/runtime/constants.h"
#include "labs/runtime/error.h"
#include "labs/runtime/float.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/intern.h"
#include "labs/runtime/list.h"
#include "labs/runtime/string.h"
#include "labs/runtime/tuple.h"
#include "labs/testing.h"

static const char *own_path;
static struct rt_constants *unit;

static int
begin(void **state)
{
    (void)state;
    rt_error_clear();
    rt_gc_disable();
    unit = rt_constants_new();
    return unit == NULL ? -1 : 0;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_error_clear();
    rt_constants_free(unit);
    rt_float_clear_free_list();
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

/* What the unit has for this constant, which is stolen: borrowed. */
static struct rt_object *
merge(struct rt_object *constant)
{
    struct rt_object *merged = rt_constants_merge(unit, constant);
    assert_non_null(merged);
    rt_decref(constant);
    return merged;
}

/* A tuple of items that are stolen. */
static struct rt_object *
tuple_of(struct rt_object *first, struct rt_object *second)
{
    struct rt_object *items[] = {first, second};
    size_t count = second != NULL ? 2 : 1;
    struct rt_object *tuple = rt_tuple_new(items, count);
    rt_decref(first);
    rt_xdecref(second);
    return tuple;
}

/* Whether it is the one string with its text that others get. */
static bool
is_interned(const struct rt_object *string)
{
    struct rt_object *other = rt_str_new(rt_str_text(string));
    struct rt_object *slot = rt_new_ref(other);
    rt_str_intern(&slot);
    bool result = slot == string;
    rt_decref(slot);
    rt_decref(other);
    return result;
}

// --- interning -------------------------------------------------------------

/* A string of another type that was made from the type of strings. */
static struct rt_object *
derived_string(void)
{
    static struct rt_type type;
    type = rt_str_type;
    type.name = "S";
    struct rt_object *string = rt_str_new("abc");
    string->ob_type = &type;
    return string;
}

/* row: IN01 test_sys.SysModuleTest.test_intern */
static void
the_first_spelling_is_the_interned_one(void **state)
{
    (void)state;
    struct rt_object *first = rt_str_new("never interned before");
    struct rt_object *result = rt_str_interned(first);
    assert_ptr_equal(result, first);
    struct rt_object *later = rt_str_new("never interned before");
    struct rt_object *same = rt_str_interned(later);
    assert_ptr_equal(same, first);
    assert_true(later != first);
    rt_decref(result);
    rt_decref(same);
    rt_decref(later);
    rt_decref(first);
    struct rt_object *derived = derived_string();
    assert_null(rt_str_interned(derived));
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    assert_text(rt_error_text(), "can't intern S");
    rt_decref(derived);
    struct rt_object *number = rt_int_new(5);
    assert_null(rt_str_interned(number));
    assert_text(rt_error_text(), "intern() argument must be str, not int");
}

/* row: IN04 test_code.CodeConstsTest.test_interned_string */
static void
what_looks_like_a_name_is_interned(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"spam", "_1", "1abc",    "A_b9",
                                        "",     "!",  "\xC3\xBF"};
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        assert_true(is_interned(merge(rt_str_new(TEXTS[i]))));
    }
    struct rt_object *mine = rt_str_new("eggs");
    struct rt_object *first = rt_new_ref(mine);
    rt_str_intern(&first);
    assert_ptr_equal(merge(rt_str_new("eggs")), mine);
    rt_decref(first);
    rt_decref(mine);
}

/* row: IN05 test_code.CodeConstsTest.test_interned_string_in_tuple */
static void
names_in_tuples_are_interned(void **state)
{
    (void)state;
    struct rt_object *inner = tuple_of(rt_str_new("inner"), NULL);
    struct rt_object *tuple = merge(tuple_of(rt_str_new("outer"), inner));
    assert_true(is_interned(rt_tuple_at(tuple, 0)));
    assert_true(is_interned(rt_tuple_at(rt_tuple_at(tuple, 1), 0)));
}

/* row: IN06 test_code.CodeConstsTest.test_interned_string_with_null */
static void
what_holds_other_characters_is_not_interned(void **state)
{
    (void)state;
    struct rt_object *with_null = merge(rt_str_from("str\0value!", 10));
    struct rt_object *equal = rt_str_from("str\0value!", 10);
    struct rt_object *interned = rt_str_interned(equal);
    assert_true(interned != with_null);
    rt_decref(interned);
    rt_decref(equal);
    static const char *const TEXTS[] = {"two words", "a-b", "\xC4\x80",
                                        "na\xC3\xAFve"};
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        assert_false(is_interned(merge(rt_str_new(TEXTS[i]))));
    }
}

// --- merging ---------------------------------------------------------------

/* Constants that are equal, made anew with each call. */
static struct rt_object *
make(int which)
{
    switch (which) {
    case 0:
        return rt_int_new(1000);
    case 1:
        return rt_float_new(1.5);
    case 2:
        return rt_str_new("two words");
    case 3:
        return rt_bytes_new("bytes", 5);
    case 4:
        return tuple_of(rt_int_new(1000), rt_str_new("two words"));
    default:
        return tuple_of(tuple_of(rt_float_new(1.5), NULL), rt_int_new(7));
    }
}

/* row: IN07 test_compile.TestSpecifics.test_merge_constants */
static void
equal_constants_of_a_unit_are_one_object(void **state)
{
    (void)state;
    for (int which = 0; which < 6; which++) {
        // As two functions of one unit name them.
        struct rt_object *in_one = merge(make(which));
        struct rt_object *in_another = merge(make(which));
        assert_ptr_equal(in_one, in_another);
    }
    struct rt_object *tuple = merge(make(4));
    assert_ptr_equal(rt_tuple_at(tuple, 0), merge(make(0)));
    assert_ptr_equal(rt_tuple_at(tuple, 1), merge(make(2)));
}

static void
the_first_of_equal_constants_stays(void **state)
{
    (void)state;
    for (int which = 0; which < 4; which++) {
        struct rt_object *first = make(which);
        assert_ptr_equal(rt_constants_merge(unit, first), first);
        merge(make(which));
        assert_true(first->ob_refcnt > 1);
        rt_decref(first);
    }
    assert_number(rt_constants_size(unit), 4);
}

static void
another_unit_has_its_own(void **state)
{
    (void)state;
    struct rt_constants *other = rt_constants_new();
    for (int which = 0; which < 6; which++) {
        struct rt_object *constant = make(which);
        assert_true(rt_constants_merge(other, constant) != merge(make(which)));
        rt_decref(constant);
    }
    rt_constants_free(other);
}

/* row: IN08 test_compile.TestSpecifics.test_dont_merge_constants */
static void
what_differs_in_type_or_sign_stays_apart(void **state)
{
    (void)state;
    struct rt_object *numbers[] = {
        merge(rt_int_new(0)), merge(rt_float_new(0.0)),
        merge(rt_float_new(-0.0)), merge(rt_str_new("0")),
        merge(rt_bytes_new("0", 1))};
    struct rt_object *tuples[5];
    for (int i = 0; i < 5; i++) {
        tuples[i] = merge(tuple_of(rt_new_ref(numbers[i]), NULL));
    }
    for (int i = 0; i < 5; i++) {
        for (int k = 0; k < i; k++) {
            assert_true(numbers[i] != numbers[k]);
            assert_true(tuples[i] != tuples[k]);
        }
    }
    assert_ptr_equal(merge(rt_float_new(-0.0)), numbers[2]);
    assert_ptr_equal(merge(tuple_of(rt_float_new(-0.0), NULL)), tuples[2]);
}

/* None, which is no object here, may be part of a tuple. */
static void
tuples_may_hold_nothing(void **state)
{
    (void)state;
    struct rt_object *items[] = {NULL, rt_int_new(1)};
    struct rt_object *first = merge(rt_tuple_new(items, 2));
    assert_ptr_equal(merge(rt_tuple_new(items, 2)), first);
    items[1] = NULL;
    assert_true(merge(rt_tuple_new(items, 2)) != first);
}

static void
the_empty_tuple_is_itself(void **state)
{
    (void)state;
    struct rt_object *empty = rt_tuple_new(NULL, 0);
    assert_ptr_equal(merge(rt_tuple_new(NULL, 0)), empty);
    rt_decref(empty);
}

static void
what_cannot_be_hashed_is_no_constant(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    struct rt_object *tuple = tuple_of(rt_int_new(1), rt_new_ref(list));
    assert_null(rt_constants_merge(unit, list));
    assert_text(rt_error_text(), "unhashable type: 'list'");
    rt_error_clear();
    assert_null(rt_constants_merge(unit, tuple));
    assert_number(rt_error_occurred(), RT_ERROR_TYPE);
    rt_decref(tuple);
    rt_decref(list);
}

static void
every_allocation_may_fail(void **state)
{
    (void)state;
    struct rt_object *constant = make(5);
    struct rt_object *merged = NULL;
    size_t nth = 1;
    for (; merged == NULL; nth++) {
        rt_alloc_fail_nth(nth);
        merged = rt_constants_merge(unit, constant);
        if (merged == NULL) {
            assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
            rt_error_clear();
        }
    }
    rt_alloc_fail_nth(0);
    assert_true(nth > 5);
    assert_number(rt_constants_size(unit), 4);
    rt_decref(constant);
}

// --- versions --------------------------------------------------------------

/* What a program says that is run with this as RT_COMPAT: 1 if a name is
 * immortal, 2 if a text of two words is interned, their sum, or more. */
static int
ask(const char *version)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setenv("RT_COMPAT", version, 1);
        execl(own_path, own_path, "answer", (char *)NULL);
        _exit(99);
    }
    int status = 0;
    assert_number(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int
answer(void)
{
    unit = rt_constants_new();
    const struct rt_object *name = merge(rt_str_new("name"));
    const struct rt_object *words = merge(rt_str_new("two words"));
    int result = rt_is_immortal(name) + 2 * is_interned(words);
    rt_constants_free(unit);
    return result;
}

static void
interned_constants_are_immortal_in_3_12_alone(void **state)
{
    (void)state;
    assert_number(ask("3.11"), 0);
    assert_number(ask("3.12"), 1);
    assert_number(ask("3.13"), 0);
    assert_number(ask("3.14"), 0);
}

static void
all_strings_are_interned_from_3_15_on(void **state)
{
    (void)state;
    assert_number(ask("3.15"), 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(the_first_spelling_is_the_interned_one),
        CASE(what_looks_like_a_name_is_interned),
        CASE(names_in_tuples_are_interned),
        CASE(what_holds_other_characters_is_not_interned),
        CASE(equal_constants_of_a_unit_are_one_object),
        CASE(the_first_of_equal_constants_stays),
        CASE(another_unit_has_its_own),
        CASE(what_differs_in_type_or_sign_stays_apart),
        CASE(tuples_may_hold_nothing),
        CASE(the_empty_tuple_is_itself),
        CASE(what_cannot_be_hashed_is_no_constant),
        CASE(every_allocation_may_fail),
        CASE(interned_constants_are_immortal_in_3_12_alone),
        CASE(all_strings_are_interned_from_3_15_on),
    };
    own_path = argv[0];
    if (argc == 2 && strcmp(argv[1], "answer") == 0) {
        return answer();
    }
    return cmocka_run_group_tests(cases, NULL, NULL);
}
