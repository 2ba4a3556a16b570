#include "tests/support/bunch.h"

#include <time.h>

#include "labs/runtime/deadline.h"
#include "labs/runtime/gil_release.h"
#include "labs/runtime/thread.h"
#include "labs/testing.h"

enum {
    PAUSE_NS = 100 * 1000,
    MOST_TURNS = 60 * 10000
};

void
bunch_start(struct bunch *bunch, int count, int (*body)(void *data),
            void *data)
{
    assert_true(count <= BUNCH_MOST);
    bunch->count = count;
    for (int i = 0; i < count; i++) {
        bunch->threads[i] = rt_thread_new(NULL, body, data);
        assert_non_null(bunch->threads[i]);
        assert_number(rt_thread_start(bunch->threads[i]), 0);
    }
}

void
bunch_finish(struct bunch *bunch)
{
    for (int i = 0; i < bunch->count; i++) {
        struct rt_thread *thread = bunch->threads[i];
        assert_number(rt_thread_join(thread, RT_NO_TIMEOUT), 0);
        rt_thread_free(thread);
    }
    bunch->count = 0;
}

void
bunch_pause(int turn, const char *condition, const char *file, int line)
{
    if (turn > MOST_TURNS) {
        print_error("waited for it in vain: %s\n", condition);
        _fail(file, line);
    }
    bool held = rt_gil_release_begin();
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    rt_gil_release_end(held);
}
