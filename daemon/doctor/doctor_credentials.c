#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/secret.h"
#include "base/text.h"
#include "doctor/doctor_internal.h"
#include "yaml/yaml.h"

/*
 * The files that hold secrets, found by their keys in the settings as written: a file that is missing is
 * why the settings are refused, and then there is no other way to it. Of a secret only its length is
 * looked at, and whether a line end of another system is part of it.
 */

static const struct kind {
    const char *key, *make;
    bool is_secret, is_text;
} kinds[] = {
    { "secret_file", "(umask 077; echo whsec_$(openssl rand -base64 32) >%s)", true, true },
    { "token_file", "(umask 077; openssl rand -hex 32 >%s)", true, true },
    { "password_file", "install -m 600 /dev/stdin %s", true, true },
    { "client_secret_file", "install -m 600 /dev/stdin %s", true, true },
    { "key_file", "cp -p BACKUP/pathway.key %s", true, false },
    { "previous_key_file", "cp -p BACKUP/previous.key %s", true, false },
    { "ca_file", "install -m 644 AUTHORITY.pem %s", false, false },
};

static const char *own_name(void)
{
    const struct passwd *user = getpwuid(geteuid());

    return user ? user->pw_name : "waitlistd";
}

static void wipe(char **content)
{
    secret_wipe(*content);
}

static void look_into(struct doctor *d, const struct kind *k, const char *path)
{
    AUTO(wipe) char *content = NULL;
    char mend[MEND_MAX];
    int r = secret_file_read(path, &content);

    if (r < 0) {
        say(d, DOCTOR_FAIL, "credential", path, mend_path(k->make, path, mend),
            "%s: cannot be read: %s", k->key, strerror(-r));
        return;
    }
    if (content[0] == '\0' || (k->is_text && content[strspn(content, " \t\r\n")] == '\0'))
        say(d, DOCTOR_FAIL, "credential", path, mend_path(k->make, path, mend),
            "%s: the file is empty", k->key);
    else if (k->is_text && strchr(content, '\r'))
        say(d, DOCTOR_WARN, "credential", path, mend_path("sed -i 's/\\r$//' %s", path, mend),
            "%s: its lines end as Windows writes them", k->key);
    else
        say(d, DOCTOR_OK, "credential", path, NULL, "%s: can be read, and by nobody else", k->key);
}

static void look_at_one(struct doctor *d, const struct kind *k, const char *path)
{
    struct stat st;
    char mend[MEND_MAX];

    if (stat(path, &st) < 0 && errno != EACCES) {
        int error = errno;

        say(d, DOCTOR_FAIL, "credential", path, mend_path(k->make, path, mend), "%s: %s", k->key,
            strerror(error));
    } else if (access(path, R_OK) < 0) {
        char user[64];

        (void)snprintf(user, sizeof user, "setfacl -m u:%s:r %%s", own_name());
        say(d, DOCTOR_FAIL, "credential", path, mend_path(user, path, mend),
            "%s: user %s may not read it", k->key, own_name());
    } else if (!S_ISREG(st.st_mode)) {
        say(d, DOCTOR_FAIL, "credential", path, mend_settings(d, 0, mend), "%s: is no file",
            k->key);
    } else if (k->is_secret && st.st_mode & 077 & ~040u) {
        say(d, DOCTOR_FAIL, "credential", path, mend_path("chmod 600 %s", path, mend),
            "%s: others than its owner may read or change it (mode %03o)", k->key,
            (unsigned)st.st_mode & 0777);
    } else if (k->is_secret) {
        look_into(d, k, path);
    }
}

/* Paths of the settings are relative to their folder. */
static void look_at_path(struct doctor *d, const struct kind *k, const char *written)
{
    AUTO(text_release) struct text path = TEXT_INIT;
    const char *slash = strrchr(d->path, '/');

    while (written[0] == '.' && written[1] == '/')
        written += 2;
    if (written[0] != '/' && slash)
        (void)text_add(&path, d->path, (size_t)(slash - d->path) + 1);
    (void)text_puts(&path, written);
    if (text_ok(&path))
        look_at_one(d, k, text_str(&path));
    else
        d->has_failed = true;
}

static void look_for(struct doctor *d, yaml_node *n, unsigned depth)
{
    if (depth > 8)
        return;
    for (size_t i = 0; i < yaml_count(n) && yaml_kind(n) == YAML_SEQUENCE; i++)
        look_for(d, yaml_item(n, i), depth + 1);
    for (size_t i = 0; i < yaml_count(n) && yaml_kind(n) == YAML_MAPPING; i++) {
        yaml_node *key = NULL, *value = yaml_pair(n, i, &key);
        const char *name = yaml_text(key), *path = yaml_text(value);

        look_for(d, value, depth + 1);
        for (size_t k = 0; name && path && *path && k < sizeof kinds / sizeof kinds[0]; k++)
            if (strcmp(name, kinds[k].key) == 0)
                look_at_path(d, &kinds[k], path);
    }
}

void look_at_credentials(struct doctor *d)
{
    AUTO(diags_release) struct diags found = DIAGS_INIT;
    struct yaml *y = NULL;

    if (yaml_load(d->path, &found, &y) == 0)
        look_for(d, yaml_root(y), 0);
    yaml_free(y);
}
