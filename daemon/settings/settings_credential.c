/*
 * settings_credential - what several sections ask of files that hold secrets, and of URLs
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "settings/settings_internal.h"

#define TOKEN_MIN_CHARACTERS 24

static int require(const struct reading *rd, yaml_node *at, const char *section, const char *key,
                   const char *path)
{
    char what[64];

    (void)snprintf(what, sizeof what, "%s: %s", section, key);
    return settings_require_file(rd, at, what, path);
}

/* Asks each secret of a file, of which there are one or two. Never prints a byte of it. Returns 0,
 * -EINVAL or -ENOMEM. */
static int ask_each(const char *path, int (*ask)(const char *word, size_t len))
{
    const char *at, *word;
    char *content = NULL;
    size_t count = 0, len;
    int r = secret_file_read(path, &content);

    if (r < 0)
        return r == -ENOMEM ? r : -EINVAL;
    for (at = content; r == 0 && secret_next(&at, &word, &len); count++)
        r = ask(word, len);
    secret_wipe(content);
    return r == 0 && (count == 0 || count > SECRETS_MAX) ? -EINVAL : r;
}

static int ask_key(const char *word, size_t len)
{
    unsigned char *key = NULL;
    size_t key_len = 0;
    int r = secret_key(word, len, &key, &key_len);

    if (key)
        explicit_bzero(key, key_len);
    free(key);
    return r;
}

static int ask_token(const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (word[i] <= ' ' || word[i] == 0x7f)
            return -EINVAL;
    return len < TOKEN_MIN_CHARACTERS ? -EINVAL : 0;
}

int settings_check_secret(const struct reading *rd, yaml_node *at, const char *section,
                          const char *path)
{
    int r = require(rd, at, section, "secret_file", path);

    if (path && r == 0)
        r = ask_each(path, ask_key);
    else
        return r;
    if (r == -EINVAL)
        r = COMPLAIN(rd, at, "make one with: printf 'whsec_%s' \"$(openssl rand -base64 32)\"",
                     "%s: the secret file does not hold whsec_ and base64 of at least %d bytes, "
                     "once or twice",
                     section, SECRET_KEY_BYTES_MIN);
    return r;
}

int settings_check_token(const struct reading *rd, yaml_node *at, const char *section,
                         const char *path)
{
    int r = require(rd, at, section, "token_file", path);

    if (path && r == 0)
        r = ask_each(path, ask_token);
    else
        return r;
    if (r == -EINVAL)
        r = COMPLAIN(rd, at, "make one with: openssl rand -hex 32",
                     "%s: the token file does not hold one or two tokens of at least %d characters",
                     section, TOKEN_MIN_CHARACTERS);
    return r;
}

int settings_check_url(const struct reading *rd, yaml_node *at, const char *section,
                       const char *url, bool allow_private)
{
    struct settings_url u = { .port = 0 };
    const char *why = NULL;

    if (!url)
        return 0;
    int parsed = settings_url_parse(url, &u, &why);
    bool is_http = strcmp(u.scheme, "http") == 0;

    if (u.scheme[0] && !is_http && strcmp(u.scheme, "https") != 0)
        return COMPLAIN(rd, at, "https://host/path", "%s: scheme %s:// is not spoken here", section,
                        u.scheme);
    if (parsed < 0)
        return COMPLAIN(rd, at, "https://host/path", "%s: the url %s", section, why);
    if (u.is_private && !allow_private)
        return COMPLAIN(rd, at, "allow_private: true, if it is your own",
                        "%s: the url names a loopback or private address", section);
    if (is_http && !allow_private)
        return COMPLAIN(rd, at, "use https://, or allow_private: true for a server of your own",
                        "%s: http:// would be in clear", section);
    if (is_http && u.is_address && !u.is_private)
        return COMPLAIN(rd, at, "use https://", "%s: http:// to a public address would be in clear",
                        section);
    return 0;
}
