#include "notify/chart.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include <cairo.h>

#include "notify/chart_item.h"
#include "plan/control_chart.h"
#include "support/failing.h"
#include "support/message_fixture.h"
#include "support/unit.h"

#define PICTURE_MAX_BYTES (30 * 1024)
#define WIDE              (CHART_SCALE * CHART_WIDTH)
#define HIGH              (CHART_SCALE * CHART_HEIGHT)
#define PICTURE_BYTES     ((size_t)4 * WIDE * HIGH)

/* ---- drawings ---- */

static struct chart_figure figure_of(int month, double value, enum unit unit)
{
    struct chart_figure f = { .value = value, .low = NAN, .high = NAN };

    (void)date_from_ymd(2023 + month / 12, month % 12 + 1, 28, &f.end);
    (void)figure_amount(value, unit, f.words);
    return f;
}

/* As much as a drawing can have: every form, two figures hidden, one missing. */
static struct chart_drawing full(void)
{
    struct chart_drawing d = { .unit = UNIT_COUNT, .is_xmr = true };

    for (int i = 0; i < CHART_FIGURES_MAX; i++)
        d.figures[d.count++] = figure_of(i, 900 + i * 7919 % 17 * 30, UNIT_COUNT);
    for (int i = 7; i < 10; i++) {
        d.figures[i].value = NAN;
        d.figures[i].is_hidden = i < 9;
        (void)snprintf(d.figures[i].words, FIGURE_MAX, "%s", i < 9 ? "*" : "no figure");
    }
    d.figures[20].mark = CHART_WORSE;
    d.figures[4].mark = CHART_BETTER;
    d.figures[5].mark = CHART_CHANGED;
    d.figures[16].begins = true;
    d.limits[0] = (struct chart_limits){ 0, 16, 1100, 700, 1500 };
    d.limits[1] = (struct chart_limits){ 16, 8, 1200, 850, 1600 };
    d.limit_count = 2;
    return d;
}

static struct chart_drawing of_plan(bool is_linear)
{
    struct chart_drawing d = { .unit = UNIT_PERCENT, .is_linear = is_linear };

    for (int i = 0; i < 12; i++)
        d.figures[d.count++] = figure_of(i, 40 + i, UNIT_PERCENT);
    d.milestones[0] = (struct chart_milestone){ d.figures[0].end, 42, false };
    d.milestones[1] = (struct chart_milestone){ d.figures[6].end, 50, true };
    d.milestones[2] = (struct chart_milestone){ figure_of(18, 0, UNIT_PERCENT).end, 60, true };
    d.milestone_count = 3;
    return d;
}

static struct chart_drawing of_ranges(void)
{
    struct chart_drawing d = { .unit = UNIT_DAYS };

    for (int i = 0; i < 5; i++) {
        struct chart_figure *f = &d.figures[d.count++];

        *f = figure_of(i, 0, UNIT_DAYS);
        f->value = NAN;
        f->low = i < 4 ? 126 : 728;
        f->high = i < 4 ? 182 : INFINITY;
        (void)snprintf(f->words, FIGURE_MAX, i < 4 ? "18 to 26 weeks" : "over 104 weeks");
    }
    return d;
}

/* Four values that never vary, of days that lie next to each other. */
static struct chart_drawing level(void)
{
    struct chart_drawing d = { .unit = UNIT_COUNT };

    for (int i = 0; i < 4; i++) {
        d.figures[i] = figure_of(0, 0, UNIT_COUNT);
        d.figures[i].end.day += i;
        d.count++;
    }
    return d;
}

static struct text png_of(const struct chart_drawing *d)
{
    struct text t = TEXT_INIT;

    ck_assert_int_eq(chart_png(d, &t), 0);
    return t;
}

struct bytes_left {
    const char *at;
    size_t left;
};

static cairo_status_t read_bytes(void *from, unsigned char *out, unsigned int len)
{
    struct bytes_left *b = from;

    if (len > b->left)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(out, b->at, len);
    b->at += len;
    b->left -= len;
    return CAIRO_STATUS_SUCCESS;
}

/* Its pixels, 4 bytes each, by another's reader. */
static unsigned char *pixels_of(const struct text *png)
{
    struct bytes_left from = { png->buf, png->len };
    cairo_surface_t *s = cairo_image_surface_create_from_png_stream(read_bytes, &from);
    unsigned char *pixels = malloc(PICTURE_BYTES);

    ck_assert_int_eq(cairo_surface_status(s), CAIRO_STATUS_SUCCESS);
    ck_assert_int_eq(cairo_image_surface_get_width(s), WIDE);
    ck_assert_int_eq(cairo_image_surface_get_height(s), HIGH);
    ck_assert_int_eq(cairo_image_surface_get_stride(s), 4 * WIDE);
    ck_assert(pixels != NULL);
    memcpy(pixels, cairo_image_surface_get_data(s), PICTURE_BYTES);
    cairo_surface_destroy(s);
    return pixels;
}

START_TEST(every_form_is_a_small_picture_on_a_light_ground)
{
    struct chart_drawing d[] = { full(), of_plan(true), of_plan(false), of_ranges(), level() };

    struct text png = png_of(&d[_i]);
    unsigned char *pixels = pixels_of(&png);
    int light = 0;

    ck_assert_uint_lt(png.len, PICTURE_MAX_BYTES);
    for (int i = 0; i < WIDE * HIGH; i++)
        light += pixels[4 * i] > 230 && pixels[4 * i + 1] > 230 && pixels[4 * i + 2] > 230;
    ck_assert_int_gt(light, WIDE * HIGH * 8 / 10);
    free(pixels);
    text_release(&png);
}
END_TEST

START_TEST(the_same_drawing_gives_the_same_bytes)
{
    struct chart_drawing d = full();
    struct text one = png_of(&d), other = png_of(&d);

    ck_assert_uint_eq(one.len, other.len);
    ck_assert_mem_eq(one.buf, other.buf, one.len);
    for (size_t i = 0; i + 4 < one.len; i++)
        ck_assert_msg(memcmp(one.buf + i, "tIME", 4) != 0, "it has a time in it");
    text_release(&one);
    text_release(&other);
}
END_TEST

START_TEST(a_hidden_figure_is_not_drawn_at_its_height)
{
    struct chart_drawing d = full();

    /* Its height is not there to be drawn: whatever the figure was, the picture is the same. */
    d.figures[7].value = 1500;
    struct chart_drawing told = full();
    struct text with = png_of(&d), without = png_of(&told);
    unsigned char *a = pixels_of(&with), *b = pixels_of(&without);

    ck_assert_msg(memcmp(a, b, PICTURE_BYTES) == 0, "a figure that is hidden shows");
    free(a);
    free(b);
    text_release(&with);
    text_release(&without);
}
END_TEST

START_TEST(a_picture_says_the_same_in_words)
{
    struct chart_drawing d[] = { full(), of_plan(true), of_ranges() };
    static const char *const says[][6] = {
        { "Chart. Figures: 28 January 2023 900; 28 February 2023 1,320", "28 August 2023 *;",
          "28 October 2023 no figure;", " (a change for the worse that chance does not explain);",
          "From 28 January 2023: mean 1,100, process limits 700 to 1,500.",
          "From 28 May 2024: mean 1,200, process limits 850 to 1,600." },
        { "Figures: 28 January 2023 40%;", "28 December 2023 51%.",
          "Plan: 42% from 28 January 2023; 50% by 28 July 2023; 60% by 28 July 2024." },
        { "28 January 2023 18 to 26 weeks;", "28 May 2023 over 104 weeks." },
    };

    for (size_t i = 0; i < sizeof d / sizeof d[0]; i++) {
        struct text alt = TEXT_INIT;

        chart_alt(&d[i], &alt);
        for (size_t k = 0; k < 6 && says[i][k]; k++)
            ck_assert_msg(strstr(text_str(&alt), says[i][k]) != NULL, "\"%s\" is missing in:\n%s",
                          says[i][k], text_str(&alt));
        text_release(&alt);
    }
}
END_TEST

START_TEST(fewer_than_three_figures_are_no_picture)
{
    struct chart_drawing d = level();
    struct text png = TEXT_INIT;

    d.count = 2;
    ck_assert_int_eq(chart_png(&d, &png), -ENODATA);
    d.count = 4;
    d.figures[0].value = d.figures[1].value = NAN;
    ck_assert_int_eq(chart_png(&d, &png), -ENODATA);
    ck_assert_uint_eq(png.len, 0);
    d.figures[1].value = INFINITY; /* "never" has no height */
    ck_assert_int_eq(chart_png(&d, &png), -ENODATA);
    text_release(&png);
}
END_TEST

/* ---- of an item ---- */

#define MONTHS 6

/* What six months came to, behind a plan of two milestones. */
struct told_months {
    struct message_fixture f;
    struct series_version versions[MONTHS];
    struct period_judgement judged[MONTHS];
    struct milestone expect[3];
};

static void months_init(struct told_months *t)
{
    fixture_init(&t->f);
    for (int i = 0; i < MONTHS; i++) {
        t->versions[i] = t->f.version;
        t->versions[i].value = 4 + i;
        t->judged[i] = t->f.judged[0];
        (void)date_from_ymd(2024, i + 1, 1, &t->judged[i].start);
        t->judged[i].end = date_month_end(t->judged[i].start);
        t->judged[i].version = &t->versions[i];
        t->judged[i].line = i < 3 ? 10 : 20;
    }
    t->expect[0] = (struct milestone){ date_of("2023-06-30"), 10, NULL };
    t->expect[1] = (struct milestone){ date_of("2024-03-31"), 20, NULL };
    t->expect[2] = (struct milestone){ date_of("2027-03-31"), 60, NULL };
    t->f.measure.expect = t->expect;
    t->f.measure.expect_count = 3;
    t->f.finding.history = t->judged;
    t->f.finding.history_count = MONTHS;
}

static struct chart_drawing drawing_of(struct told_months *t)
{
    struct chart_drawing d;
    struct item_view v;

    item_view(&t->f.context, &t->f.items[0], &v);
    chart_of_item(&v, &d);
    return d;
}

START_TEST(figures_are_drawn_beside_the_milestones_that_passed_and_the_next_one)
{
    static struct told_months t;

    months_init(&t);
    struct chart_drawing d = drawing_of(&t);

    ck_assert_uint_eq(d.count, MONTHS);
    ck_assert_double_eq(d.figures[5].value, 9);
    ck_assert_str_eq(d.figures[5].words, "9%");
    ck_assert_uint_eq(d.milestone_count, 3);
    ck_assert(!d.milestones[0].is_milestone); /* the line as it stood at the first figure */
    ck_assert_double_eq(d.milestones[0].value, 10);
    ck_assert_int_eq(d.milestones[0].date.day, date_of("2024-01-31").day);
    ck_assert_double_eq(d.milestones[1].value, 20);
    ck_assert_double_eq(d.milestones[2].value, 60); /* the next one, however far */
}
END_TEST

START_TEST(what_is_drawn_is_as_it_is_told)
{
    static struct told_months t;

    months_init(&t);
    t.f.published = false;
    t.f.series.unit = UNIT_COUNT;
    for (int i = 0; i < MONTHS; i++)
        t.versions[i].value = i == 2 ? 3 : 21 + i; /* 21 and 22 are told as 20, 23 to 26 as 25 */
    struct chart_drawing d = drawing_of(&t);

    for (int i = 0; i < MONTHS; i++) {
        ck_assert_int_eq(d.figures[i].is_hidden, i == 2);
        if (i == 2)
            ck_assert(isnan(d.figures[i].value));
        else
            ck_assert_double_eq(d.figures[i].value, i < 2 ? 20 : 25);
    }
    t.expect[1].value = 3; /* a line of so few is not told, and none of them is drawn */
    d = drawing_of(&t);
    ck_assert_uint_eq(d.milestone_count, 0);
}
END_TEST

START_TEST(the_longest_wait_is_drawn_as_the_band_that_is_told)
{
    static struct told_months t;
    struct list_measure list = { .list = WORDS("community"), .metric.id = METRIC_LONGEST_WAIT };

    months_init(&t);
    t.f.published = false;
    t.f.series.unit = UNIT_DAYS;
    t.f.measure.list = &list;
    for (int i = 0; i < MONTHS; i++)
        t.versions[i].value = i < 5 ? 130 : 800;
    struct chart_drawing d = drawing_of(&t);

    ck_assert(isnan(d.figures[0].value));
    ck_assert_double_eq(d.figures[0].low, 126);
    ck_assert_double_eq(d.figures[0].high, 182);
    ck_assert_double_eq(d.figures[5].low, 728);
    ck_assert(isinf(d.figures[5].high));
}
END_TEST

/* ---- in a mail ---- */

static struct message mail_of_months(struct told_months *t)
{
    struct message m = { .severity = SEVERITY_NONE };

    ck_assert_int_eq(message_compose(&t->f.context, true, true, &m), 0);
    return m;
}

static void check_mail(const char *eml, bool has_picture)
{
    ck_assert_int_eq(strstr(eml, "Content-Type: image/png") != NULL, has_picture);
    ck_assert_int_eq(strstr(eml, "multipart/related") != NULL, has_picture);
    ck_assert_int_eq(strstr(eml, "cid:chart") != NULL, has_picture);
    ck_assert_ptr_nonnull(strstr(eml, "text/plain"));
    ck_assert_ptr_nonnull(strstr(eml, "text/html"));
}

START_TEST(a_mail_has_the_picture_beside_its_html_and_nothing_is_fetched)
{
    static struct told_months t;

    months_init(&t);
    struct message m = mail_of_months(&t);

    check_mail(m.eml, true);
    ck_assert_int_eq(m.chart_error, 0);
    ck_assert_ptr_null(strstr(m.eml, "http"));
    message_release(&m);
    t.f.finding.history_count = 2;
    m = mail_of_months(&t);
    check_mail(m.eml, false);
    ck_assert_int_eq(m.chart_error, 0);
    message_release(&m);
}
END_TEST

/* The first allocation of a picture asks for all that it takes (chart.c). */
START_TEST(a_chart_that_cannot_be_made_leaves_the_mail_without_it)
{
    static struct told_months t;
    bool has_failed = true, is_without = false;

    months_init(&t);
    for (long n = 1; has_failed && !is_without; n++) {
        struct message m = { .severity = SEVERITY_NONE };

        failing_begin("malloc", n, 1, ENOMEM);
        int r = message_compose(&t.f.context, true, false, &m);

        has_failed = failing_end() > 0;
        is_without = r == 0 && m.chart_error < 0;
        if (is_without) {
            ck_assert_int_eq(m.chart_error, -ENOMEM);
            check_mail(m.eml, false);
            ck_assert_ptr_nonnull(strstr(m.eml, m.delivery_id));
        } else if (has_failed) {
            ck_assert_int_eq(r, -ENOMEM);
        }
        message_release(&m);
    }
    ck_assert_msg(is_without || !has_failed, "no allocation of a picture failed");
}
END_TEST

/* Its bytes grow by reallocation: what is lost of them is lost of no word of the mail. */
START_TEST(a_picture_that_is_lost_on_its_way_into_the_mail_costs_no_word)
{
    static struct told_months t;
    bool has_failed = true;
    size_t failed = 0, without = 0;

    months_init(&t);
    struct message whole = mail_of_months(&t);

    for (long n = 1; has_failed; n++) {
        struct message m = { .severity = SEVERITY_NONE };

        failing_begin("realloc", n, 1, ENOMEM);
        int r = message_compose(&t.f.context, true, false, &m);

        has_failed = failing_end() > 0;
        failed += has_failed;
        if (r == 0 && m.chart_error < 0) {
            check_mail(m.eml, false);
            without++;
        } else if (r == 0) {
            ck_assert_msg(strcmp(m.eml, whole.eml) == 0, "reallocation %ld: another mail", n);
        } else {
            ck_assert_int_eq(r, -ENOMEM);
        }
        message_release(&m);
    }
    ck_assert_msg(failed == 0 || without > 0, "no picture was lost");
    message_release(&whole);
}
END_TEST

static const int forms[5];

UNIT_MAIN("chart", UNIT_ROWS(every_form_is_a_small_picture_on_a_light_ground, forms),
          UNIT_TEST(the_same_drawing_gives_the_same_bytes),
          UNIT_TEST(a_hidden_figure_is_not_drawn_at_its_height),
          UNIT_TEST(a_picture_says_the_same_in_words),
          UNIT_TEST(fewer_than_three_figures_are_no_picture),
          UNIT_TEST(figures_are_drawn_beside_the_milestones_that_passed_and_the_next_one),
          UNIT_TEST(what_is_drawn_is_as_it_is_told),
          UNIT_TEST(the_longest_wait_is_drawn_as_the_band_that_is_told),
          UNIT_TEST(a_mail_has_the_picture_beside_its_html_and_nothing_is_fetched),
          UNIT_TEST(a_chart_that_cannot_be_made_leaves_the_mail_without_it),
          UNIT_TEST(a_picture_that_is_lost_on_its_way_into_the_mail_costs_no_word))
