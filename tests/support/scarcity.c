#include "tests/support/scarcity.h"

#include "labs/runtime/alloc.h"
#include "labs/runtime/error.h"
#include "labs/runtime/gc.h"
#include "labs/testing.h"

struct rt_object *
scarcity_make(struct rt_object *(*make)(void), size_t *failures)
{
    const size_t before = rt_alloc_live_blocks();
    for (*failures = 0;; ++*failures) {
        rt_alloc_fail_nth(*failures + 1);
        struct rt_object *made = make();
        rt_alloc_fail_nth(0);
        if (made != NULL) {
            return made;
        }
        assert_number(rt_error_occurred(), RT_ERROR_MEMORY);
        rt_error_clear();
        rt_gc_collect(2);
        assert_number(rt_alloc_live_blocks(), before);
    }
}
