#include "base/seal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

START_TEST(what_is_sealed_opens_under_its_key_and_label_alone)
{
    unsigned char key[SEAL_KEY_BYTES] = { 1 }, other[SEAL_KEY_BYTES] = { 2 };
    const char *const texts[] = { "", "x", "sixteen bytes ..", "some more than a block of text" };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        unsigned char *sealed = NULL, *again = NULL, *open = NULL;
        size_t len = 0, again_len = 0, open_len = 99;

        ck_assert_int_eq(seal_bytes(key, "a", texts[i], strlen(texts[i]), &sealed, &len), 0);
        ck_assert_int_eq(seal_bytes(key, "a", texts[i], strlen(texts[i]), &again, &again_len), 0);
        ck_assert_mem_eq(sealed, again, len);
        ck_assert_int_eq(seal_open(key, "a", sealed, len, &open, &open_len), 0);
        ck_assert_uint_eq(open_len, strlen(texts[i]));
        ck_assert_mem_eq(open, texts[i], open_len);
        free(open);
        ck_assert_int_eq(seal_open(other, "a", sealed, len, &open, &open_len), -EBADMSG);
        ck_assert_int_eq(seal_open(key, "b", sealed, len, &open, &open_len), -EBADMSG);
        for (size_t at = 0; at < len; at++) {
            sealed[at] ^= 1;
            ck_assert_int_eq(seal_open(key, "a", sealed, len, &open, &open_len), -EBADMSG);
            sealed[at] ^= 1;
            ck_assert_int_eq(seal_open(key, "a", sealed, at, &open, &open_len), -EBADMSG);
        }
        free(sealed);
        free(again);
    }
}
END_TEST

UNIT_MAIN("seal", UNIT_TEST(what_is_sealed_opens_under_its_key_and_label_alone))
