/* What the fast methods of a dict spare: they look once and hash nothing that
 * is hashed already. What they do is said by tests/labs/runtime. */
#include "labs/runtime/alloc.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/sizeof.h"
#include "labs/runtime/string.h"
#include "labs/testing.h"

static struct rt_object *dict;

/* A key that counts what it is asked. */
struct probe {
    struct rt_object base;
    int64_t number; // equal ones are equal
    int64_t hash;   // -1: hashing fails
};

static int hashed, compared;

static void
probe_dealloc(struct rt_object *object)
{
    rt_free(object);
}

static int
probe_hash(struct rt_object *object, int64_t *hash)
{
    hashed++;
    *hash = ((struct probe *)object)->hash;
    return *hash == -1 ? rt_error_set(RT_ERROR_VALUE, "no hash") : 0;
}

static int
probe_equal(struct rt_object *a, struct rt_object *b)
{
    compared++;
    int64_t number = ((struct probe *)a)->number;
    return number == ((struct probe *)b)->number;
}

static const struct rt_type probe_type = {
    .name = "probe",
    .basicsize = sizeof(struct probe),
    .dealloc = probe_dealloc,
    .hash = probe_hash,
    .equal = probe_equal,
};

static struct rt_object *
new_probe(int64_t number, int64_t hash)
{
    struct probe *probe = (struct probe *)rt_object_new(&probe_type);
    assert_non_null(probe);
    probe->number = number;
    probe->hash = hash;
    return &probe->base;
}

static int
begin(void **state)
{
    (void)state;
    hashed = compared = 0;
    rt_error_clear();
    rt_gc_disable();
    dict = rt_dict_new();
    return dict == NULL ? -1 : 0;
}

static int
end(void **state)
{
    (void)state;
    rt_alloc_fail_nth(0);
    rt_error_clear();
    rt_xdecref(dict);
    return rt_alloc_live_blocks() == 0 ? 0 : -1;
}

static void
set_int(struct rt_object *into, int64_t number)
{
    struct rt_object *key = rt_int_new(number);
    assert_number(rt_dict_set(into, key, key), 0);
    rt_decref(key);
}

static void
remove_int(struct rt_object *from, int64_t number)
{
    struct rt_object *key = rt_int_new(number);
    assert_number(rt_dict_remove(from, key), 1);
    rt_decref(key);
}

static struct rt_object *
dict_of(int64_t first, int64_t count)
{
    struct rt_object *result = rt_dict_new();
    for (int64_t i = 0; i < count; i++) {
        set_int(result, first + i);
    }
    return result;
}

/* The bytes of a table without its head of 32 bytes, as in CPython. */
static size_t
table_bytes(struct rt_object *object)
{
    struct rt_object *empty = rt_dict_new();
    size_t bytes = rt_sizeof(object) - rt_sizeof(empty);
    rt_decref(empty);
    return bytes - 32;
}

static void
popitem_asks_the_key_nothing(void **state)
{
    (void)state;
    struct rt_object *key = new_probe(1, 5);
    struct rt_object *other = new_probe(2, 5);
    rt_dict_set(dict, other, other);
    rt_dict_set(dict, key, key);
    rt_decref(key);
    hashed = compared = 0;
    struct rt_object *value;
    assert_number(rt_dict_popitem(dict, &key, &value), 0);
    assert_number(hashed, 0);
    assert_number(compared, 0);
    rt_decref(key);
    rt_decref(value);
    rt_decref(other);
}

/* The holes would be looked through once for each of them. */
static void
popitem_cuts_the_holes_off(void **state)
{
    (void)state;
    enum {
        MANY = 200000
    };
    for (int64_t i = 0; i < MANY; i++) {
        set_int(dict, i);
    }
    struct rt_object *key;
    struct rt_object *value;
    for (int64_t i = 0; i < MANY; i++) {
        assert_number(rt_dict_popitem(dict, &key, &value), 0);
        rt_decref(key);
        rt_decref(value);
    }
    assert_number(rt_dict_size(dict), 0);
}

static void
pop_looks_once(void **state)
{
    (void)state;
    struct rt_object *key = new_probe(1, 5);
    struct rt_object *value = new_probe(2, 6);
    rt_dict_set(dict, key, value);
    rt_decref(key);
    rt_decref(value);
    struct rt_object *equal = new_probe(1, 5);
    hashed = compared = 0;
    struct rt_object *popped = NULL;
    assert_number(rt_dict_pop(dict, equal, &popped), 1);
    assert_number(hashed, 1);
    assert_number(compared, 1);
    assert_ptr_equal(popped, value);
    rt_decref(popped);
    rt_decref(equal);
}

static void
setdefault_looks_once(void **state)
{
    (void)state;
    struct rt_object *key = new_probe(1, 5);
    struct rt_object *equal = new_probe(1, 5);
    struct rt_object *one = rt_int_new(1000);
    struct rt_object *two = rt_int_new(2000);
    assert_ptr_equal(rt_dict_setdefault(dict, key, one), one);
    assert_number(hashed, 1);
    assert_number(compared, 0);
    assert_ptr_equal(rt_dict_setdefault(dict, equal, two), one);
    assert_number(hashed, 2);
    assert_number(compared, 1);
    assert_number(equal->ob_refcnt, 1);
    assert_number(two->ob_refcnt, 1);
    assert_number(rt_dict_size(dict), 1);
    rt_decref(key);
    rt_decref(equal);
    rt_decref(one);
    rt_decref(two);
}

static void
update_hashes_nothing(void **state)
{
    (void)state;
    struct rt_object *other = rt_dict_new();
    for (int i = 0; i < 3; i++) {
        struct rt_object *key = new_probe(i, 7);
        rt_dict_set(other, key, key);
        rt_decref(key);
    }
    set_int(dict, 1);
    hashed = compared = 0;
    assert_number(rt_dict_update(dict, other), 0);
    assert_number(hashed, 0);
    assert_number(compared, 1 + 2);
    rt_dict_clear(dict);
    compared = 0;
    assert_number(rt_dict_update(dict, other), 0);
    assert_number(compared, 0);
    assert_number(rt_dict_size(dict), 3);
    rt_decref(other);
}

/* By sys.getsizeof() in CPython 3.11 to 3.13. */
static void
update_chooses_the_size_as_in_cpython(void **state)
{
    (void)state;
    struct rt_object *full = dict_of(0, 21);
    rt_dict_update(dict, full);
    assert_number(table_bytes(dict), 32 + 21 * 24);
    rt_dict_clear(dict);
    set_int(dict, 100);
    rt_dict_update(dict, full);
    assert_number(table_bytes(dict), 64 + 42 * 24);
    rt_dict_clear(dict);
    remove_int(full, 3);
    rt_dict_update(dict, full);
    assert_number(table_bytes(dict), 32 + 21 * 24);
    rt_decref(full);
    rt_dict_clear(dict);
    set_int(dict, 100);
    struct rt_object *five = dict_of(0, 5);
    rt_dict_update(dict, five);
    assert_number(table_bytes(dict), 16 + 10 * 24);
    rt_decref(five);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(popitem_asks_the_key_nothing),
        CASE(popitem_cuts_the_holes_off),
        CASE(pop_looks_once),
        CASE(setdefault_looks_once),
        CASE(update_hashes_nothing),
        CASE(update_chooses_the_size_as_in_cpython),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
