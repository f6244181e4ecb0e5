/* The allocations of the program and of its libraries. What is freed is not counted. */
#include "seam.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);

static bool may(void)
{
    if (!seam_hit(SEAM_ALLOC, NULL, NULL).error)
        return true;
    errno = ENOMEM;
    return false;
}

void *malloc(size_t size)
{
    return may() ? __libc_malloc(size) : NULL;
}

void *calloc(size_t count, size_t size)
{
    return may() ? __libc_calloc(count, size) : NULL;
}

void *realloc(void *p, size_t size)
{
    return may() ? __libc_realloc(p, size) : NULL;
}

void *reallocarray(void *p, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(p, count * size);
}
