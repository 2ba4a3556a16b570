#include "labs/runtime/shared_block.h"

#include <errno.h>
#include <sys/mman.h>

#include "labs/runtime/os_error.h"

void *
rt_shared_block_new(size_t size)
{
    void *block = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) {
        rt_os_error(errno, "mmap");
        return NULL;
    }
    return block;
}

void
rt_shared_block_free(void *block, size_t size)
{
    if (block != NULL) {
        munmap(block, size);
    }
}
