#include "tests/support/refusal.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>

static int
refuse_namespaces(scmp_filter_ctx filter)
{
    static const unsigned FLAGS[] = {CLONE_NEWUSER, CLONE_NEWPID,
                                     CLONE_NEWNS,   CLONE_NEWNET,
                                     CLONE_NEWIPC,  CLONE_NEWUTS};
    int failed =
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(unshare), 0);
    failed |=
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    for (size_t i = 0; i < sizeof(FLAGS) / sizeof(*FLAGS); i++) {
        failed |=
            seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                             SCMP_A0(SCMP_CMP_MASKED_EQ, FLAGS[i], FLAGS[i]));
    }
    return failed;
}

int
refusal_begin(unsigned of)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int failed = filter == NULL;
    if (of & REFUSAL_OF_NAMESPACES) {
        failed |= refuse_namespaces(filter);
    }
    if (of & REFUSAL_OF_LANDLOCK) {
        failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
                                   SCMP_SYS(landlock_create_ruleset), 0);
    }
    if (of & REFUSAL_OF_BOOKS) {
        failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
                                   SCMP_SYS(fsopen), 0);
    }
    failed |= failed != 0 || seccomp_load(filter) != 0;
    seccomp_release(filter);
    return failed != 0 ? -1 : 0;
}
