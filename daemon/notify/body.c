#include "notify/body.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "notify/body_details.h"
#include "notify/body_rest.h"
#include "notify/chart.h"
#include "notify/late_feed.h"
#include "notify/surfaces.h"
#include "notify/wording.h"

#define ROOM_FOR_WHY                                                                               \
    180              /* words of an item: with more, of an acknowledgement who gave it must do */
#define ACK_SHORT 24 /* characters */

/* is_all: the message is of nothing else. */
static void say_item(struct surfaces *s, const struct item_view *v, bool is_all)
{
    static const struct {
        const char *label;
        void (*add)(const struct item_view *, struct text *);
    } parts[] = {
        { "Plan", body_plan_of_item },
        { "What", wording_what },
        { "Figures of", wording_footprint },
        { "Data period", wording_period },
        { "Since", wording_since },
        { "Held", late_feed_held },
        { "Who", wording_who },
        { "Escalated", wording_escalated },
        { "What clears it", wording_clears },
        { "How sure", wording_sure },
        { "Acknowledged by", wording_ack },
        { "Ask", late_feed_ask },
        { "Told again", late_feed_again },
        { "Escalation", late_feed_further },
        { "The plan", wording_plan },
    };
    AUTO(text_release) struct text words = TEXT_INIT;
    AUTO(text_release) struct text quoted = TEXT_INIT;

    late_feed_text(v, &quoted);
    (void)text_printf(&words, "%s: ", wording_state(v));
    wording_title(v, &words);
    if (is_all)
        surfaces_heading(s, text_str(&words));
    else
        surfaces_title(s, text_str(&words));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        text_clear(&words);
        parts[i].add(v, &words);
        if (parts[i].add == wording_ack &&
            (quoted.len > 0 || wording_words(text_str(&s->plain)) > ROOM_FOR_WHY))
            wording_shorten(&words, ACK_SHORT);
        surfaces_say(s, parts[i].label, text_str(&words));
    }
    if (quoted.len) {
        surfaces_say(s, "A text to send", "as it is, or with your own words:");
        surfaces_quote(s, text_str(&quoted));
    }
    if (!text_ok(&words) || !text_ok(&quoted))
        s->plain.error = text_ok(&words) ? quoted.error : words.error;
}

/* Who was not reached comes before how long a name is. */
static bool is_tight(const struct message_context *c)
{
    return c->not_reached && *c->not_reached;
}

static void say_plan(struct surfaces *s, const struct message_context *c)
{
    AUTO(text_release) struct text words = TEXT_INIT;

    if (!c->plan)
        return;
    wording_clean(&words, c->plan->title ? c->plan->title : c->plan->id, 80, is_tight(c) ? 6 : 10);
    (void)text_puts(&words, ", ");
    wording_clean(&words, plan_place_title(c->plan), 60, 6);
    (void)text_printf(&words, ", version %ld", c->plan->version);
    if (c->priority < c->plan->priority_count) {
        (void)text_puts(&words, "; priority ");
        wording_clean(&words, c->plan->priorities[c->priority].id, 20, 2);
        (void)text_puts(&words, ": ");
        wording_clean(&words, c->plan->priorities[c->priority].title, 100, is_tight(c) ? 6 : 12);
    }
    surfaces_say(s, "Plan", text_str(&words));
}

static void say_end(struct surfaces *s, const struct message_context *c,
                    const struct message_item *first, size_t item_count)
{
    AUTO(text_release) struct text words = TEXT_INIT;
    struct item_view v;

    surfaces_space(s);
    if (c->unchanged > 0) {
        (void)text_printf(&words, "%zu other alert%s%s: unchanged, still open.", c->unchanged,
                          c->unchanged == 1 ? "" : "s",
                          body_is_of_group(c) ? " of this group" : "");
        surfaces_say(s, "", text_str(&words));
        text_clear(&words);
    }
    if (c->silenced > 0) {
        (void)text_printf(&words, "A silence hides %zu alert%s%s.", c->silenced,
                          c->silenced == 1 ? "" : "s", body_is_of_group(c) ? " of this group" : "");
        surfaces_say(s, "", text_str(&words));
        text_clear(&words);
    }
    if (c->also_told && *c->also_told) {
        wording_clean(&words, c->also_told, 300, is_tight(c) ? 5 : 15);
        surfaces_say(s, "Also told", text_str(&words));
    } else {
        surfaces_say(s, "Also told", "nobody else");
    }
    if (is_tight(c)) {
        text_clear(&words);
        wording_clean(&words, c->not_reached, 200, 7);
        (void)text_puts(&words, "; their message was given up or waits: tell them another way.");
        surfaces_say(s, "Not reached", text_str(&words));
    }
    text_clear(&words);
    if (!first) {
        surfaces_say(s, "", "For service oversight; not for deciding any child's care.");
        return;
    }
    item_view(c, first, &v);
    wording_next(&v, &words);
    (void)text_printf(&words, ". \"waitlistctl explain %s\" shows how %s was judged.",
                      first->alert->id, item_count == 1 ? "this" : "the first");
    surfaces_say(s, "What to do next", text_str(&words));
    surfaces_say(s, "", "For service oversight; not for deciding any child's care.");
}

/* ---- the table --------------------------------------------------------------------------- */

enum column {
    COLUMN_NEWS,
    COLUMN_TITLE,
    COLUMN_WHERE,
    COLUMN_PERIOD,
    COLUMN_FIGURE,
    COLUMN_PLAN,
    COLUMN_SINCE,
    COLUMN_OWNER,
    COLUMN_DATA,
    COLUMNS
};

static const char *const column_names[COLUMNS] = {
    "News", "What", "Where", "Data to", "Figure", "Plan", "Since", "Owner", "Data",
};

static void cell(const struct item_view *v, enum column column, struct text *out)
{
    const char *severity = wording_severity(v), *status;
    char date[WORDING_DATE_MAX], held[HOLD_WORDS_MAX];

    switch (column) {
    case COLUMN_NEWS:
        (void)text_puts(out, date_is_set(v->projected_from) && v->item->news == NEWS_NEW
                                 ? wording_state(v)
                                 : wording_news(wording_news_told(v)));
        if (severity)
            (void)text_printf(out, ", %s", severity);
        break;
    case COLUMN_TITLE:
        if (rule_is_of_measure(v->item->alert->rule) && v->item->alert->rule != RULE_BEHIND_PLAN)
            (void)text_printf(out, "%s: ", wording_state(v));
        wording_clean(out, v->title, 150, 18);
        break;
    case COLUMN_WHERE:
        if (v->org)
            wording_clean(out, v->context->org_title(v->context->org_title_arg, v->org), 100, 12);
        break;
    case COLUMN_PERIOD:
        (void)text_puts(
            out, wording_date(date_is_set(v->projected_from) ? v->projected_from : v->end, date));
        break;
    case COLUMN_FIGURE:
        (void)text_puts(out, v->figure);
        break;
    case COLUMN_PLAN:
        (void)text_puts(out, v->line_text);
        break;
    case COLUMN_SINCE:
        wording_span(v, out);
        break;
    case COLUMN_OWNER:
        wording_clean(out, v->owner ? v->owner : "ops", 60, 5);
        break;
    case COLUMN_DATA:
        status = v->version ? publication_name(v->version->status) : NULL;
        if (date_is_set(v->projected_from))
            (void)text_printf(out, "%s%s",
                              v->measure && v->measure->of_feed
                                  ? "nothing new came since"
                                  : "projected, if nobody was seen since",
                              v->holds ? "; " : "");
        if (v->holds != 0)
            (void)text_printf(out, "held: %s", hold_words(v->holds, held));
        else
            (void)text_puts(out, v->held                          ? "held"
                                 : status                         ? status
                                 : date_is_set(v->projected_from) ? ""
                                 : v->version                     ? "status not stated"
                                                                  : "");
        break;
    case COLUMNS:
        break;
    }
}

static void table(struct surfaces *s, const struct message_context *c,
                  const struct message_item *const *items, size_t item_count)
{
    bool in_plain = item_count > 1; /* one item is told whole above */

    if (in_plain)
        (void)text_puts(&s->plain, "\n\n");
    surfaces_table(s, column_names, COLUMNS, in_plain);
    for (size_t n = 0; n < item_count; n++) {
        struct text words[COLUMNS];
        const char *cells[COLUMNS];
        struct item_view v;

        item_view(c, items[n], &v);
        for (size_t i = 0; i < COLUMNS; i++) {
            words[i] = (struct text)TEXT_INIT;
            cell(&v, (enum column)i, &words[i]);
            cells[i] = text_str(&words[i]);
            if (!text_ok(&words[i]))
                s->plain.error = words[i].error;
        }
        surfaces_row(s, cells, COLUMNS, in_plain);
        for (size_t i = 0; i < COLUMNS; i++)
            text_release(&words[i]);
    }
    surfaces_table_end(s);
}

static void say_chart(struct surfaces *s, const struct body_chart *chart)
{
    surfaces_picture(s, chart->cid, chart->alt, CHART_WIDTH);
}

/* Of an item that stands in the table alone. */
static void say_chart_title(struct surfaces *s, const struct message_context *c,
                            const struct message_item *item)
{
    AUTO(text_release) struct text words = TEXT_INIT;
    struct item_view v;

    item_view(c, item, &v);
    wording_title(&v, &words);
    surfaces_picture_title(s, text_str(&words));
    if (!text_ok(&words))
        s->plain.error = words.error;
}

void body_write(const struct message_context *c, const struct message_item *const *items,
                size_t item_count, const char *heading, const struct body_chart *chart,
                struct text *out_plain, struct text *out_html)
{
    AUTO(surfaces_release) struct surfaces all = SURFACES_INIT;
    AUTO(surfaces_release) struct surfaces end = SURFACES_INIT;
    char rest[120] = "";
    bool is_group = item_count > 1 || c->baseline;
    size_t words, told = 0;

    surfaces_begin(&all, heading);
    if (c->is_illustrative || (c->plan && c->plan->illustrative))
        surfaces_say(&all, "",
                     "Illustrative plan: an example, not what any organisation has undertaken.");
    if (message_is_rehearsal(c))
        surfaces_say(&all, "", "Rehearsal: this plan is not live, and nobody it names was told.");
    if (is_group)
        surfaces_heading(&all, heading);
    if (c->baseline)
        surfaces_say(
            &all, "",
            c->baseline->is_first
                ? "This is how the plan stands as you begin to hear of it. From now on you are "
                  "told "
                  "of changes alone."
                : "This is how what is new to you of the plan stands. From now on you are told of "
                  "its changes alone.");
    if (c->backlog_messages) {
        (void)snprintf(rest, sizeof rest,
                       "%zu messages could not be delivered in time; this one "
                       "stands for all of them.",
                       c->backlog_messages);
        surfaces_say(&all, "", rest);
    }
    say_plan(&all, c);
    say_end(&end, c, item_count ? items[0] : NULL, item_count);
    words = wording_words(text_str(&all.plain)) + wording_words(text_str(&end.plain)) +
            body_rest_words(c, items, item_count);
    for (; told < item_count; told++) {
        AUTO(surfaces_release) struct surfaces one = SURFACES_INIT;
        struct item_view v;

        item_view(c, items[told], &v);
        say_item(&one, &v, !is_group);
        words += wording_words(text_str(&one.plain));
        if (told > 0 && words > BODY_WORDS_MAX)
            break;
        if (chart && chart->item == told)
            say_chart(&one, chart);
        surfaces_join(&all, &one);
    }
    if (chart && chart->item >= told) {
        say_chart_title(&all, c, items[chart->item]);
        say_chart(&all, chart);
    }
    if (told < item_count) {
        AUTO(text_release) struct text others = TEXT_INIT;

        body_rest(c, items + told, item_count - told, &others);
        surfaces_space(&all);
        surfaces_say(&all, "", text_str(&others));
        if (!text_ok(&others))
            all.plain.error = others.error;
    }
    surfaces_join(&all, &end);
    if (item_count)
        table(&all, c, items, item_count);
    if (item_count == 1)
        (void)text_puts(&all.plain, "\n\n");
    for (size_t i = 0; i < item_count && i < DETAILS_ITEMS_MAX; i++) {
        struct item_view v;

        item_view(c, items[i], &v);
        body_details(&all, &v, item_count > 1);
    }
    surfaces_end(&all);
    (void)text_puts(out_plain, text_str(&all.plain) + (*text_str(&all.plain) == '\n'));
    (void)text_add(out_html, text_str(&all.html), all.html.len);
    if (surfaces_error(&all))
        out_plain->error = surfaces_error(&all);
}
