/*
 * auto - release a value when its scope ends
 *
 * AUTO(text_release) struct text t = TEXT_INIT;
 */
#ifndef BASE_AUTO_H
#define BASE_AUTO_H

#include <stdlib.h>

#define AUTO(release) __attribute__((cleanup(release)))

/** Releases a malloc'ed pointer variable: AUTO(auto_free) char *s = NULL; */
static inline void auto_free(void *pointer_to_pointer)
{
    free(*(void **)pointer_to_pointer);
}

#endif
