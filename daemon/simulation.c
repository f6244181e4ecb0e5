#include "simulation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/text.h"

/* folder/kind/id, or folder/kind where id is NULL, in the place of *path. */
static int move(char **path, const char *folder, const char *kind, const char *id)
{
    AUTO(text_release) struct text t = TEXT_INIT;
    char *moved;

    (void)text_printf(&t, "%s/%s%s%s", folder, kind, id ? "/" : "", id ? id : "");
    moved = text_take(&t);
    if (!moved)
        return -ENOMEM;
    free(*path);
    *path = moved;
    return 0;
}

static void forget(char **text)
{
    free(*text);
    *text = NULL;
}

/* Files are dropped in, whatever brings them to the live instance. */
static int move_feeds(struct settings *s, const char *folder)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < s->feed_count; i++) {
        s->feeds[i].transport = TRANSPORT_INBOX;
        r = move(&s->feeds[i].inbox, folder, "inbox", s->feeds[i].id);
    }
    return r;
}

/* Each stays of its kind, since that decides to whom it writes, and when. */
static int move_receivers(struct settings *s, const char *folder)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < s->receiver_count; i++)
        if (s->receivers[i].kind == RECEIVER_SPOOL)
            r = move(&s->receivers[i].dir, folder, "spool", s->receivers[i].id);
    return r;
}

/* The live key is read, and only where tables of renamed pathways, which open under it, come again. */
static int move_key(struct settings *s, const struct simulation_options *o)
{
    if (!o->is_past) /* which copies the tables, under whichever key they are */
        forget(&s->identity.previous_key_file);
    if ((o->has_history || o->is_past) && s->identity.key_file &&
        access(s->identity.key_file, R_OK) == 0)
        return 0;
    return move(&s->identity.key_file, o->folder, "pathway.key", NULL);
}

static int replace_plans(struct settings *s, const char *plan)
{
    char *copy = plan ? strdup(plan) : NULL, **items;

    if (!plan)
        return 0;
    text_list_release(&s->plans);
    items = calloc(1, sizeof *items);
    if (!copy || !items) {
        free(copy);
        free(items);
        return -ENOMEM;
    }
    items[0] = copy;
    s->plans = (struct text_list){ items, 1 };
    return 0;
}

int simulation_of_settings(struct settings *s, const struct simulation_options *o, char **out_state)
{
    AUTO(auto_free) char *state = strdup(s->state);
    int r = state ? 0 : -ENOMEM;

    if (s->redis.mode != REDIS_EMBEDDED)
        forget(&s->redis.server_binary);
    s->redis.mode = REDIS_EMBEDDED;
    s->http.is_on = false;
    forget(&s->demo_banner);
    forget(&s->control_operators);
    forget(&s->control_readers);
    if (r == 0)
        r = move(&s->state, o->folder, "state", NULL);
    if (r == 0)
        r = move(&s->control, o->folder, "control.sock", NULL);
    if (r == 0)
        r = move_feeds(s, o->folder);
    if (r == 0)
        r = move_receivers(s, o->folder);
    if (r == 0)
        r = move_key(s, o);
    if (r == 0)
        r = replace_plans(s, o->plan);
    if (r == 0) {
        *out_state = state;
        state = NULL;
    }
    return r;
}
