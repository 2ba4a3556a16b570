/* Lab 15: weak references, seen through the runtime's own header.
 *
 * A thing is what they refer to: it counts its deaths aloud. A witness is a
 * callback: it tells which of the case's weak references it was called with
 * and what it finds there. Neither is known to the collector; where the
 * collector matters, instances and links take their place. All of them are
 * numbered from where the dice say. */
#include <stdlib.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/instance.h"
#include "labs/runtime/integer.h"
#include "labs/runtime/object.h"
#include "labs/runtime/weakref.h"
#include "labs/testing.h"

/* --- things -------------------------------------------------------------- */

struct thing {
    struct rt_object base;
    struct rt_weakref *weakrefs;
    int id;
};

static int64_t deaths; // of things and witnesses
static bool is_quiet;  // no events

/* When a witness dies, the list of this object is looked at; or NULL. */
static struct rt_object *watched;

static void
thing_dealloc(struct rt_object *object)
{
    if (!is_quiet) {
        observe_event("dies", "thing %d",
                      (int)lab_number(((struct thing *)object)->id));
    }
    rt_weakref_clear_all(object);
    deaths++;
    rt_free(object);
}

static const struct rt_type thing_type = {
    .name = "thing",
    .basicsize = sizeof(struct thing),
    .dealloc = thing_dealloc,
    .weaklist_offset = offsetof(struct thing, weakrefs),
};

static struct rt_object *
make_thing_of(const struct rt_type *type, int id)
{
    struct rt_object *object = rt_object_new(type);
    ((struct thing *)object)->weakrefs = NULL;
    ((struct thing *)object)->id = id;
    return object;
}

static struct rt_object *
make_thing(int id)
{
    return make_thing_of(&thing_type, id);
}

/* --- witnesses ----------------------------------------------------------- */

enum {
    REFERENCES = 8
};

/* The weak references of the case; witnesses know them by their places. */
static struct rt_object *references[REFERENCES];

struct witness {
    struct rt_object base;
    int id;
    void (*act)(struct witness *witness, struct rt_object *reference);
};

static int64_t calls;

static int
place_of(const struct rt_object *reference)
{
    for (int i = 0; i < REFERENCES; i++) {
        if (references[i] == reference) {
            return i;
        }
    }
    return -1;
}

/* Whether the weak reference has not been cleared: rt_weakref_get() also says
 * nothing about an object that is dying. */
static bool
has_referent(const struct rt_object *reference)
{
    return ((const struct rt_weakref *)reference)->referent != NULL;
}

/* Whether there is an object behind the weak reference. */
static bool
is_alive(struct rt_object *reference)
{
    struct rt_object *object = rt_weakref_get(reference);
    rt_xdecref(object);
    return object != NULL;
}

static int
witness_call(struct rt_object *object, struct rt_object *reference)
{
    struct witness *witness = (struct witness *)object;
    calls++;
    if (is_quiet) {
        return 0;
    }
    observe_event("callback", "witness %d, weak reference %d",
                  (int)lab_number(witness->id),
                  (int)lab_number(place_of(reference)));
    if (witness->act != NULL) {
        witness->act(witness, reference);
    }
    return rt_error_occurred() != RT_ERROR_NONE ? -1 : 0;
}

static void
witness_dealloc(struct rt_object *object)
{
    if (!is_quiet) {
        observe_event("dies", "witness %d",
                      (int)lab_number(((struct witness *)object)->id));
    }
    if (watched != NULL) {
        observe_int("weak references to the thing meanwhile",
                    (int64_t)rt_weakref_count(watched));
    }
    deaths++;
    rt_free(object);
}

static const struct rt_type witness_type = {
    .name = "witness",
    .basicsize = sizeof(struct witness),
    .dealloc = witness_dealloc,
    .call = witness_call,
};

static struct rt_object *
make_witness(int id,
             void (*act)(struct witness *witness, struct rt_object *reference))
{
    struct rt_object *object = rt_object_new(&witness_type);
    ((struct witness *)object)->id = id;
    ((struct witness *)object)->act = act;
    return object;
}

/* Puts a weak reference with a witness of its own into a place. */
static void
refer_with(int place, struct rt_object *object,
           void (*act)(struct witness *witness, struct rt_object *reference))
{
    struct rt_object *witness = make_witness(place, act);
    references[place] = rt_weakref_new(object, witness);
    rt_decref(witness);
}

/* Puts weak references with witnesses into the places from 0 on, in order.
 * Returns whether all of them were made. */
static bool
refer_in_order(int count, struct rt_object *object,
               void (*act)(struct witness *witness,
                           struct rt_object *reference))
{
    bool all = true;
    for (int i = 0; i < count; i++) {
        refer_with(i, object, act);
        all = all && references[i] != NULL;
    }
    observe_bool("all weak references were made", all);
    return all;
}

static void
release_references(void)
{
    for (int i = 0; i < REFERENCES; i++) {
        rt_clear(&references[i]);
    }
}

static void
observe_leaks(void)
{
    observe_int("leaked blocks", (int64_t)rt_alloc_live_blocks());
}

/* A new weak reference without a callback; when there is none, that is
 * observed and the case is over. */
static struct rt_object *
refer_to(struct rt_object *object)
{
    struct rt_object *reference = rt_weakref_new(object, NULL);
    observe_bool("a weak reference was made", reference != NULL);
    return reference;
}

/* --- making -------------------------------------------------------------- */

static void
a_weak_reference_is_an_object_of_its_own(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    observe_int("weak references to the thing at first",
                (int64_t)rt_weakref_count(thing));
    struct rt_object *reference = refer_to(thing);
    if (reference == NULL) {
        return;
    }
    observe_bool("it is another object", reference != thing);
    for (int64_t i = lab_random_between(1, 9999); i > 0; i--) {
        rt_incref(reference);
    }
    observe_int("its count, raised by the case", reference->ob_refcnt);
    observe_bool("it is a weak reference", rt_weakref_check(reference));
    observe_bool("the thing is one, too", rt_weakref_check(thing));
    observe_int("weak references to the thing",
                (int64_t)rt_weakref_count(thing));
    observe_bool("it is the first of the list",
                 rt_weakref_first(thing) == (struct rt_weakref *)reference);
}

static void
it_does_not_keep_its_object_alive(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    struct rt_object *reference = refer_to(thing);
    if (reference == NULL) {
        return;
    }
    observe_int("count of the thing", thing->ob_refcnt);
    rt_decref(thing);
    observe_int("objects that died", deaths);
}

static void
get_gives_a_new_reference(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    struct rt_object *reference = refer_to(thing);
    if (reference == NULL) {
        return;
    }
    struct rt_object *got = rt_weakref_get(reference);
    observe_bool("it is the thing", got == thing);
    observe_int("count of the thing", thing->ob_refcnt);
    if (got != thing || thing->ob_refcnt != 2) {
        return;
    }
    for (int64_t i = lab_random_between(1, 9999); i > 0; i--) {
        (void)rt_weakref_get(reference);
    }
    observe_int("count of the thing, got some times", thing->ob_refcnt);
    thing->ob_refcnt = 2;
    rt_decref(thing);
    observe_int("objects that died", deaths);
    rt_decref(got);
    observe_int("objects that died", deaths);
}

static void
after_death_there_is_nothing_to_get(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    struct rt_object *reference = refer_to(thing);
    if (reference == NULL) {
        return;
    }
    rt_decref(thing);
    observe_int("objects that died", deaths);
    observe_bool("it still has its referent", has_referent(reference));
    observe_bool("got an object", rt_weakref_get(reference) != NULL);
    observe_bool("an error is pending", rt_error_occurred() != RT_ERROR_NONE);
    observe_bool("it is still a weak reference", rt_weakref_check(reference));
    rt_decref(reference);
    observe_leaks();
}

static const struct rt_type blunt_type = {
    .name = "blunt",
    .basicsize = sizeof(struct rt_object),
    .dealloc = (void (*)(struct rt_object *))rt_free,
};

static void
some_objects_have_no_list(void **state)
{
    (void)state;
    struct rt_object *blunt = rt_object_new(&blunt_type);
    struct rt_object *witness = make_witness(1, NULL);
    observe_int("weak references to it", (int64_t)rt_weakref_count(blunt));
    observe_bool("there is a first one", rt_weakref_first(blunt) != NULL);

    observe_bool("got a weak reference", rt_weakref_new(blunt, NULL) != NULL);
    observe_string("pending error", rt_error_name(rt_error_occurred()));
    observe_string("its text", rt_error_text());
    rt_error_clear();
    observe_bool("got one with a callback",
                 rt_weakref_new(blunt, witness) != NULL);
    observe_string("pending error", rt_error_name(rt_error_occurred()));
    observe_int("count of the witness", witness->ob_refcnt);
    rt_error_clear();
    rt_decref(blunt);
    rt_decref(witness);
    observe_leaks();
}

static void
without_memory_there_is_an_error_and_no_trace(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    struct rt_object *witness = make_witness(1, NULL);
    rt_alloc_fail_nth(1);
    struct rt_object *reference = rt_weakref_new(thing, witness);
    rt_alloc_fail_nth(0);
    observe_bool("got a weak reference", reference != NULL);
    observe_string("pending error", rt_error_name(rt_error_occurred()));
    observe_bool("the list is empty", rt_weakref_first(thing) == NULL);
    observe_int("count of the witness", witness->ob_refcnt);
    rt_error_clear();
    rt_decref(thing);
    rt_decref(witness);
    observe_leaks();
}

/* --- the list ------------------------------------------------------------ */

static void
without_a_callback_there_is_only_one(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    struct rt_object *first = refer_to(thing);
    struct rt_object *second = refer_to(thing);
    if (first == NULL || second == NULL) {
        return;
    }
    for (int64_t i = lab_random_between(1, 9999); i > 0; i--) {
        (void)rt_weakref_new(thing, NULL);
    }
    observe_bool("it is the same one", first == second);
    observe_int("its count", first->ob_refcnt);
    observe_int("weak references to the thing",
                (int64_t)rt_weakref_count(thing));

    // What is there already takes no memory.
    rt_alloc_fail_nth(1);
    struct rt_object *third = rt_weakref_new(thing, NULL);
    rt_alloc_fail_nth(0);
    observe_bool("without memory it is the same one", third == first);
    rt_error_clear();
}

static void
a_released_weak_reference_leaves_the_list(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    struct rt_object *reference = refer_to(thing);
    if (reference == NULL) {
        return;
    }
    rt_decref(reference);
    observe_bool("the list is empty", rt_weakref_first(thing) == NULL);
    reference = refer_to(thing);
    observe_int("weak references to the thing",
                (int64_t)rt_weakref_count(thing));
    rt_xdecref(reference);
    rt_decref(thing);
    observe_leaks();
}

static void
the_callback_is_held_as_long_as_its_weak_reference_lives(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    struct rt_object *witness = make_witness(1, NULL);
    struct rt_object *reference = rt_weakref_new(thing, witness);
    observe_bool("a weak reference was made", reference != NULL);
    observe_int("count of the witness", witness->ob_refcnt);
    if (reference == NULL || witness->ob_refcnt != 2) {
        return;
    }
    rt_decref(reference);
    observe_int("count of the witness", witness->ob_refcnt);
    rt_decref(witness);
    observe_int("calls", calls);
    rt_decref(thing);
    observe_leaks();
}

static void
each_callback_gets_one_of_its_own(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    struct rt_object *witness = make_witness(1, NULL);
    references[0] = rt_weakref_new(thing, witness);
    references[1] = rt_weakref_new(thing, witness);
    references[2] = rt_weakref_new(thing, NULL);
    references[3] = rt_weakref_new(thing, witness);

    observe_bool("two with the same callback are the same",
                 references[0] == references[1]);
    observe_bool("the one without is one of those with",
                 references[2] == references[0] ||
                     references[2] == references[1]);
    observe_bool("one more with a callback is one of those before",
                 place_of(references[3]) != 3);
    thing->ob_refcnt += lab_number(0);
    observe_int("count of the thing, raised by the case", thing->ob_refcnt);
    observe_int("weak references to the thing",
                (int64_t)rt_weakref_count(thing));
}

static void
the_shared_one_is_found_among_many(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    refer_with(0, thing, NULL);
    refer_with(1, thing, NULL);
    references[2] = rt_weakref_new(thing, NULL);
    observe_bool("the one without a callback stands first",
                 (struct rt_object *)rt_weakref_first(thing) == references[2]);
    refer_with(3, thing, NULL);
    observe_bool("it stands first after one more with a callback",
                 (struct rt_object *)rt_weakref_first(thing) == references[2]);
    references[4] = rt_weakref_new(thing, NULL);
    observe_bool("it is shared again", references[4] == references[2]);
    thing->ob_refcnt += lab_number(0);
    observe_int("count of the thing, raised by the case", thing->ob_refcnt);
    observe_int("weak references to the thing",
                (int64_t)rt_weakref_count(thing));
}

/* The places of the weak references in the order of the list. */
static void
observe_list(struct rt_object *thing)
{
    int64_t places[REFERENCES + 1];
    size_t count = 0;
    for (struct rt_weakref *at = rt_weakref_first(thing);
         at != NULL && count <= REFERENCES; at = at->next) {
        places[count++] = lab_number(place_of(&at->head));
    }
    observe_sequence("places of those in the list", places, count);
}

static void
it_leaves_the_list_from_any_place(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    if (!refer_in_order(5, thing, NULL)) {
        return;
    }
    observe_list(thing);
    static const int ORDER[] = {2, 4, 0, 1, 3};
    for (size_t i = 0; i < 5; i++) {
        observe_event("release", "weak reference %d",
                      (int)lab_number(ORDER[i]));
        rt_clear(&references[ORDER[i]]);
        observe_list(thing);
    }
    rt_decref(thing);
    observe_leaks();
}

static void
who_dies_with_it_does_not_find_it(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    references[0] = rt_weakref_new(thing, NULL);
    refer_with(1, thing, NULL);
    observe_int("weak references to the thing",
                (int64_t)rt_weakref_count(thing));
    watched = thing;
    observe_event("release", "the weak reference that holds witness %d",
                  (int)lab_number(1));
    rt_clear(&references[1]);
    watched = NULL;
    release_references();
    rt_decref(thing);
    observe_leaks();
}

/* --- death --------------------------------------------------------------- */

static void
the_callback_is_called_at_death(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    struct rt_object *witness = make_witness(7, NULL);
    references[0] = rt_weakref_new(thing, witness);
    observe_bool("a weak reference was made", references[0] != NULL);
    if (references[0] == NULL) {
        return;
    }
    rt_decref(thing);
    observe_int("calls", calls);
    observe_int("count of the witness", witness->ob_refcnt);
    observe_int("count of the weak reference", references[0]->ob_refcnt);
    rt_clear(&references[0]);
    rt_decref(witness);
    observe_int("calls", calls);
    observe_leaks();
}

static void
look_behind(struct witness *witness, struct rt_object *reference)
{
    (void)witness;
    observe_bool("the weak reference still has its referent",
                 has_referent(reference));
    observe_bool("the callback finds the object alive", is_alive(reference));
}

static void
the_callback_does_not_see_the_object(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    if (refer_in_order(1, thing, look_behind)) {
        rt_decref(thing);
        release_references();
        observe_leaks();
    }
}

static void
a_released_weak_reference_calls_nobody(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    if (!refer_in_order(2, thing, NULL)) {
        return;
    }
    rt_clear(&references[1]);
    observe_int("calls", calls);
    rt_decref(thing);
    observe_int("calls", calls);
    release_references();
    observe_int("calls", calls);
    observe_leaks();
}

static void
look_behind_all(struct witness *witness, struct rt_object *reference)
{
    (void)witness;
    (void)reference;
    int64_t left = 0;
    for (int i = 0; i < REFERENCES; i++) {
        left += references[i] != NULL && has_referent(references[i]);
    }
    observe_int("weak references that are not cleared yet", left);
}

static void
death_clears_every_weak_reference(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    references[4] = rt_weakref_new(thing, NULL);
    if (!refer_in_order(4, thing, NULL)) {
        return;
    }
    is_quiet = true;
    rt_decref(thing);
    for (int i = 0; i <= 4; i++) {
        observe_event("look at", "weak reference %d", (int)lab_number(i));
        observe_bool("it still has its referent", has_referent(references[i]));
    }
    observe_int("calls", calls);
    release_references();
    observe_leaks();
}

static void
the_newest_callback_comes_first(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    if (!refer_in_order(2, thing, NULL)) {
        return;
    }
    references[2] = rt_weakref_new(thing, NULL);
    refer_with(3, thing, NULL);
    refer_with(4, thing, NULL);
    rt_decref(thing);
    release_references();
    observe_leaks();
}

static void
all_are_cleared_before_the_first_callback(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    references[3] = rt_weakref_new(thing, NULL);
    if (!refer_in_order(3, thing, look_behind_all)) {
        return;
    }
    rt_decref(thing);
    release_references();
    observe_leaks();
}

/* A frail thing looks at itself through a weak reference while it dies. */
static void
frail_dealloc(struct rt_object *object)
{
    static bool is_dying;
    if (is_dying) {
        observe_event("dies", "a second time");
        return;
    }
    is_dying = true;
    observe_event("dies", "thing %d",
                  (int)lab_number(((struct thing *)object)->id));
    observe_int("count", object->ob_refcnt);
    observe_bool("got the dying object",
                 rt_weakref_get(references[0]) != NULL);
    observe_int("count", object->ob_refcnt);
    rt_weakref_clear_all(object);
    rt_free(object);
}

static const struct rt_type frail_type = {
    .name = "frail",
    .basicsize = sizeof(struct thing),
    .dealloc = frail_dealloc,
    .weaklist_offset = offsetof(struct thing, weakrefs),
};

static void
a_dying_object_is_not_handed_out(void **state)
{
    (void)state;
    struct rt_object *frail = make_thing_of(&frail_type, 1);
    references[0] = refer_to(frail);
    if (references[0] == NULL) {
        return;
    }
    rt_decref(frail);
    release_references();
    observe_leaks();
}

/* --- what a callback may do ---------------------------------------------- */

static void
release_all(struct witness *witness, struct rt_object *reference)
{
    (void)witness;
    (void)reference;
    release_references();
}

static void
a_callback_may_release_the_others(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    if (!refer_in_order(2, thing, NULL)) {
        return;
    }
    refer_with(2, thing, release_all);
    rt_decref(thing);
    observe_int("calls", calls);
    observe_leaks();
}

static void
release_own(struct witness *witness, struct rt_object *reference)
{
    (void)reference;
    int64_t before = deaths;
    rt_clear(&references[witness->id]);
    observe_int("objects that died of it", deaths - before);
}

static void
a_callback_may_release_its_own_weak_reference(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    if (!refer_in_order(3, thing, release_own)) {
        return;
    }
    rt_decref(thing);
    observe_int("calls", calls);
    observe_leaks();
}

static void
complain(struct witness *witness, struct rt_object *reference)
{
    (void)reference;
    observe_string("pending error when it begins",
                   rt_error_name(rt_error_occurred()));
    rt_error_set(RT_ERROR_VALUE, "witness %d fails",
                 (int)lab_number(witness->id));
}

static void
hear_of_error(struct rt_object *source)
{
    observe_event("unraisable", "witness %d: %s",
                  (int)lab_number(((struct witness *)source)->id),
                  rt_error_text());
}

static void
an_error_in_a_callback_stops_nobody(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    rt_error_set_unraisable_hook(hear_of_error);
    if (!refer_in_order(3, thing, complain)) {
        return;
    }
    rt_decref(thing);
    observe_int("calls", calls);
    observe_string("pending error", rt_error_name(rt_error_occurred()));
    release_references();
    observe_leaks();
}

static void
say_what_is_pending(struct witness *witness, struct rt_object *reference)
{
    (void)witness;
    (void)reference;
    observe_string("pending error when it begins",
                   rt_error_name(rt_error_occurred()));
}

static void
a_pending_error_stays_pending(void **state)
{
    (void)state;
    rt_error_set_unraisable_hook(hear_of_error);
    for (int i = 0; i < 2; i++) {
        struct rt_object *thing = make_thing(i);
        if (!refer_in_order(2, thing,
                            i == 0 ? say_what_is_pending : complain)) {
            return;
        }
        rt_error_set(RT_ERROR_KEY, "no such key");
        rt_decref(thing);
        observe_string("pending error", rt_error_name(rt_error_occurred()));
        observe_string("its text", rt_error_text());
        rt_error_clear();
        release_references();
    }
    observe_leaks();
}

static void
death_asks_for_no_memory(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    if (!refer_in_order(3, thing, NULL)) {
        return;
    }
    rt_alloc_fail_nth(1);
    rt_decref(thing);
    rt_alloc_fail_nth(0);
    observe_int("calls", calls);
    observe_string("pending error", rt_error_name(rt_error_occurred()));
    release_references();
    observe_leaks();
}

/* --- for the collector --------------------------------------------------- */

static void
clearing_one_is_silent(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    if (!refer_in_order(3, thing, NULL)) {
        return;
    }
    struct rt_weakref *middle = (struct rt_weakref *)references[1];
    rt_weakref_clear(middle);
    observe_int("calls", calls);
    observe_bool("there is an object behind it", is_alive(references[1]));
    observe_bool("there is one behind another", is_alive(references[0]));
    observe_list(thing);
    observe_int("objects that died", deaths);
    rt_weakref_clear(middle);
    observe_event("rt_weakref_clear", "a second time");
    observe_list(thing);
    rt_decref(thing);
    release_references();
    observe_leaks();
}

static void
calling_back_holds_the_callback(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    rt_error_set_unraisable_hook(hear_of_error);
    refer_with(0, thing, complain);
    refer_with(1, thing, release_own);
    if (references[0] == NULL || references[1] == NULL) {
        observe_event("weak references", "were not made");
        return;
    }
    rt_weakref_clear((struct rt_weakref *)references[0]);
    rt_weakref_call_back((struct rt_weakref *)references[0]);
    observe_string("pending error", rt_error_name(rt_error_occurred()));
    observe_int("objects that died", deaths);

    rt_weakref_clear((struct rt_weakref *)references[1]);
    rt_weakref_call_back((struct rt_weakref *)references[1]);
    observe_int("objects that died", deaths);
    rt_decref(thing);
    release_references();
    observe_leaks();
}

static const char *const FIELDS[] = {"a", "b"};

static struct rt_object *
make_instance(struct rt_class *class,
              void (*finalize)(struct rt_object *object))
{
    rt_class_init(class, "node", FIELDS, 2, finalize);
    return rt_instance_new(class);
}

static void
say_last_words(struct rt_object *object)
{
    (void)object;
    observe_event("finalize", "the object");
}

/* The weak reference is held by a piece of trash, the object by this case. */
static void
the_collector_does_not_count_it(void **state)
{
    (void)state;
    static struct rt_class class;
    static struct rt_class trash_class;
    struct rt_object *object = make_instance(&class, say_last_words);
    struct rt_object *trash = make_instance(&trash_class, NULL);
    struct rt_object *number = rt_int_new(lab_number(0));
    rt_instance_set(object, 0, number);
    struct rt_object *reference = rt_weakref_new(object, NULL);
    if (reference == NULL) {
        observe_event("weak reference", "was not made");
        return;
    }
    observe_bool("the collector knows it", rt_gc_is_tracked(reference));
    rt_instance_set(trash, 0, trash);
    rt_instance_set(trash, 1, reference);
    rt_decref(reference);
    rt_decref(trash);
    observe_int("the collector found", rt_gc_collect(2));
    observe_int("the object still has its field",
                rt_instance_get(object, 0) == number ? rt_int_value(number)
                                                     : -1);
    observe_bool("its list is empty", rt_weakref_first(object) == NULL);
    observe_event("release", "the object");
    rt_decref(object);
    rt_decref(number);
    observe_leaks();
}

/* A link can be called and holds one object: with its weak reference it makes
 * a cycle. */
struct link {
    struct rt_object base;
    struct rt_object *held; // ours, or NULL
};

static void
link_dealloc(struct rt_object *object)
{
    rt_gc_untrack(object);
    rt_clear(&((struct link *)object)->held);
    deaths++;
    rt_gc_free(object);
}

static int
link_traverse(struct rt_object *object,
              int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_object *held = ((struct link *)object)->held;
    return held != NULL ? visit(held, data) : 0;
}

static void
link_clear(struct rt_object *object)
{
    rt_clear(&((struct link *)object)->held);
}

static int
link_call(struct rt_object *object, struct rt_object *reference)
{
    (void)object;
    (void)reference;
    calls++;
    return 0;
}

static const struct rt_type link_type = {
    .name = "link",
    .basicsize = sizeof(struct link),
    .dealloc = link_dealloc,
    .traverse = link_traverse,
    .clear = link_clear,
    .call = link_call,
};

static void
a_cycle_through_a_callback_is_collected(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    struct rt_object *link = rt_gc_new(&link_type, 0);
    ((struct link *)link)->held = NULL;
    ((struct link *)link)->held = rt_weakref_new(thing, link);
    rt_gc_track(link);
    rt_decref(link);
    observe_int("weak references to the thing",
                (int64_t)rt_weakref_count(thing));
    observe_int("objects that died", deaths);

    observe_int("the collector found", rt_gc_collect(2));
    observe_int("objects that died", deaths);
    observe_bool("the list is empty", rt_weakref_first(thing) == NULL);
    rt_decref(thing);
    observe_int("calls", calls);
    observe_leaks();
}

static int
count_one(struct rt_object *held, void *count)
{
    (void)held;
    (*(int64_t *)count)++;
    return 0;
}

static int
stop_at_once(struct rt_object *held, void *data)
{
    (void)held;
    (void)data;
    return 7;
}

/* What the collector is shown of a weak reference. */
static void
observe_owned(struct rt_object *reference)
{
    int64_t owned = 0;
    int result = reference->ob_type->traverse(reference, count_one, &owned);
    observe_event("traverse", "shows %d, returns %d", (int)owned, result);
    observe_int("traverse, if visit returns 7, returns",
                reference->ob_type->traverse(reference, stop_at_once, NULL));
}

static void
the_clear_slot_leaves_it_whole_but_empty(void **state)
{
    (void)state;
    struct rt_object *thing = make_thing(1);
    references[0] = rt_weakref_new(thing, NULL);
    refer_with(1, thing, NULL);
    if (references[0] == NULL || references[1] == NULL) {
        observe_event("weak references", "were not made");
        return;
    }
    observe_owned(references[0]);
    observe_owned(references[1]);
    watched = thing;
    for (int i = 1; i >= 0; i--) {
        observe_event("clear slot", "of weak reference %d",
                      (int)lab_number(i));
        references[i]->ob_type->clear(references[i]);
        observe_bool("it still has its referent", has_referent(references[i]));
        observe_owned(references[i]);
        observe_list(thing);
    }
    watched = NULL;
    release_references();
    rt_decref(thing);
    observe_int("calls", calls);
    observe_leaks();
}

static void
the_collector_tells_who_lives(void **state)
{
    (void)state;
    static struct rt_class class;
    struct rt_object *one = make_instance(&class, NULL);
    struct rt_object *two = rt_instance_new(&class);
    rt_instance_set(one, 0, two);
    rt_instance_set(two, 0, one);
    references[5] = rt_weakref_new(two, NULL);
    if (!refer_in_order(3, one, look_behind_all)) {
        return;
    }
    rt_decref(one);
    rt_decref(two);
    observe_int("calls", calls);
    observe_int("the collector found", rt_gc_collect(2));
    observe_int("calls", calls);
    observe_bool("there is an object behind it", is_alive(references[5]));
    release_references();
    observe_leaks();
}

/* What the last words of a piece of trash refer to, and their result. */
static struct rt_object *wanted;
static struct rt_object *made_meanwhile;

static void
refer_as_last_words(struct rt_object *object)
{
    (void)object;
    made_meanwhile = rt_weakref_new(wanted, NULL);
}

/* While a weak reference is made, a collection runs, and a finalizer asks for
 * a weak reference to the same object. In 3.11 collections run where memory
 * is taken, since 3.12 where the new object is tracked. */
static void
make_during_a_collection(const char *version)
{
    static struct rt_class class;
    setenv("RT_COMPAT", version, 1);
    rt_gc_disable();
    wanted = make_thing(1);
    struct rt_object *trash = make_instance(&class, refer_as_last_words);
    rt_instance_set(trash, 0, trash);
    rt_decref(trash);
    rt_gc_set_threshold(0, 1);
    rt_gc_enable();
    struct rt_object *reference = rt_weakref_new(wanted, NULL);
    rt_gc_disable();
    if (reference == NULL) {
        observe_event("weak reference", "was not made");
        return;
    }
    observe_bool("a finalizer has made one meanwhile", made_meanwhile != NULL);
    observe_bool("it is the same one", made_meanwhile == reference);
    observe_int("weak references to the thing",
                (int64_t)rt_weakref_count(wanted));
    rt_decref(reference);
    rt_xdecref(made_meanwhile);
    rt_decref(wanted);
    observe_leaks();
}

static void
a_collection_may_run_while_memory_is_taken(void **state)
{
    (void)state;
    make_during_a_collection("3.11");
}

static void
a_collection_may_run_while_it_is_tracked(void **state)
{
    (void)state;
    make_during_a_collection("3.12");
}

/* --- stories ------------------------------------------------------------- */

enum {
    THINGS = 4,
    STEPS = 120
};

static struct rt_object *things[THINGS];

static void
look_around(struct rt_object *const stage[THINGS])
{
    int64_t counts[2 * THINGS];
    for (int i = 0; i < THINGS; i++) {
        counts[2 * i] = stage[i] == NULL ? 0 : stage[i]->ob_refcnt;
        counts[2 * i + 1] =
            stage[i] == NULL ? 0 : (int64_t)rt_weakref_count(stage[i]);
    }
    observe_sequence("references and weak references to each thing", counts,
                     2 * (size_t)THINGS);
    int64_t alive[REFERENCES];
    for (int i = 0; i < REFERENCES; i++) {
        alive[i] = references[i] == NULL ? 0 : is_alive(references[i]) ? 2 : 1;
    }
    observe_sequence("places: 0 empty, 1 cleared, 2 alive", alive, REFERENCES);
}

/* One random step. Answers whether a weak reference was made where one was
 * asked for. */
static bool
take_a_step(int step)
{
    int thing = (int)lab_random_between(0, THINGS - 1);
    int place = (int)lab_random_between(0, REFERENCES - 1);
    switch (lab_random_between(0, 7)) {
    case 0:
        observe_event("step", "thing %d is replaced by thing %d", thing,
                      (int)lab_number(step));
        rt_set_ref(&things[thing], make_thing(step));
        return true;
    case 1:
        observe_event("step", "thing %d is released", thing);
        rt_clear(&things[thing]);
        return true;
    case 2:
        observe_event("step", "weak reference %d is released",
                      (int)lab_number(place));
        rt_clear(&references[place]);
        return true;
    case 3:
        if (references[place] != NULL) {
            observe_event("step", "weak reference %d is cleared",
                          (int)lab_number(place));
            rt_weakref_clear((struct rt_weakref *)references[place]);
        }
        return true;
    default:
        break;
    }
    if (things[thing] == NULL) {
        things[thing] = make_thing(step);
    }
    rt_clear(&references[place]);
    if (lab_random_between(0, 2) == 0) {
        observe_event("step", "weak reference %d to thing %d",
                      (int)lab_number(place), thing);
        references[place] = rt_weakref_new(things[thing], NULL);
    }
    else {
        observe_event("step", "weak reference %d to thing %d with a callback",
                      (int)lab_number(place), thing);
        refer_with(place, things[thing], look_behind);
    }
    return references[place] != NULL;
}

static void
a_random_story(void **state)
{
    (void)state;
    for (int step = 10; step < 10 + STEPS; step++) {
        if (!take_a_step(step)) {
            observe_event("weak reference", "was not made");
            return;
        }
        look_around(things);
    }
    release_references();
    for (int i = 0; i < THINGS; i++) {
        rt_clear(&things[i]);
    }
    observe_leaks();
}

enum {
    MANY = 80000,
    MOST_MORE = 9999
};

static void
eighty_thousand_weak_references(void **state)
{
    (void)state;
    static struct rt_object *many[MANY + MOST_MORE];
    const int count = MANY + (int)lab_random_between(1, MOST_MORE);
    is_quiet = true;
    struct rt_object *thing = make_thing(1);
    struct rt_object *witness = make_witness(1, NULL);
    for (int i = 0; i < count; i++) {
        many[i] = rt_weakref_new(thing, i == 0 ? NULL : witness);
        if (many[i] == NULL) {
            observe_event("weak reference", "was not made");
            return;
        }
    }
    observe_int("count of the witness", witness->ob_refcnt);
    for (int i = 0; i < count / 2; i++) { // the oldest first
        rt_clear(&many[i]);
    }
    observe_int("weak references to the thing",
                (int64_t)rt_weakref_count(thing));
    rt_decref(thing);
    observe_int("calls", calls);
    int64_t alive = 0;
    for (int i = count / 2; i < count; i++) {
        alive += is_alive(many[i]);
        rt_clear(&many[i]);
    }
    observe_int("weak references that are not cleared", alive);
    observe_int("count of the witness", witness->ob_refcnt);
    rt_decref(witness);
    observe_leaks();
}

const struct CMUnitTest lab_cases[] = {
    cmocka_unit_test(a_weak_reference_is_an_object_of_its_own),
    cmocka_unit_test(it_does_not_keep_its_object_alive),
    cmocka_unit_test(get_gives_a_new_reference),
    cmocka_unit_test(after_death_there_is_nothing_to_get),
    cmocka_unit_test(some_objects_have_no_list),
    cmocka_unit_test(without_memory_there_is_an_error_and_no_trace),
    cmocka_unit_test(without_a_callback_there_is_only_one),
    cmocka_unit_test(a_released_weak_reference_leaves_the_list),
    cmocka_unit_test(the_callback_is_held_as_long_as_its_weak_reference_lives),
    cmocka_unit_test(each_callback_gets_one_of_its_own),
    cmocka_unit_test(the_shared_one_is_found_among_many),
    cmocka_unit_test(it_leaves_the_list_from_any_place),
    cmocka_unit_test(who_dies_with_it_does_not_find_it),
    cmocka_unit_test(the_callback_is_called_at_death),
    cmocka_unit_test(the_callback_does_not_see_the_object),
    cmocka_unit_test(a_released_weak_reference_calls_nobody),
    cmocka_unit_test(death_clears_every_weak_reference),
    cmocka_unit_test(the_newest_callback_comes_first),
    cmocka_unit_test(all_are_cleared_before_the_first_callback),
    cmocka_unit_test(a_dying_object_is_not_handed_out),
    cmocka_unit_test(a_callback_may_release_the_others),
    cmocka_unit_test(a_callback_may_release_its_own_weak_reference),
    cmocka_unit_test(an_error_in_a_callback_stops_nobody),
    cmocka_unit_test(a_pending_error_stays_pending),
    cmocka_unit_test(death_asks_for_no_memory),
    cmocka_unit_test(clearing_one_is_silent),
    cmocka_unit_test(calling_back_holds_the_callback),
    cmocka_unit_test(the_collector_does_not_count_it),
    cmocka_unit_test(a_cycle_through_a_callback_is_collected),
    cmocka_unit_test(the_clear_slot_leaves_it_whole_but_empty),
    cmocka_unit_test(the_collector_tells_who_lives),
    cmocka_unit_test(a_collection_may_run_while_memory_is_taken),
    cmocka_unit_test(a_collection_may_run_while_it_is_tracked),
    cmocka_unit_test(a_random_story),
    cmocka_unit_test(eighty_thousand_weak_references),
};
const size_t lab_case_count = sizeof(lab_cases) / sizeof(lab_cases[0]);
