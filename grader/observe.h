/* Observe: the stream of a case, as labs/testing.c writes it, read by one who
 * trusts no byte of it.
 *
 * Lines "TYPE TAB NAME TAB VALUE", the last one "end TAB TRAIL TAB COUNT". */
#ifndef GRADER_OBSERVE_H
#define GRADER_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>

/* One line of a stream; points into it, not terminated. */
struct observation {
    const char *type, *name, *value;
    size_t type_length, name_length, value_length;
};

struct observations {
    struct observation *items;
    size_t count;
    struct observation end; // if whole
    bool whole;             // ended by an "end" line with the right count
    bool broken;            // a line that is none
};

/* Cuts a stream up; borrows it. 0, or -1 without memory. Release it. */
int observe_read(struct observations *observations, const char *stream,
                 size_t length);
void observe_release(struct observations *observations);

/* Whether two are the same: type, name and value. */
bool observation_equal(const struct observation *a,
                       const struct observation *b);

/* The type as a static text, "" when there is none such. */
const char *observation_type(const struct observation *observation);

struct buffer;
/* "name: value" for a person. Of two long values what is shown starts a little
 * before their first difference; other may be NULL. */
void observation_show(struct buffer *buffer,
                      const struct observation *observation,
                      const struct observation *other);

#endif
