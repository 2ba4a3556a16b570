/* Free threading: the same threads without a GIL, to compare.
 *
 * After PEP 703 (CPython 3.13's free-threaded build), in its smallest form.
 * With the rule RT_GIL_OFF nothing keeps two threads from running at once, so
 * what the GIL guarded needs guards of its own:
 *
 *   reference counts   are changed by atomic instructions, about 5 ns each
 *                      instead of 1 (PEP 703 avoids most of them by counting
 *                      for the owner apart; there is no room for that here)
 *   memory             the allocator has a lock of its own
 *   an object          has a lock, taken by whoever changes it in more than
 *                      one step (PyMutex, Py_BEGIN_CRITICAL_SECTION)
 *
 * rt_incref(), rt_decref() and the containers know nothing of this: in threads
 * that run at once they lose counts and items, and that is what there is to
 * see. */
#ifndef LABS_RUNTIME_FREE_THREADING_H
#define LABS_RUNTIME_FREE_THREADING_H

struct rt_object;

/* Turns the GIL off and puts a lock around the allocator; and back. While
 * there is one thread only. */
void rt_free_threading_begin(void);
void rt_free_threading_end(void);

/* One reference more, one less, from any thread at any time. */
void rt_atomic_incref(struct rt_object *object);
void rt_atomic_decref(struct rt_object *object);

/* Takes the object's lock, waiting for it if need be, and releases it. Not
 * twice by one thread. Locks are few, and an object finds its own by its
 * address: so two objects may share one, and who wants to lock two of them
 * calls the second pair, which takes both in an order that is the same for all
 * (Py_BEGIN_CRITICAL_SECTION2). */
void rt_object_lock(const struct rt_object *object);
void rt_object_unlock(const struct rt_object *object);
void rt_object_lock_both(const struct rt_object *a, const struct rt_object *b);
void rt_object_unlock_both(const struct rt_object *a,
                           const struct rt_object *b);

#endif
