#include "labs/runtime/instance.h"

#include <assert.h>
#include <string.h>

#include "labs/runtime/copy.h"
#include "labs/runtime/error.h"
#include "labs/runtime/finalize.h"
#include "labs/runtime/gc.h"
#include "labs/runtime/trash.h"
#include "labs/runtime/weakref.h"

static struct rt_instance *
as_instance(struct rt_object *object)
{
    assert(rt_instance_check(object));
    return (struct rt_instance *)object;
}

/* Calls last words; what they store somewhere the collector must be able to
 * see. Returns whether the object has come back. */
static bool
comes_back(struct rt_object *object,
           int (*call_last_words)(struct rt_object *object))
{
    rt_gc_track(object);
    if (call_last_words(object) != 0) {
        return true;
    }
    rt_gc_untrack(object);
    return false;
}

/* Last words first, while all is whole; then whoever refers weakly is told;
 * then come last words of the old kind. References that were made by the last
 * words are cleared as well, and nobody is told of those that the old kind has
 * made. Returns whether the object has come back. */
static __attribute__((noinline)) bool
take_leave(struct rt_object *object)
{
    struct rt_instance *instance = as_instance(object);
    if (object->ob_type->finalize != NULL &&
        comes_back(object, rt_call_finalizer_from_dealloc)) {
        return true;
    }
    if (instance->weakrefs != NULL) {
        rt_weakref_clear_all(object);
    }
    if (object->ob_type->del != NULL &&
        comes_back(object, rt_call_del_from_dealloc)) {
        return true;
    }
    while (instance->weakrefs != NULL) {
        rt_weakref_clear(instance->weakrefs);
    }
    return false;
}

static void
instance_clear(struct rt_object *object)
{
    struct rt_instance *instance = (struct rt_instance *)object;
    for (size_t i = 0; i < object->ob_type->field_count; i++) {
        rt_clear(&instance->fields[i]);
    }
}

static inline bool
has_last_words(const struct rt_type *type)
{
    return type->finalize != NULL || type->del != NULL;
}

/* Whether nobody is told when it dies: of weak references there is none but
 * the shared one, which has no callback. */
static inline bool
is_told_to_nobody(const struct rt_instance *instance)
{
    const struct rt_weakref *first = instance->weakrefs;
    return first == NULL || (first->callback == NULL && first->next == NULL);
}

static inline bool
holds_nothing(const struct rt_instance *instance)
{
    for (size_t i = 0; i < instance->head.ob_type->field_count; i++) {
        if (instance->fields[i] != NULL) {
            return false;
        }
    }
    return true;
}

/* The end of one that may say or hold something. */
static __attribute__((noinline)) void
end(struct rt_object *object)
{
    if (!rt_trash_begin(object)) {
        return;
    }
    struct rt_instance *instance = (struct rt_instance *)object;
    if (!take_leave(object)) {
        // Nobody can see the slots any more: they need not be emptied first.
        for (size_t i = 0; i < object->ob_type->field_count; i++) {
            rt_xdecref(instance->fields[i]);
        }
        rt_gc_free(object);
    }
    rt_trash_end();
}

/* Nearly all have nothing to say and nobody to tell, and the fields go at once
 * (of subtype_dealloc). So the calls to here and to rt_instance_new() have all
 * that they need put into them (flatten) when the programs are linked. Of who
 * holds nothing either, nobody can see when it dies. */
static __attribute__((flatten)) void
instance_dealloc(struct rt_object *object)
{
    const struct rt_instance *instance = (struct rt_instance *)object;
    rt_gc_untrack(object);
    if (!has_last_words(object->ob_type) && holds_nothing(instance) &&
        is_told_to_nobody(instance)) {
        if (instance->weakrefs != NULL) {
            rt_weakref_clear(instance->weakrefs);
        }
        rt_gc_free(object);
    }
    else {
        end(object);
    }
}

static int
instance_traverse(struct rt_object *object,
                  int (*visit)(struct rt_object *held, void *data), void *data)
{
    struct rt_instance *instance = as_instance(object);
    size_t count = rt_instance_class(object)->field_count;
    for (size_t i = 0; i < count; i++) {
        struct rt_object *held = instance->fields[i];
        int result = held != NULL ? visit(held, data) : 0;
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

static struct rt_object *
instance_copy(struct rt_object *object)
{
    const struct rt_class *class = rt_instance_class(object);
    struct rt_object *copy = rt_instance_new(class);
    for (int i = 0; copy != NULL && i < (int)class->field_count; i++) {
        rt_instance_set(copy, i, rt_instance_get(object, i));
    }
    return copy;
}

static struct rt_object *
instance_deepcopy(struct rt_object *object, struct rt_copy_memo *memo)
{
    const struct rt_class *class = rt_instance_class(object);
    struct rt_object *copy = rt_instance_new(class);
    if (copy != NULL && rt_copy_memo_add(memo, object, copy) != 0) {
        rt_clear(&copy);
    }
    for (int i = 0; copy != NULL && i < (int)class->field_count; i++) {
        struct rt_object *part = NULL;
        if (rt_copy_part(rt_instance_get(object, i), memo, &part) != 0) {
            rt_clear(&copy);
            break;
        }
        rt_instance_set(copy, i, part);
        rt_xdecref(part);
    }
    return copy;
}

void
rt_class_init(struct rt_class *class, const char *name,
              const char *const *fields, size_t count,
              void (*finalize)(struct rt_object *object))
{
    assert(count <= RT_CLASS_FIELDS);
    *class = (struct rt_class){
        .type = {.name = name,
                 .basicsize = sizeof(struct rt_instance) +
                              count * sizeof(struct rt_object *),
                 .dealloc = instance_dealloc,
                 .finalize = finalize,
                 .traverse = instance_traverse,
                 .clear = instance_clear,
                 .fields_offset = offsetof(struct rt_instance, fields),
                 .field_count = count,
                 .weaklist_offset = offsetof(struct rt_instance, weakrefs),
                 .copy = instance_copy,
                 .deepcopy = instance_deepcopy},
        .field_count = count};
    memcpy(class->fields, fields, count * sizeof(*fields));
}

__attribute__((flatten)) struct rt_object *
rt_instance_new(const struct rt_class *class)
{
    struct rt_object *object = rt_gc_new(&class->type, 0);
    if (object != NULL) {
        struct rt_instance *instance = (struct rt_instance *)object;
        instance->weakrefs = NULL;
        for (size_t i = 0; i < class->field_count; i++) {
            instance->fields[i] = NULL;
        }
        rt_gc_track_quietly(object);
        rt_gc_poll();
    }
    return object;
}

bool
rt_instance_check(const struct rt_object *object)
{
    return object->ob_type->dealloc == instance_dealloc;
}

const struct rt_class *
rt_instance_class(const struct rt_object *object)
{
    // The type is the first member of its class.
    return (const struct rt_class *)object->ob_type;
}

int
rt_class_field(const struct rt_class *class, const char *name)
{
    for (size_t i = 0; i < class->field_count; i++) {
        if (strcmp(class->fields[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

struct rt_object *
rt_instance_attribute(struct rt_object *object, const char *name)
{
    const struct rt_class *class = rt_instance_class(object);
    int field = rt_class_field(class, name);
    struct rt_object *value =
        field >= 0 ? rt_instance_get(object, field) : NULL;
    if (value != NULL) {
        return rt_new_ref(value);
    }
    if (class->missing != NULL) {
        return class->missing(object, name);
    }
    rt_error_set(RT_ERROR_ATTRIBUTE, "'%s' object has no attribute '%s'",
                 class->type.name, name);
    return NULL;
}

struct rt_object *
rt_instance_get(struct rt_object *object, int field)
{
    return as_instance(object)->fields[field];
}

void
rt_instance_set(struct rt_object *object, int field, struct rt_object *value)
{
    rt_xincref(value);
    rt_set_ref(&as_instance(object)->fields[field], value);
}
