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
#define PARSE_SET_ASIDE_HOLD 0.01 /* a larger share of rows set aside holds the file */

#endif
