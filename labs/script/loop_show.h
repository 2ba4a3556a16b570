/* Loop show: what values, times and errors are called in a trace, and in a
 * script. */
#ifndef LABS_SCRIPT_LOOP_SHOW_H
#define LABS_SCRIPT_LOOP_SHOW_H

#include <stdbool.h>

#include "labs/runtime/error.h"

struct rt_object;

enum {
    LOOP_SHOW_TIME_ROOM = 512 // bytes
};

/* A time as in the trace, into text, which has room for it. */
void loop_show_time(double time_s, char *text);

const char *loop_show_bool(bool value);

/* What a value or an exception is called in the trace; borrowed. */
const char *loop_show(struct rt_object *value);

/* The same of the pending error. */
const char *loop_show_error(void);

/* The same of an exception, with what it says, or with its members; new. */
char *loop_show_whole(struct rt_object *exception);

/* The same of the pending error, which is caught; new. */
char *loop_show_caught(void);

/* The error that a script calls so, RT_ERROR_NONE if there is none. */
enum rt_error loop_read_error(const char *name);

/* A number of seconds; INFINITY for "none". */
double loop_read_seconds(const char *word);

/* What a cancellation, the pending error, says, behind a blank; borrowed. */
const char *loop_show_message(void);

/* Whether the pending error says that there is nothing to wait for. */
bool loop_is_deadlock(void);

#endif
