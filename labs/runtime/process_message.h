/* Process message: what the two sides of a process pool say to each other, as
 * objects that can be sent (serialize.h).
 *
 *     call      (address of the function, argument)
 *     stop      None
 *     answer    (True, result)  or  (False, error)
 *     error     (number, text, None or the list of a group's errors)
 *
 * After CPython 3.12: Lib/concurrent/futures/process.py, _CallItem,
 * _ResultItem. CPython sends a function as its name; a child of fork() has
 * everything at the same address. */
#ifndef LABS_RUNTIME_PROCESS_MESSAGE_H
#define LABS_RUNTIME_PROCESS_MESSAGE_H

#include "labs/runtime/executor.h"

/* A new call; argument is borrowed and may be NULL. NULL with a pending memory
 * error. */
struct rt_object *rt_process_message_call(rt_executor_call *call,
                                          struct rt_object *argument);

/* What is in one; the argument is borrowed. */
rt_executor_call *rt_process_message_function(struct rt_object *message);
struct rt_object *rt_process_message_argument(struct rt_object *message);

/* A new answer: with this result, borrowed, or NULL for None; or with the
 * pending error, which is forgotten. NULL with a pending memory error. */
struct rt_object *rt_process_message_result(struct rt_object *result);
struct rt_object *rt_process_message_error(void);

/* Takes an answer apart: 0 and the result, a new reference or NULL; or -1 with
 * the error that it tells of pending, or one of its own. */
int rt_process_message_open(struct rt_object *message,
                            struct rt_object **result);

#endif
