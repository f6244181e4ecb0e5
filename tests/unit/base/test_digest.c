#include "base/digest.h"

#include <string.h>

#include <openssl/hmac.h>

#include "support/unit.h"

START_TEST(sha256_of_abc_is_that_of_fips_180)
{
    char hex[SHA256_TEXT_MAX];

    ck_assert_int_eq(sha256_hex("abc", 3, hex), 0);
    ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct digest *d = digest_new();

    digest_add(d, "a", 1);
    digest_add(d, "bc", 2);
    char again[SHA256_TEXT_MAX];

    digest_end(d, again);
    ck_assert_str_eq(hex, again);
}
END_TEST

START_TEST(hmac_is_that_of_rfc_4231_case_2)
{
    static const unsigned char expected[] = { 0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e };
    unsigned char mac[SHA256_BYTES];

    ck_assert_int_eq(hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, mac), 0);
    ck_assert_int_eq(memcmp(mac, expected, sizeof expected), 0);
}
END_TEST

START_TEST(base64_goes_there_and_back_for_every_remainder)
{
    static const struct {
        const char *plain, *coded;
    } rows[] = {
        { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foobar", "Zm9vYmFy" }
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = 99;
        char *coded = base64_encode(rows[i].plain, strlen(rows[i].plain));
        unsigned char *plain = base64_decode(rows[i].coded, strlen(rows[i].coded), &len);

        ck_assert_str_eq(coded, rows[i].coded);
        ck_assert_uint_eq(len, strlen(rows[i].plain));
        ck_assert_int_eq(memcmp(plain, rows[i].plain, len), 0);
        free(coded);
        free(plain);
    }
    size_t len;

    ck_assert_ptr_null(base64_decode("Zg=", 3, &len));
    ck_assert_ptr_null(base64_decode("Z!==", 4, &len));
}
END_TEST

START_TEST(many_texts_under_one_key_have_the_mac_of_each_alone)
{
    static const size_t key_lens[] = { 1, 32, 63, 64, 65, 200 };
    unsigned char key[200], text[300], alone[SHA256_BYTES], mac[SHA256_BYTES];

    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (unsigned char)(i * 7);
        key[i % sizeof key] = (unsigned char)(i * 11 + 1);
    }
    for (size_t k = 0; k < sizeof key_lens / sizeof key_lens[0]; k++) {
        struct keyed_digest *d = keyed_digest_new(key, key_lens[k]);

        ck_assert_ptr_nonnull(d);
        for (size_t len = 0; len <= sizeof text; len++) {
            ck_assert_ptr_nonnull(
                HMAC(EVP_sha256(), key, (int)key_lens[k], text, len, alone, NULL));
            ck_assert_int_eq(hmac_sha256(key, key_lens[k], text, len, mac), 0);
            ck_assert_int_eq(memcmp(mac, alone, sizeof alone), 0);
            ck_assert_int_eq(keyed_digest_of(d, text, len, mac), 0);
            ck_assert_mem_eq(mac, alone, sizeof mac);
        }
        ck_assert_int_eq(keyed_digest_begin(d), 0);
        ck_assert_int_eq(keyed_digest_add(d, text, 100), 0);
        ck_assert_int_eq(keyed_digest_add(d, text + 100, sizeof text - 100), 0);
        ck_assert_int_eq(keyed_digest_end(d, mac), 0);
        ck_assert_mem_eq(mac, alone, sizeof mac);
        keyed_digest_free(d);
    }
    ck_assert_ptr_null(keyed_digest_new(key, 0));
}
END_TEST

UNIT_MAIN("digest", UNIT_TEST(sha256_of_abc_is_that_of_fips_180),
          UNIT_TEST(hmac_is_that_of_rfc_4231_case_2),
          UNIT_TEST(base64_goes_there_and_back_for_every_remainder),
          UNIT_TEST(many_texts_under_one_key_have_the_mac_of_each_alone))
