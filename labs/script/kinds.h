/* Kinds: what a script of the memory model makes. */
#ifndef LABS_SCRIPT_KINDS_H
#define LABS_SCRIPT_KINDS_H

#include <stdbool.h>

#include "labs/runtime/instance.h"
#include "labs/runtime/object.h"

enum {
    KIND_FIELDS = 4 // of an instance
};
extern const char *const kind_fields[KIND_FIELDS];

extern struct rt_class kind_plain_class, kind_final_class;

/* Of subclasses: copies of theirs are new ones. */
extern struct rt_type kind_tuple_type, kind_dict_type;

extern const struct rt_type kind_atom_type;

/* None, where a NULL will not do: in a dict. It lives for ever. */
extern struct rt_object kind_none;
void kind_keep_for_ever(struct rt_object *object); // a dealloc slot

/* Prepares the classes and types; finalizer is that of the final class. */
void kinds_init(void (*finalizer)(struct rt_object *object));

/* What an object is; NULL is nothing. */
bool kind_is_list(struct rt_object *object);
bool kind_is_dict(struct rt_object *object);
bool kind_is_instance(struct rt_object *object);
bool kind_is_weakref(struct rt_object *object);
bool kind_is_last_call(struct rt_object *object);
bool kind_is_weak_dict(struct rt_object *object);
bool kind_is_weak_set(struct rt_object *object);
bool kind_is_weak_table(struct rt_object *object); // one of the two
bool kind_is_generator(struct rt_object *object);

/* Whether it is of the kinds that a script makes and the collector knows. */
bool kind_is_listed(struct rt_object *object);

/* The letter of its label; '\0': it gets none. */
char kind_letter(struct rt_object *object);

#endif
