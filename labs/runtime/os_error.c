#include "labs/runtime/os_error.h"

#include <errno.h>
#include <string.h>

#include "labs/runtime/error.h"

static enum rt_error
kind_of(int number)
{
    switch (number) {
    case ECONNREFUSED:
        return RT_ERROR_CONNECTION_REFUSED;
    case ECONNRESET:
        return RT_ERROR_CONNECTION_RESET;
    case EPIPE:
    case ESHUTDOWN:
        return RT_ERROR_BROKEN_PIPE;
    case ETIMEDOUT:
        return RT_ERROR_TIMEOUT;
    default:
        return RT_ERROR_OS;
    }
}

int
rt_os_error(int number, const char *what)
{
    return rt_error_set(kind_of(number), "[Errno %d] %s: %s", number, what,
                        strerror(number));
}

int
rt_os_error_saying(int number, const char *words)
{
    return rt_error_set(kind_of(number), "[Errno %d] %s", number,
                        words != NULL ? words : strerror(number));
}
