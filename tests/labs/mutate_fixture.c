/* What tests/labs/test_mutate.c has mutated. */
#include <stdbool.h>
#include <stddef.h>

enum {
    MOST = 3
};

static int total;

int
first_below(const int *items, size_t count, int limit)
{
    int seen = 0;
    for (size_t i = 0; i < count; i++) {
        if (items == NULL || items[i] < limit) {
            return seen;
        }
        seen++;
        total += MOST;
    }
    return -1;
}

bool
is_empty(size_t count)
{
    // No semicolon of this comment, and no < of it; is touched.
    return count == 0 && true;
}
