#include "tests/support/brood.h"

#include <dirent.h>

#include "labs/runtime/error.h"
#include "labs/runtime/process.h"
#include "labs/testing.h"

void
brood_start(struct brood *brood, int count, int (*body)(void *data),
            void *data)
{
    brood->count = count;
    for (int i = 0; i < count; i++) {
        brood->processes[i] = rt_process_new(NULL, body, data);
        assert_non_null(brood->processes[i]);
        assert_number(rt_process_start(brood->processes[i]), 0);
    }
}

void
brood_finish(struct brood *brood, int code)
{
    for (int i = 0; i < brood->count; i++) {
        int how = 0;
        assert_number(rt_process_join(brood->processes[i], RT_NO_TIMEOUT), 0);
        assert_true(rt_process_exit_code(brood->processes[i], &how));
        rt_process_free(brood->processes[i]);
        assert_number(how, code);
    }
    brood->count = 0;
}

void
brood_kill(struct brood *brood, int index)
{
    struct rt_process *victim = brood->processes[index];
    assert_number(rt_process_kill(victim), 0);
    assert_number(rt_process_join(victim, RT_NO_TIMEOUT), 0);
    rt_process_free(victim);
    brood->processes[index] = brood->processes[--brood->count];
}

int
brood_expect(int holds, const char *what)
{
    return holds ? 0 : rt_error_set(RT_ERROR_ASSERTION, "%s", what);
}

int
brood_open_files(void)
{
    int count = 0;
    DIR *all = opendir("/proc/self/fd");
    assert_non_null(all);
    while (readdir(all) != NULL) {
        count++;
    }
    closedir(all);
    return count;
}
