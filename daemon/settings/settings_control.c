/*
 * settings_control - `control:`, the control socket and who may use it
 */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "settings/settings_internal.h"

#define FIELD(name) BIND_FIELD(struct settings, name)

const struct bind_key control_keys[] = {
    { "socket", BIND_TEXT, FIELD(control), NULL, 0, 0, NULL, 0,
      "the socket; with a group it must be given, and lie where its members may go" },
    { "operators", BIND_TEXT, FIELD(control_operators), NULL, 0, 0, NULL, 0,
      "a group of the system whose members may ask and act, beside root and the daemon's own "
      "user" },
    { "readers", BIND_TEXT, FIELD(control_readers), NULL, 0, 0, NULL, 0,
      "a group whose members may ask, which shows exact figures, and not act" },
    BIND_END,
};

int settings_group(const char *name, gid_t *out_gid)
{
    struct group entry, *found = NULL;
    size_t size = 4096;
    int r = ERANGE;

    while (name && r == ERANGE && size <= (1u << 20)) { /* of a group with many members */
        AUTO(auto_free) char *space = malloc(size *= 2);

        if (!space)
            return -ENOMEM;
        r = getgrnam_r(name, &entry, space, size, &found);
        if (r == 0 && found)
            *out_gid = entry.gr_gid;
    }
    return found ? 0 : -ENOENT;
}

/* Settings may be checked where they do not run. */
static void warn_of_group(const struct reading *rd, yaml_node *mapping, const char *key,
                          const char *name)
{
    gid_t gid;

    if (name && settings_group(name, &gid) == -ENOENT)
        yaml_complain(rd->y, yaml_get(mapping, key), rd->diags, DIAG_WARNING,
                      "its members may not ask until there is one",
                      "control: %s: this machine has no group \"%s\"", key, name);
}

int settings_read_control(const struct reading *rd, yaml_node *node)
{
    struct settings *s = rd->s;
    int r;

    if (yaml_is_nothing(node))
        return 0;
    if (yaml_kind(node) != YAML_MAPPING) { /* the socket alone */
        const char *path = yaml_text(node);

        if (!path)
            return COMPLAIN(rd, node, "control: /run/waitlistd/control.sock",
                            "control: a path, or socket, operators and readers");
        s->control = strdup(path);
        return s->control ? 0 : -ENOMEM;
    }
    r = bind_mapping(rd->y, node, "control", control_keys, s, rd->diags);
    if (r == 0 && !s->control && (s->control_operators || s->control_readers))
        r = COMPLAIN(rd, node, "socket: /run/waitlistd/control.sock",
                     "control: with a group socket must be given: the state folder is the "
                     "daemon's alone");
    warn_of_group(rd, node, "operators", s->control_operators);
    warn_of_group(rd, node, "readers", s->control_readers);
    return r;
}
