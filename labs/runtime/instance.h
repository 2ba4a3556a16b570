/* Instance: an object of a class with named fields (__slots__).
 *
 * After CPython 3.12: Objects/typeobject.c, subtype_dealloc and its like. The
 * fields lie in the object itself, in the order of the names, and there can
 * be weak references to it. */
#ifndef LABS_RUNTIME_INSTANCE_H
#define LABS_RUNTIME_INSTANCE_H

#include "labs/runtime/object.h"

struct rt_weakref;

enum {
    RT_CLASS_FIELDS = 8
};

/* A class; it lives for ever. rt_class_init() fills it. */
struct rt_class {
    struct rt_type type;
    const char *fields[RT_CLASS_FIELDS];
    size_t field_count;

    /* Asked for an attribute that is not there (__getattr__): a new reference,
     * or NULL with a pending error. NULL at first: nobody is asked. */
    struct rt_object *(*missing)(struct rt_object *object, const char *name);
};

struct rt_instance {
    struct rt_object head;
    struct rt_weakref *weakrefs;
    struct rt_object *fields[]; // our references; NULL: not set
};

/* A class of this name, with at most RT_CLASS_FIELDS fields in the order
 * given; the names are borrowed for ever. finalize may be NULL. */
void rt_class_init(struct rt_class *class, const char *name,
                   const char *const *fields, size_t count,
                   void (*finalize)(struct rt_object *object));

/* A new object with no field set. NULL with a pending memory error. */
struct rt_object *rt_instance_new(const struct rt_class *class);
bool rt_instance_check(const struct rt_object *object);
const struct rt_class *rt_instance_class(const struct rt_object *object);

/* The place of a field by its name, or -1. */
int rt_class_field(const struct rt_class *class, const char *name);

/* The value of the attribute of this name, a new reference: that of the field;
 * of one that is not set, or that the class has not, what the missing hook
 * gives. NULL with a pending error, an attribute error if there is no hook
 * (PyObject_GetAttr). */
struct rt_object *rt_instance_attribute(struct rt_object *object,
                                        const char *name);

/* The value, borrowed, or NULL. Setting takes its own reference of value (NULL
 * unsets) and releases the old one last. */
struct rt_object *rt_instance_get(struct rt_object *object, int field);
void rt_instance_set(struct rt_object *object, int field,
                     struct rt_object *value);

#endif
