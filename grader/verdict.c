#include "grader/verdict.h"

const char *
verdict_name(enum verdict verdict)
{
    static const char *const NAMES[VERDICT_COUNT] = {
        [VERDICT_PASS] = "pass",
        [VERDICT_PARTIAL] = "partial",
        [VERDICT_FAIL] = "fail",
        [VERDICT_CRASHED] = "crashed",
        [VERDICT_LEAKED] = "leaked",
        [VERDICT_SANITIZER] = "sanitizer",
        [VERDICT_OVER_OUTPUT] = "over_output",
        [VERDICT_OVER_MEMORY] = "over_memory",
        [VERDICT_TIMED_OUT] = "timed_out",
        [VERDICT_LINK_ERROR] = "link_error",
        [VERDICT_COMPILE_ERROR] = "compile_error",
        [VERDICT_FORBIDDEN] = "forbidden",
        [VERDICT_INTERNAL_ERROR] = "internal_error"};
    return NAMES[verdict];
}
