/* What differs between the versions of CPython that the runtime can behave
 * like. RT_COMPAT is read once in a process, so each scene plays in a process
 * of its own, and says what it sees. */
#include <stdio.h>
#include <stdlib.h>

#include "labs/runtime/compat.h"
#include "labs/runtime/dict.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/intern.h"
#include "labs/runtime/list.h"
#include "labs/runtime/string.h"
#include "labs/runtime/tuple.h"
#include "labs/runtime/weakref.h"
#include "labs/testing.h"
#include "tests/support/child.h"
#include "tests/support/stress.h"

struct scene {
    const char *version; // NULL: RT_COMPAT is not set
    void (*play)(void);
};

static void
begin(void *data)
{
    const struct scene *scene = data;
    if (scene->version == NULL) {
        unsetenv("RT_COMPAT");
    }
    else {
        setenv("RT_COMPAT", scene->version, 1);
    }
    scene->play();
}

/* What the scene says with this RT_COMPAT; valid until the next one. */
static const char *
played(void (*play)(void), const char *version)
{
    static struct child_result result;
    struct scene scene = {.version = version, .play = play};
    result = child_run(begin, &scene);
    assert_number(result.status, 0);
    return result.said;
}

static void
say_minor(void)
{
    printf("%d", rt_compat_minor());
}

static void
say_whether_before_3_11_3(void)
{
    printf("%s", rt_compat_is_before(11, 3) ? "before" : "not before");
}

static void
a_release_is_told_from_a_later_one(void **state)
{
    (void)state;
    assert_text(played(say_minor, "3.11.2"), "11");
    assert_text(played(say_whether_before_3_11_3, "3.11.2"), "before");
    assert_text(played(say_whether_before_3_11_3, "3.11.3"), "not before");
    assert_text(played(say_whether_before_3_11_3, "3.11"), "not before");
    assert_text(played(say_whether_before_3_11_3, "3.12.1"), "not before");
    assert_text(played(say_whether_before_3_11_3, NULL), "not before");
    assert_text(played(say_minor, "3.11.2rc1"), "12");
    assert_text(played(say_minor, "3.11."), "12");
}

static void
versions_are_read_and_others_are_3_12(void **state)
{
    (void)state;
    assert_text(played(say_minor, "3.11"), "11");
    assert_text(played(say_minor, "3.12"), "12");
    assert_text(played(say_minor, "3.13"), "13");
    assert_text(played(say_minor, "3.14"), "14");
    assert_text(played(say_minor, "3.15"), "15");
    assert_text(played(say_minor, NULL), "12");
    assert_text(played(say_minor, ""), "12");
    assert_text(played(say_minor, "3.10"), "12");
    assert_text(played(say_minor, "3.16"), "12");
    assert_text(played(say_minor, "3.150"), "12");
}

static void
say_thresholds(void)
{
    printf("%d %d %d", rt_gc_threshold(0), rt_gc_threshold(1),
           rt_gc_threshold(2));
}

static void
thresholds(void **state)
{
    (void)state;
    assert_text(played(say_thresholds, NULL), "700 10 10");
    assert_text(played(say_thresholds, "3.11"), "700 10 10");
    assert_text(played(say_thresholds, "3.12"), "700 10 10");
    assert_text(played(say_thresholds, "3.13"), "2000 10 10");
    assert_text(played(say_thresholds, "3.14"), "2000 10 0");
    assert_text(played(say_thresholds, "3.15"), "2000 10 10");
}

static void
say_tracked(struct rt_object *object)
{
    printf("%s ", rt_gc_is_tracked(object) ? "True" : "False");
}

/* A new dict, one with atoms, after a full collection, a copy; and a tuple of
 * atoms after a collection. */
static void
say_tracked_dicts(void)
{
    rt_gc_disable();
    struct rt_object *dict = rt_dict_new();
    say_tracked(dict);
    struct rt_object *atom = rt_int_new(1);
    rt_dict_set(dict, atom, atom);
    say_tracked(dict);
    rt_gc_collect(2);
    say_tracked(dict);
    struct rt_object *copy = rt_dict_copy(dict);
    say_tracked(copy);
    struct rt_object *tuple = rt_tuple_new(&atom, 1);
    rt_gc_collect(0);
    say_tracked(tuple);
    rt_decref(tuple);
    rt_decref(copy);
    rt_decref(dict);
}

static void
dicts_of_atoms_are_tracked_from_3_14_on(void **state)
{
    (void)state;
    assert_text(played(say_tracked_dicts, "3.11"),
                "False False False False False ");
    assert_text(played(say_tracked_dicts, "3.13"),
                "False False False False False ");
    assert_text(played(say_tracked_dicts, "3.14"),
                "True True True True False ");
    assert_text(played(say_tracked_dicts, "3.15"),
                "True True True True False ");
}

static struct rt_object *weak, *with_callback, *saved;

static void
say_referents(const char *when)
{
    struct rt_object *by_weak = rt_weakref_get(weak);
    struct rt_object *by_other = rt_weakref_get(with_callback);
    printf("%s: %s %s\n", when, by_weak != NULL ? "object" : "None",
           by_other != NULL ? "object" : "None");
    rt_xdecref(by_weak);
    rt_xdecref(by_other);
}

static void
look_by_weak_references(struct rt_object *object)
{
    (void)object;
    say_referents("finalizer");
}

static void
look_and_save(struct rt_object *object)
{
    say_referents("finalizer");
    saved = rt_new_ref(object);
}

static int
look_in_callback(struct rt_object *function, struct rt_object *reference)
{
    (void)function;
    (void)reference;
    say_referents("callback");
    return 0;
}

static const struct rt_type function_type = {.name = "function",
                                             .basicsize =
                                                 sizeof(struct rt_object),
                                             .call = look_in_callback};
static struct rt_object function = {RT_IMMORTAL_REFCNT, &function_type};

/* A self-cycle with two weak references is collected. */
static void
collect_watched(void (*finalize)(struct rt_object *object))
{
    static const char *const NAMES[] = {"loop"};
    static struct rt_class class;
    rt_gc_disable();
    rt_class_init(&class, "watched", NAMES, 1, finalize);
    struct rt_object *object = rt_instance_new(&class);
    weak = rt_weakref_new(object, NULL);
    with_callback = rt_weakref_new(object, &function);
    rt_instance_set(object, 0, object);
    rt_decref(object);
    printf("collect -> %lld\n", (long long)rt_gc_collect(2));
    say_referents("afterwards");
}

static void
collect_finalized(void)
{
    collect_watched(look_by_weak_references);
}

static void
collect_saved(void)
{
    collect_watched(look_and_save);
    rt_instance_set(saved, 0, NULL);
    rt_clear(&saved);
    say_referents("at the end");
}

static void
weak_references_outlast_the_finalizers_in_3_15(void **state)
{
    (void)state;
    const char *cleared = "callback: None None\nfinalizer: None None\n"
                          "collect -> 1\nafterwards: None None\n";
    assert_text(played(collect_finalized, "3.12"), cleared);
    assert_text(played(collect_finalized, "3.14"), cleared);
    assert_text(played(collect_finalized, "3.15"),
                "callback: object None\nfinalizer: object None\n"
                "collect -> 1\nafterwards: None None\n");
}

static void
who_comes_back_keeps_its_weak_references_in_3_15(void **state)
{
    (void)state;
    assert_text(played(collect_saved, "3.12"),
                "callback: None None\nfinalizer: None None\n"
                "collect -> 0\nafterwards: None None\n"
                "at the end: None None\n");
    assert_text(played(collect_saved, "3.15"),
                "callback: object None\nfinalizer: object None\n"
                "collect -> 0\nafterwards: object None\n"
                "at the end: None None\n");
}

static int
save_in_callback(struct rt_object *called, struct rt_object *reference)
{
    (void)called;
    (void)reference;
    saved = rt_weakref_get(weak);
    return 0;
}

static const struct rt_type saver_type = {.name = "function",
                                          .basicsize =
                                              sizeof(struct rt_object),
                                          .call = save_in_callback};
static struct rt_object saver = {RT_IMMORTAL_REFCNT, &saver_type};

static void
collect_saved_by_callback(void)
{
    static struct rt_class class;
    static const char *const NAMES[] = {"loop"};
    rt_gc_disable();
    rt_class_init(&class, "watched", NAMES, 1, NULL);
    struct rt_object *object = rt_instance_new(&class);
    weak = rt_weakref_new(object, NULL);
    with_callback = rt_weakref_new(object, &saver);
    rt_instance_set(object, 0, object);
    rt_decref(object);
    printf("collect -> %lld\n", (long long)rt_gc_collect(2));
    printf("%s\n", saved == NULL                        ? "gone"
                   : rt_instance_get(saved, 0) == saved ? "whole"
                                                        : "empty");
    rt_xdecref(saved);
}

static void
a_callback_can_bring_trash_back_in_3_15(void **state)
{
    (void)state;
    assert_text(played(collect_saved_by_callback, "3.12"),
                "collect -> 1\ngone\n");
    assert_text(played(collect_saved_by_callback, "3.15"),
                "collect -> 0\nwhole\n");
}

/* A weak reference, with a callback, that is trash together with its object.
 */
static void
collect_with_a_reference_in_the_trash(void)
{
    rt_gc_disable();
    struct rt_object *list = rt_list_new();
    static struct rt_class class;
    static const char *const NAMES[] = {"a"};
    rt_class_init(&class, "thing", NAMES, 1, NULL);
    struct rt_object *object = rt_instance_new(&class);
    struct rt_object *reference = rt_weakref_new(object, &function);
    if (rt_list_append(list, list) != 0 || rt_list_append(list, object) != 0 ||
        rt_list_append(list, reference) != 0) {
        abort();
    }
    rt_decref(object);
    rt_decref(reference);
    rt_decref(list);
    printf("collect -> %lld\n", (long long)rt_gc_collect(2));
}

static void
a_reference_in_the_trash_calls_nobody(void **state)
{
    (void)state;
    assert_text(played(collect_with_a_reference_in_the_trash, "3.12"),
                "collect -> 3\n");
    assert_text(played(collect_with_a_reference_in_the_trash, "3.15"),
                "collect -> 3\n");
}

static void
say_statistics(void)
{
    rt_gc_disable();
    rt_gc_collect(2);
    struct rt_gc_stats before = rt_gc_stats(0);
    struct rt_object *lists[3] = {rt_list_new(), rt_list_new(), rt_list_new()};
    rt_gc_collect(0);
    struct rt_gc_stats after = rt_gc_stats(0);
    printf("%lld %s", (long long)(after.candidates - before.candidates),
           after.duration_s > before.duration_s ? "took time" : "no time");
    for (int i = 0; i < 3; i++) {
        rt_decref(lists[i]);
    }
}

static void
candidates_and_duration_are_kept_in_3_15(void **state)
{
    (void)state;
    skip_when_stressed();
    assert_text(played(say_statistics, "3.12"), "0 no time");
    assert_text(played(say_statistics, "3.14"), "0 no time");
    assert_text(played(say_statistics, "3.15"), "3 took time");
}

static void
say_shared_ints(void)
{
    static const int64_t VALUES[] = {-6, -5, 0, 256, 257, 1024, 1025};
    for (size_t i = 0; i < sizeof(VALUES) / sizeof(*VALUES); i++) {
        struct rt_object *a = rt_int_new(VALUES[i]);
        struct rt_object *b = rt_int_new(VALUES[i]);
        printf("%d%s ", a == b, rt_int_value(a) == VALUES[i] ? "" : "wrong");
        rt_decref(a);
        rt_decref(b);
    }
}

static void
small_ints_end_at_1024_in_3_15(void **state)
{
    (void)state;
    assert_text(played(say_shared_ints, NULL), "0 1 1 1 0 0 0 ");
    assert_text(played(say_shared_ints, "3.14"), "0 1 1 1 0 0 0 ");
    assert_text(played(say_shared_ints, "3.15"), "0 1 1 1 1 1 0 ");
}

static void
say_count_of_interned(void)
{
    struct rt_object *string = rt_str_new("spam");
    rt_str_intern(&string);
    struct rt_object *again = rt_str_new("spam");
    rt_str_intern(&again);
    printf("%d %lld", string == again, (long long)again->ob_refcnt);
}

static void
interned_strings_are_immortal_in_3_12_when_it_is_named(void **state)
{
    (void)state;
    assert_text(played(say_count_of_interned, NULL), "1 2");
    assert_text(played(say_count_of_interned, "3.11"), "1 2");
    assert_text(played(say_count_of_interned, "3.12"), "1 4294967295");
    assert_text(played(say_count_of_interned, "3.13"), "1 2");
    assert_text(played(say_count_of_interned, "3.15"), "1 2");
}

int
main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(a_release_is_told_from_a_later_one),
        cmocka_unit_test(versions_are_read_and_others_are_3_12),
        cmocka_unit_test(thresholds),
        cmocka_unit_test(dicts_of_atoms_are_tracked_from_3_14_on),
        cmocka_unit_test(weak_references_outlast_the_finalizers_in_3_15),
        cmocka_unit_test(who_comes_back_keeps_its_weak_references_in_3_15),
        cmocka_unit_test(a_callback_can_bring_trash_back_in_3_15),
        cmocka_unit_test(a_reference_in_the_trash_calls_nobody),
        cmocka_unit_test(candidates_and_duration_are_kept_in_3_15),
        cmocka_unit_test(small_ints_end_at_1024_in_3_15),
        cmocka_unit_test(
            interned_strings_are_immortal_in_3_12_when_it_is_named),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
