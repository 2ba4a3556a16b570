/* Object assert: an assertion about an object, which describes it when it
 * fails.
 *
 * After CPython 3.12: _PyObject_ASSERT_WITH_MSG() in
 * Include/internal/pycore_object.h, _PyObject_AssertFailed() and
 * _PyObject_Dump() in Objects/object.c. Like assert() it is on in every
 * build. */
#ifndef LABS_RUNTIME_OBJECT_ASSERT_H
#define LABS_RUNTIME_OBJECT_ASSERT_H

struct rt_object;

/* Unless the condition holds: says on stderr where, what and why, tells the
 * object's address, count and type, and where it was allocated if that is
 * traced, and stops the program. */
#define RT_OBJECT_ASSERT(object, condition, message)                          \
    ((condition) ? (void)0                                                    \
                 : rt_object_assert_failed(object, #condition, message,       \
                                           __FILE__, __LINE__, __func__))

void rt_object_assert_failed(struct rt_object *object, const char *condition,
                             const char *message, const char *file, int line,
                             const char *function) __attribute__((noreturn));

#endif
