#include "quiz/io/clock.h"

#include <time.h>

int
clock_offset_min(int64_t time_ms)
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm local = {0};
    if (localtime_r(&seconds, &local) == NULL) {
        return 0;
    }
    return (int)(local.tm_gmtoff / 60);
}
