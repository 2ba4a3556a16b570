/* Order: which cases run in which process, and after which. */
#ifndef GRADER_ORDER_H
#define GRADER_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "grader/manifest.h"
#include "grader/run.h"

void order_add(struct run_order *order, size_t which, int64_t limit_ms);

/* Puts those first that the most has to wait for: time_us, by number in the
 * manifest, is about what each takes. None comes before one that it needs. */
void order_sort(struct run_order *order, const struct manifest *manifest,
                const int64_t *time_us);

/* Lets the cases share so many processes, one per lane, each of which has
 * about as much to do; time_us as above. */
void order_share_out(struct run_order *order, int groups,
                     const int64_t *time_us);

/* Gives each case of a trusted outcome its part of what its group has shown.
 * 0, or -1 when a group has not come to its end in order. */
int order_cut(const struct run_order *order, struct run_outcome *outcome);

#endif
