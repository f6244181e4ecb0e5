#include "notify/wording.h"

#include <math.h>

/* What clears an item: of a measure its line, of the others what their rule waits for. */

static void clears_figure(const struct item_view *v, struct text *out)
{
    const struct plan_measure *m = v->measure;
    char words[FIGURE_MAX];
    double line = m && m->has_clear ? m->clear : v->line;

    if (v->item->news == NEWS_CORRECTED && !episode_is_open(v->item->episode)) {
        (void)text_puts(out, v->item->came_and_went
                                 ? "A restated figure shows that it was not behind plan; nothing "
                                   "is asked of you."
                                 : "A restated figure changed what was told before; nothing is "
                                   "asked of you.");
        return;
    }
    if (v->item->news == NEWS_DISCOVERED) {
        (void)text_puts(out, "It has cleared already. Its figure came, or was restated, after "
                             "that of a newer period.");
        return;
    }
    if (v->item->news == NEWS_CORRECTED)
        (void)text_puts(out, "A restated figure replaces the one that was told. ");
    if (v->item->news == NEWS_STEADY)
        (void)text_puts(out, "Its figures are steady now. ");
    if (v->item->episode->early && episode_is_active(v->item->episode))
        (void)text_puts(out, "A file that shows otherwise; a figure behind the line makes it a "
                             "breach, and after two cadences without data nothing is projected "
                             "any more. ");
    if (!m || isnan(line) || v->is_veiled) {
        (void)text_puts(out, "A figure at the plan's line or better.");
    } else {
        (void)text_printf(out, "%s %s",
                          m->polarity == POLARITY_HIGHER  ? "At least"
                          : m->polarity == POLARITY_LOWER ? "At most"
                                                          : "A figure close to",
                          figure_amount(line, v->kind.unit, words));
        if (m->clear_for > 1)
            (void)text_printf(out, " in %ld data periods", m->clear_for);
        else
            (void)text_puts(out, " in one data period");
        (void)text_puts(out, ", from complete data.");
    }
    if (m && v->item->episode->flapping)
        (void)text_printf(out,
                          " It opened %d times within %d data periods: better news waits until its "
                          "figures have been steady for %ld.",
                          ALERT_FLAP_OPENINGS, ALERT_FLAP_PERIODS, m->steady_for);
}

void wording_clears(const struct item_view *v, struct text *out)
{
    if (wording_projection_over(v->item)) {
        (void)text_puts(out, "Two cadences went by without data, so nothing is projected any more "
                             "and nobody knows how it stands. That is not better news: the late "
                             "feed is told of instead.");
        return;
    }
    if (v->item->news == NEWS_WITHDRAWN && v->item->episode->by_person) {
        wording_closed(v, out);
        return;
    }
    if (v->item->news == NEWS_WITHDRAWN) {
        (void)text_puts(out, v->item->finding != NULL
                                 ? "The plan's line was changed, and by the new line it is not "
                                   "behind. The figures did not bring that about."
                                 : "Its rule has ended; it was not shown to be back on plan.");
        return;
    }
    if (v->item->news == NEWS_CLEARED) {
        (void)text_puts(out, v->item->episode->early
                                 ? "The data that came since do not bear the early warning out."
                                 : "It has cleared.");
        return;
    }
    switch (v->item->alert->rule) {
    case RULE_BEHIND_PLAN:
        clears_figure(v, out);
        return;
    case RULE_FEED_LATE:
        (void)text_puts(out, "A file of the missing period, accepted.");
        break;
    case RULE_COVERAGE_GAP:
        (void)text_puts(out, "A file in which the provider reports again.");
        break;
    case RULE_IMPLAUSIBLE_CHANGE:
        if (wording_is_incident(v->item)) {
            (void)text_puts(out, "A person alone, once those who must know do; a good file does "
                                 "not. The list counts again when it is sent without these "
                                 "numbers.");
            break;
        }
        (void)text_puts(out, "A file of this feed that is accepted: mend what is wrong and send it "
                             "again, or decide on a held one.");
        break;
    case RULE_FORECAST:
        (void)text_puts(out,
                        "Data by which it is no longer likely. It is a warning, no breach of the "
                        "plan: there is time to act.");
        break;
    case RULE_SPECIAL_CAUSE:
        (void)text_puts(out,
                        "A figure within what is to be expected; or, where the process did change "
                        "and stays so, a person's \"waitlistctl spc rebase\". It is no breach of "
                        "the plan.");
        break;
    case RULE_ACTION_OVERDUE:
        (void)text_puts(out, "The action marked complete, or a new date, in the plan.");
        break;
    case RULE_SELF_CHECK:
        (void)text_puts(out, "What is named, put right: the monitor looks each minute.");
        break;
    case RULE_GUARD:
        (void)text_puts(out, "A data period in which both are known and the one does not improve "
                             "while the other worsens.");
        break;
    case RULE_DEAD_LETTER:
        (void)text_puts(out, "A message that the receiver takes for the same recipient, or a "
                             "person's \"waitlistctl outbox retry\" or \"drop\" of each.");
        break;
    }
}
