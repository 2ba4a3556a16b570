/* Lab 05: values that exist only once, seen through the runtime's own headers.
 *
 * To meet collisions on purpose, some cases write a string's hash into it,
 * where rt_hash() would keep it after the first question. */
#include <stdio.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/intern.h"
#include "labs/runtime/object.h"
#include "labs/runtime/string.h"
#include "labs/testing.h"

/* --- small ints ---------------------------------------------------------- */

enum {
    SMALL_INTS = RT_SMALL_INT_MAX - RT_SMALL_INT_MIN + 1
};

static void
every_small_value_has_its_int(void **state)
{
    (void)state;
    int64_t wanted = lab_random_between(0, 255);
    struct rt_object *small = rt_intern_small_int(wanted);
    observe_bool("there is an int", small != NULL);
    if (small == NULL) {
        return;
    }
    observe_bool("it is an int", rt_int_check(small));
    observe_int("its value", rt_int_value(small));

    // All of them are made before the first is looked at again.
    struct rt_object *all[SMALL_INTS];
    for (int i = 0; i < SMALL_INTS; i++) {
        all[i] = rt_intern_small_int(RT_SMALL_INT_MIN + i);
    }
    for (int64_t i = 1; i < SMALL_INTS - 1; i++) {
        int64_t value = RT_SMALL_INT_MIN + i;
        if (all[i] == NULL || rt_int_value(all[i]) != value) {
            observe_event("wrong", "the int for %d is %s", (int)value,
                          all[i] == NULL ? "missing" : "another");
            return;
        }
    }
    observe_event("looked", "at all small values but the first and the last");
}

static void
they_go_from_minus_5_to_256(void **state)
{
    (void)state;
    int64_t values[] = {-4,
                        -5,
                        -6,
                        -7,
                        255,
                        256,
                        257,
                        258,
                        lab_random_between(0, 254),
                        lab_random_between(259, 99999)};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct rt_object *small = rt_intern_small_int(values[i]);
        observe_event("small?", "%d %s", (int)values[i],
                      small != NULL ? "yes" : "no");
        if (small != NULL) {
            observe_int("value", rt_int_value(small));
        }
    }
    observe_string("pending error", rt_error_name(rt_error_occurred()));
}

static void
equal_values_are_one_object(void **state)
{
    (void)state;
    struct rt_object *one = rt_intern_small_int(1);
    struct rt_object *two = rt_intern_small_int(2);
    observe_bool("1 and 2 are the same", one == two);
    observe_bool("1 is the same as before", rt_intern_small_int(1) == one);
    int64_t value = lab_random_between(RT_SMALL_INT_MIN, RT_SMALL_INT_MAX);
    struct rt_object *first = rt_intern_small_int(value);
    observe_bool("a random one is the same twice",
                 rt_intern_small_int(value) == first);
    observe_int("its value", first != NULL ? rt_int_value(first) : -1000);
    struct rt_object *made = rt_int_new(value);
    observe_bool("rt_int_new gives the same", made == first);
    struct rt_object *beyond = rt_int_new(1000);
    struct rt_object *again = rt_int_new(1000);
    observe_bool("1000 is the same twice", beyond == again);
}

static void
far_values_are_not_small(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t value;
    } FAR[] = {
        {"INT64_MAX is small", INT64_MAX},
        {"INT64_MIN is small", INT64_MIN},
        {"2 to the power of 8, plus 7, is small", (1 << 8) + 7},
        {"2 to the power of 16, plus 7, is small", (1 << 16) + 7},
        {"2 to the power of 32, plus 7, is small", (INT64_C(1) << 32) + 7},
        {"minus 2 to the power of 32, plus 7, is small",
         -(INT64_C(1) << 32) + 7},
        {"minus 1000 is small", -1000},
    };
    for (size_t i = 0; i < sizeof(FAR) / sizeof(FAR[0]); i++) {
        observe_bool(FAR[i].name, rt_intern_small_int(FAR[i].value) != NULL);
    }
    struct rt_object *large = rt_int_new((INT64_C(1) << 32) + lab_number(7));
    observe_int("value of a large int", rt_int_value(large));
}

static void
small_ints_never_die(void **state)
{
    (void)state;
    int64_t value = lab_random_between(RT_SMALL_INT_MIN, RT_SMALL_INT_MAX);
    struct rt_object *small = rt_intern_small_int(value);
    observe_bool("it is immortal", rt_is_immortal(small));
    if (!rt_is_immortal(small)) {
        return;
    }
    for (int i = 0; i < 1000; i++) {
        rt_decref(small);
    }
    observe_int("value", rt_int_value(rt_intern_small_int(value)));
    observe_bool("it is still immortal",
                 rt_is_immortal(rt_intern_small_int(value)));
}

static void
small_ints_take_no_memory(void **state)
{
    (void)state;
    rt_alloc_fail_nth(1);
    observe_bool("there is a 7", rt_intern_small_int(7) != NULL);
    observe_bool("there is a 100", rt_intern_small_int(100) != NULL);
    rt_alloc_fail_nth(0);
    // Larger ones do take memory.
    for (int64_t i = lab_random_between(1, 9999); i > 0; i--) {
        (void)rt_int_new(1000);
    }
    observe_int("live blocks", (int64_t)rt_alloc_live_blocks());
}

static void
a_small_result_is_the_shared_int(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        int64_t value =
            lab_random_between(RT_SMALL_INT_MIN - 2, RT_SMALL_INT_MAX + 2);
        struct rt_object *left = rt_int_new(value + 1000);
        struct rt_object *right = rt_int_new(1000);
        struct rt_object *result = rt_int_subtract(left, right);
        observe_int("result", rt_int_value(result));
        observe_bool("it is the small int",
                     result == rt_intern_small_int(value));
        rt_decref(left);
        rt_decref(right);
        rt_decref(result);
    }
}

/* --- strings ------------------------------------------------------------- */

/* A new string: a number of the dice, and the text. Its hash is that of the
 * text alone, so that the dice do not decide which strings collide. */
static struct rt_object *
string_of(const char *text)
{
    char numbered[40];
    snprintf(numbered, sizeof(numbered), "%d %s", (int)lab_number(0), text);
    struct rt_object *plain = rt_str_new(text);
    struct rt_object *string = rt_str_new(numbered);
    int64_t hash = 0;
    (void)rt_hash(plain, &hash);
    ((struct rt_str *)string)->hash = hash;
    rt_decref(plain);
    return string;
}

static struct rt_object *
interned(const char *text)
{
    struct rt_object *string = string_of(text);
    rt_str_intern(&string);
    return string;
}

static bool
is_marked(const struct rt_object *string)
{
    return ((const struct rt_str *)string)->is_interned;
}

static void
observe_leaks(void)
{
    observe_int("leaked blocks", (int64_t)rt_alloc_live_blocks());
}

static void
the_first_string_becomes_the_interned_one(void **state)
{
    (void)state;
    struct rt_object *string = string_of("spam");
    struct rt_object *slot = string;
    rt_str_intern(&slot);
    observe_bool("the slot holds the same string", slot == string);
    observe_bool("it is marked as interned", is_marked(string));
    observe_string("its text", rt_str_text(slot));
}

static void
the_table_does_not_count(void **state)
{
    (void)state;
    struct rt_object *string = interned("spam");
    observe_int("count", string->ob_refcnt);
    string->ob_refcnt += lab_number(0);
    rt_str_intern(&string);
    observe_int("count after interning it again, raised by the case",
                string->ob_refcnt);
}

static void
an_equal_string_is_replaced(void **state)
{
    (void)state;
    struct rt_object *first = interned("spam");
    struct rt_object *mine = string_of("spam");
    struct rt_object *slot = rt_new_ref(mine);
    rt_str_intern(&slot);
    observe_bool("the slot holds the interned one", slot == first);
    observe_int("count of the interned one", first->ob_refcnt);
    observe_int("count of mine", mine->ob_refcnt);
    observe_string("my text", rt_str_text(mine));
}

static void
who_comes_second_is_not_interned(void **state)
{
    (void)state;
    struct rt_object *first = interned("spam");
    struct rt_object *mine = string_of("spam");
    struct rt_object *slot = rt_new_ref(mine);
    rt_str_intern(&slot);
    observe_bool("mine is marked as interned", is_marked(mine));
    observe_bool("the interned one is", is_marked(first));
    rt_decref(mine);
    struct rt_object *next = interned("spam");
    observe_bool("after its death the first is still found", next == first);
    observe_string("its text", rt_str_text(next));
}

static void
other_texts_are_other_strings(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"spam", "spa", ""};
    enum {
        COUNT = sizeof(TEXTS) / sizeof(TEXTS[0])
    };
    struct rt_object *strings[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        strings[i] = interned(TEXTS[i]);
        observe_string("text", rt_str_text(strings[i]));
    }
    for (size_t i = 0; i < COUNT; i++) {
        observe_bool("it is found again", interned(TEXTS[i]) == strings[i]);
    }
}

static void
a_text_goes_on_behind_a_zero_byte(void **state)
{
    (void)state;
    char text[40];
    int length = snprintf(text, sizeof(text), "a-%d-b", (int)lab_number(0));
    text[1] = '\0';
    struct rt_object *first = rt_str_from(text, (size_t)length);
    struct rt_object *equal = rt_str_from(text, (size_t)length);
    text[length - 1] = 'c';
    struct rt_object *second = rt_str_from(text, (size_t)length);
    // Strings that begin alike, in one place of the table.
    ((struct rt_str *)first)->hash = 5;
    ((struct rt_str *)second)->hash = 5;
    ((struct rt_str *)equal)->hash = 5;
    struct rt_object *wanted = first;
    rt_str_intern(&first);
    rt_str_intern(&second);
    rt_str_intern(&equal);
    observe_bool("the other text is the first string", second == wanted);
    observe_bool("the equal text is the first string", equal == wanted);
    observe_bytes("the other text", rt_str_text(second), (size_t)length);
}

static void
equal_hashes_do_not_make_equal_strings(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"spam", "spa", "spams"};
    struct rt_object *strings[3];
    struct rt_object *again[3];
    for (int i = 0; i < 3; i++) {
        strings[i] = string_of(TEXTS[i]);
        again[i] = string_of(TEXTS[i]);
        ((struct rt_str *)strings[i])->hash = 42;
        ((struct rt_str *)again[i])->hash = 42;
        rt_str_intern(&strings[i]);
        observe_string("text", rt_str_text(strings[i]));
    }
    for (int i = 0; i < 3; i++) {
        rt_str_intern(&again[i]);
        observe_bool("it is found again", again[i] == strings[i]);
    }
}

static void
a_dead_string_is_forgotten(void **state)
{
    (void)state;
    struct rt_object *other = interned("eggs");
    struct rt_object *string = interned("spam");
    rt_decref(string);
    struct rt_object *fresh = string_of("spam");
    struct rt_object *slot = fresh;
    rt_str_intern(&slot);
    observe_bool("the next one becomes the interned one", slot == fresh);
    observe_bool("it is marked as interned", is_marked(fresh));
    struct rt_object *again = interned("spam");
    observe_bool("and is found", again == fresh);
    observe_bool("others are found, too", interned("eggs") == other);
    observe_string("its text", rt_str_text(again));
}

static void
the_last_one_takes_the_table_with_it(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        struct rt_object *first = interned("spam");
        struct rt_object *second = interned("eggs");
        struct rt_object *third = interned("spam");
        observe_string("text", rt_str_text(third));
        rt_decref(first);
        rt_decref(second);
        rt_decref(third);
        observe_leaks();
    }
}

enum {
    NEIGHBOURS = 5,
    HASHES = 4,
    COMBINATIONS = 1024 // HASHES to the power of NEIGHBOURS
};

/* One of the neighbours, whose hash the combination says. */
static struct rt_object *
neighbour(int i, int combination)
{
    static const char *const NAMES[NEIGHBOURS] = {"a", "b", "c", "d", "e"};
    struct rt_object *string = string_of(NAMES[i]);
    ((struct rt_str *)string)->hash = (combination >> (2 * i)) % HASHES;
    return string;
}

/* Lets one of them die; whether the others are still found. */
static bool
survive(int dead, int combination)
{
    struct rt_object *strings[NEIGHBOURS];
    for (int i = 0; i < NEIGHBOURS; i++) {
        strings[i] = neighbour(i, combination);
        rt_str_intern(&strings[i]);
    }
    rt_clear(&strings[dead]);
    for (int i = 0; i < NEIGHBOURS; i++) {
        struct rt_object *slot = neighbour(i, combination);
        if (i != dead) {
            rt_str_intern(&slot);
            if (slot != strings[i]) {
                observe_event("lost", "the string with the hash %d",
                              (combination >> (2 * i)) % HASHES);
                return false;
            }
        }
        rt_decref(slot);
    }
    for (int i = 0; i < NEIGHBOURS; i++) {
        rt_clear(&strings[i]);
    }
    return true;
}

/* Five strings, each with one of four hashes, in every combination. */
static void
neighbours_survive_a_removal(void **state)
{
    (void)state;
    for (int dead = 0; dead < NEIGHBOURS; dead++) {
        observe_event("step", "number %d dies", (int)lab_number(dead));
        for (int combination = 0; combination < COMBINATIONS; combination++) {
            if (!survive(dead, combination)) {
                return;
            }
        }
    }
    observe_leaks();
}

static void
without_memory_the_string_stays_what_it_is(void **state)
{
    (void)state;
    struct rt_object *string = string_of("spam");
    struct rt_object *slot = string;
    rt_alloc_fail_nth(1);
    rt_str_intern(&slot);
    rt_alloc_fail_nth(0);
    observe_bool("the slot holds the same string", slot == string);
    observe_int("its count", string->ob_refcnt);
    observe_string("pending error", rt_error_name(rt_error_occurred()));
    observe_string("its text", rt_str_text(slot));
    rt_str_intern(&slot);
    struct rt_object *second = interned("spam");
    observe_bool("with memory it is interned", second == string);
    rt_decref(second);
    rt_decref(slot);
    observe_leaks();

    // It may be a later piece of memory that is not there.
    for (size_t nth = 2; nth <= 3; nth++) {
        slot = string = string_of("eggs");
        rt_alloc_fail_nth(nth);
        rt_str_intern(&slot);
        rt_alloc_fail_nth(0);
        observe_bool("the slot holds the same string", slot == string);
        observe_string("pending error", rt_error_name(rt_error_occurred()));
        rt_decref(slot);
        observe_leaks();
    }
}

enum {
    SOME = 300
};

static struct rt_object *some[SOME];
static int some_count; // by the dice, nearly all

static struct rt_object *
numbered(int number)
{
    char text[32];
    snprintf(text, sizeof(text), "name_%d", (int)lab_number(number));
    return rt_str_new(text);
}

static void
decide_how_many(void)
{
    some_count = SOME - (int)lab_random_between(0, SOME / 3);
}

/* How many of the strings are found again. */
static int64_t
count_found(void)
{
    int64_t lost = 0;
    for (int i = 0; i < some_count; i++) {
        struct rt_object *again = numbered(i);
        rt_str_intern(&again);
        lost += again != some[i];
        rt_decref(again);
    }
    return some_count - lost;
}

static void
release_some(void)
{
    for (int i = 0; i < some_count; i++) {
        rt_clear(&some[i]);
    }
}

static void
hundreds_of_strings_are_found_again(void **state)
{
    (void)state;
    int64_t changed = 0;
    decide_how_many();
    for (int i = 0; i < some_count; i++) {
        struct rt_object *string = numbered(i);
        some[i] = string;
        rt_str_intern(&some[i]);
        changed += some[i] != string;
    }
    observe_int("new texts that were replaced", changed);
    observe_int("strings", some_count);
    observe_int("strings that are found again", count_found());
    release_some();
    observe_leaks();
}

/* Tables are full at some of these numbers, whatever sizes they have. */
static void
one_of_any_number_may_die(void **state)
{
    (void)state;
    for (int count = 2; count <= 40; count++) {
        int dead = (int)lab_random_between(0, count - 1);
        observe_event("step", "of %d one dies, number %d", count, dead);
        for (int i = 0; i < count; i++) {
            some[i] = numbered(i);
            rt_str_intern(&some[i]);
        }
        rt_clear(&some[dead]);
        int lost = 0;
        for (int i = 0; i < count; i++) {
            struct rt_object *again = numbered(i);
            if (i != dead) {
                rt_str_intern(&again);
                lost += again != some[i];
            }
            rt_decref(again);
        }
        observe_int("strings that are not found again", lost);
        for (int i = 0; i < count; i++) {
            rt_clear(&some[i]);
        }
    }
    observe_leaks();
}

static void
growing_may_fail(void **state)
{
    (void)state;
    int64_t changed = 0;
    int64_t errors = 0;
    decide_how_many();
    for (int i = 0; i < some_count; i++) {
        struct rt_object *string = numbered(i);
        some[i] = string;
        rt_alloc_fail_nth(1);
        rt_str_intern(&some[i]); // interned or not: both may be
        rt_alloc_fail_nth(0);
        changed += some[i] != string;
        errors += rt_error_occurred() != RT_ERROR_NONE;
        rt_str_intern(&some[i]); // now there is memory
        changed += some[i] != string;
    }
    observe_int("slots that were changed", changed);
    observe_int("errors left pending", errors);
    observe_int("strings", some_count);
    observe_int("strings that are found again", count_found());
    release_some();
    observe_leaks();
}

/* --- stories ------------------------------------------------------------- */

enum {
    TEXTS = 24,
    STEPS = 400
};

/* A string whose hash collides with those of others. */
static struct rt_object *
colliding(int number)
{
    struct rt_object *string = numbered(number);
    ((struct rt_str *)string)->hash = number * 7 % 10;
    return string;
}

static void
a_random_story(void **state)
{
    (void)state;
    struct rt_object *live[TEXTS] = {NULL}; // one reference each, or none
    for (int step = 0; step < STEPS; step++) {
        int i = (int)lab_random_between(0, TEXTS - 1);
        if (live[i] != NULL && lab_random_between(0, 2) > 0) {
            observe_event("step", "%d dies", i);
            rt_clear(&live[i]);
            continue;
        }
        struct rt_object *string = colliding(i);
        struct rt_object *slot = rt_new_ref(string);
        rt_str_intern(&slot);
        observe_event("step", "%d is interned", i);
        observe_bool("it is new", slot == string);
        if (live[i] != NULL) {
            observe_bool("it is the one that lives", slot == live[i]);
            rt_decref(slot);
        }
        else {
            live[i] = slot;
        }
        rt_decref(string);
    }
    for (int i = 0; i < TEXTS; i++) {
        rt_clear(&live[i]);
    }
    observe_leaks();
}

enum {
    MANY = 30000,
    MORE = 999 // at most
};

/* One stays, so that the table does, and many others pass through it. */
static void
many_come_and_go(void **state)
{
    (void)state;
    const int count = MANY / 2 + (int)lab_random_between(1, MORE);
    int64_t wrong = 0;
    struct rt_object *stays = numbered(0);
    rt_str_intern(&stays);
    for (int i = 1; i <= count; i++) {
        struct rt_object *string = numbered(i);
        struct rt_object *slot = string;
        rt_str_intern(&slot);
        wrong += slot != string;
        rt_decref(slot);
    }
    struct rt_object *again = numbered(0);
    rt_str_intern(&again);
    observe_int("strings", count);
    observe_int("strings that were taken for others", wrong);
    observe_bool("who has stayed is found again", again == stays);
    rt_decref(again);
    rt_decref(stays);
    observe_leaks();
}

static void
thirty_thousand_strings(void **state)
{
    (void)state;
    static struct rt_object *many[MANY + MORE];
    const int count = MANY + (int)lab_random_between(1, MORE);
    int64_t wrong = 0;
    for (int i = 0; i < count; i++) {
        many[i] = numbered(i);
        rt_str_intern(&many[i]);
    }
    for (int i = 0; i < count; i += 2) { // every other one dies
        rt_clear(&many[i]);
    }
    for (int i = 0; i < count; i++) {
        struct rt_object *string = numbered(i);
        struct rt_object *slot = rt_new_ref(string);
        rt_str_intern(&slot);
        wrong += slot != (many[i] != NULL ? many[i] : string);
        rt_decref(slot);
        rt_decref(string);
    }
    observe_int("strings", count);
    observe_int("strings that are what they should be", count - wrong);
    for (int i = 0; i < count; i++) {
        rt_clear(&many[i]);
    }
    observe_leaks();
}

const struct CMUnitTest lab_cases[] = {
    cmocka_unit_test(every_small_value_has_its_int),
    cmocka_unit_test(they_go_from_minus_5_to_256),
    cmocka_unit_test(far_values_are_not_small),
    cmocka_unit_test(equal_values_are_one_object),
    cmocka_unit_test(small_ints_never_die),
    cmocka_unit_test(small_ints_take_no_memory),
    cmocka_unit_test(a_small_result_is_the_shared_int),
    cmocka_unit_test(the_first_string_becomes_the_interned_one),
    cmocka_unit_test(the_table_does_not_count),
    cmocka_unit_test(an_equal_string_is_replaced),
    cmocka_unit_test(who_comes_second_is_not_interned),
    cmocka_unit_test(other_texts_are_other_strings),
    cmocka_unit_test(equal_hashes_do_not_make_equal_strings),
    cmocka_unit_test(a_text_goes_on_behind_a_zero_byte),
    cmocka_unit_test(a_dead_string_is_forgotten),
    cmocka_unit_test(the_last_one_takes_the_table_with_it),
    cmocka_unit_test(neighbours_survive_a_removal),
    cmocka_unit_test(without_memory_the_string_stays_what_it_is),
    cmocka_unit_test(hundreds_of_strings_are_found_again),
    cmocka_unit_test(one_of_any_number_may_die),
    cmocka_unit_test(growing_may_fail),
    cmocka_unit_test(a_random_story),
    cmocka_unit_test(many_come_and_go),
    cmocka_unit_test(thirty_thousand_strings),
};
const size_t lab_case_count = sizeof(lab_cases) / sizeof(lab_cases[0]);
