#include "ctl/find_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "settings/settings.h"
#include "yaml/yaml.h"

/* A path of the settings file is relative to its folder. suffix may be NULL. */
static char *beside(const char *config, const char *path, const char *suffix)
{
    struct text out = TEXT_INIT;
    const char *slash = strrchr(config, '/');

    while (path[0] == '.' && path[1] == '/')
        path += 2;
    if (path[0] != '/' && slash)
        text_add(&out, config, (size_t)(slash - config) + 1);
    text_puts(&out, path);
    if (suffix)
        text_puts(&out, suffix);
    return text_take(&out);
}

int find_socket_check(const char *config, const char *datadir, struct diags *diags)
{
    struct settings *settings = NULL;
    int r = settings_load(config, datadir, diags, &settings);

    settings_free(settings);
    return r;
}

int find_socket(const char *config, const char *datadir, struct diags *diags, char **out_path)
{
    struct yaml *y = NULL;
    struct settings *settings = NULL;
    char *path = NULL;
    int r = yaml_load(config, diags, &y);

    if (r < 0)
        return r;
    yaml_node *node = yaml_get(yaml_root(y), "control");
    const char *control =
        yaml_text(yaml_kind(node) == YAML_MAPPING ? yaml_get(node, "socket") : node);
    const char *state = yaml_text(yaml_get(yaml_root(y), "state"));

    if (control && *control)
        path = beside(config, control, NULL);
    else if (state && *state)
        path = beside(config, state, "/control.sock");
    yaml_free(y);
    if (!path) {
        r = settings_load(config, datadir, diags, &settings);
        if (r < 0)
            return r;
        path = strdup(settings->control);
        settings_free(settings);
    }
    if (!path)
        return -ENOMEM;
    *out_path = path;
    return 0;
}
