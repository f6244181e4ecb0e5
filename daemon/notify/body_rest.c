#include "notify/body_rest.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"

void body_plan_of_item(const struct item_view *v, struct text *out)
{
    const struct message_context *c = v->context;
    const struct plan *plan = v->item->plan;
    size_t priority = v->item->alert->priority;

    if (!plan || (c->plan && c->priority < c->plan->priority_count) || c->baseline)
        return;
    if (!c->plan) {
        wording_clean(out, plan->title ? plan->title : plan->id, 80, 10);
        (void)text_puts(out, ", ");
        wording_clean(out, plan_place_title(plan), 60, 6);
    }
    if (priority < plan->priority_count) {
        (void)text_puts(out, c->plan ? "priority " : "; priority ");
        wording_clean(out, plan->priorities[priority].id, 20, 2);
        (void)text_puts(out, ": ");
        wording_clean(out, plan->priorities[priority].title, 100, 12);
    }
}

bool body_is_of_group(const struct message_context *c)
{
    bool has_plan = false;

    for (size_t i = 0; i < c->item_count; i++)
        has_plan |= c->items[i].plan != NULL;
    return c->plan ? c->priority < c->plan->priority_count : !has_plan;
}

/* "new red", "new amber (warning)", "cleared"; of one whose severity would tell of few without it. */
static void kind_of(const struct item_view *v, struct text *out)
{
    const char *severity = wording_severity(v);
    const char *news = wording_news(wording_news_told(v));

    (void)text_putc(out, (char)(news[0] | 0x20));
    (void)text_puts(out, news + 1);
    if (severity)
        (void)text_printf(out, " %s", severity);
    if (wording_is_warning(v->item))
        (void)text_puts(out, " (warning)");
}

/* "3 new red, 9 new amber, 1 cleared": what the table has beyond what was told, so that the whole is told. */
static void count_rest(const struct message_context *c, const struct message_item *const *items,
                       size_t count, struct text *out)
{
    AUTO(text_release) struct text last = TEXT_INIT;
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        AUTO(text_release) struct text kind = TEXT_INIT;
        struct item_view v;

        item_view(c, items[i], &v);
        kind_of(&v, &kind);
        if (n > 0 && strcmp(text_str(&kind), text_str(&last)) != 0) {
            (void)text_printf(out, "%zu %s, ", n, text_str(&last));
            n = 0;
        }
        text_clear(&last);
        (void)text_puts(&last, text_str(&kind));
        n++;
        if (!text_ok(&kind))
            out->error = -ENOMEM;
    }
    (void)text_printf(out, "%zu %s", n, text_str(&last));
    if (!text_ok(&last))
        out->error = -ENOMEM;
}

void body_rest(const struct message_context *c, const struct message_item *const *items,
               size_t count, struct text *out)
{
    if (count == 1)
        (void)text_puts(out, "The other one is in the table below: ");
    else
        (void)text_printf(out, "The other %zu are in the table below: ", count);
    count_rest(c, items, count, out);
    (void)text_puts(out, ".");
}

size_t body_rest_words(const struct message_context *c, const struct message_item *const *items,
                       size_t count)
{
    AUTO(text_release) struct text others = TEXT_INIT;

    if (count < 2)
        return 0;
    body_rest(c, items, count, &others);
    return wording_words(text_str(&others));
}
