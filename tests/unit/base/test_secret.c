#include "base/secret.h"

#include <errno.h>
#include <string.h>

#include "support/unit.h"

static const struct {
    const char *word;
    int result;
    size_t len;
} keys[] = {
    { "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0, 24 },
    { "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", 0, 25 },
    { "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0, 25 }, /* without its padding */
    { "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", -EINVAL, 0 },
    { "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", -EINVAL, 0 },
    { "whsec_", -EINVAL, 0 },
    { "", -EINVAL, 0 },
    { "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!A", -EINVAL, 0 },
};

START_TEST(a_key_is_24_bytes_or_more_behind_its_prefix)
{
    unsigned char *key = NULL;
    size_t len = 0;

    ck_assert_int_eq(secret_key(keys[_i].word, strlen(keys[_i].word), &key, &len), keys[_i].result);
    ck_assert((key != NULL) == (keys[_i].result == 0));
    if (key)
        ck_assert_uint_eq(len, keys[_i].len);
    free(key);
}
END_TEST

START_TEST(the_secrets_of_a_file_come_one_by_one)
{
    const char *at = " one\r\n\n two", *word;
    size_t len;

    ck_assert(secret_next(&at, &word, &len) && len == 3 && memcmp(word, "one", 3) == 0);
    ck_assert(secret_next(&at, &word, &len) && len == 3 && memcmp(word, "two", 3) == 0);
    ck_assert(!secret_next(&at, &word, &len));
}
END_TEST

UNIT_MAIN("secret", UNIT_ROWS(a_key_is_24_bytes_or_more_behind_its_prefix, keys),
          UNIT_TEST(the_secrets_of_a_file_come_one_by_one))
