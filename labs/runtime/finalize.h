/* Finalize: calling an object's finalizer (PEP 442).
 *
 * After CPython: Objects/object.c, PyObject_CallFinalizer. When a finalizer
 * is called is decided elsewhere: by rt_call_finalizer_from_dealloc() when
 * the count has reached 0. */
#ifndef LABS_RUNTIME_FINALIZE_H
#define LABS_RUNTIME_FINALIZE_H

struct rt_object;

/* Calls the type's finalize slot, if it has one. The caller owns a reference
 * to object during the call. A container of the collector is marked afterwards
 * and never finalized again; other objects carry no such mark: brought back
 * and dropped again, they are finalized again. An error in the finalizer is
 * unraisable; one that was pending before stays pending. */
void rt_call_finalizer(struct rt_object *object);

/* The same for an object that has the slot, whatever its mark: the collector
 * marks before the call (finalize_garbage). */
void rt_run_finalizer(struct rt_object *object);

/* Calls the del slot of a dying object, which must have one, as
 * rt_call_finalizer_from_dealloc() does with finalize: 0, or -1 when the
 * object has come back. It is called each time that the object dies
 * (slot_tp_del). */
int rt_call_del_from_dealloc(struct rt_object *object);

#endif
