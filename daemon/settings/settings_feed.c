/*
 * settings_feed - `feeds:`, a list of what is to arrive
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "settings/settings_internal.h"

/* The setting first, so that bind_release may be given the setting alone. */
struct feed_raw {
    struct feed_setting f;
    yaml_node *cadence;
};

static const char *const kinds[] = { "aggregate", "snapshot", "events", "set", NULL };
static const char *const transports[] = {
    [TRANSPORT_INBOX] = "inbox", [TRANSPORT_PULL] = "pull", [TRANSPORT_PUSH] = "push", NULL
};
static const char *const cadences[] = { "daily", "weekly", "monthly", "quarterly", "yearly", NULL };

#define FIELD(name) BIND_FIELD(struct feed_raw, f.name)

const struct bind_key feed_keys[] = {
    { "id", BIND_ID, FIELD(id), NULL, 0, 0, NULL, 1,
      "the feed's name in plans, alerts and logs; keep it once alerts have spoken of it" },
    { "title", BIND_TEXT, FIELD(title), NULL, 0, 0, NULL, 0,
      "what people call it in mails; the id when left out" },
    { "kind", BIND_CHOICE, FIELD(kind), NULL, 0, 0, kinds, 1,
      "what a file holds; aggregate: published figures by organisation and period; snapshot: "
      "everyone open on a list at a census date; events: what happened to pathways; set: several "
      "tables that together make a snapshot" },
    { "into", BIND_ID, FIELD(into), NULL, 0, 0, NULL, 0,
      "the list that a snapshot, events or set feed writes" },
    { "format", BIND_ID, FIELD(format), NULL, 0, 0, NULL, 1,
      "the file in formats/ that says how its columns are read" },
    { "local_id", BIND_TEXTS, FIELD(local_id), NULL, 0, 0, NULL, 0,
      "snapshot, events, set: columns of local numbers, beside those that the format names: of ten "
      "digits, one in eleven looks like an NHS number, and is none there" },
    { "transport", BIND_CHOICE, FIELD(transport), "inbox", 0, 0, transports, 0,
      "how files arrive; inbox: they are put into a folder; pull: fetched from url; push: posted "
      "to "
      "/v1/feeds/<id> of http" },
    { "inbox", BIND_TEXT, FIELD(inbox), NULL, 0, 0, NULL, 0,
      "inbox: the watched folder of this feed alone; made when missing" },
    { "url", BIND_TEXT, FIELD(url), NULL, 0, 0, NULL, 0,
      "pull: where it is; https, or http where allow_private is true; no redirect is followed" },
    { "every", BIND_DURATION, FIELD(every), "1h", 0, 0, NULL, 0,
      "pull: how often to look there; 1s to 24h" },
    { "allow_private", BIND_BOOL, FIELD(allow_private), "false", 0, 0, NULL, 0,
      "pull: true lets url be a loopback or private address, for a server of your own" },
    { "ca_file", BIND_TEXT, FIELD(ca_file), NULL, 0, 0, NULL, 0,
      "pull: certificates to trust in place of the system's, for a private authority" },
    { "token_file", BIND_TEXT, FIELD(token_file), NULL, 0, 0, NULL, 0,
      "push: a file holding the bearer token, at least 24 characters; two lines while one token "
      "follows the other" },
    { "secret_file", BIND_TEXT, FIELD(secret_file), NULL, 0, 0, NULL, 0,
      "push: a file holding whsec_ and base64 of at least 24 random bytes, for signed posts "
      "(Standard Webhooks); two lines while one secret follows the other" },
    { "max_mb", BIND_INTEGER, FIELD(max_mb), "256", 1, 65536, NULL, 0,
      "push, pull: at most so many MiB in one file" },
    { "contact", BIND_TEXT, FIELD(contact), NULL, 0, 0, NULL, 0,
      "whom to ask when it is late; printed in its alerts" },
    { "cadence", BIND_NODE, BIND_FIELD(struct feed_raw, cadence), NULL, 0, 0, NULL, 1,
      "daily, weekly, monthly, quarterly, yearly, or a list of publication dates" },
    { "grace", BIND_DURATION, FIELD(grace), "0d", 0, 0, NULL, 0,
      "how long after a period's end it may take; raise it to what the publisher needs (45d, "
      "10wd)" },
    { "from", BIND_DATE, FIELD(from), NULL, 0, 0, NULL, 0,
      "the first period due ends after this day; the day it was first configured when left out" },
    { "providers", BIND_TEXTS, FIELD(providers), NULL, 0, 0, NULL, 0,
      "organisations that every edition must cover; one that is missing holds its measures" },
    { "keep", BIND_TEXTS, FIELD(keep), NULL, 0, 0, NULL, 0,
      "organisations whose figures become series; the rest stays in the archive" },
    BIND_END,
};

void feed_setting_release(struct feed_setting *f)
{
    bind_release(feed_keys, f);
    free(f->publication_dates);
    f->publication_dates = NULL;
}

static int by_date(const void *a, const void *b)
{
    return date_compare(*(const struct civil_date *)a, *(const struct civil_date *)b);
}

static int read_dates(const struct reading *rd, yaml_node *list, struct feed_setting *f)
{
    int r = 0;

    f->cadence = CADENCE_DATES;
    if (yaml_count(list) == 0)
        return COMPLAIN(rd, list, NULL, "feed: cadence lists no date");
    for (size_t i = 0; i < yaml_count(list); i++) {
        const char *text = yaml_text(yaml_item(list, i));
        struct civil_date date = DATE_NONE;

        if (!text || date_parse_iso(text, strlen(text), &date) < 0) {
            r = COMPLAIN(rd, yaml_item(list, i), "for example 2025-03-31",
                         "feed: cadence lists something that is not a date (YYYY-MM-DD)");
            continue;
        }
        struct civil_date *slot = settings_grow(&f->publication_dates, &f->publication_date_count,
                                                sizeof *f->publication_dates);

        if (!slot)
            return -ENOMEM;
        *slot = date;
    }
    if (f->publication_date_count)
        qsort(f->publication_dates, f->publication_date_count, sizeof *f->publication_dates,
              by_date);
    for (size_t i = 1; i < f->publication_date_count; i++) {
        char text[DATE_TEXT_MAX];

        if (date_compare(f->publication_dates[i - 1], f->publication_dates[i]) == 0)
            r = COMPLAIN(rd, list, NULL, "feed: cadence lists %s twice",
                         date_format(f->publication_dates[i], text));
    }
    return r;
}

static int read_cadence(const struct reading *rd, yaml_node *node, struct feed_setting *f)
{
    const char *word = yaml_text(node);
    const size_t count = sizeof cadences / sizeof cadences[0] - 1;
    char hint[60] = "or a list of dates: [2025-03-31, 2025-06-30]";

    if (!node)
        return 0; /* missing, and said so */
    if (yaml_kind(node) == YAML_SEQUENCE)
        return read_dates(rd, node, f);
    for (size_t i = 0; word && i < count; i++) {
        if (strcmp(word, cadences[i]) == 0) {
            f->cadence = (enum feed_cadence)(CADENCE_DAILY + i);
            return 0;
        }
    }
    const char *near = word ? diag_nearest(word, cadences, count) : NULL;

    if (near)
        (void)snprintf(hint, sizeof hint, "did you mean \"%s\"?", near);
    return COMPLAIN(rd, node, hint,
                    "feed: cadence is none of daily, weekly, monthly, quarterly, yearly");
}

/* ---- how files arrive ---- */

#define INBOX (1u << TRANSPORT_INBOX)
#define PULL  (1u << TRANSPORT_PULL)
#define PUSH  (1u << TRANSPORT_PUSH)

static const struct {
    const char *key;
    unsigned used_by, required_by;
} uses[] = {
    { "inbox", INBOX, INBOX },    { "url", PULL, PULL },        { "every", PULL, 0 },
    { "allow_private", PULL, 0 }, { "ca_file", PULL, 0 },       { "token_file", PUSH, 0 },
    { "secret_file", PUSH, 0 },   { "max_mb", PULL | PUSH, 0 },
};

static const char *meaning_of(const char *name)
{
    size_t i = 0;

    while (strcmp(feed_keys[i].key, name) != 0)
        i++;
    return feed_keys[i].meaning;
}

/* Each transport has its keys: one that it lacks, and one that it does not know. */
static int check_uses(const struct reading *rd, yaml_node *mapping, int transport)
{
    int r = 0;

    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
        yaml_node *value = yaml_get(mapping, uses[i].key);

        if (!yaml_is_nothing(value) && !(uses[i].used_by & 1u << transport))
            r = COMPLAIN(rd, value, meaning_of(uses[i].key), "feed: %s is not for transport %s",
                         uses[i].key, transports[transport]);
        if (yaml_is_nothing(value) && (uses[i].required_by & 1u << transport))
            r = COMPLAIN(rd, value ? value : mapping, meaning_of(uses[i].key),
                         "feed: transport %s needs \"%s\"", transports[transport], uses[i].key);
    }
    return r;
}

static int check_pull(const struct reading *rd, yaml_node *mapping, struct feed_setting *f)
{
    int r = settings_check_url(rd, yaml_get(mapping, "url"), "feed", f->url, f->allow_private);

    if (f->every.unit == SPAN_DAYS && f->every.count == 1)
        f->every = (struct span){ 86400, SPAN_SECONDS };
    if (f->every.unit != SPAN_SECONDS || f->every.count < 1 || f->every.count > 86400)
        r = settings_worse(r, COMPLAIN(rd, yaml_get(mapping, "every"), "for example 1h",
                                       "feed: every is from 1s to 24h"));
    r = settings_worse(r, settings_resolve(rd->folder, &f->ca_file));
    return settings_worse(
        r, settings_require_file(rd, yaml_get(mapping, "ca_file"), "feed: ca_file", f->ca_file));
}

static int check_push(const struct reading *rd, yaml_node *mapping, struct feed_setting *f)
{
    int r = settings_resolve(rd->folder, &f->token_file);

    r = settings_worse(r, settings_resolve(rd->folder, &f->secret_file));
    if (r < 0)
        return r;
    r = settings_check_token(rd, yaml_get(mapping, "token_file"), "feed", f->token_file);
    r = settings_worse(
        r, settings_check_secret(rd, yaml_get(mapping, "secret_file"), "feed", f->secret_file));
    if (!f->token_file && !f->secret_file)
        r = settings_worse(r, COMPLAIN(rd, mapping, "token_file: cyp4ww.token",
                                       "feed: anybody could push: give token_file or secret_file"));
    return r;
}

static int check_transport(const struct reading *rd, yaml_node *mapping, struct feed_setting *f)
{
    const char *written = yaml_text(yaml_get(mapping, "transport"));

    /* One that could not be read (and was said) would make every key look wrong. */
    if (written && strcmp(written, transports[f->transport]) != 0)
        return 0;
    int r = check_uses(rd, mapping, f->transport);

    if (f->transport == TRANSPORT_PULL)
        r = settings_worse(r, check_pull(rd, mapping, f));
    if (f->transport == TRANSPORT_PUSH)
        r = settings_worse(r, check_push(rd, mapping, f));
    return r;
}

/* Against the feeds before it. */
static int check_unique(const struct reading *rd, yaml_node *list, size_t index,
                        const struct feed_setting *f)
{
    int r = 0;

    for (size_t i = 0; i < index; i++) {
        const struct feed_setting *other = &rd->s->feeds[i];
        yaml_node *mapping = yaml_item(list, index);

        if (f->id && other->id && strcmp(f->id, other->id) == 0)
            r = COMPLAIN(rd, yaml_get(mapping, "id"), NULL,
                         "feed: the id \"%s\" is taken; first at line %u", f->id,
                         yaml_line(yaml_get(yaml_item(list, i), "id")));
        if (f->inbox && other->inbox && strcmp(f->inbox, other->inbox) == 0)
            r = COMPLAIN(rd, yaml_get(mapping, "inbox"),
                         "a file belongs to the feed whose inbox it lies in: give each its own",
                         "feed: this inbox is taken by the feed \"%s\" at line %u",
                         other->id ? other->id : "?",
                         yaml_line(yaml_get(yaml_item(list, i), "inbox")));
    }
    return r;
}

static int read_feed(const struct reading *rd, yaml_node *list, size_t index)
{
    yaml_node *mapping = yaml_item(list, index);
    struct feed_raw raw = { .f = { .from = DATE_NONE } };
    int r = bind_mapping(rd->y, mapping, "feed", feed_keys, &raw, rd->diags);

    /* What bind could not read is zero, which these checks pass over. */
    r = settings_worse(r, read_cadence(rd, raw.cadence, &raw.f));
    if (raw.f.grace.unit == SPAN_SECONDS)
        r = settings_worse(r, COMPLAIN(rd, yaml_get(mapping, "grace"), "for example 45d or 10wd",
                                       "feed: grace is counted in days, weeks or months"));
    r = settings_worse(r, settings_resolve(rd->folder, &raw.f.inbox));
    r = settings_worse(r, check_transport(rd, mapping, &raw.f));
    if (!raw.f.title && raw.f.id && !(raw.f.title = strdup(raw.f.id)))
        r = -ENOMEM;
    r = settings_worse(r, check_unique(rd, list, index, &raw.f));
    rd->s->feeds[index] = raw.f;
    rd->s->index->format_nodes[index] = yaml_get(mapping, "format");
    rd->s->index->feed_nodes[index] = mapping;
    return r;
}

int settings_read_feeds(const struct reading *rd, yaml_node *sequence)
{
    size_t count = yaml_count(sequence);
    int r = 0;

    if (yaml_is_nothing(sequence))
        return 0;
    if (yaml_kind(sequence) != YAML_SEQUENCE)
        return COMPLAIN(rd, sequence, "each begins with \"- id:\"", "feeds is a list of feeds");
    rd->s->feeds = calloc(count + 1, sizeof *rd->s->feeds);
    rd->s->index->format_nodes = calloc(count + 1, sizeof(yaml_node *));
    rd->s->index->feed_nodes = calloc(count + 1, sizeof(yaml_node *));
    if (!rd->s->feeds || !rd->s->index->format_nodes || !rd->s->index->feed_nodes)
        return -ENOMEM;
    for (size_t i = 0; i < count && r != -ENOMEM; i++) {
        r = settings_worse(r, read_feed(rd, sequence, i));
        rd->s->feed_count = i + 1;
    }
    return r;
}
