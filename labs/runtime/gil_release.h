/* Gil release: work without the GIL.
 *
 * After CPython 3.12: PyEval_SaveThread() and PyEval_RestoreThread() in
 * Python/ceval_gil.c, Py_BEGIN_ALLOW_THREADS. A thread that waits for
 * something outside, or computes without touching an object, lets the others
 * run meanwhile:
 *
 *     bool held = rt_gil_release_begin();
 *     ... no object, no rt_alloc(), no pending error ...
 *     rt_gil_release_end(held);
 *
 * Objects may have changed behind your back in between: what you had borrowed
 * may be gone. */
#ifndef LABS_RUNTIME_GIL_RELEASE_H
#define LABS_RUNTIME_GIL_RELEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Lets go of the GIL, if this thread holds it; returns whether. The pair may
 * stand in another such pair: the inner one does nothing. */
bool rt_gil_release_begin(void);

/* Takes it again, if it was held. errno stays as it is. */
void rt_gil_release_end(bool held);

/* read() and write() without the GIL, again when a signal interrupts them
 * (_Py_read, _Py_write). buffer must stay where it is meanwhile: who got it
 * from an object holds a loan (buffer.h). -1 with errno. */
ssize_t rt_blocking_read(int file, void *buffer, size_t size);
ssize_t rt_blocking_write(int file, const void *buffer, size_t size);

/* Calls compute(data) without the GIL. */
void rt_without_gil(void (*compute)(void *data), void *data);

#endif
