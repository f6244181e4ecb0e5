/*
 * limits - the ceilings of one delimited file
 *
 * A feed is input from outside: memory is bounded by these, whatever is sent. The fuzz build sets
 * smaller ones (Makefile), so that inputs of a few bytes go past each.
 */
#ifndef PARSE_LIMITS_H
#define PARSE_LIMITS_H

#ifndef PARSE_COLUMNS_MAX
#define PARSE_COLUMNS_MAX     4096
#define PARSE_FIELD_MAX_BYTES (1u << 20)
#define PARSE_ROW_MAX_BYTES   (16u << 20)
#endif

/* What holds a file for a person (DESIGN section 5; waitlistd.yaml(5), "Held files"). Shares. */
#define PARSE_SET_ASIDE_HOLD    0.01 /* a larger share of rows set aside */
#define HOLD_ROWS_LEFT          0.20 /* at most so many rows of the file before it */
#define HOLD_ORGANISATIONS_GONE 0.50 /* more of its organisations gone, */
#define HOLD_ORGANISATIONS_NEW  0.50 /* and new ones at least this share of those gone; */
#define HOLD_ONE_START_ROWS     20   /* of so many rows not all clocks start on one day */
#define HOLD_REKEYED            0.20 /* at least such a share came again under other keys */
#define HOLD_STRANGERS                                                                             \
    0.20 /* nearly all gone, and such a share of the rows are of others who waited too */
#define HOLD_GONE_AGAIN        0.20 /* at least such a share gone from another file of the same census */
#define HOLD_SHIFTED           0.20 /* a larger share of clocks moved by one number of days, or later */
#define HOLD_ORGANISATIONS_MIN 5 /* not asked where there were fewer */

#endif
