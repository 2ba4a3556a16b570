/* Safe point: where a thread that computes looks up.
 *
 * After CPython 3.12: the eval breaker, _Py_HandlePending() in
 * Python/ceval_gil.c. CPython looks at each call of a function and each jump
 * backwards; a C function of ours that runs long calls this in its loops,
 * where all objects are in order and it holds what it needs:
 *
 *   - the main thread makes pending calls (pending_calls.h);
 *   - if another thread has waited long enough, it gets the GIL, and this one
 *     waits for its turn. */
#ifndef LABS_RUNTIME_SAFE_POINT_H
#define LABS_RUNTIME_SAFE_POINT_H

/* 0, or -1 with the pending error of a pending call. Costs next to nothing
 * when there is nothing to do. */
int rt_safe_point(void);

#endif
