/* The numbers of calls with the same answer form runs. The program is a tree
 * of comparisons that finds the run, then come the answers:
 *
 *   is it this machine? -> number -> tree -> answers
 *
 * Each case's process enters a program of its own, and the kernel translates
 * all of it then. So it should be short: to enter the list that libseccomp
 * makes takes three times as long, and a fifth of a short case. */
#include "grader/rules.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#else
#error "say here how the kernel names this machine"
#endif

#define SECOND_FACE 0x40000000U // and above: the numbers of x32 on x86-64

enum {
    RUNS = 128,   // at most
    ANSWERS = 16, // at most
    HEAD = 4      // steps ahead of the tree
};

struct compilation {
    struct run_of_calls {
        unsigned first; // up to that of the next
        size_t answer;
    } runs[RUNS];
    size_t run_count;
    struct rules_answer answers[ANSWERS];
    size_t places[ANSWERS]; // of their first steps in the program
    size_t answer_count;
    size_t length; // of the program
    bool failed;   // it is too long
    struct sock_filter *program;
};

/* The number of an answer, the same for the same steps. */
static size_t
number_of(struct compilation *all, const struct rules_answer *answer)
{
    size_t i = 0;
    while (i < all->answer_count && all->answers[i].steps != answer->steps) {
        i++;
    }
    if (i == ANSWERS) {
        all->failed = true;
        return 0;
    }
    if (i == all->answer_count) {
        all->answers[all->answer_count++] = *answer;
    }
    return i;
}

static void
add_run(struct compilation *all, unsigned first,
        const struct rules_answer *answer)
{
    size_t number = number_of(all, answer);
    if (all->run_count > 0 && all->runs[all->run_count - 1].answer == number) {
        return;
    }
    if (all->run_count == RUNS) {
        all->failed = true;
        return;
    }
    all->runs[all->run_count++] = (struct run_of_calls){first, number};
}

static void
find_runs(struct compilation *all, const struct rules *rules)
{
    for (unsigned i = 0; i < RULES_CALLS; i++) {
        add_run(all, i, &rules->of[i]);
    }
    add_run(all, RULES_CALLS, &rules->others);
    add_run(all, SECOND_FACE, &rules->alien);
}

static void
place_answers(struct compilation *all)
{
    all->length = HEAD + all->run_count - 1;
    for (size_t i = 0; i < all->answer_count; i++) {
        all->places[i] = all->length;
        all->length += all->answers[i].count;
    }
    all->failed |= all->length > RULES_STEPS;
}

/* The tree of n runs has n - 1 comparisons, that of one run is its answer. */
static size_t
place_of_tree(const struct compilation *all, size_t low, size_t high,
              size_t place)
{
    return high - low == 1 ? all->places[all->runs[low].answer] : place;
}

static unsigned char
jump(size_t from, size_t to)
{
    return (unsigned char)(to - from - 1);
}

/* Writes the tree for the runs from low up to high, which is not of it. */
static void
write_tree(struct compilation *all, size_t low, size_t high, size_t place)
{
    if (high - low == 1) {
        return;
    }
    size_t middle = (low + high) / 2;
    size_t right = place + (middle - low);
    all->program[place] = (struct sock_filter)BPF_JUMP(
        BPF_JMP | BPF_JGE | BPF_K, all->runs[middle].first,
        jump(place, place_of_tree(all, middle, high, right)),
        jump(place, place_of_tree(all, low, middle, place + 1)));
    write_tree(all, low, middle, place + 1);
    write_tree(all, middle, high, right);
}

size_t
rules_compile(const struct rules *rules,
              struct sock_filter program[RULES_STEPS])
{
    struct compilation all = {.program = program};
    find_runs(&all, rules);
    size_t alien = number_of(&all, &rules->alien);
    place_answers(&all);
    if (all.failed) {
        return 0;
    }
    // The kernel tries each number to note down which calls are always
    // allowed, as long as it knows all steps on the way. That takes longer
    // than it saves a process that makes a hundred calls; the first step,
    // which does nothing, is one that it does not know there.
    const struct sock_filter head[HEAD] = {
        BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                 offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 0,
                 jump(2, all.places[alien])),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    memcpy(program, head, sizeof(head));
    write_tree(&all, 0, all.run_count, HEAD);
    for (size_t i = 0; i < all.answer_count; i++) {
        memcpy(program + all.places[i], all.answers[i].steps,
               all.answers[i].count * sizeof(*program));
    }
    return all.length;
}
