#include "notify/release.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"

/* Entries of the ledger as they are kept: in a table of all receivers, and as JSON. */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *release_entry_json(const struct release_entry *e)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b}", "value", number(e->value), "numerator",
                     number(e->numerator), "denominator", number(e->denominator), "low",
                     number(e->low), "high", number(e->high), "shown", (int)e->is_shown);
}

static double number_of(const json_t *j, const char *key, double none)
{
    const json_t *value = json_object_get(j, key);

    return json_is_number(value) ? json_number_value(value) : none;
}

int release_entry_of_json(const json_t *j, struct release_entry *out_entry)
{
    if (!json_is_object(j) || !json_is_boolean(json_object_get(j, "shown")))
        return -EBADMSG;
    *out_entry = (struct release_entry){
        number_of(j, "value", INFINITY),  number_of(j, "numerator", NAN),
        number_of(j, "denominator", NAN), number_of(j, "low", -INFINITY),
        number_of(j, "high", INFINITY),   json_is_true(json_object_get(j, "shown"))
    };
    return 0;
}

int release_keep(struct table *entries, const char *receiver, const char *cell,
                 const struct release_entry *e)
{
    AUTO(text_release) struct text name = TEXT_INIT;
    struct release_entry *copy = malloc(sizeof *copy);
    void *old = NULL;
    int r = copy && text_printf(&name, "%s|%s", receiver, cell) == 0 ? 0 : -ENOMEM;

    if (r == 0) {
        *copy = *e;
        r = table_set(entries, text_str(&name), copy, &old);
    }
    free(r == 0 ? old : copy);
    return r;
}
