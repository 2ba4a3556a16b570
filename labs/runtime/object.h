/* Object: what every value starts with, and the life it leads by counting
 * references.
 *
 * After CPython 3.12: Include/object.h and Objects/object.c. Whoever keeps a
 * pointer to an object owns one of its references and gives it back in the
 * end; the object dies in the moment the last one is given back. Three words
 * say what a function does with a reference:
 *
 *   new       you own it and must release it
 *   borrowed  somebody else owns it, look but do not release
 *   stolen    you owned it, the callee has taken it over
 *
 * Nothing here is atomic: whoever changes a count holds the GIL. */
#ifndef LABS_RUNTIME_OBJECT_H
#define LABS_RUNTIME_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rt_buffer;
struct rt_copy_memo;
struct rt_type;

/* What came of a send (PySendResult). */
enum rt_sent {
    RT_SENT_ERROR = -1, // it failed: there is a pending error
    RT_SENT_RETURN,     // it is over, and this is its value
    RT_SENT_YIELD,      // it waits, and hands this out meanwhile
    RT_SENT_AWAIT       // only said by the body of a coroutine
};

/* The head of every object (PyObject). A concrete object is a struct whose
 * first member is a struct rt_object, so that a pointer to the one is a
 * pointer to the other. */
struct rt_object {
    int64_t ob_refcnt; // references that exist; 0 only while it dies
    const struct rt_type *ob_type; // borrowed; types live for ever
};

/* What all objects of one kind share (PyTypeObject). Fill it with designated
 * initialisers: slots that are not named are NULL. Only `name`, `basicsize`
 * and `dealloc` are needed by every type. */
struct rt_type {
    const char *name;
    size_t basicsize; // of one object, in bytes, the head included

    /* Called when the count has become 0: gives back the references that the
     * object holds, then its memory. It starts with
     * rt_call_finalizer_from_dealloc() if the type has a finalizer. */
    void (*dealloc)(struct rt_object *object);

    /* The object's last words (__del__), or NULL. The object is still whole,
     * and the finalizer may store a reference to it and so bring it back. */
    void (*finalize)(struct rt_object *object);

    /* Last words of the kind before PEP 442 (tp_del), or NULL; for the
     * dealloc slot to call when the weak references have been cleared (see
     * finalize.h). In a cycle nobody knows the right order for them: such an
     * object, and what it holds, is uncollectable there. */
    void (*del)(struct rt_object *object);

    /* Of a container that the collector knows (see gc.h): calls visit with
     * each object that it holds a reference to, and stops with what visit
     * returned as soon as that is not 0. NULL: not for the collector. */
    int (*traverse)(struct rt_object *object,
                    int (*visit)(struct rt_object *held, void *data),
                    void *data);

    /* Gives back the references that may close a cycle. The object stays
     * whole, but empty. NULL for containers that cannot change (tuple). */
    void (*clear)(struct rt_object *object);

    /* Of a container whose references lie side by side in the object: where,
     * in bytes, and how many. What traverse shows can then be read without
     * calling it. Unless it has last words, the object is nothing but memory
     * besides, and can be freed with rt_gc_free() when these are given back. A
     * count of 0 says nothing. */
    size_t fields_offset, field_count;

    /* Where in an object its list of weak references begins (a struct
     * rt_weakref *), in bytes; 0: there can be none (see weakref.h). */
    size_t weaklist_offset;

    /* The hash of a value that never changes, -1 excluded; NULL: by identity.
     * Returns 0, or -1 with a pending error. */
    int (*hash)(struct rt_object *object, int64_t *hash);

    /* Whether the two, both of this type, are equal: 1 or 0, or -1 with a
     * pending error. NULL: only an object itself. */
    int (*equal)(struct rt_object *a, struct rt_object *b);

    /* Calls the object with one argument, borrowed. 0, or -1 with a pending
     * error. NULL: it cannot be called. */
    int (*call)(struct rt_object *object, struct rt_object *argument);

    /* Goes on with what the object is waiting for or busy with, until it has
     * something to hand over (am_send; see coroutine.h). value is borrowed;
     * NULL: the pending error is thrown in. *result is a new reference. NULL:
     * it cannot be awaited. */
    enum rt_sent (*send)(struct rt_object *object, struct rt_object *value,
                         struct rt_object **result);

    /* Copies (see copy.h): a new reference, or NULL with a pending error. A
     * NULL slot means that the object itself will do, as for what cannot
     * change. */
    struct rt_object *(*copy)(struct rt_object *object);
    struct rt_object *(*deepcopy)(struct rt_object *object,
                                  struct rt_copy_memo *memo);

    /* Lends the object's bytes (see buffer.h), all but the owner filled in: 0,
     * or -1 with a pending error. NULL: it is not bytes-like. And hears that
     * one loan is over; NULL: it does not care. */
    int (*get_buffer)(struct rt_object *object, struct rt_buffer *buffer);
    void (*release_buffer)(struct rt_object *object);
};

/* The count of an immortal object (PEP 683). It never changes. */
#define RT_IMMORTAL_REFCNT INT64_C(4294967295)

/* Whether the object never dies. As in CPython 3.12 bit 31 alone decides, so
 * that code which counts without asking first does little harm. */
static inline bool
rt_is_immortal(const struct rt_object *object)
{
    return (object->ob_refcnt & INT64_C(0x80000000)) != 0;
}

/* Makes a head out of raw memory: this type and one reference, the caller's
 * (PyObject_Init). Memory behind the head stays as it is. */
void rt_object_init(struct rt_object *object, const struct rt_type *type);

/* A new object of type->basicsize bytes with an initialised head; the rest of
 * it is not cleared (PyObject_New). The memory comes from rt_alloc(). NULL
 * with a pending memory error when there is none. */
struct rt_object *rt_object_new(const struct rt_type *type);

/* One reference more. */
void rt_incref(struct rt_object *object);

/* One reference less. When it was the last one, rt_dealloc() has happened
 * before this returns, and the pointer is worth nothing any more. */
void rt_decref(struct rt_object *object);

/* Ends an object whose count is 0: hands it to its type's dealloc slot
 * (_Py_Dealloc). Called by rt_decref(). */
void rt_dealloc(struct rt_object *object);

/* rt_incref() and rt_decref() for pointers that may be NULL; then nothing
 * happens. */
void rt_xincref(struct rt_object *object);
void rt_xdecref(struct rt_object *object);

/* A new reference to object, which must not be NULL: the same pointer. */
struct rt_object *rt_new_ref(struct rt_object *object);

/* Makes the slot NULL and gives back the reference that was in it, if any.
 * Whatever code runs while the old object dies finds the slot empty
 * (Py_CLEAR). */
void rt_clear(struct rt_object **slot);

/* Puts value into the slot and gives back the reference that was there, if
 * any. Steals value, which may be NULL. Whatever code runs while the old
 * object dies finds the new value in the slot (Py_XSETREF). */
void rt_set_ref(struct rt_object **slot, struct rt_object *value);

/* Makes the object immortal: from now on its count is RT_IMMORTAL_REFCNT and
 * neither rt_incref() nor rt_decref() changes it. */
void rt_set_immortal(struct rt_object *object);

/* Runs the finalizer of a dying object; the first thing that a dealloc slot
 * does (PyObject_CallFinalizerFromDealloc). The count is 0 on entry and 1
 * while the finalizer runs. Returns 0 when nobody has taken a reference: the
 * count is 0 again, go on. Returns -1 when the finalizer has brought the
 * object back: it lives, its count says how many references the finalizer
 * has left behind, and dealloc must return without touching it. */
int rt_call_finalizer_from_dealloc(struct rt_object *object);

#endif
