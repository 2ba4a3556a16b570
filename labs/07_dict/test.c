/* Lab 07: the table of a dict, seen through the runtime's own header.
 *
 * Most keys and values here are probes: objects with a number, a hash that
 * the case chooses, and a death that is told aloud. Their numbers, and those
 * of the ints, begin where the dice say; and an object that is counted may
 * have had more references before. */
#include "labs/runtime/alloc.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/object.h"
#include "labs/runtime/string.h"
#include "labs/testing.h"

struct probe {
    struct rt_object base;
    int64_t number; // equal ones are equal
    int64_t hash;   // -1: hashing fails
    bool is_silent;
};

static struct rt_object *dict; // that the case is about

/* What happens while a probe is compared, and while one dies. */
static void (*during_comparison)(void);
static void (*during_death)(int64_t number);

static bool comparisons_fail;
static int64_t comparisons;
static int64_t useless_comparisons; // of keys with different hashes

static void
probe_dealloc(struct rt_object *object)
{
    const struct probe *probe = (struct probe *)object;
    if (!probe->is_silent) {
        observe_event("dies", "%d", (int)lab_number(probe->number));
        if (during_death != NULL) {
            during_death(probe->number);
        }
    }
    rt_free(object);
}

static int
probe_hash(struct rt_object *object, int64_t *hash)
{
    *hash = ((struct probe *)object)->hash;
    return *hash == -1 ? rt_error_set(RT_ERROR_VALUE, "no hash") : 0;
}

static int
probe_equal(struct rt_object *a, struct rt_object *b)
{
    const struct probe *left = (struct probe *)a;
    const struct probe *right = (struct probe *)b;
    int answer = left->number == right->number;
    comparisons++;
    useless_comparisons += left->hash != right->hash;
    if (during_comparison != NULL) {
        void (*once)(void) = during_comparison;
        during_comparison = NULL;
        once();
        observe_int("the key that is compared has", lab_number(left->number));
    }
    if (comparisons_fail) {
        return rt_error_set(RT_ERROR_VALUE, "cannot compare");
    }
    return answer;
}

static const struct rt_type probe_type = {
    .name = "probe",
    .basicsize = sizeof(struct probe),
    .dealloc = probe_dealloc,
    .hash = probe_hash,
    .equal = probe_equal,
};

static struct rt_object *
make_probe(int64_t number, int64_t hash)
{
    struct rt_object *object = rt_object_new(&probe_type);
    struct probe *probe = (struct probe *)object;
    probe->number = number;
    probe->hash = hash;
    probe->is_silent = false;
    return object;
}

static struct rt_object *
make_silent(int64_t number, int64_t hash)
{
    struct rt_object *object = make_probe(number, hash);
    ((struct probe *)object)->is_silent = true;
    return object;
}

/* --- a dict of ints ------------------------------------------------------ */

/* An int of a case is the next so many by the dice; what was small stays so,
 * and in its place among others. */
static int64_t
next_key(int64_t number)
{
    return number + lab_number(0) / 10 % 7 * 8;
}

static int64_t
next_value(int64_t number)
{
    return number + lab_number(0) / 70 % 50;
}

static int
set_int(struct rt_object *into, int64_t number, int64_t value)
{
    struct rt_object *key = rt_int_new(next_key(number));
    struct rt_object *object = rt_int_new(next_value(value));
    int result = rt_dict_store(into, key, object);
    rt_decref(key);
    rt_decref(object);
    return result;
}

/* The value under an int, -1 if there is none. */
static int64_t
get_int(struct rt_object *from, int64_t number)
{
    struct rt_object *key = rt_int_new(next_key(number));
    struct rt_object *value = rt_dict_get(from, key);
    rt_decref(key);
    return value == NULL ? -1 : rt_int_value(value) - next_value(0);
}

static int
remove_int(struct rt_object *from, int64_t number)
{
    struct rt_object *key = rt_int_new(next_key(number));
    int result = rt_dict_remove(from, key);
    rt_decref(key);
    return result;
}

static int64_t
number_of(struct rt_object *object)
{
    return rt_int_check(object) ? rt_int_value(object)
                                : lab_number(((struct probe *)object)->number);
}

enum {
    MOST_SEEN = 400
};

/* The keys, each followed by its value, in the order of a walk. */
static void
observe_items(const char *name, struct rt_object *of)
{
    int64_t items[2 * MOST_SEEN];
    size_t count = 0;
    size_t position = 0;
    struct rt_object *key;
    struct rt_object *value;
    while (count + 1 < 2 * MOST_SEEN &&
           rt_dict_next(of, &position, &key, &value)) {
        items[count++] = number_of(key);
        items[count++] = number_of(value);
    }
    observe_sequence(name, items, count);
    observe_int("size", (int64_t)rt_dict_size(of));
}

/* References that somebody else has, as many as the dice say. */
static int64_t
other_references(void)
{
    return lab_number(0);
}

/* Stores and keeps no reference. */
static void
give(struct rt_object *key, struct rt_object *value)
{
    observe_int("rt_dict_store returns", rt_dict_store(dict, key, value));
    rt_decref(key);
    rt_decref(value);
}

static void
begin(void)
{
    rt_gc_disable();
    dict = rt_dict_new();
}

/* The end of most cases: whatever is left is leaked. */
static void
finish(void)
{
    rt_decref(dict);
    observe_int("leaked blocks", (int64_t)rt_alloc_live_blocks());
}

/* --- storing and finding ------------------------------------------------- */

/* Small ints: each exists once and is never released, so that nothing but
 * storing and finding matters here. */
static void
a_value_is_found_under_its_key(void **state)
{
    (void)state;
    begin();
    int64_t first = lab_random_between(1, 190);
    observe_int("rt_dict_store returns", set_int(dict, first, 11));
    observe_int("value of the first", next_value(get_int(dict, first)));
    observe_int("rt_dict_store returns", set_int(dict, first + 1, 22));
    observe_int("rt_dict_store returns", set_int(dict, first + 8, 33));
    observe_int("value of the first", next_value(get_int(dict, first)));
    observe_int("value of the second", next_value(get_int(dict, first + 1)));
    observe_int("value of the third", next_value(get_int(dict, first + 8)));
    observe_int("size", (int64_t)rt_dict_size(dict));
    finish();
}

static void
a_missing_key_is_no_error(void **state)
{
    (void)state;
    begin();
    struct rt_object *key = rt_int_new(next_key(5));
    observe_bool("found in an empty dict", rt_dict_get(dict, key) != NULL);
    observe_int("removed from an empty dict", rt_dict_remove(dict, key));
    set_int(dict, 6, 1);
    set_int(dict, 13, 1);
    observe_bool("found among others", rt_dict_get(dict, key) != NULL);
    observe_int("removed among others", rt_dict_remove(dict, key));
    observe_bool("an error is pending", rt_error_occurred() != RT_ERROR_NONE);
    observe_items("items", dict);
    finish();
}

static void
equal_keys_are_one_key(void **state)
{
    (void)state;
    begin();
    struct rt_object *first = rt_str_new("spam");
    struct rt_object *second = rt_str_new("spam");
    struct rt_object *value = rt_int_new(1);
    struct rt_object *other = rt_int_new(2);
    first->ob_refcnt += other_references();
    second->ob_refcnt += other_references();
    rt_dict_store(dict, first, value);
    observe_bool("found by an equal key", rt_dict_get(dict, second) == value);
    rt_dict_store(dict, second, other);
    observe_int("size", (int64_t)rt_dict_size(dict));
    observe_bool("replaced by an equal key",
                 rt_dict_get(dict, first) == other);
    observe_int("count of the first key", first->ob_refcnt);
    observe_int("count of the second key", second->ob_refcnt);
    first->ob_refcnt -= other_references();
    second->ob_refcnt -= other_references();
    rt_decref(first);
    rt_decref(second);
    finish();
}

static void
keys_that_collide_are_kept_apart(void **state)
{
    (void)state;
    begin();
    int64_t hash = lab_random_between(0, 1000);
    struct rt_object *keys[4];
    for (int i = 0; i < 4; i++) {
        keys[i] = make_silent(i, hash);
        rt_dict_store(dict, keys[i], keys[i]);
    }
    observe_items("items", dict);
    for (int i = 0; i < 4; i++) {
        observe_bool("found", rt_dict_get(dict, keys[i]) == keys[i]);
    }
    for (int i = 0; i < 4; i++) {
        rt_decref(keys[i]);
    }
    finish();
}

static void
any_hash_is_fine(void **state)
{
    (void)state;
    static const int64_t HASHES[] = {0, -2, INT64_MIN, INT64_MAX};
    begin();
    struct rt_object *keys[4];
    for (int i = 0; i < 4; i++) {
        keys[i] = make_silent(i, HASHES[i]);
        rt_dict_store(dict, keys[i], keys[i]);
    }
    for (int i = 0; i < 4; i++) {
        observe_bool("found", rt_dict_get(dict, keys[i]) == keys[i]);
        rt_decref(keys[i]);
    }
    observe_items("items", dict);
    finish();
}

static void
only_keys_with_the_same_hash_are_compared(void **state)
{
    (void)state;
    begin();
    struct rt_object *keys[4];
    for (int i = 0; i < 4; i++) {
        keys[i] = make_silent(i, i * 64);
        rt_dict_store(dict, keys[i], keys[i]);
    }
    for (int i = 0; i < 4; i++) {
        struct rt_object *equal = make_silent(i, i * 64);
        observe_bool("found", rt_dict_get(dict, equal) == keys[i]);
        rt_decref(equal);
        rt_decref(keys[i]);
    }
    observe_bool("comparisons took place", comparisons > 0);
    observe_int("comparisons of different hashes", useless_comparisons);
    observe_items("items", dict);
    finish();
}

/* --- references ---------------------------------------------------------- */

static void
the_dict_has_references_of_its_own(void **state)
{
    (void)state;
    begin();
    struct rt_object *key = make_silent(1, 1);
    struct rt_object *value = make_silent(2, 2);
    key->ob_refcnt += other_references();
    value->ob_refcnt += other_references();
    rt_dict_store(dict, key, value);
    observe_int("count of the key", key->ob_refcnt);
    observe_int("count of the value", value->ob_refcnt);
    rt_dict_get(dict, key);
    observe_int("count of the value after get", value->ob_refcnt);
    rt_dict_store(dict, key, value);
    observe_int("count of the key stored again", key->ob_refcnt);
    observe_int("count of the value stored again", value->ob_refcnt);
    rt_dict_remove(dict, key);
    observe_int("count of the removed key", key->ob_refcnt);
    observe_int("count of the removed value", value->ob_refcnt);
    key->ob_refcnt -= other_references();
    value->ob_refcnt -= other_references();
    rt_decref(key);
    rt_decref(value);
    finish();
}

static void
an_old_value_is_released(void **state)
{
    (void)state;
    begin();
    struct rt_object *key = rt_int_new(1);
    give(key, make_probe(1, 0));
    give(key, make_probe(2, 0));
    observe_event("the dict", "dies");
    finish();
}

/* --- order --------------------------------------------------------------- */

static void
the_order_is_that_of_insertion(void **state)
{
    (void)state;
    begin();
    for (int64_t i = 0; i < 4; i++) {
        set_int(dict, 90 - i * 17, i);
    }
    observe_items("items", dict);
    set_int(dict, 90 - 17, 100);
    observe_items("items after a value was replaced", dict);
    finish();
}

static void
a_removed_key_is_gone(void **state)
{
    (void)state;
    begin();
    for (int64_t i = 0; i < 5; i++) {
        set_int(dict, i, i + 10);
    }
    observe_int("rt_dict_remove returns", remove_int(dict, 2));
    observe_int("its value", get_int(dict, 2));
    observe_int("rt_dict_remove returns", remove_int(dict, 2));
    observe_items("items", dict);
    remove_int(dict, 0);
    remove_int(dict, 4);
    observe_items("items", dict);
    finish();
}

static void
removal_does_not_hide_other_keys(void **state)
{
    (void)state;
    begin();
    struct rt_object *keys[5];
    for (int i = 0; i < 5; i++) {
        keys[i] = make_silent(i, 42);
        rt_dict_store(dict, keys[i], keys[i]);
    }
    rt_dict_remove(dict, keys[0]);
    rt_dict_remove(dict, keys[2]);
    for (int i = 0; i < 5; i++) {
        observe_bool("found", rt_dict_get(dict, keys[i]) == keys[i]);
    }
    rt_dict_store(dict, keys[4], keys[1]);
    observe_items("items", dict);
    for (int i = 0; i < 5; i++) {
        rt_decref(keys[i]);
    }
    finish();
}

static void
a_key_that_comes_again_goes_to_the_end(void **state)
{
    (void)state;
    begin();
    for (int64_t i = 0; i < 4; i++) {
        set_int(dict, i, i);
    }
    remove_int(dict, 1);
    set_int(dict, 1, 11);
    observe_items("items", dict);
    remove_int(dict, 1);
    set_int(dict, 1, 12);
    remove_int(dict, 0);
    set_int(dict, 0, 13);
    observe_items("items", dict);
    finish();
}

static void
keys_may_go_during_a_walk(void **state)
{
    (void)state;
    begin();
    for (int64_t i = 0; i < 50; i++) {
        set_int(dict, i, i);
    }
    int64_t met[60];
    size_t count = 0;
    size_t position = 0;
    struct rt_object *key;
    struct rt_object *value;
    while (count < 60 && rt_dict_next(dict, &position, &key, &value)) {
        met[count++] = rt_int_value(key);
        rt_dict_remove(dict, key);
    }
    observe_sequence("keys met", met, count);
    observe_int("size", (int64_t)rt_dict_size(dict));
    finish();
}

/* The keys from the last to the first. */
static void
observe_backwards(const char *name, struct rt_object *of)
{
    int64_t keys[MOST_SEEN];
    size_t count = 0;
    size_t position = RT_DICT_END;
    struct rt_object *key;
    struct rt_object *value;
    while (count < MOST_SEEN &&
           rt_dict_previous(of, &position, &key, &value)) {
        keys[count++] = number_of(key);
    }
    observe_sequence(name, keys, count);
}

static void
a_walk_goes_backwards_too(void **state)
{
    (void)state;
    begin();
    observe_backwards("keys of an empty dict", dict);
    for (int64_t i = 0; i < 6; i++) {
        set_int(dict, 90 - i * 17, i);
    }
    observe_backwards("keys", dict);
    remove_int(dict, 90);
    remove_int(dict, 90 - 3 * 17);
    remove_int(dict, 90 - 5 * 17);
    observe_backwards("keys after three were removed", dict);
    rt_dict_clear(dict);
    observe_backwards("keys after all were", dict);
    finish();
}

/* Two steps forwards, one back: the second entry is met again; then two back,
 * and one forwards: the first. */
static void
a_walk_can_turn_back(void **state)
{
    (void)state;
    begin();
    for (int64_t i = 1; i <= 3; i++) {
        set_int(dict, i, i + 10);
    }
    size_t position = 0;
    struct rt_object *key = NULL;
    struct rt_object *value = NULL;
    rt_dict_next(dict, &position, &key, &value);
    rt_dict_next(dict, &position, &key, &value);
    observe_int("two steps forwards", number_of(key));
    rt_dict_previous(dict, &position, &key, &value);
    observe_int("and one back", number_of(key));
    observe_int("its value", number_of(value));
    rt_dict_previous(dict, &position, &key, &value);
    observe_int("and one more", number_of(key));
    observe_bool("there is another one before it",
                 rt_dict_previous(dict, &position, &key, &value));
    rt_dict_next(dict, &position, &key, &value);
    observe_int("forwards again", number_of(key));
    finish();
}

/* --- growth -------------------------------------------------------------- */

static void
the_table_grows(void **state)
{
    (void)state;
    begin();
    int64_t found = 0;
    for (int64_t i = 0; i < 300; i++) {
        set_int(dict, i * 8, i);
        found += get_int(dict, i * 8) == i;
    }
    observe_int("found at once", found);
    found = 0;
    for (int64_t i = 0; i < 300; i++) {
        found += get_int(dict, i * 8) == i;
    }
    observe_int("found later", found);
    observe_items("items", dict);
    finish();
}

/* How many there are is left to the solution. */
static void
the_table_tells_its_slots(void **state)
{
    (void)state;
    begin();
    observe_int("slots of a new dict", (int64_t)rt_dict_slots(dict));
    bool are_enough = true;
    for (int64_t i = lab_random_between(0, 99); i < 300; i++) {
        set_int(dict, i, 1);
        are_enough = are_enough && rt_dict_slots(dict) >= rt_dict_size(dict);
    }
    observe_bool("never fewer slots than keys", are_enough);
    observe_items("items", dict);
    finish();
}

static void
holes_do_not_survive_growth(void **state)
{
    (void)state;
    begin();
    for (int64_t i = 0; i < 60; i++) {
        set_int(dict, i, i);
        if (i % 3 != 0) {
            remove_int(dict, i);
        }
    }
    observe_items("items", dict);
    for (int64_t i = 0; i < 60; i++) {
        set_int(dict, i, i + 100);
    }
    observe_items("items", dict);
    finish();
}

/* Three keys at any time, however many have come and gone. */
static void
a_queue_stays_small(void **state)
{
    (void)state;
    begin();
    bool is_small = true;
    for (int64_t i = 0; i < 20000; i++) {
        set_int(dict, i % 200, 1);
        remove_int(dict, (i + 197) % 200);
        is_small = is_small && rt_alloc_live_bytes() < 4096;
    }
    observe_bool("never more than 4096 bytes", is_small);
    observe_items("items", dict);
    finish();
}

/* Nearly full, with one key that goes for each that comes. */
static void
a_large_queue_is_not_moved_each_time(void **state)
{
    (void)state;
    static const int64_t SIZES[] = {32767, 21845};
    const int64_t rounds = 25000 + lab_random_between(0, 999);
    begin();
    int64_t first = 0; // the oldest key
    int64_t next = 0;
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
        while (next - first < SIZES[i]) {
            set_int(dict, next++, 1);
        }
        while (next - first > SIZES[i]) {
            remove_int(dict, first++);
        }
        for (int64_t round = 0; round < rounds; round++) {
            remove_int(dict, first++);
            set_int(dict, next++, 1);
        }
    }
    observe_int("keys that came", next);
    observe_int("size", (int64_t)rt_dict_size(dict));
    finish();
}

/* --- code that runs meanwhile -------------------------------------------- */

static struct rt_object *watched; // a key, not counted

static void
look_at_the_watched(int64_t number)
{
    struct rt_object *value = rt_dict_get(dict, watched);
    observe_int("the dying number", number);
    observe_int("size while it dies", (int64_t)rt_dict_size(dict));
    observe_int("what the dict says", value == NULL ? -1 : number_of(value));
}

static void
the_new_value_is_there_when_the_old_one_dies(void **state)
{
    (void)state;
    begin();
    watched = rt_int_new(7);
    during_death = look_at_the_watched;
    give(watched, make_probe(1, 0));
    give(watched, make_probe(2, 0));
    during_death = NULL;
    finish();
}

static void
what_is_removed_is_out_when_it_dies(void **state)
{
    (void)state;
    begin();
    watched = make_silent(5, 5);
    rt_dict_store(dict, watched, watched);
    during_death = look_at_the_watched;
    give(make_probe(1, 1), make_probe(2, 2));
    struct rt_object *equal = make_silent(1, 1);
    observe_int("rt_dict_remove returns", rt_dict_remove(dict, equal));
    rt_decref(equal);
    during_death = NULL;
    rt_decref(watched);
    finish();
}

static void
clear_releases_in_order(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 8; i += 2) {
        give(make_probe(i, 50 - i), make_probe(i + 1, 0));
    }
    rt_dict_clear(dict);
    observe_items("items", dict);
    observe_int("rt_dict_store returns", set_int(dict, 1, 2));
    observe_items("items", dict);
    rt_dict_clear(dict);
    rt_dict_clear(dict);
    finish();
}

static void
store_one_more(int64_t number)
{
    observe_int("size while it dies", (int64_t)rt_dict_size(dict));
    set_int(dict, number + 100, number);
}

static void
the_dict_is_empty_when_the_first_dies(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 6; i += 2) {
        give(make_probe(i, 50 - i), make_probe(i + 1, 0));
    }
    during_death = store_one_more;
    rt_dict_clear(dict);
    during_death = NULL;
    observe_items("items", dict);
    finish();
}

static void
clear_it(void)
{
    rt_dict_clear(dict);
}

static void
clear_and_begin_anew(void)
{
    rt_dict_clear(dict);
    set_int(dict, 4, 4);
}

static void
clear_it_and_fail(void)
{
    rt_dict_clear(dict);
    comparisons_fail = true;
}

static void
remove_the_watched(void)
{
    rt_dict_remove(dict, watched);
}

static void
fill_it(void)
{
    for (int64_t i = 0; i < 300; i++) {
        set_int(dict, 1000 + i, i);
    }
}

/* Looks for a key that must be compared, with this going on meanwhile. */
static void
search_while(void (*what)(void), const char *name)
{
    struct rt_object *there = make_silent(1, 5);
    struct rt_object *equal = make_silent(1, 5);
    rt_dict_clear(dict);
    set_int(dict, 3, 3);
    rt_dict_store(dict, there, there);
    watched = there;
    rt_decref(there); // the dict's reference is the only one
    during_comparison = what;
    observe_bool(name, rt_dict_get(dict, equal) != NULL);
    observe_int("size", (int64_t)rt_dict_size(dict));
    observe_bool("an error is pending", rt_error_occurred() != RT_ERROR_NONE);
    during_comparison = what;
    observe_int("rt_dict_store returns", rt_dict_store(dict, equal, equal));
    during_comparison = NULL;
    observe_bool("found after set", rt_dict_get(dict, equal) == equal);
    observe_items("items", dict);
    rt_decref(equal);
}

static void
a_comparison_may_change_the_dict(void **state)
{
    (void)state;
    begin();
    search_while(fill_it, "found although the dict has grown");
    search_while(remove_the_watched, "found although it was removed");
    search_while(clear_it, "found although the dict was cleared");
    search_while(clear_and_begin_anew, "found although all is another");
    during_comparison = NULL;
    finish();
}

/* --- failure ------------------------------------------------------------- */

static void
observe_error(void)
{
    observe_string("error", rt_error_name(rt_error_occurred()));
    observe_string("its text", rt_error_text());
    rt_error_clear();
}

static void
errors_are_passed_on(void **state)
{
    (void)state;
    begin();
    struct rt_object *keys[2] = {make_silent(3, -1), make_silent(1, 5)};
    observe_bool("found in an empty dict", rt_dict_get(dict, keys[0]) != NULL);
    observe_error();
    observe_int("rt_dict_remove from an empty dict returns",
                rt_dict_remove(dict, keys[0]));
    observe_error();
    give(make_silent(1, 5), make_silent(2, 0));
    comparisons_fail = true;
    for (int i = 0; i < 2; i++) {
        observe_int("rt_dict_store returns",
                    rt_dict_store(dict, keys[i], dict));
        observe_error();
        observe_bool("found", rt_dict_get(dict, keys[i]) != NULL);
        observe_error();
        observe_int("rt_dict_remove returns", rt_dict_remove(dict, keys[i]));
        observe_error();
        observe_int("count of the key", keys[i]->ob_refcnt);
        rt_decref(keys[i]);
    }
    observe_items("items", dict);

    // The failing comparison has changed the dict, too.
    comparisons_fail = false;
    during_comparison = clear_it_and_fail;
    struct rt_object *equal = make_silent(1, 5);
    observe_int("rt_dict_remove returns", rt_dict_remove(dict, equal));
    observe_error();
    rt_decref(equal);
    finish();
}

/* How often memory is needed is left to the solution, so only what holds
 * every time is observed. */
static void
without_memory_nothing_changes(void **state)
{
    (void)state;
    begin();
    struct rt_object *key = make_silent(-1, 3);
    int64_t failures = 0;
    bool is_minus_1 = true;
    bool is_reported = true;
    bool is_absent = true;
    bool is_not_held = true;
    for (int64_t i = 0; i < 100; i++) {
        rt_alloc_fail_nth(1);
        int result = rt_dict_store(dict, key, key);
        rt_alloc_fail_nth(0);
        if (result < 0) {
            failures++;
            is_minus_1 &= result == -1;
            is_reported &= rt_error_occurred() == RT_ERROR_MEMORY;
            rt_error_clear();
            is_absent &= rt_dict_get(dict, key) == NULL;
        }
        else {
            rt_dict_remove(dict, key);
        }
        is_not_held &= key->ob_refcnt == 1;
        set_int(dict, i, i);
    }
    observe_bool("some failed", failures > 0);
    observe_bool("it returned -1", is_minus_1);
    observe_bool("a memory error was pending", is_reported);
    observe_bool("the key was not there", is_absent);
    observe_bool("the key was not held", is_not_held);
    rt_decref(key);
    observe_items("items", dict);
    finish();
}

/* --- copies -------------------------------------------------------------- */

static void
a_copy_holds_the_same_in_the_same_order(void **state)
{
    (void)state;
    begin();
    struct rt_object *key = make_silent(77, 7);
    struct rt_object *value = make_silent(88, 8);
    for (int64_t i = 0; i < 12; i++) {
        set_int(dict, 50 - i, i);
    }
    rt_dict_store(dict, key, value);
    for (int64_t i = 0; i < 12; i += 2) {
        remove_int(dict, 50 - i);
    }
    struct rt_object *copy = rt_dict_clone(dict);
    observe_bool("it is another dict", copy != dict);
    observe_items("items of the copy", copy);
    observe_int("count of the key", key->ob_refcnt);
    observe_int("count of the value", value->ob_refcnt);
    observe_bool("found in the copy", rt_dict_get(copy, key) == value);
    remove_int(copy, 49);
    set_int(copy, 1, 1);
    observe_items("items", dict);
    observe_items("items of the copy", copy);
    rt_decref(copy);
    rt_decref(key);
    rt_decref(value);
    finish();
}

/* Of each three keys two are removed: a copy needs less room, but enough. */
static void
a_copy_has_room_for_all_that_is_left(void **state)
{
    (void)state;
    enum {
        MOST_LEFT = 90
    };
    int64_t wrong = 0;
    int64_t seen = 0;
    const int64_t odd = lab_random_between(2, 99);
    for (int64_t left = 1; left <= MOST_LEFT; left++) {
        begin();
        for (int64_t i = 0; i < 3 * left; i++) {
            set_int(dict, i, i % 200);
        }
        for (int64_t i = 0; i < 2 * left; i++) {
            remove_int(dict, i);
        }
        struct rt_object *copy = rt_dict_clone(dict);
        for (int64_t i = 0; i < 3 * left; i++) {
            wrong += get_int(copy, i) != (i < 2 * left ? -1 : i % 200);
        }
        set_int(copy, 1000, 100);
        wrong += get_int(copy, 1000) != 100;
        seen += (int64_t)rt_dict_size(copy) * (left % odd);
        rt_decref(copy);
        rt_decref(dict);
    }
    observe_int("keys that are not in their copy as they should be", wrong);
    observe_int("a sum of their sizes", seen);
    observe_int("leaked blocks", (int64_t)rt_alloc_live_blocks());
}

static void
a_copy_compares_nothing(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 10; i++) {
        give(make_silent(i, 5), make_silent(i, 6));
    }
    comparisons = 0;
    struct rt_object *copy = rt_dict_clone(dict);
    observe_int("comparisons", comparisons);
    observe_items("items of the copy", copy);
    rt_decref(copy);
    rt_dict_clear(dict);
    copy = rt_dict_clone(dict);
    observe_items("copy of an empty dict", copy);
    observe_int("rt_dict_store returns", set_int(copy, 1, 1));
    rt_decref(copy);
    finish();
}

static void
a_copy_without_memory_leaks_nothing(void **state)
{
    (void)state;
    begin();
    struct rt_object *key = make_silent(77, 7);
    rt_dict_store(dict, key, key);
    size_t before = rt_alloc_live_blocks();
    struct rt_object *copy = NULL;
    bool is_reported = true;
    bool is_clean = true;
    size_t nth = 1;
    for (; nth < 10 && copy == NULL; nth++) {
        rt_alloc_fail_nth(nth);
        copy = rt_dict_clone(dict);
        rt_alloc_fail_nth(0);
        if (copy == NULL) {
            is_reported &= rt_error_occurred() == RT_ERROR_MEMORY;
            is_clean &= rt_alloc_live_blocks() == before;
            is_clean &= key->ob_refcnt == 3;
            rt_error_clear();
        }
    }
    observe_bool("some failed", nth > 2);
    observe_bool("a memory error was pending", is_reported);
    observe_bool("no block and no reference was left", is_clean);
    observe_bool("a copy in the end", copy != NULL);
    if (copy != NULL) {
        observe_items("its items", copy);
    }
    rt_xdecref(copy);
    rt_decref(key);
    finish();
}

/* --- with the rest of the runtime ---------------------------------------- */

/* A dict that holds itself, and its copy, which holds it, too. */
static void
the_collector_sees_through_the_dict(void **state)
{
    (void)state;
    begin();
    struct rt_object *key = rt_int_new(1);
    observe_int("rt_dict_set returns", rt_dict_set(dict, key, key));
    observe_bool("tracked with an int", rt_gc_is_tracked(dict));
    observe_int("rt_dict_set returns", rt_dict_set(dict, key, dict));
    observe_bool("tracked with a dict", rt_gc_is_tracked(dict));
    struct rt_object *copy = rt_dict_copy(dict);
    observe_bool("its copy is tracked", rt_gc_is_tracked(copy));
    for (int64_t i = lab_random_between(1, 999); i > 0; i--) {
        struct rt_object *other = rt_dict_new();
        rt_dict_set(other, key, other);
        rt_decref(other);
    }
    rt_decref(dict);
    observe_int("collected while there is the copy", rt_gc_collect(2));
    rt_decref(copy);
    observe_int("collected afterwards", rt_gc_collect(2));
    observe_int("leaked blocks", (int64_t)rt_alloc_live_blocks());
}

/* --- long stories -------------------------------------------------------- */

static void
a_random_story(void **state)
{
    (void)state;
    begin();
    struct rt_object *keys[60];
    for (int i = 0; i < 60; i++) {
        keys[i] = make_silent(i, lab_random_between(0, 12) * 8);
    }
    for (int step = 0; step < 400; step++) {
        int64_t i = lab_random_between(0, step / 100 % 2 == 0 ? 59 : 7);
        switch (lab_random_between(0, 4)) {
        case 0:
        case 1:
        case 2:
            observe_event("step", "set %d", (int)i);
            rt_dict_store(dict, keys[i], keys[59 - i]);
            break;
        default:
            observe_event("step", "remove %d", (int)i);
            observe_int("rt_dict_remove returns",
                        rt_dict_remove(dict, keys[i]));
            break;
        }
        if (step % 20 == 0) {
            observe_items("items", dict);
        }
        if (step % 150 == 149) {
            observe_event("step", "clear");
            rt_dict_clear(dict);
        }
    }
    for (int i = 0; i < 60; i++) {
        observe_int("count", keys[i]->ob_refcnt);
        rt_decref(keys[i]);
    }
    finish();
}

static void
fifty_thousand_keys(void **state)
{
    (void)state;
    begin();
    int64_t found = 0;
    const int64_t count = 50000 + lab_random_between(0, 999);
    for (int64_t i = 0; i < count; i++) {
        set_int(dict, i * 1024, i % 200);
    }
    for (int64_t i = 0; i < count; i++) {
        found += get_int(dict, i * 1024) == i % 200;
    }
    observe_int("found", found);
    for (int64_t i = 0; i < count; i += 2) {
        remove_int(dict, i * 1024);
    }
    observe_int("size", (int64_t)rt_dict_size(dict));
    finish();
}

const struct CMUnitTest lab_cases[] = {
    cmocka_unit_test(a_value_is_found_under_its_key),
    cmocka_unit_test(a_missing_key_is_no_error),
    cmocka_unit_test(equal_keys_are_one_key),
    cmocka_unit_test(keys_that_collide_are_kept_apart),
    cmocka_unit_test(any_hash_is_fine),
    cmocka_unit_test(only_keys_with_the_same_hash_are_compared),
    cmocka_unit_test(the_dict_has_references_of_its_own),
    cmocka_unit_test(an_old_value_is_released),
    cmocka_unit_test(the_order_is_that_of_insertion),
    cmocka_unit_test(the_table_grows),
    cmocka_unit_test(a_removed_key_is_gone),
    cmocka_unit_test(removal_does_not_hide_other_keys),
    cmocka_unit_test(a_key_that_comes_again_goes_to_the_end),
    cmocka_unit_test(keys_may_go_during_a_walk),
    cmocka_unit_test(a_walk_goes_backwards_too),
    cmocka_unit_test(a_walk_can_turn_back),
    cmocka_unit_test(the_table_tells_its_slots),
    cmocka_unit_test(holes_do_not_survive_growth),
    cmocka_unit_test(a_queue_stays_small),
    cmocka_unit_test(the_new_value_is_there_when_the_old_one_dies),
    cmocka_unit_test(what_is_removed_is_out_when_it_dies),
    cmocka_unit_test(clear_releases_in_order),
    cmocka_unit_test(the_dict_is_empty_when_the_first_dies),
    cmocka_unit_test(a_comparison_may_change_the_dict),
    cmocka_unit_test(errors_are_passed_on),
    cmocka_unit_test(without_memory_nothing_changes),
    cmocka_unit_test(a_copy_holds_the_same_in_the_same_order),
    cmocka_unit_test(a_copy_has_room_for_all_that_is_left),
    cmocka_unit_test(a_copy_compares_nothing),
    cmocka_unit_test(a_copy_without_memory_leaks_nothing),
    cmocka_unit_test(the_collector_sees_through_the_dict),
    cmocka_unit_test(a_random_story),
    cmocka_unit_test(a_large_queue_is_not_moved_each_time),
    cmocka_unit_test(fifty_thousand_keys),
};
const size_t lab_case_count = sizeof(lab_cases) / sizeof(lab_cases[0]);
