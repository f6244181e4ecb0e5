#include "notify/body_details.h"

#include <errno.h>

#include "base/auto.h"
#include "plan/control_chart.h"

#define CELLS 5

static void days_of(struct civil_date start, struct civil_date end, struct text *out)
{
    char from[WORDING_DATE_MAX], to[WORDING_DATE_MAX];

    if (date_is_set(start) && date_compare(start, end) != 0)
        (void)text_printf(out, "%s to %s", wording_date(start, from), wording_date(end, to));
    else
        (void)text_puts(out, wording_date(end, to));
}

/* ---- history ---- */

static const char *mark_of(const struct history_point *p)
{
    return p->mark != SPC_COMMON_CAUSE ? chart_cause_words(p->mark) : p->is_behind ? "behind" : "";
}

static void say_history(struct surfaces *s, const struct history *h)
{
    static const char *const columns[] = { "Data to", "Figure", "Plan", "Mark" };
    size_t first = h->count > HISTORY_TOLD ? h->count - HISTORY_TOLD : 0;

    if (h->count < 2) /* the one is told above */
        return;
    surfaces_caption(s, "The points before");
    surfaces_table(s, columns, 4, true);
    for (size_t i = first; i < h->count; i++) {
        const struct history_point *p = &h->points[i];
        char date[WORDING_DATE_MAX];
        const char *cells[] = { wording_date(p->end, date), p->told.figure, p->line_text,
                                mark_of(p) };

        surfaces_row(s, cells, 4, true);
    }
    surfaces_table_end(s);
}

/* ---- figures ---- */

static bool is_hidden(const struct detail_figure *f)
{
    return f->told.figure[0] == '*';
}

static void say_figures(struct surfaces *s, const struct details *d)
{
    static const char *const columns[] = { "Beside it", "Figure", "Of" };
    bool hides = false;

    if (d->figure_count == 0)
        return;
    surfaces_caption(s, "What stands beside it");
    surfaces_table(s, columns, 3, true);
    for (size_t i = 0; i < d->figure_count; i++) {
        AUTO(text_release) struct text days = TEXT_INIT;
        const struct detail_figure *f = &d->figures[i];

        days_of(f->start, f->end, &days);
        const char *cells[] = { f->label, f->told.figure, text_str(&days) };

        surfaces_row(s, cells, 3, true);
        hides |= is_hidden(f);
    }
    surfaces_table_end(s);
    if (hides)
        surfaces_say(s, "",
                     "* is hidden: it is small, or none, or would tell of few beside others.");
}

/* ---- the action ---- */

/* "amber (12 June 2024): a note" */
static void delivery_of(const struct detail_action *a, struct text *out)
{
    const struct action_delivery *d = a->delivery;
    char date[WORDING_DATE_MAX];

    if (!d || d->rag == RAG_GREY)
        return;
    (void)text_puts(out, rag_name(d->rag));
    if (date_is_set(d->said))
        (void)text_printf(out, " (%s)", wording_date(d->said, date));
    if (d->note) {
        (void)text_puts(out, ": ");
        wording_clean(out, d->note, 120, 20);
    }
}

static void say_action(struct surfaces *s, const struct detail_action *a)
{
    static const char *const columns[CELLS] = { "Action", "Due", "Status", "Delivery", "Lead" };
    AUTO(text_release) struct text title = TEXT_INIT;
    AUTO(text_release) struct text delivery = TEXT_INIT;
    AUTO(text_release) struct text lead = TEXT_INIT;
    char due[WORDING_DATE_MAX];

    if (!a->action)
        return;
    wording_clean(&title, a->action->id, 30, 3);
    (void)text_putc(&title, ' ');
    wording_clean(&title, a->action->title, 150, 18);
    wording_clean(&lead, a->action->lead, 60, 5);
    delivery_of(a, &delivery);
    const char *cells[CELLS] = { text_str(&title), wording_date(a->action->due, due),
                                 a->delivery && a->delivery->is_given_up
                                     ? "given up"
                                     : details_status(a->delivery ? a->delivery->status
                                                                  : a->action->status),
                                 text_str(&delivery), text_str(&lead) };

    surfaces_caption(s, "What is being done");
    surfaces_table(s, columns, CELLS, true);
    surfaces_row(s, cells, CELLS, true);
    surfaces_table_end(s);
    if (!text_ok(&title) || !text_ok(&delivery) || !text_ok(&lead))
        s->plain.error = -ENOMEM;
}

void body_details(struct surfaces *s, const struct item_view *v, bool headed)
{
    AUTO(text_release) struct text title = TEXT_INIT;
    struct details d;
    int r = details_of(v, &d);

    if (r < 0) {
        s->plain.error = r;
        return;
    }
    if (d.history.count < 2 && d.figure_count == 0 && !d.action.action)
        return;
    if (headed) {
        wording_title(v, &title);
        surfaces_title(s, text_str(&title));
    }
    say_history(s, &d.history);
    say_figures(s, &d);
    say_action(s, &d.action);
    if (!text_ok(&title))
        s->plain.error = title.error;
}
