/* GCC's JSON: its diagnostics, of -fdiagnostics-format=json, among what other
 * tools have said. The bytes are hostile. */
#ifndef GRADER_GCC_JSON_H
#define GRADER_GCC_JSON_H

#include <jansson.h>

#include "grader/buffer.h"

/* The compiler's diagnostics, an array, or NULL when there are none; release
 * it. What else was said is added to rest. */
json_t *gcc_json_cut(struct buffer *rest, const struct buffer *said);

#endif
