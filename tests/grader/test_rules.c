#include <linux/audit.h>
#include <linux/seccomp.h>

#include "grader/rules.h"
#include "labs/testing.h"

#define ALLOWED ((unsigned)SECCOMP_RET_ALLOW)
#define MISSING ((unsigned)SECCOMP_RET_ERRNO | 38U)
#define KILLED ((unsigned)SECCOMP_RET_KILL_PROCESS)

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#else
#define MACHINE AUDIT_ARCH_AARCH64
#endif

#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, (what))

static const struct sock_filter ALLOW[] = {ANSWER(ALLOWED)};
static const struct sock_filter LACK[] = {ANSWER(MISSING)};
static const struct sock_filter KILL[] = {ANSWER(KILLED)};
static const struct sock_filter EVEN_ONLY[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1), ANSWER(MISSING),
    ANSWER(ALLOWED)};

#define THE(steps)                                                            \
    (struct rules_answer)                                                     \
    {                                                                         \
        (steps), sizeof(steps) / sizeof(*(steps))                             \
    }

/* What the kernel would do, for the steps that there are. */
static unsigned
look_up(const struct sock_filter *program, size_t length, unsigned machine,
        unsigned number, unsigned argument)
{
    unsigned value = 0;
    for (size_t at = 0; at < length; at++) {
        const struct sock_filter *step = &program[at];
        switch (step->code) {
        case BPF_RET | BPF_K:
            return step->k;
        case BPF_LDX | BPF_IMM:
            break;
        case BPF_LD | BPF_W | BPF_ABS:
            value = step->k == offsetof(struct seccomp_data, nr) ? number
                    : step->k == offsetof(struct seccomp_data, arch)
                        ? machine
                        : argument;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            at += value >= step->k ? step->jt : step->jf;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            at += value == step->k ? step->jt : step->jf;
            break;
        case BPF_JMP | BPF_JSET | BPF_K:
            at += (value & step->k) != 0 ? step->jt : step->jf;
            break;
        default:
            fail_msg("unknown step %zu", at);
        }
    }
    fail_msg("the program has no end");
    return 0;
}

static void
fill(struct rules *rules)
{
    for (int i = 0; i < RULES_CALLS; i++) {
        rules->of[i] = THE(KILL);
    }
    rules->others = THE(KILL);
    rules->alien = THE(KILL);
}

static void
each_number_gets_its_answer(void **state)
{
    (void)state;
    struct rules rules;
    struct sock_filter program[RULES_STEPS];
    fill(&rules);
    for (int i = 0; i < RULES_CALLS; i += 11) {
        rules.of[i] = i % 2 == 0 ? THE(ALLOW) : THE(LACK);
    }
    rules.of[RULES_CALLS - 1] = THE(ALLOW);
    size_t length = rules_compile(&rules, program);
    assert_true(length > 0);
    for (unsigned i = 0; i < RULES_CALLS; i++) {
        assert_int_equal(look_up(program, length, MACHINE, i, 0),
                         rules.of[i].steps[0].k);
    }
}

static void
an_answer_may_look_at_an_argument(void **state)
{
    (void)state;
    struct rules rules;
    struct sock_filter program[RULES_STEPS];
    fill(&rules);
    rules.of[0] = rules.of[9] = THE(EVEN_ONLY);
    size_t length = rules_compile(&rules, program);
    assert_int_equal(look_up(program, length, MACHINE, 9, 4), ALLOWED);
    assert_int_equal(look_up(program, length, MACHINE, 9, 5), MISSING);
    assert_int_equal(look_up(program, length, MACHINE, 0, 5), MISSING);
    assert_int_equal(look_up(program, length, MACHINE, 8, 4), KILLED);
}

static void
high_numbers_get_the_answer_of_the_others(void **state)
{
    (void)state;
    struct rules rules;
    struct sock_filter program[RULES_STEPS];
    fill(&rules);
    rules.others = THE(LACK);
    size_t length = rules_compile(&rules, program);
    assert_int_equal(look_up(program, length, MACHINE, RULES_CALLS, 0),
                     MISSING);
    assert_int_equal(look_up(program, length, MACHINE, 0x3FFFFFFF, 0),
                     MISSING);
}

static void
the_numbers_of_another_machine_are_alien(void **state)
{
    (void)state;
    struct rules rules;
    struct sock_filter program[RULES_STEPS];
    fill(&rules);
    rules.others = rules.of[3] = THE(ALLOW);
    size_t length = rules_compile(&rules, program);
    assert_int_equal(look_up(program, length, AUDIT_ARCH_I386, 3, 0), KILLED);
    assert_int_equal(look_up(program, length, MACHINE, 0x40000003U, 0),
                     KILLED);
    assert_int_equal(look_up(program, length, MACHINE, 0xFFFFFFFFU, 0),
                     KILLED);
}

static void
what_has_no_room_is_refused(void **state)
{
    (void)state;
    struct rules rules;
    struct sock_filter program[RULES_STEPS];
    fill(&rules);
    for (int i = 0; i < RULES_CALLS; i += 2) {
        rules.of[i] = THE(ALLOW);
    }
    assert_int_equal(rules_compile(&rules, program), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_gets_its_answer),
        cmocka_unit_test(an_answer_may_look_at_an_argument),
        cmocka_unit_test(high_numbers_get_the_answer_of_the_others),
        cmocka_unit_test(the_numbers_of_another_machine_are_alien),
        cmocka_unit_test(what_has_no_room_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
