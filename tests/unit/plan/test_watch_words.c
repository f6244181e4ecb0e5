#include "plan/watch_words.h"

#include "support/unit.h"

#define CAMHS                                                                                      \
    "cyp4ww Mental Health Services Monthly Statistics MRS08b TAJ Black Country Healthcare "        \
    "Provider"
#define ND    "nd Neurodevelopmental assessment (autism, ADHD) open pathways whose clock runs"
#define EHC   "sen2 Education, health and care plans (SEN2) E08000027 Dudley"
#define CHAIR "chs (CYP) Wheelchair, orthotics QUA children's equipment"

static const struct {
    const char *described, *asked;
    bool match;
} texts[] = {
    { CAMHS, "CAMHS", true },
    { CAMHS, "camhs TAJ", true },
    { CAMHS, "camhs rxt", false },
    { CAMHS, "healthcare MRS08b", true },
    { CAMHS, "wheelchair", false },
    { ND, "ADHD", true },
    { ND, "asd", true },
    { ND, "autism waiting", true },
    { EHC, "EHC plan", true },
    { EHC, "EHCPs", true },
    { EHC, "care plans, dudley", true },
    { EHC, "adhd", false },
    { CHAIR, "wheelchairs", true },
    { CHAIR, "Children's wheelchair", true },
    { CHAIR, "chair", false }, /* words begin with it */
    { "ndis report", "adhd", false },
    { "boot and shoe", "ot", false }, /* short ones are whole */
    { "CAMHS monthly", "mental health", true },
    { "CAMHS monthly", "health", false },
    { CHAIR, "", true },
};

START_TEST(plain_words_find_what_is_called_so_or_otherwise)
{
    ck_assert_msg(watch_words_match(texts[_i].described, texts[_i].asked) == texts[_i].match,
                  "\"%s\" of \"%s\"", texts[_i].asked, texts[_i].described);
}
END_TEST

UNIT_MAIN("watch_words", UNIT_ROWS(plain_words_find_what_is_called_so_or_otherwise, texts))
