#include "grader/delay.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The microseconds that a thread has waited for a processor, or -1. The file
 * says "RAN WAITED TIMES", in nanoseconds. */
static long
read_wait(int folder, const char *thread)
{
    char path[64];
    char text[96];
    snprintf(path, sizeof(path), "%s/schedstat", thread);
    int file = openat(folder, path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof(text) - 1);
    if (file >= 0) {
        close(file);
    }
    if (length <= 0) {
        return -1;
    }
    text[length] = '\0';
    char *waited = NULL;
    long long ran = strtoll(text, &waited, 10);
    return ran > 0 ? (long)(strtoll(waited, NULL, 10) / 1000) : -1;
}

int
delay_is_known(int books)
{
    return read_wait(books, "self") >= 0;
}

void
delay_start(struct delay *delay, long now_us)
{
    delay->begun_us = delay->seen_us = now_us;
    delay->total_us = 0;
    delay->count = 0;
}

/* How much longer a thread has waited than at the last look. */
static long
new_wait(struct delay *delay, pid_t id, long us)
{
    for (int i = 0; i < delay->count; i++) {
        if (delay->threads[i].id == id) {
            long more = us - delay->threads[i].us;
            delay->threads[i].us = us;
            return more;
        }
    }
    if (delay->count < DELAY_THREADS) {
        delay->threads[delay->count].id = id;
        delay->threads[delay->count++].us = us;
        return us;
    }
    return 0;
}

void
delay_look(struct delay *delay, int books, pid_t process, long now_us)
{
    char path[64];
    snprintf(path, sizeof(path), "%d/task", (int)process);
    int folder = openat(books, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *threads = folder < 0 ? NULL : fdopendir(folder);
    if (threads == NULL) {
        return;
    }
    long longest = 0;
    const struct dirent *entry = NULL;
    while ((entry = readdir(threads)) != NULL) {
        long us =
            entry->d_name[0] == '.' ? -1 : read_wait(folder, entry->d_name);
        long more =
            us < 0
                ? 0
                : new_wait(delay, (pid_t)strtol(entry->d_name, NULL, 10), us);
        longest = more > longest ? more : longest;
    }
    closedir(threads);
    if (longest > 0) {
        long most = now_us - delay->seen_us;
        delay->total_us += longest < most ? longest : most;
        delay->seen_us = now_us;
    }
}
