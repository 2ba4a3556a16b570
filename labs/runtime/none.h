/* None: the one object that stands for nothing.
 *
 * After CPython 3.12: Objects/object.c, _Py_NoneStruct. It is immortal. In a
 * container a NULL means the same; where NULL says that something has failed,
 * as in what a coroutine is sent, nothing needs an object of its own. */
#ifndef LABS_RUNTIME_NONE_H
#define LABS_RUNTIME_NONE_H

struct rt_object;

/* Borrowed; counting its references does nothing. It is a call and no
 * variable, so that a file that is loaded before this one can use it, too. */
#define rt_none rt_none_object()
struct rt_object *rt_none_object(void) __attribute__((const));

#endif
