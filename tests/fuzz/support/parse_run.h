/*
 * parse_run - a delimited file read by a format, and what every such reading owes
 */
#ifndef FUZZ_PARSE_RUN_H
#define FUZZ_PARSE_RUN_H

#include "parse/parser.h"

/**
 * Reads the file at once and in portions. Checks that both give the same records, rows set aside and
 * result, that the counts add up, that every record is sound, and that a refusal has its place.
 * Returns all records and the result as text; malloc'ed.
 */
char *parse_run(const struct format *format, const char *bytes, size_t len, size_t portion);

#endif
