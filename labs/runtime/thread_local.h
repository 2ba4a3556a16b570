/* Thread local: threading.local, a variable of which each thread has its own.
 *
 * After CPython 3.12: Modules/_threadmodule.c, localobject. A thread's value
 * dies with the thread, or with the variable, whatever comes first. */
#ifndef LABS_RUNTIME_THREAD_LOCAL_H
#define LABS_RUNTIME_THREAD_LOCAL_H

struct rt_object;

struct rt_thread_local {
    struct rt_thread_value *values;  // of all threads
    struct rt_object *(*make)(void); // see below, or NULL
};

/* No thread has a value yet. make gives a thread its first one, a new
 * reference or NULL with a pending error, when it asks for it; NULL: there is
 * none until it is set (__init__ of a subclass). */
void rt_thread_local_init(struct rt_thread_local *local,
                          struct rt_object *(*make)(void));

/* Releases the values of all threads. */
void rt_thread_local_destroy(struct rt_thread_local *local);

/* This thread's value, borrowed until it is set again. NULL if there is none,
 * or with a pending error of make. */
struct rt_object *rt_thread_local_get(struct rt_thread_local *local);

/* Gives this thread another value, borrowed; NULL: none any more. 0, or -1
 * with a pending memory error. */
int rt_thread_local_set(struct rt_thread_local *local,
                        struct rt_object *value);

/* This thread lets go of all its values. For thread_state.c. */
void rt_thread_local_end_thread(void);

#endif
