#include "metric/pathway_metric.h"

#include <errno.h>
#include <string.h>

#include "support/unit.h"

static const struct {
    const char *text;
    enum metric_problem problem;
    const char *canonical;
} texts[] = {
    { "open", METRIC_FINE, "open" },
    { "open-over:18w", METRIC_FINE, "open-over:126d" },
    { "open-over:126d", METRIC_FINE, "open-over:126d" },
    { "open-over:13w", METRIC_FINE, "open-over:91d" },
    { "open-over:3m", METRIC_FINE, "open-over:3m" },
    { "p92-wait", METRIC_FINE, "p92-wait" },
    { "completed-within:28d", METRIC_FINE, "completed-within:28d" },
    { "net-change", METRIC_FINE, "net-change" },
    { "open-over", METRIC_NO_PARAMETER, NULL },
    { "open-over:", METRIC_NO_PARAMETER, NULL },
    { "open-over:18", METRIC_NO_SPAN, NULL },
    { "breaching-within:7", METRIC_FINE, "breaching-within:7d standard=0d" },
    { "breaching-within:0", METRIC_NO_SPAN, NULL },
    { "breaching-within:12345678901234567890123", METRIC_NO_SPAN, NULL },
    { "open-over:0w", METRIC_NO_SPAN, NULL },
    { "open-over:10wd", METRIC_NO_SPAN, NULL },
    { "open-over:24h", METRIC_NO_SPAN, NULL },
    { "open-over:99999w", METRIC_NO_SPAN, NULL },
    { "open:18w", METRIC_ONE_TOO_MANY, NULL },
    { "breaching-within:1m", METRIC_NOT_IN_DAYS, NULL },
    { "open-ov", METRIC_UNKNOWN, NULL },
    { "", METRIC_UNKNOWN, NULL },
};

START_TEST(a_metric_is_read_with_its_parameter_and_18w_is_126d_but_3m_is_no_13w)
{
    struct pathway_metric m;
    char text[METRIC_TEXT_MAX];

    memset(&m, 0x5a, sizeof m);
    ck_assert_msg(pathway_metric_parse(texts[_i].text, &m) == texts[_i].problem, "%s",
                  texts[_i].text);
    if (texts[_i].canonical)
        ck_assert_str_eq(pathway_metric_text(&m, text), texts[_i].canonical);
    else
        ck_assert_int_eq((int)m.id, 0x5a5a5a5a); /* left alone */
}
END_TEST

START_TEST(whatever_decides_the_figure_is_in_its_text)
{
    struct pathway_metric m;
    char text[METRIC_TEXT_MAX];

    ck_assert_int_eq(pathway_metric_parse("median-wait", &m), METRIC_FINE);
    m.method = METHOD_NEAREST_RANK;
    m.unit = UNIT_WEEKS;
    ck_assert_str_eq(pathway_metric_text(&m, text), "median-wait method=nearest-rank unit=weeks");
    ck_assert_int_eq(pathway_metric_parse("shortfall", &m), METRIC_FINE);
    m.standard = (struct span){ 18, SPAN_WEEKS };
    m.share = 95;
    ck_assert_str_eq(pathway_metric_text(&m, text), "shortfall standard=126d share=95");
    ck_assert_int_eq(pathway_metric_parse("breaching-within:2w", &m), METRIC_FINE);
    m.standard = (struct span){ 3, SPAN_MONTHS };
    ck_assert_str_eq(pathway_metric_text(&m, text), "breaching-within:14d standard=3m");
}
END_TEST

START_TEST(every_metric_says_what_it_is)
{
    for (int i = 0; i < PATHWAY_METRICS; i++) {
        const struct metric_def *def = metric_def_of((enum pathway_metric_id)i);

        ck_assert_msg(def->id && def->definition && def->method, "metric %d", i);
        ck_assert_int_ne(def->unit, UNIT_UNKNOWN);
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(def->id, metric_def_of((enum pathway_metric_id)k)->id);
    }
}
END_TEST

UNIT_MAIN("pathway_metric",
          UNIT_ROWS(a_metric_is_read_with_its_parameter_and_18w_is_126d_but_3m_is_no_13w, texts),
          UNIT_TEST(whatever_decides_the_figure_is_in_its_text),
          UNIT_TEST(every_metric_says_what_it_is))
