#include "labs/runtime/shared_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "labs/runtime/alloc.h"
#include "labs/runtime/buffer.h"
#include "labs/runtime/error.h"
#include "labs/runtime/resource_tracker.h"

struct shared_memory {
    struct rt_object head;
    char path[RT_SHARED_MEMORY_NAME_BYTES + 2]; // a slash and the name
    void *bytes;                                // NULL: closed
    size_t size, exports;
};

// --- as an object ----------------------------------------------------------

static int
get_buffer(struct rt_object *object, struct rt_buffer *buffer)
{
    struct shared_memory *memory = (struct shared_memory *)object;
    if (memory->bytes == NULL) {
        return rt_error_set(RT_ERROR_VALUE, "shared memory is closed");
    }
    memory->exports++;
    buffer->bytes = memory->bytes;
    buffer->size = memory->size;
    buffer->readonly = false;
    return 0;
}

static void
release_buffer(struct rt_object *object)
{
    ((struct shared_memory *)object)->exports--;
}

static void
shared_memory_dealloc(struct rt_object *object)
{
    (void)rt_shared_memory_close(object); // nobody has a view any more
    rt_free(object);
}

static const struct rt_type shared_memory_type = {
    .name = "SharedMemory",
    .basicsize = sizeof(struct shared_memory),
    .dealloc = shared_memory_dealloc,
    .get_buffer = get_buffer,
    .release_buffer = release_buffer,
};

// --- making one ------------------------------------------------------------

static struct shared_memory *
new_closed(const char *name)
{
    if (strlen(name) > RT_SHARED_MEMORY_NAME_BYTES) {
        rt_error_set(RT_ERROR_VALUE, "name too long");
        return NULL;
    }
    struct shared_memory *memory =
        (struct shared_memory *)rt_object_new(&shared_memory_type);
    if (memory != NULL) {
        snprintf(memory->path, sizeof(memory->path), "/%s", name);
        memory->bytes = NULL;
        memory->size = 0;
        memory->exports = 0;
    }
    return memory;
}

static int
os_error(const struct shared_memory *memory, int number)
{
    return rt_error_set(RT_ERROR_OS, "[Errno %d] %s: '%s'", number,
                        strerror(number), memory->path);
}

/* Steals the memory and the file, which may be -1 with errno. */
static struct rt_object *
map(struct shared_memory *memory, int file)
{
    struct stat status;
    void *bytes = MAP_FAILED;
    if (file >= 0 && fstat(file, &status) == 0) {
        memory->size = (size_t)status.st_size;
        bytes = mmap(NULL, memory->size, PROT_READ | PROT_WRITE, MAP_SHARED,
                     file, 0);
    }
    int number = errno;
    if (file >= 0) {
        close(file);
    }
    if (bytes == MAP_FAILED) {
        os_error(memory, number);
        rt_decref(&memory->head);
        return NULL;
    }
    memory->bytes = bytes;
    return &memory->head;
}

/* The tracker hears of the name before it is there: who is killed between the
 * two leaves nothing behind, either way round (CPython tells it afterwards). A
 * file, or -1 with a pending error. */
static int
open_new(const struct shared_memory *memory, size_t size)
{
    if (rt_resource_tracker_register(memory->path) != 0) {
        return -1;
    }
    int file = shm_open(memory->path, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (file >= 0 && ftruncate(file, (off_t)size) == 0) {
        return file;
    }
    int number = errno;
    if (file >= 0) {
        close(file);
        shm_unlink(memory->path);
    }
    (void)rt_resource_tracker_unregister(memory->path);
    return os_error(memory, number);
}

static void
make_name(char name[13])
{
    uint32_t number = 0;
    if (getrandom(&number, sizeof(number), 0) < 0) {
        number = (uint32_t)getpid(); // a name that is taken is refused
    }
    snprintf(name, 13, "psm_%08x", number);
}

struct rt_object *
rt_shared_memory_create(const char *name, size_t size)
{
    char made[13];
    if (size == 0 || size > PTRDIFF_MAX) {
        rt_error_set(RT_ERROR_VALUE,
                     "'size' must be a positive number different from zero");
        return NULL;
    }
    if (name == NULL) {
        make_name(made);
    }
    struct shared_memory *memory = new_closed(name != NULL ? name : made);
    if (memory == NULL) {
        return NULL;
    }
    int file = open_new(memory, size);
    if (file < 0) {
        rt_decref(&memory->head);
        return NULL;
    }
    return map(memory, file);
}

struct rt_object *
rt_shared_memory_attach(const char *name)
{
    struct shared_memory *memory = new_closed(name);
    return memory != NULL ? map(memory, shm_open(memory->path, O_RDWR, 0))
                          : NULL;
}

// --- for people ------------------------------------------------------------

const char *
rt_shared_memory_name(const struct rt_object *object)
{
    return ((const struct shared_memory *)object)->path + 1;
}

size_t
rt_shared_memory_size(const struct rt_object *object)
{
    return ((const struct shared_memory *)object)->size;
}

int
rt_shared_memory_close(struct rt_object *object)
{
    struct shared_memory *memory = (struct shared_memory *)object;
    if (memory->exports > 0) {
        return rt_error_set(RT_ERROR_BUFFER,
                            "cannot close exported pointers exist");
    }
    if (memory->bytes != NULL) {
        munmap(memory->bytes, memory->size);
        memory->bytes = NULL;
    }
    return 0;
}

int
rt_shared_memory_unlink(struct rt_object *object)
{
    const struct shared_memory *memory = (struct shared_memory *)object;
    if (shm_unlink(memory->path) != 0) {
        return os_error(memory, errno);
    }
    return rt_resource_tracker_unregister(memory->path);
}
