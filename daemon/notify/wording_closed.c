#include "notify/wording.h"

/* An alert that a person closed: who, why, and that no figure brought it about. */

static bool is_closed(const struct item_view *v)
{
    return v->item->news == NEWS_WITHDRAWN && v->item->episode->by_person;
}

bool wording_stands_behind(const struct item_view *v)
{
    const struct finding *f = v->item->finding;

    for (size_t i = f && is_closed(v) ? f->history_count : 0; i-- > 0;) {
        enum period_event event = f->history[i].event;

        if (event != PERIOD_UNKNOWN && event != PERIOD_NOT_DUE)
            return event == PERIOD_AMBER || event == PERIOD_RED;
    }
    return false;
}

const struct said *wording_closed_by(const struct item_view *v)
{
    const struct workflow *w = v->context->workflow;
    const struct said *said = w && is_closed(v) ? workflow_of(w, v->item->episode->id) : NULL;

    return said && said->closed_by ? said : NULL;
}

void wording_closed(const struct item_view *v, struct text *out)
{
    const struct said *said = wording_closed_by(v);
    const char *severity = v->is_veiled ? NULL : alert_severity_name(v->item->episode->severity);

    if (said)
        wording_clean(out, said->closed_by, 60, 6);
    (void)text_puts(out, said ? " closed it: " : "A person closed it");
    if (said)
        wording_clean(out, said->closed_why, 160, 24);
    (void)text_puts(out, ". No figure brought that about");
    if (wording_stands_behind(v))
        (void)text_printf(out, ": its newest is still behind plan%s%s", severity ? ", " : "",
                          severity ? severity : "");
    (void)text_puts(out, ". The next data period that is behind opens it again, as a new alert.");
}
