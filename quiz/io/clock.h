/* Clock: the machine's time zone. (What time it is, the commands know.) */
#ifndef QUIZ_IO_CLOCK_H
#define QUIZ_IO_CLOCK_H

#include <stdint.h>

/* Minutes that local time is ahead of UTC at a moment (UTC, milliseconds
 * since 1970). */
int clock_offset_min(int64_t time_ms);

#endif
