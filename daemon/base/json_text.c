#include "base/json_text.h"

#include <errno.h>
#include <stdlib.h>

static _Thread_local bool memory_ran_out; /* since the last text was asked for */

static void *watched_malloc(size_t size)
{
    void *p = malloc(size);

    memory_ran_out |= !p;
    return p;
}

__attribute__((constructor)) static void watch(void)
{
    json_set_alloc_funcs(watched_malloc, free);
}

char *json_text(const json_t *value, size_t flags)
{
    char *text = value ? json_dumps(value, flags) : NULL;

    if (memory_ran_out) {
        free(text);
        text = NULL;
    }
    memory_ran_out = false;
    return text;
}

bool json_lacks(void)
{
    return memory_ran_out;
}

json_t *json_parse(const char *bytes, size_t len, size_t flags, json_error_t *out_error)
{
    bool before = memory_ran_out;

    memory_ran_out = false;
    json_t *value = json_loadb(bytes, len, flags, out_error);

    if (memory_ran_out) {
        json_decref(value);
        value = NULL;
    }
    if (!value)
        errno = memory_ran_out ? ENOMEM : EBADMSG;
    memory_ran_out = before;
    return value;
}
