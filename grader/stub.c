/* Built once for each lab, with STUBS set to "STUB(f) STUB(g) ...", the
 * functions that the lab's part exports. */
#include "grader/stub.h"

#ifndef STUBS
#define STUBS STUB(stub_of_nothing)
#endif

#if defined(__x86_64__)
#define JUMP(name)                                                            \
    "incq stub_call_count(%rip)\n"                                            \
    "jmp *stub_slot_" #name "(%rip)\n"
#elif defined(__aarch64__)
#define JUMP(name)                                                            \
    "adrp x16, stub_call_count\n"                                             \
    "ldr x17, [x16, :lo12:stub_call_count]\n"                                 \
    "add x17, x17, 1\n"                                                       \
    "str x17, [x16, :lo12:stub_call_count]\n"                                 \
    "adrp x16, stub_slot_" #name "\n"                                         \
    "ldr x16, [x16, :lo12:stub_slot_" #name "]\n"                             \
    "br x16\n"
#else
#error "say here how to jump to where a variable points"
#endif

extern uint64_t stub_call_count __attribute__((visibility("hidden")));
uint64_t stub_call_count;

#define STUB(name)                                                            \
    extern void name(void);                                                   \
    extern void *stub_slot_##name __attribute__((visibility("hidden")));      \
    void *stub_slot_##name;                                                   \
    __asm__(".text\n"                                                         \
            ".balign 16\n"                                                    \
            ".globl " #name "\n"                                              \
            ".type " #name ", %function\n" #name                              \
            ":\n" JUMP(name) ".size " #name ", . - " #name "\n");
STUBS
#undef STUB

#define STUB(name) {#name, name, &stub_slot_##name},
const struct stub stub_table[] = {STUBS};
const size_t stub_count = sizeof(stub_table) / sizeof(*stub_table);

const volatile uint64_t *
stub_calls(void)
{
    return &stub_call_count;
}

const void *
stub_target(const void *address)
{
    for (size_t i = 0; i < stub_count; i++) {
        const union {
            void (*function)(void);
            const void *address;
        } stub = {stub_table[i].stub};
        if (stub.address == address) {
            return *stub_table[i].slot;
        }
    }
    return address;
}
