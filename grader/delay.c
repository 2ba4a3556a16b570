#include "grader/delay.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads a file of a thread's books; false if there is none. */
static bool
read_book(int folder, const char *thread, const char *name, char *text,
          size_t room)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/%s", thread, name);
    int file = openat(folder, path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, room - 1);
    if (file >= 0) {
        close(file);
    }
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* How long a thread has run, and waited for a processor before it did: "RAN
 * WAITED TIMES", in nanoseconds. */
static bool
read_times(int folder, const char *name, struct delay_thread *thread)
{
    char text[96];
    char *waited = NULL;
    char *times = NULL;
    if (!read_book(folder, name, "schedstat", text, sizeof(text))) {
        return false;
    }
    thread->id = (pid_t)strtol(name, NULL, 10);
    thread->ran_us = (long)(strtoll(text, &waited, 10) / 1000);
    thread->waited_us = (long)(strtoll(waited, &times, 10) / 1000);
    return strtoll(times, NULL, 10) > 0; // all are 0 where none are kept
}

/* Whether a thread could go on, or waits for a disk: "ID (NAME) STATE ...". */
static bool
is_kept_waiting(int folder, const char *name)
{
    char text[256];
    const char *state = NULL;
    if (read_book(folder, name, "stat", text, sizeof(text))) {
        state = strrchr(text, ')');
    }
    return state != NULL && (state[2] == 'R' || state[2] == 'D');
}

int
delay_is_known(int books)
{
    struct delay_thread own;
    return read_times(books, "self", &own);
}

void
delay_start(struct delay *delay, long now_us)
{
    delay->begun_us = delay->seen_us = delay->looked_us = now_us;
    delay->total_us = 0;
    delay->count = 0;
}

/* The thread at the last look, or NULL when it is new and there is no room. */
static struct delay_thread *
find_thread(struct delay *delay, pid_t id)
{
    for (int i = 0; i < delay->count; i++) {
        if (delay->threads[i].id == id) {
            return &delay->threads[i];
        }
    }
    if (delay->count == DELAY_THREADS) {
        return NULL;
    }
    struct delay_thread *thread = &delay->threads[delay->count++];
    *thread = (struct delay_thread){.id = id};
    return thread;
}

/* How much longer a thread has waited than at the last look. Who waits still
 * is in the books only when it runs again. */
static long
new_wait(struct delay *delay, int folder, const char *name, long now_us)
{
    struct delay_thread now = {0};
    struct delay_thread *before = NULL;
    if (name[0] == '.' || !read_times(folder, name, &now) ||
        (before = find_thread(delay, now.id)) == NULL) {
        return 0;
    }
    long more = now.waited_us - before->waited_us;
    bool rested = more == 0 && now.ran_us == before->ran_us;
    *before = now;
    return rested && is_kept_waiting(folder, name) ? now_us - delay->looked_us
                                                   : more;
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
        long more = new_wait(delay, folder, entry->d_name, now_us);
        longest = more > longest ? more : longest;
    }
    closedir(threads);
    if (longest > 0) {
        long most = now_us - delay->seen_us;
        delay->total_us += longest < most ? longest : most;
        delay->seen_us = now_us;
    }
    delay->looked_us = now_us;
}
