/* Copies, and the instances that are copied. */
#include <stdlib.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/copy.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/hash.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/list.h"
#include "labs/runtime/tuple.h"
#include "labs/testing.h"

static const char *const NAMES[] = {"a", "b"};
static struct rt_class class;
static size_t blocks_before;

static int
start_clean(void **state)
{
    (void)state;
    rt_class_init(&class, "node", NAMES, 2, NULL);
    rt_gc_disable();
    rt_error_clear();
    blocks_before = rt_alloc_live_blocks();
    return 0;
}

static int
end_clean(void **state)
{
    (void)state;
    rt_gc_collect(2);
    assert_null(rt_gc_check());
    assert_number(rt_alloc_live_blocks(), blocks_before);
    return 0;
}

static struct rt_object *
node(void)
{
    struct rt_object *object = rt_instance_new(&class);
    assert_non_null(object);
    return object;
}

static void
fields_are_found_by_name_and_start_unset(void **state)
{
    (void)state;
    struct rt_object *object = node();
    assert_number(rt_class_field(&class, "b"), 1);
    assert_number(rt_class_field(&class, "c"), -1);
    assert_null(rt_instance_get(object, 0));
    rt_instance_set(object, 0, object);
    assert_number(object->ob_refcnt, 2);
    rt_instance_set(object, 0, NULL);
    assert_number(object->ob_refcnt, 1);
    assert_ptr_equal(rt_instance_class(object), &class);
    rt_decref(object);
}

static void
a_shallow_copy_holds_the_same(void **state)
{
    (void)state;
    struct rt_object *inner = node();
    struct rt_object *list = rt_list_new();
    assert_number(rt_list_append(list, inner), 0);
    assert_number(rt_list_append(list, NULL), 0);
    struct rt_object *copy = rt_copy(list);
    assert_ptr_not_equal(copy, list);
    assert_number(rt_list_size(copy), 2);
    assert_ptr_equal(rt_list_at(copy, 0), inner);
    assert_null(rt_list_at(copy, 1));
    assert_number(inner->ob_refcnt, 3);
    rt_decref(copy);
    rt_decref(list);
    rt_decref(inner);
}

static void
what_cannot_change_is_its_own_copy(void **state)
{
    (void)state;
    struct rt_object *number = rt_int_new(100000);
    struct rt_object *tuple = rt_tuple_new(&number, 1);
    struct rt_object *same = rt_copy(number);
    struct rt_object *deep = rt_deepcopy(tuple);
    assert_ptr_equal(same, number);
    assert_ptr_equal(deep, tuple); // nothing in it had to be copied
    rt_decref(same);
    rt_decref(deep);
    rt_decref(tuple);
    rt_decref(number);
}

static void
a_deep_copy_of_a_cycle_is_a_cycle(void **state)
{
    (void)state;
    struct rt_object *object = node();
    rt_instance_set(object, 0, object);
    struct rt_object *copy = rt_deepcopy(object);
    assert_ptr_not_equal(copy, object);
    assert_ptr_equal(rt_instance_get(copy, 0), copy);
    rt_decref(copy);
    rt_decref(object);
}

static void
a_tuple_in_a_cycle_is_copied_once(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    struct rt_object *tuple = rt_tuple_new(&list, 1);
    assert_number(rt_list_append(list, tuple), 0);
    struct rt_object *copy = rt_deepcopy(tuple);
    struct rt_object *inner = rt_tuple_at(copy, 0);
    assert_ptr_not_equal(copy, tuple);
    assert_ptr_not_equal(inner, list);
    assert_ptr_equal(rt_list_at(inner, 0), copy);
    rt_decref(copy);
    rt_decref(tuple);
    rt_decref(list);
}

enum {
    NODES = 200
};

/* The two graphs, walked side by side, are of the same shape: each original
 * has one copy and each copy one original. */
static void
compare(struct rt_object *one, struct rt_object *other,
        struct rt_object **copy_of, struct rt_object *const *originals)
{
    size_t at = 0;
    while (at < NODES && originals[at] != one) {
        at++;
    }
    assert_true(at < NODES);
    if (copy_of[at] != NULL) {
        assert_ptr_equal(copy_of[at], other);
        return;
    }
    for (size_t i = 0; i < NODES; i++) {
        assert_ptr_not_equal(copy_of[i], other);
        assert_ptr_not_equal(originals[i], other);
    }
    copy_of[at] = other;
    for (int field = 0; field < 2; field++) {
        struct rt_object *held = rt_instance_get(one, field);
        struct rt_object *held_too = rt_instance_get(other, field);
        assert_true((held == NULL) == (held_too == NULL));
        if (held != NULL) {
            compare(held, held_too, copy_of, originals);
        }
    }
}

static void
a_deep_copy_has_the_same_shape(void **state)
{
    (void)state;
    srand(5);
    for (int round = 0; round < 50; round++) {
        struct rt_object *originals[NODES];
        struct rt_object *copy_of[NODES] = {NULL};
        for (int i = 0; i < NODES; i++) {
            originals[i] = node();
        }
        for (int i = 0; i < NODES; i++) {
            for (int field = 0; field < 2; field++) {
                rt_instance_set(originals[i], field,
                                rand() % 4 == 0 ? NULL
                                                : originals[rand() % NODES]);
            }
        }
        struct rt_object *copy = rt_deepcopy(originals[0]);
        assert_non_null(copy);
        compare(originals[0], copy, copy_of, originals);
        rt_decref(copy);
        for (int i = 0; i < NODES; i++) {
            rt_decref(originals[i]);
        }
        rt_gc_collect(2);
    }
}

static void
copying_survives_every_lack_of_memory(void **state)
{
    (void)state;
    struct rt_object *object = node();
    struct rt_object *list = rt_list_new();
    struct rt_object *tuple = rt_tuple_new(&list, 1);
    rt_instance_set(object, 0, tuple);
    rt_instance_set(object, 1, list);
    assert_number(rt_list_append(list, object), 0);
    size_t before = rt_alloc_live_blocks();
    struct rt_object *copy = NULL;
    for (size_t nth = 1; copy == NULL; nth++) {
        rt_alloc_fail_nth(nth);
        copy = rt_deepcopy(object);
        rt_alloc_fail_nth(0);
        if (copy == NULL) {
            assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
            rt_error_clear();
            rt_gc_collect(2); // what was copied half may be a cycle
            assert_number(rt_alloc_live_blocks(), before);
        }
    }
    rt_decref(copy);
    rt_decref(tuple);
    rt_decref(list);
    rt_decref(object);
}

/* row: CP16 test_copy.TestCopy.test_deepcopy_keepalive */
static void
a_memo_keeps_the_originals_alive(void **state)
{
    (void)state;
    struct rt_copy_memo *memo = rt_copy_memo_new();
    struct rt_object *list = rt_list_new();
    struct rt_object *copy = rt_deepcopy_with(list, memo);
    assert_ptr_equal(rt_copy_memo_kept(memo, 0), list);
    assert_null(rt_copy_memo_kept(memo, 1));
    assert_number(list->ob_refcnt, 2);
    rt_decref(list);
    assert_number(list->ob_refcnt, 1);
    assert_ptr_equal(rt_copy_memo_get(memo, list), copy);
    rt_copy_memo_free(memo);
    rt_decref(copy);
}

/* row: CP17 test_copy.TestCopy.test_deepcopy_dont_memo_immutable */
static void
atoms_leave_nothing_in_the_memo(void **state)
{
    (void)state;
    struct rt_copy_memo *memo = rt_copy_memo_new();
    struct rt_object *list = rt_list_new();
    struct rt_object *atoms[4];
    assert_number(rt_copy_memo_size(memo), 0);
    for (int i = 0; i < 4; i++) {
        atoms[i] = rt_int_new(1000 + i);
        assert_number(rt_list_append(list, atoms[i]), 0);
    }
    struct rt_object *copy = rt_deepcopy_with(list, memo);
    assert_number(rt_equal(copy, list), 1);
    // The list, and the list of what is kept alive.
    assert_number(rt_copy_memo_size(memo), 2);
    rt_copy_memo_free(memo);
    rt_decref(copy);

    memo = rt_copy_memo_new();
    struct rt_object *tuple = rt_tuple_new(atoms, 2);
    assert_number(rt_list_append(list, tuple), 0);
    copy = rt_deepcopy_with(list, memo);
    assert_ptr_equal(rt_list_at(copy, 4), tuple);
    assert_number(rt_copy_memo_size(memo), 2);
    rt_copy_memo_free(memo);
    rt_decref(copy);
    rt_decref(tuple);
    rt_decref(list);
    for (int i = 0; i < 4; i++) {
        rt_decref(atoms[i]);
    }
}

/* A hook: the copy has in field 1 what the original had in field 0. */
static struct rt_object *
copy_crosswise(struct rt_object *object, struct rt_copy_memo *memo)
{
    struct rt_object *copy = rt_instance_new(rt_instance_class(object));
    struct rt_object *part = NULL;
    assert_non_null(copy);
    assert_number(rt_copy_part(rt_instance_get(object, 0), memo, &part), 0);
    rt_instance_set(copy, 1, part);
    rt_xdecref(part);
    return copy;
}

/* row: CP19 test_copy.TestCopy.test_deepcopy_inst_deepcopy */
static void
a_hook_gets_the_memo_and_makes_the_copy(void **state)
{
    (void)state;
    class.type.deepcopy = copy_crosswise;
    struct rt_object *object = node();
    struct rt_object *inner = rt_list_new();
    struct rt_object *list = rt_list_new();
    rt_instance_set(object, 0, inner);
    assert_number(rt_list_append(list, inner), 0);
    assert_number(rt_list_append(list, object), 0);
    assert_number(rt_list_append(list, object), 0);
    struct rt_object *copy = rt_deepcopy(list);
    struct rt_object *object_copy = rt_list_at(copy, 1);
    assert_ptr_not_equal(object_copy, object);
    assert_null(rt_instance_get(object_copy, 0));
    assert_ptr_not_equal(rt_list_at(copy, 0), inner);
    assert_ptr_equal(rt_instance_get(object_copy, 1), rt_list_at(copy, 0));
    // The hook has told the memo nothing, and still is called only once.
    assert_ptr_equal(rt_list_at(copy, 2), object_copy);
    rt_decref(copy);
    rt_decref(list);
    rt_decref(inner);
    rt_decref(object);
}

static void
a_memo_that_is_used_again_knows_the_copies(void **state)
{
    (void)state;
    struct rt_copy_memo *memo = rt_copy_memo_new();
    struct rt_object *list = rt_list_new();
    struct rt_object *copy = rt_deepcopy_with(list, memo);
    struct rt_object *again = rt_deepcopy_with(list, memo);
    assert_ptr_equal(again, copy);
    rt_copy_memo_free(memo);
    rt_copy_memo_free(NULL);
    rt_decref(again);
    rt_decref(copy);
    rt_decref(list);
}

/* Each holds the one before it twice; copied one by one they were 2^60. */
static void
shared_tuples_of_atoms_are_looked_at_once(void **state)
{
    (void)state;
    struct rt_object *tuple = rt_int_new(7);
    for (int i = 0; i < 60; i++) {
        struct rt_object *pair[] = {tuple, tuple};
        struct rt_object *outer = rt_tuple_new(pair, 2);
        rt_decref(tuple);
        tuple = outer;
    }
    struct rt_object *copy = rt_deepcopy(tuple);
    assert_ptr_equal(copy, tuple);
    rt_decref(copy);
    rt_decref(tuple);
}

/* As after so many appends, which is how CPython copies. */
static void
a_deep_copy_of_a_list_has_the_room_of_appends(void **state)
{
    (void)state;
    struct rt_object *list = rt_list_new();
    struct rt_object *appended = rt_list_new();
    for (int i = 0; i < 200; i++) {
        struct rt_object *copy = rt_deepcopy(list);
        assert_number(((struct rt_list *)copy)->allocated,
                      ((struct rt_list *)appended)->allocated);
        rt_decref(copy);
        assert_number(rt_list_append(list, NULL), 0);
        assert_number(rt_list_append(appended, NULL), 0);
    }
    rt_decref(list);
    rt_decref(appended);
}

/* What other code does to a list [kept, ..., late] while it is copied: kept,
 * which nobody else held when its copy was made, is in late as well. */
static struct rt_object *kept;
static struct rt_object *late;

static struct rt_object *
list_of(struct rt_object *first, struct rt_object *second,
        struct rt_object *third)
{
    struct rt_object *items[] = {first, second, third};
    struct rt_object *list = rt_list_new();
    for (int i = 0; i < 3; i++) {
        assert_number(rt_list_append(list, items[i]), 0);
        rt_xdecref(items[i]);
    }
    return list;
}

static void
assert_kept_has_one_copy(struct rt_object *copy)
{
    assert_non_null(copy);
    assert_ptr_not_equal(rt_list_at(copy, 0), kept);
    assert_number(rt_list_size(rt_list_at(copy, 2)), 1);
    assert_ptr_equal(rt_list_at(rt_list_at(copy, 2), 0), rt_list_at(copy, 0));
}

static struct rt_object *
copy_and_relink(struct rt_object *object, struct rt_copy_memo *memo)
{
    assert_non_null(rt_copy_memo_get(memo, kept));
    assert_ptr_not_equal(rt_copy_memo_get(memo, kept), kept);
    assert_number(rt_list_append(late, kept), 0);
    return rt_instance_new(rt_instance_class(object));
}

static void
a_hook_may_show_again_what_was_copied_before(void **state)
{
    (void)state;
    class.type.deepcopy = copy_and_relink;
    kept = rt_list_new();
    late = rt_list_new();
    struct rt_object *list = list_of(kept, node(), late);
    struct rt_object *copy = rt_deepcopy(list);
    assert_kept_has_one_copy(copy);
    rt_decref(copy);
    rt_decref(list);
}

static struct rt_object *whole;

/* Now again only one holds what was copied before. */
static void
move(struct rt_object *object)
{
    (void)object;
    assert_number(rt_list_append(late, kept), 0);
    assert_number(rt_list_set(whole, 0, NULL), 0);
}

/* Dies when the next collection comes. */
static void
make_trash(void)
{
    static struct rt_class mortal;
    rt_class_init(&mortal, "mortal", NAMES, 2, move);
    struct rt_object *object = rt_instance_new(&mortal);
    rt_instance_set(object, 0, object);
    rt_decref(object);
}

static void
last_words_may_move_what_was_copied_before(void **state)
{
    (void)state;
    int threshold = rt_gc_threshold(0);
    int moved_between = 0;
    for (int allocations = 1; allocations < 12; allocations++) {
        kept = rt_list_new();
        late = rt_list_new();
        struct rt_object *middle = rt_list_new();
        for (int i = 0; i < 5; i++) {
            middle = list_of(middle, NULL, NULL);
        }
        whole = list_of(kept, middle, late);
        make_trash();
        rt_gc_set_threshold(0, rt_gc_count(0) + allocations);
        rt_gc_enable();
        struct rt_object *copy = rt_deepcopy(whole);
        rt_gc_disable();
        rt_gc_set_threshold(0, threshold);
        rt_gc_collect(2);
        assert_number(rt_list_size(late), 1);
        assert_non_null(copy);
        // Moved before it was copied, or after all was copied, it is one, too.
        if (rt_list_at(copy, 0) != NULL &&
            rt_list_size(rt_list_at(copy, 2)) > 0) {
            assert_kept_has_one_copy(copy);
            moved_between++;
        }
        rt_decref(copy);
        rt_decref(whole);
    }
    assert_true(RT_GC_IS_STRESSED || moved_between > 3);
}

/* Copies two lists that live only for the time being, perhaps in the same
 * place. */
static struct rt_object *
copy_passing_lists(struct rt_object *object, struct rt_copy_memo *memo)
{
    struct rt_object *copy = rt_instance_new(rt_instance_class(object));
    for (int i = 0; i < 2; i++) {
        struct rt_object *passing = rt_list_new();
        struct rt_object *part = NULL;
        assert_number(rt_copy_part(passing, memo, &part), 0);
        rt_decref(passing);
        rt_instance_set(copy, i, part);
        rt_decref(part);
    }
    return copy;
}

static void
what_a_hook_copies_and_releases_keeps_its_place(void **state)
{
    (void)state;
    class.type.deepcopy = copy_passing_lists;
    struct rt_object *list = list_of(NULL, node(), rt_list_new());
    struct rt_object *copy = rt_deepcopy(list);
    struct rt_object *object = rt_list_at(copy, 1);
    assert_ptr_not_equal(rt_instance_get(object, 0),
                         rt_instance_get(object, 1));
    rt_decref(copy);
    rt_decref(list);
}

static struct rt_object *
copy_never(struct rt_object *object, struct rt_copy_memo *memo)
{
    (void)object;
    (void)memo;
    rt_error_set(RT_ERROR_VALUE, "never");
    return NULL;
}

/* As in CPython, the memo knows the copy that was begun. */
static void
a_memo_survives_a_copy_that_fails(void **state)
{
    (void)state;
    class.type.deepcopy = copy_never;
    struct rt_copy_memo *memo = rt_copy_memo_new();
    kept = rt_list_new();
    struct rt_object *list = list_of(kept, node(), NULL);
    assert_null(rt_deepcopy_with(list, memo));
    assert_number(rt_error_occurred(), RT_ERROR_VALUE);
    rt_error_clear();
    struct rt_object *copy = rt_copy_memo_get(memo, list);
    assert_number(rt_list_size(copy), 1);
    assert_ptr_equal(rt_list_at(copy, 0), rt_copy_memo_get(memo, kept));
    rt_decref(list);
    rt_copy_memo_free(memo);
}

static void
a_memo_survives_every_lack_of_memory(void **state)
{
    (void)state;
    struct rt_copy_memo *memo = rt_copy_memo_new();
    struct rt_object *list =
        list_of(list_of(rt_list_new(), NULL, NULL), rt_list_new(), NULL);
    struct rt_object *copy = NULL;
    for (size_t nth = 1; copy == NULL; nth++) {
        rt_alloc_fail_nth(nth);
        copy = rt_deepcopy_with(list, memo);
        rt_alloc_fail_nth(0);
        assert_number(rt_error_occurred(),
                      copy == NULL ? RT_ERROR_MEMORY : RT_ERROR_NONE);
        rt_error_clear();
    }
    rt_copy_memo_free(memo);
    rt_decref(copy);
    rt_decref(list);
}

#define COPY_TEST(test)                                                       \
    cmocka_unit_test_setup_teardown(test, start_clean, end_clean)

int
main(void)
{
    const struct CMUnitTest cases[] = {
        COPY_TEST(fields_are_found_by_name_and_start_unset),
        COPY_TEST(a_shallow_copy_holds_the_same),
        COPY_TEST(what_cannot_change_is_its_own_copy),
        COPY_TEST(a_deep_copy_of_a_cycle_is_a_cycle),
        COPY_TEST(a_tuple_in_a_cycle_is_copied_once),
        COPY_TEST(a_deep_copy_has_the_same_shape),
        COPY_TEST(copying_survives_every_lack_of_memory),
        COPY_TEST(a_memo_keeps_the_originals_alive),
        COPY_TEST(atoms_leave_nothing_in_the_memo),
        COPY_TEST(a_hook_gets_the_memo_and_makes_the_copy),
        COPY_TEST(a_memo_that_is_used_again_knows_the_copies),
        COPY_TEST(shared_tuples_of_atoms_are_looked_at_once),
        COPY_TEST(a_deep_copy_of_a_list_has_the_room_of_appends),
        COPY_TEST(a_hook_may_show_again_what_was_copied_before),
        COPY_TEST(last_words_may_move_what_was_copied_before),
        COPY_TEST(what_a_hook_copies_and_releases_keeps_its_place),
        COPY_TEST(a_memo_survives_a_copy_that_fails),
        COPY_TEST(a_memo_survives_every_lack_of_memory),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
