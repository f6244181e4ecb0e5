/*
 * nhs_number - whether a text is an NHS number
 *
 * Pure. Ten ASCII digits after removing spaces and hyphens; the tenth is 11 minus the sum of the
 * first nine weighted 10 to 2, modulo 11, where 11 counts as 0 and 10 is never valid. Ten equal
 * digits pass that arithmetic and are invalid all the same (DESIGN section 5, Identity). The text is
 * looked at and forgotten: no function here copies or prints it.
 */
#ifndef PARSE_NHS_NUMBER_H
#define PARSE_NHS_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

bool nhs_number_is_valid(const char *text, size_t len);
/** Whether its arithmetic is right: as above, ten equal digits too. */
bool nhs_number_passes_mod_11(const char *text, size_t len);
/** Whether one stands anywhere in a text: ten digits in a row, no more, or three, three and four with
 * blanks, hyphens, full stops, slashes or underscores between, as people write it. */
bool nhs_number_is_within(const char *text, size_t len);

#endif
