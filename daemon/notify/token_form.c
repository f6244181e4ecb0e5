#include "notify/token_form.h"

#include <ctype.h>
#include <string.h>

#include <jansson.h>

#include "base/json_text.h"

#define TOKEN_MAX_CHARACTERS 16384
#define LASTS_S              300 /* one whose end was not said */

static void add_field(struct text *out, const char *name, const char *value)
{
    (void)text_printf(out, "%s%s=", out->len ? "&" : "", name);
    for (const char *c = value; *c; c++)
        if (isalnum((unsigned char)*c) || strchr("-._~", *c))
            (void)text_putc(out, *c);
        else
            (void)text_printf(out, "%%%02X", (unsigned)(unsigned char)*c);
}

void token_form_write(struct text *out, const char *client_id, const char *scope,
                      const char *secret)
{
    add_field(out, "grant_type", "client_credentials");
    add_field(out, "client_id", client_id);
    if (scope)
        add_field(out, "scope", scope);
    add_field(out, "client_secret", secret);
}

static bool token_ok(const char *token)
{
    size_t len = token ? strlen(token) : 0;

    for (size_t i = 0; i < len; i++)
        if ((unsigned char)token[i] <= ' ' || (unsigned char)token[i] >= 0x7f)
            return false;
    return len > 0 && len <= TOKEN_MAX_CHARACTERS;
}

char *token_form_read(const char *reply, size_t len, long long *out_lasts_s)
{
    json_t *said = json_parse(reply, len, 0, NULL);
    const char *token = json_string_value(json_object_get(said, "access_token"));
    const json_t *lasts = json_object_get(said, "expires_in");
    char *own = token_ok(token) ? strdup(token) : NULL;

    *out_lasts_s = json_is_number(lasts) ? (long long)json_number_value(lasts) : LASTS_S;
    json_decref(said);
    return own;
}
