/* Lab 01: the life of an object, seen through the runtime's own header.
 *
 * Two kinds of objects live here. A cell tells aloud when it dies and then
 * rests in a graveyard until the case is over, so that a wrong count shows as
 * a wrong record instead of a crash. A box is silent and frees itself at
 * once, as real objects do. From which number on cells are numbered, and how
 * often a case does what it does, the dice say. */
#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/object.h"
#include "labs/testing.h"

struct cell {
    struct rt_object base;
    int64_t id;
    struct rt_object *left;  // owned, or NULL
    struct rt_object *right; // owned, or NULL
    int dying;               // how often dealloc was entered
    struct cell *next_dead;
};

static struct cell *graveyard;
static int64_t deaths; // of cells and boxes

/* Set by a case that wants to know what a slot holds while a cell dies. */
static struct rt_object **watched_slot;

/* What the next cell that dies stores in that slot. */
static struct {
    struct rt_object **slot;
    struct rt_object *value; // ours; what was there instead, afterwards
} legacy;

/* What the cells of mortal_type do as their last words. */
static void (*last_words)(struct cell *cell);

static void
release_children(struct cell *cell)
{
    if (cell->left != NULL) {
        rt_decref(cell->left);
    }
    if (cell->right != NULL) {
        rt_decref(cell->right);
    }
}

static void
observe_death(const struct cell *cell)
{
    if (watched_slot == NULL) {
        observe_event("dealloc", "cell %d", (int)cell->id);
    }
    else if (*watched_slot == NULL) {
        observe_event("dealloc", "cell %d, the slot is NULL", (int)cell->id);
    }
    else {
        observe_event("dealloc", "cell %d, the slot holds cell %d",
                      (int)cell->id, (int)((struct cell *)*watched_slot)->id);
    }
}

static void
cell_dealloc(struct rt_object *object)
{
    struct cell *cell = (struct cell *)object;
    if (cell->dying > 0) {
        observe_event("dealloc", "cell %d, again", (int)cell->id);
        return;
    }
    cell->dying = 1;
    observe_death(cell);
    if (legacy.slot != NULL) {
        struct rt_object *before = *legacy.slot;
        *legacy.slot = legacy.value;
        legacy.value = before;
        legacy.slot = NULL;
    }
    release_children(cell);
    deaths++;
    cell->next_dead = graveyard;
    graveyard = cell;
}

static const struct rt_type cell_type = {
    .name = "cell",
    .basicsize = sizeof(struct cell),
    .dealloc = cell_dealloc,
};

static void
mortal_finalize(struct rt_object *object)
{
    struct cell *cell = (struct cell *)object;
    observe_event("finalize", "cell %d, count %d", (int)cell->id,
                  (int)object->ob_refcnt);
    if (last_words != NULL) {
        last_words(cell);
    }
}

static void
mortal_dealloc(struct rt_object *object)
{
    static int entered;
    if (entered == 3) { // a wrong solution would come back for ever
        observe_event("dealloc", "called from within itself");
        return;
    }
    entered++;
    int lives = rt_call_finalizer_from_dealloc(object);
    entered--;
    observe_int("rt_call_finalizer_from_dealloc returns", lives);
    observe_int("count when it has returned", object->ob_refcnt);
    if (lives == 0) {
        cell_dealloc(object);
    }
}

static const struct rt_type mortal_type = {
    .name = "mortal",
    .basicsize = sizeof(struct cell),
    .dealloc = mortal_dealloc,
    .finalize = mortal_finalize,
};

static void
box_dealloc(struct rt_object *object)
{
    release_children((struct cell *)object);
    deaths++;
    rt_free(object);
}

static const struct rt_type box_type = {
    .name = "box",
    .basicsize = sizeof(struct cell),
    .dealloc = box_dealloc,
};

/* A new object; steals both children. */
static struct rt_object *
make(const struct rt_type *type, int64_t id, struct rt_object *left,
     struct rt_object *right)
{
    struct rt_object *object = rt_object_new(type);
    struct cell *cell = (struct cell *)object;
    cell->id = lab_number(id);
    cell->left = left;
    cell->right = right;
    cell->dying = 0;
    return object;
}

static struct rt_object *
make_cell(int64_t id)
{
    return make(&cell_type, id, NULL, NULL);
}

/* The end of every case: whatever is left after the dead are buried was
 * leaked. */
static void
observe_leaks(void)
{
    while (graveyard != NULL) {
        struct cell *cell = graveyard;
        graveyard = cell->next_dead;
        rt_free(cell);
    }
    observe_int("leaked blocks", (int64_t)rt_alloc_live_blocks());
}

static void
a_new_object_has_one_reference(void **state)
{
    (void)state;
    struct cell cell = {.base = {.ob_refcnt = 77}, .id = lab_number(5)};

    rt_object_init(&cell.base, &cell_type);

    observe_int("count", cell.base.ob_refcnt);
    observe_bool("the type is set", cell.base.ob_type == &cell_type);
    observe_int("the memory behind the head", cell.id);
}

static void
object_new_allocates_and_initialises(void **state)
{
    (void)state;
    struct rt_type type = cell_type;
    type.basicsize += 8 * (size_t)lab_random_between(0, 9999);
    struct rt_object *object = rt_object_new(&type);

    observe_bool("got an object", object != NULL);
    if (object == NULL) {
        return;
    }
    observe_int("live blocks", (int64_t)rt_alloc_live_blocks());
    observe_int("live bytes, of which the type says how many",
                (int64_t)rt_alloc_live_bytes());
    observe_int("count", object->ob_refcnt);
    observe_bool("the type is set", object->ob_type == &type);
    rt_free(object);
}

static void
object_new_reports_that_memory_is_out(void **state)
{
    (void)state;
    enum {
        TRIES = 24
    };
    for (int i = 0; i < TRIES; i++) {
        bool without_memory = i == 0 || (i > 1 && lab_random() % 2 == 0);
        rt_alloc_fail_nth(without_memory ? 1 : 0);
        struct rt_object *object = rt_object_new(&cell_type);
        observe_bool(without_memory ? "got an object without memory"
                                    : "got an object",
                     object != NULL);
        observe_bool("a memory error is pending",
                     rt_error_occurred() == RT_ERROR_MEMORY);
        rt_error_clear();
        rt_free(object);
    }
    observe_leaks();
}

static void
incref_adds_one_reference(void **state)
{
    (void)state;
    struct rt_object *object = make_cell(1);
    object->ob_refcnt = lab_random_between(1, 1000000);
    int increfs = (int)lab_random_between(3, 6);

    for (int i = 0; i < increfs; i++) {
        rt_incref(object);
        observe_int("count", object->ob_refcnt);
    }
    rt_free(object);
}

static void
decref_takes_one_reference_away(void **state)
{
    (void)state;
    struct rt_object *object = make_cell(1);
    object->ob_refcnt = lab_random_between(3, 60);

    while (deaths == 0 && object->ob_refcnt > 1) {
        int64_t before = object->ob_refcnt;
        rt_decref(object);
        observe_int("count", object->ob_refcnt);
        if (object->ob_refcnt >= before) {
            break; // nothing was taken away: it would never end
        }
    }
    observe_int("objects that died", deaths);
    if (deaths == 0) {
        rt_free(object);
    }
}

static void
the_last_decref_deallocates(void **state)
{
    (void)state;
    struct rt_object *object = make_cell(1);
    rt_incref(object);

    rt_decref(object);
    observe_int("dead after the first decref", deaths);
    rt_decref(object);
    observe_int("dead after the last decref", deaths);
    observe_int("count it died with", object->ob_refcnt);
    observe_leaks();
}

static int64_t guest_deallocs;

static void
guest_dealloc(struct rt_object *object)
{
    (void)object;
    guest_deallocs++;
}

/* Objects of this type lie on the stack: nobody but their own dealloc may
 * say what becomes of their memory. */
static const struct rt_type guest_type = {
    .name = "guest",
    .basicsize = sizeof(struct rt_object),
    .dealloc = guest_dealloc,
};

static void
dealloc_is_left_to_the_type(void **state)
{
    (void)state;
    struct rt_object guest;
    rt_object_init(&guest, &guest_type);
    struct rt_object *cell = make_cell(1);

    rt_decref(cell);
    observe_int("deallocs of the guest", guest_deallocs);
    rt_decref(&guest);
    observe_int("deallocs of the guest", guest_deallocs);

    for (int64_t i = lab_random_between(1, 99); i > 0; i--) {
        rt_dealloc(&guest);
    }
    observe_int("deallocs after some calls of rt_dealloc", guest_deallocs);
    observe_leaks();
}

static void
xincref_and_xdecref_accept_null(void **state)
{
    (void)state;
    struct rt_object *object = make_cell(1);

    rt_xincref(object);
    observe_int("count after xincref", object->ob_refcnt);
    rt_xdecref(object);
    observe_int("count after xdecref", object->ob_refcnt);
    rt_xdecref(object);
    observe_int("objects that died", deaths);

    rt_xincref(NULL);
    observe_event("rt_xincref(NULL)", "returned");
    rt_xdecref(NULL);
    observe_event("rt_xdecref(NULL)", "returned");
    observe_leaks();
}

static void
new_ref_counts_and_returns_the_object(void **state)
{
    (void)state;
    struct rt_object *object = make_cell(1);

    struct rt_object *second = rt_new_ref(object);
    observe_bool("it is the same object", second == object);
    observe_int("count", object->ob_refcnt);
    int64_t more = lab_random_between(1, 999);
    for (int64_t i = 0; i < more; i++) {
        rt_new_ref(object);
    }
    observe_int("count after some more calls", object->ob_refcnt);

    while (more-- > 0) {
        rt_decref(object);
    }
    rt_decref(object);
    observe_int("objects that died", deaths);
    rt_decref(object);
    observe_leaks();
}

static void
clear_empties_the_slot(void **state)
{
    (void)state;
    struct rt_object *object = make_cell(1);
    struct rt_object *slot = rt_new_ref(object);

    rt_clear(&slot);
    observe_bool("the slot is NULL", slot == NULL);
    observe_int("count", object->ob_refcnt);

    rt_clear(&slot);
    observe_event("rt_clear of an empty slot", "returned");
    observe_int("count", object->ob_refcnt);

    slot = object;
    rt_clear(&slot);
    observe_int("objects that died", deaths);
    observe_leaks();
}

static void
clear_empties_the_slot_before_the_object_dies(void **state)
{
    (void)state;
    struct rt_object *slot = make_cell(1);
    watched_slot = &slot;

    rt_clear(&slot);
    observe_leaks();
}

static void
set_ref_takes_over_the_new_and_releases_the_old(void **state)
{
    (void)state;
    struct rt_object *first = make_cell(1);
    struct rt_object *second = make_cell(2);
    struct rt_object *slot = NULL;

    rt_set_ref(&slot, rt_new_ref(first));
    observe_bool("the slot holds the first", slot == first);
    observe_int("count of the first", first->ob_refcnt);

    rt_set_ref(&slot, rt_new_ref(second));
    observe_bool("the slot holds the second", slot == second);
    observe_int("count of the first", first->ob_refcnt);
    observe_int("count of the second", second->ob_refcnt);

    rt_set_ref(&slot, rt_new_ref(slot));
    observe_bool("the slot still holds the second", slot == second);
    observe_int("count of the second", second->ob_refcnt);

    rt_set_ref(&slot, NULL);
    observe_bool("the slot is NULL", slot == NULL);
    observe_int("count of the second", second->ob_refcnt);

    rt_decref(first);
    rt_decref(second);
    observe_leaks();
}

static void
set_ref_stores_before_it_releases(void **state)
{
    (void)state;
    struct rt_object *slot = make_cell(1);
    watched_slot = &slot;

    rt_set_ref(&slot, make_cell(2));
    rt_set_ref(&slot, NULL);
    observe_leaks();
}

static void
what_the_dying_stores_in_the_slot_stays(void **state)
{
    (void)state;
    struct rt_object *slot = make_cell(1);
    struct rt_object *left = make_cell(2);
    legacy.slot = &slot;
    legacy.value = left;
    rt_clear(&slot);
    observe_bool("after rt_clear the slot holds it", slot == left);
    legacy.slot = &slot;
    legacy.value = make_cell(3);
    left = legacy.value;
    rt_set_ref(&slot, make_cell(4));
    observe_bool("after rt_set_ref the slot holds it", slot == left);
    rt_xdecref(legacy.value);
    rt_xdecref(slot);
    observe_leaks();
}

static void
immortal_objects_are_not_counted(void **state)
{
    (void)state;
    struct rt_object guest;
    rt_object_init(&guest, &guest_type);
    rt_incref(&guest);

    rt_set_immortal(&guest);
    observe_int("count", guest.ob_refcnt);
    for (int i = 0; i < 3; i++) {
        rt_incref(&guest);
    }
    observe_int("count after increfs", guest.ob_refcnt);
    for (int i = 0; i < 5; i++) {
        rt_decref(&guest);
    }
    observe_int("count after decrefs", guest.ob_refcnt);

    struct rt_object *slot = rt_new_ref(&guest);
    rt_clear(&slot);
    observe_int("count after new_ref and clear", guest.ob_refcnt);
    observe_int("deallocs", guest_deallocs);

    // Somebody who is not immortal is still counted.
    struct rt_object mortal;
    rt_object_init(&mortal, &guest_type);
    for (int64_t i = lab_random_between(1, 9999); i > 0; i--) {
        rt_incref(&mortal);
    }
    observe_int("count of a mortal one", mortal.ob_refcnt);
}

static void
the_finalizer_runs_once_before_dealloc(void **state)
{
    (void)state;
    struct rt_object *child = make_cell(2);
    struct rt_object *object = make(&mortal_type, 1, rt_new_ref(child), NULL);

    rt_decref(object);
    observe_int("objects that died", deaths);
    observe_int("count of the child", child->ob_refcnt);
    rt_decref(child);

    struct rt_object *plain = make_cell(3);
    plain->ob_refcnt = 0;
    observe_int("returned without a finalizer",
                rt_call_finalizer_from_dealloc(plain));
    observe_int("count without a finalizer", plain->ob_refcnt);
    rt_free(plain);
    observe_leaks();
}

static void
take_and_give_back(struct cell *cell)
{
    rt_incref(&cell->base);
    rt_incref(&cell->base);
    observe_int("count inside the finalizer", cell->base.ob_refcnt);
    rt_decref(&cell->base);
    rt_decref(&cell->base);
    observe_int("count inside the finalizer", cell->base.ob_refcnt);
}

static void
a_finalizer_may_use_its_object(void **state)
{
    (void)state;
    last_words = take_and_give_back;
    rt_decref(make(&mortal_type, 1, NULL, NULL));
    observe_int("objects that died", deaths);
    observe_leaks();
}

static struct rt_object *saved[3];
static int to_save; // references that the next finalizer keeps

static void
save_references(struct cell *cell)
{
    for (int i = 0; i < to_save; i++) {
        saved[i] = rt_new_ref(&cell->base);
    }
    to_save = 0;
}

static void
a_resurrected_object_lives(void **state)
{
    (void)state;
    struct rt_object *child = make_cell(2);
    struct rt_object *object = make(&mortal_type, 1, rt_new_ref(child), NULL);
    last_words = save_references;
    to_save = (int)lab_random_between(2, 3);
    int references = to_save;

    rt_decref(object);
    observe_int("objects that died", deaths);
    observe_int("count of the resurrected object", object->ob_refcnt);
    observe_int("count of its child", child->ob_refcnt);
    if (deaths > 0) {
        return; // there is nothing left to drop
    }

    for (int i = 0; i < references; i++) {
        rt_clear(&saved[i]);
    }
    observe_int("dead after the saved references are gone", deaths);
    observe_int("count of the child", child->ob_refcnt);
    rt_decref(child);
    observe_leaks();
}

static void
a_chain_dies_from_its_head(void **state)
{
    (void)state;
    const int64_t last = lab_random_between(3, 9);
    struct rt_object *head = make(&cell_type, last, NULL, NULL);
    for (int64_t id = last - 1; id >= 1; id--) {
        head = make(&cell_type, id, head, NULL);
    }
    rt_decref(head);
    observe_int("objects that died", deaths);
    observe_leaks();
}

static void
a_shared_object_outlives_its_first_owner(void **state)
{
    (void)state;
    struct rt_object *shared = make_cell(3);
    struct rt_object *first =
        make(&cell_type, 1, rt_new_ref(shared), rt_new_ref(shared));
    struct rt_object *second = make(&cell_type, 2, NULL, shared);
    observe_int("count of the shared object", shared->ob_refcnt);

    rt_decref(first);
    observe_int("count of the shared object", shared->ob_refcnt);
    observe_int("objects that died", deaths);
    rt_decref(second);
    observe_int("objects that died", deaths);
    observe_leaks();
}

enum {
    SLOTS = 12,
    STEPS = 150
};

static void
observe_counts(struct rt_object *const slots[SLOTS])
{
    int64_t counts[SLOTS];
    for (int i = 0; i < SLOTS; i++) {
        counts[i] = slots[i] == NULL ? 0 : slots[i]->ob_refcnt;
    }
    observe_sequence("counts of the objects in the slots", counts, SLOTS);
}

static struct rt_object *
xnew_ref(struct rt_object *object)
{
    rt_xincref(object);
    return object;
}

/* One random step. A younger cell may hold an older one, never the other way
 * round: cycles are a lesson of their own. */
static void
take_a_step(struct rt_object *slots[SLOTS], int64_t step)
{
    int64_t a = lab_random_between(0, SLOTS - 1);
    int64_t b = lab_random_between(0, SLOTS - 1);
    struct cell *cell = (struct cell *)slots[a];
    struct cell *other = (struct cell *)slots[b];

    switch (lab_random_between(0, 5)) {
    case 0:
    case 1:
        observe_event("step", "slot %d = a new cell %d", (int)a,
                      (int)lab_number(step));
        rt_set_ref(&slots[a], make_cell(step));
        break;
    case 2:
        observe_event("step", "slot %d = slot %d", (int)a, (int)b);
        rt_set_ref(&slots[a], xnew_ref(slots[b]));
        break;
    case 3:
        observe_event("step", "clear slot %d", (int)a);
        rt_clear(&slots[a]);
        break;
    default:
        if (cell == NULL || other == NULL || other->id >= cell->id) {
            observe_event("step", "nothing to do");
            break;
        }
        observe_event("step", "cell %d holds cell %d", (int)cell->id,
                      (int)other->id);
        rt_set_ref(&cell->left, rt_new_ref(&other->base));
        break;
    }
}

static void
a_random_story(void **state)
{
    (void)state;
    struct rt_object *slots[SLOTS] = {NULL};

    for (int64_t step = 0; step < STEPS; step++) {
        take_a_step(slots, step);
        observe_counts(slots);
    }
    for (int i = 0; i < SLOTS; i++) {
        rt_clear(&slots[i]);
    }
    observe_leaks();
}

enum {
    MANY = LAB_MANY(20000)
};

static void
twenty_thousand_objects(void **state)
{
    (void)state;
    static struct rt_object *objects[MANY];
    int64_t sum = 0;
    const int64_t odd_one = lab_random_between(2, 9999);

    for (int i = 0; i < MANY; i++) {
        objects[i] = make(&box_type, i, NULL, NULL);
        rt_incref(objects[i]);
        if (i % odd_one == 0) {
            rt_incref(objects[i]);
        }
    }
    for (int i = 0; i < MANY; i++) {
        sum += objects[i]->ob_refcnt;
        rt_decref(objects[i]);
        if (i % odd_one == 0) {
            rt_decref(objects[i]);
        }
    }
    observe_int("sum of the counts", sum);
    observe_int("dead after the first round", deaths);
    for (int i = 0; i < MANY; i++) {
        rt_clear(&objects[i]);
    }
    observe_int("dead after the second round", deaths);
    observe_leaks();
}

/* Deep enough to show a leak or a slow release, shallow enough for dealloc
 * to call itself along the chain. */
enum {
    DEPTH = 5000,
    MORE = 999 // at most
};

static void
a_long_chain(void **state)
{
    (void)state;
    struct rt_object *head = NULL;
    const int64_t depth = DEPTH + lab_random_between(1, MORE);
    for (int64_t i = 0; i < depth; i++) {
        head = make(&box_type, i, head, NULL);
    }
    rt_clear(&head);
    observe_int("objects that died", deaths);
    observe_leaks();
}

const struct CMUnitTest lab_cases[] = {
    cmocka_unit_test(a_new_object_has_one_reference),
    cmocka_unit_test(object_new_allocates_and_initialises),
    cmocka_unit_test(incref_adds_one_reference),
    cmocka_unit_test(decref_takes_one_reference_away),
    cmocka_unit_test(the_last_decref_deallocates),
    cmocka_unit_test(dealloc_is_left_to_the_type),
    cmocka_unit_test(xincref_and_xdecref_accept_null),
    cmocka_unit_test(object_new_reports_that_memory_is_out),
    cmocka_unit_test(new_ref_counts_and_returns_the_object),
    cmocka_unit_test(clear_empties_the_slot),
    cmocka_unit_test(clear_empties_the_slot_before_the_object_dies),
    cmocka_unit_test(set_ref_takes_over_the_new_and_releases_the_old),
    cmocka_unit_test(set_ref_stores_before_it_releases),
    cmocka_unit_test(what_the_dying_stores_in_the_slot_stays),
    cmocka_unit_test(immortal_objects_are_not_counted),
    cmocka_unit_test(the_finalizer_runs_once_before_dealloc),
    cmocka_unit_test(a_finalizer_may_use_its_object),
    cmocka_unit_test(a_resurrected_object_lives),
    cmocka_unit_test(a_chain_dies_from_its_head),
    cmocka_unit_test(a_shared_object_outlives_its_first_owner),
    cmocka_unit_test(a_random_story),
    cmocka_unit_test(twenty_thousand_objects),
    cmocka_unit_test(a_long_chain),
};
const size_t lab_case_count = sizeof(lab_cases) / sizeof(lab_cases[0]);
