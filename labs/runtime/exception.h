/* Exception: an error that can be kept, as an object.
 *
 * After CPython 3.12: Objects/exceptions.c. The pending error (error.h) is
 * about now and this thread. A future keeps one for whoever asks later, and a
 * group keeps several; so the pending error can be caught as an object and
 * raised again. An exception never changes. */
#ifndef LABS_RUNTIME_EXCEPTION_H
#define LABS_RUNTIME_EXCEPTION_H

#include <stdbool.h>

#include "labs/runtime/error.h"
#include "labs/runtime/object.h"

struct rt_exception {
    struct rt_object head;
    enum rt_error error;
    struct rt_object *carried; // ours: what it carries, or NULL
    char text[128];
};

/* A new exception; the text is copied, cut to 127 bytes. NULL with a pending
 * memory error. */
struct rt_object *rt_exception_new(enum rt_error error, const char *text);

/* A new group of exceptions (ExceptionGroup), or a BaseExceptionGroup if one
 * of them is no ordinary error; members is borrowed, a list that does not
 * change any more; it is what the group carries. NULL with a pending memory
 * error. */
struct rt_object *rt_exception_new_group(const char *text,
                                         struct rt_object *members);

/* A new exception that carries an object, borrowed, for whoever catches it, as
 * an incomplete read does the bytes that came. NULL with a pending memory
 * error. */
struct rt_object *rt_exception_new_carrying(enum rt_error error,
                                            const char *text,
                                            struct rt_object *carried);

bool rt_exception_check(const struct rt_object *object);

/* What there is to know of one; all borrowed. */
enum rt_error rt_exception_error(const struct rt_object *exception);
const char *rt_exception_text(const struct rt_object *exception);
struct rt_object *rt_exception_carried(const struct rt_object *exception);
struct rt_object *rt_exception_members(const struct rt_object *exception);

/* Makes it the pending error. exception is borrowed. Returns NULL, so that a
 * function can end with `return rt_exception_raise(exception);`. */
void *rt_exception_raise(struct rt_object *exception);

/* The pending error, which there must be, as an exception, and forgets it: the
 * one that was raised, or a new one. A new reference, never NULL: without
 * memory it is the memory error itself. */
struct rt_object *rt_exception_catch(void);

#endif
