#include "unit/alert/story.h"

/* Every row of the table, reached by evaluating an alert that stands in the row's state. */

/* How an alert comes to stand in each state, with `for` and `clear_for` 2. */
static const struct {
    const char *before; /* evaluated first; NULL: nothing */
    const char *periods;
    const char *digest; /* of the rule in the second evaluation */
    char aged;          /* by time alone; 0: not */
} stands[ALERT_STATES] = {
    [ALERT_INACTIVE] = { NULL, "C", "d1" },    [ALERT_PENDING] = { NULL, "R", "d1" },
    [ALERT_FIRING] = { NULL, "RR", "d1" },     [ALERT_RECOVERING] = { NULL, "RRC", "d1" },
    [ALERT_RESOLVED] = { "RR", "RRCC", "d1" }, [ALERT_RETRACTED] = { "RR", "C*C*", "d1" },
    [ALERT_WITHDRAWN] = { "RR", "CC", "d2" },  [ALERT_EARLY] = { NULL, "C", "d1", 'A' },
};

static void evaluate(struct periods *p, struct alert *stored, const char *periods,
                     struct alert_change *c)
{
    periods_set(p, periods);
    ck_assert_int_eq(step(stored->episode_count > 0 ? stored : NULL, &p->finding, 0, c), 0);
}

START_TEST(every_row_of_the_table_is_reached_by_evaluating)
{
    static const char with[2][PERIOD_EVENTS + 1] = { "_NCBARAO", "?ncbarAO" }; /* and with a hold */
    size_t count = 0;
    const struct transition *row = &alert_transitions(&count)[_i];
    AUTO(auto_free) struct periods *p = malloc(sizeof *p);
    struct alert stored = ALERT_INIT;
    struct alert_change c;
    char periods[16];

    periods_init(p, 2, 2, "");
    if (stands[row->from].before != NULL) {
        evaluate(p, &stored, stands[row->from].before, &c);
        adopt(&stored, &c);
    }
    strcpy(p->measure.digest, stands[row->from].digest);
    if (stands[row->from].aged)
        periods_age(p, stands[row->from].aged, 0, 10);
    evaluate(p, &stored, stands[row->from].periods, &c);
    adopt(&stored, &c);
    ck_assert_int_eq(stored.episode_count > 0 ? alert_current(&stored)->state : ALERT_INACTIVE,
                     row->from);

    bool ages = row->event == PERIOD_PROJECTED || row->event == PERIOD_PROJECTION_OVER;
    char event = with[row->held][row->event];

    snprintf(periods, sizeof periods, "%s%c", stands[row->from].periods, event);
    if (ages) {
        periods[strlen(stands[row->from].periods)] = '\0';
        p->finding.holds_now = row->held ? HOLD_FEED_LATE : 0;
    }
    /* An early warning opened after the second period, or it would be the same one again. */
    periods_age(p, ages ? event : '-', (int)strlen(stands[row->from].periods) - 1, 10);
    if (row->from == ALERT_EARLY && !ages)
        p->measure.for_periods = 1;
    evaluate(p, &stored, periods, &c);
    ck_assert(c.judged);
    ck_assert_int_eq(c.newest.from, row->from);
    ck_assert_int_eq(c.newest.event, row->event);
    ck_assert_int_eq(c.newest.held, row->held);
    ck_assert_msg(c.newest.to == row->to, "row %d: %s", _i, alert_state_name(c.newest.to));
    if (row->from == row->to)
        ck_assert_str_eq(c.newest.why, row->why);
    adopt(&stored, &c);
    /* What the row says is what is then stored. */
    ck_assert_int_eq(stored.episode_count > 0 ? alert_current(&stored)->state : ALERT_INACTIVE,
                     row->to);
    alert_release(&stored);
}
END_TEST

static const char rows[ALERT_STATES * PERIOD_EVENTS * 2];

UNIT_MAIN("alert_rows", UNIT_ROWS(every_row_of_the_table_is_reached_by_evaluating, rows))
