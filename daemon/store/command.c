#include "store/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void command_release(struct command *c)
{
    for (size_t i = 0; i < c->owned_count; i++)
        free(c->owned[i]);
    free(c->owned);
    free(c->argv);
    free(c->lengths);
}

void command_add_len(struct command *c, const char *word, size_t len)
{
    if (c->count == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 16;
        const char **argv = realloc(c->argv, cap * sizeof *argv);

        if (argv)
            c->argv = argv;
        size_t *lengths = argv ? realloc(c->lengths, cap * sizeof *lengths) : NULL;

        if (!lengths) {
            c->error = -ENOMEM;
            return;
        }
        c->lengths = lengths;
        c->cap = cap;
    }
    c->argv[c->count] = word;
    c->lengths[c->count++] = len;
}

void command_add(struct command *c, const char *word)
{
    command_add_len(c, word ? word : "", word ? strlen(word) : 0);
}

void command_add_owned(struct command *c, char *word)
{
    if (word && c->owned_count == c->owned_cap) {
        size_t cap = c->owned_cap ? c->owned_cap * 2 : 16;
        char **owned = realloc(c->owned, cap * sizeof *owned);

        if (owned) {
            c->owned = owned;
            c->owned_cap = cap;
        }
    }
    if (!word || c->owned_count == c->owned_cap) {
        free(word);
        c->error = -ENOMEM;
        return;
    }
    c->owned[c->owned_count++] = word;
    command_add(c, word);
}

void command_add_printf(struct command *c, const char *format, ...)
{
    struct text t = TEXT_INIT;
    va_list ap;

    va_start(ap, format);
    (void)text_vprintf(&t, format, ap);
    va_end(ap);
    command_add_owned(c, text_take(&t));
}
