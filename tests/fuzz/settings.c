/*
 * settings - waitlistd.yaml, people.yaml and organisations.yaml: refused with located messages, or
 * accepted, and then, written out in another style, accepted again and the same; what refers to
 * something by its id finds it
 *
 * Input: three parts, divided by lines "====": settings, people, organisations. The settings name
 * the other two as people.yaml and organisations.yaml; a plan.yaml and a hook.secret lie beside them.
 */
#include "settings/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "fuzz/support/yaml_print.h"

#define DATADIR "config"

static const char *const names[] = { "waitlistd.yaml", "people.yaml", "organisations.yaml" };
#define FILES (sizeof names / sizeof names[0])

static void tell_date(struct text *out, struct civil_date d)
{
    char text[DATE_TEXT_MAX];

    (void)text_printf(out, " %s", date_format(d, text));
}

static void tell_text(struct text *out, const char *s)
{
    (void)text_printf(out, "|%s%s", s ? "=" : "", s ? s : "");
}

static void tell_list(struct text *out, const struct text_list *l)
{
    (void)text_printf(out, "|%zu", l->count);
    for (size_t i = 0; i < l->count; i++)
        tell_text(out, l->items[i]);
}

static void tell_feed(struct text *out, const struct feed_setting *f)
{
    tell_text(out, f->id);
    tell_text(out, f->title);
    tell_text(out, f->format);
    tell_text(out, f->inbox);
    tell_text(out, f->contact);
    (void)text_printf(out, " %d %d %ld %d", f->kind, (int)f->cadence, f->grace.count,
                      (int)f->grace.unit);
    for (size_t i = 0; i < f->publication_date_count; i++) {
        tell_date(out, f->publication_dates[i]);
        FUZZ_CHECK(i == 0 || date_compare(f->publication_dates[i - 1], f->publication_dates[i]) < 0,
                   "publication dates out of order");
    }
    tell_date(out, f->from);
    tell_list(out, &f->providers);
    tell_list(out, &f->keep);
}

static void tell_receiver(struct text *out, const struct receiver_setting *r)
{
    const char *texts[] = { r->id,   r->dir,  r->url,  r->secret_file,   r->to,
                            r->smtp, r->from, r->user, r->password_file, r->ca_file };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        tell_text(out, texts[i]);
    (void)text_printf(out, " %d %d %d", r->kind, r->allow_private, r->tls);
    FUZZ_CHECK(r->kind != RECEIVER_EMAIL ||
                   (!strpbrk(r->to, "\r\n <>") && !strpbrk(r->from, "\r\n <>")),
               "an address that forges a dialogue");
}

static void tell_people(struct text *out, const struct settings *s)
{
    for (size_t i = 0; i < s->person_count; i++) {
        tell_text(out, s->people[i].id);
        tell_text(out, s->people[i].name);
        tell_text(out, s->people[i].mail);
    }
    for (size_t i = 0; i < s->holding_count; i++) {
        const struct holding *h = &s->holdings[i];

        tell_text(out, h->role);
        tell_text(out, h->person);
        tell_text(out, h->deputy);
        tell_date(out, h->from);
        tell_date(out, h->to);
        for (size_t k = 0; k < h->away_count; k++) {
            tell_date(out, h->away[k].from);
            tell_date(out, h->away[k].to);
        }
    }
}

static void tell_organisations(struct text *out, const struct settings *s)
{
    for (size_t i = 0; i < s->organisation_count; i++) {
        const struct organisation *o = &s->organisations[i];

        tell_text(out, o->code);
        tell_text(out, o->title);
        tell_list(out, &o->also);
        tell_text(out, o->parent);
        tell_text(out, o->succeeded_by);
        tell_date(out, o->from);
        tell_date(out, o->to);
    }
}

/* All of it as text. */
static char *tell(const struct settings *s)
{
    struct text out = TEXT_INIT;
    const char *texts[] = { s->instance,           s->state,      s->control,
                            s->timezone,           s->log_level,  s->people_path,
                            s->redis.socket,       s->redis.host, s->redis.user,
                            s->organisations_path, s->demo_banner };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        tell_text(&out, texts[i]);
    (void)text_printf(&out, " %d %ld", s->redis.mode, s->redis.port);
    tell_list(&out, &s->plans);
    tell_list(&out, &s->formats);
    tell_list(&out, &s->routes.ops);
    tell_list(&out, &s->routes.governance);
    tell_list(&out, &s->routes.fallback);
    for (size_t i = 0; i < s->feed_count; i++)
        tell_feed(&out, &s->feeds[i]);
    for (size_t i = 0; i < s->receiver_count; i++)
        tell_receiver(&out, &s->receivers[i]);
    tell_people(&out, s);
    tell_organisations(&out, s);
    FUZZ_CHECK(text_ok(&out), "no memory");
    return text_take(&out);
}

static void check_sound(const struct settings *s)
{
    const struct person *holders[4];

    FUZZ_CHECK(s->instance && s->state && s->timezone, "settings without an instance or a state");
    for (size_t i = 0; i < s->feed_count; i++)
        FUZZ_CHECK(settings_feed(s, s->feeds[i].id) == &s->feeds[i], "a feed is not found");
    for (size_t i = 0; i < s->receiver_count; i++)
        FUZZ_CHECK(settings_receiver(s, s->receivers[i].id) == &s->receivers[i],
                   "a receiver is not found");
    const struct text_list *routes[] = { &s->routes.ops, &s->routes.governance,
                                         &s->routes.fallback };

    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < routes[i]->count; k++)
            FUZZ_CHECK(settings_receiver(s, routes[i]->items[k]), "a route to nobody");
    for (size_t i = 0; i < s->holding_count; i++)
        if (date_is_set(s->holdings[i].from))
            FUZZ_CHECK(settings_holders(s, s->holdings[i].role, s->holdings[i].from, holders, 4) <=
                           4,
                       "more holders than asked for");
    for (size_t i = 0; i < s->organisation_count; i++) {
        const char *code = settings_org_code(s, s->organisations[i].code);

        FUZZ_CHECK(text_same(code, s->organisations[i].code), "a code is not its own");
        FUZZ_CHECK(strcmp(settings_org_code(s, code), code) == 0, "a code of a code is another");
    }
}

/* Each file written out in its place. Returns what it then says. */
static char *tell_printed(const char *paths[FILES])
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;

    for (size_t i = 0; i < FILES; i++) {
        struct text printed = TEXT_INIT;
        struct yaml *y = NULL;

        /* A file that is not named may hold anything. */
        if (yaml_load(paths[i], &diags, &y) == 0) {
            yaml_print(yaml_root(y), &printed);
            (void)fuzz_file(names[i], text_str(&printed), printed.len);
        }
        yaml_free(y);
        text_release(&printed);
        diags_release(&diags);
    }
    FUZZ_CHECK(settings_load(paths[0], DATADIR, &diags, &s) == 0, "written out it is refused: %s",
               fuzz_messages(&diags));
    char *said = tell(s);

    settings_free(s);
    diags_release(&diags);
    return said;
}

void fuzz_one(const char *bytes, size_t len)
{
    struct diags diags = DIAGS_INIT;
    struct settings *s = NULL;
    const char *part, *paths[FILES];
    size_t n;

    (void)fuzz_file("plan.yaml", "", 0);
    (void)fuzz_file("hook.secret", "", 0);
    for (size_t i = 0; i < FILES; i++) {
        n = fuzz_part(&bytes, &len, &part);
        paths[i] = fuzz_file(names[i], part, n);
    }
    int r = settings_load(paths[0], DATADIR, &diags, &s);

    if (r == 0) {
        FUZZ_CHECK(diags.errors == 0, "accepted with an error");
        check_sound(s);
        char *said = tell(s), *again = tell_printed(paths);

        FUZZ_CHECK(strcmp(said, again) == 0, "written out it is another:\n%s\n%s", said, again);
        free(said);
        free(again);
    } else {
        FUZZ_CHECK(r == -EINVAL && !s, "refused with %d", r);
        fuzz_check_refusal(&diags);
    }
    settings_free(s);
    diags_release(&diags);
}
