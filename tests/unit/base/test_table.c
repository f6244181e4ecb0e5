#include "base/table.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"

START_TEST(ten_thousand_keys_are_set_found_removed_and_walked_in_order)
{
    struct table t = TABLE_INIT;
    char key[32];
    static int values[10000];

    for (int i = 0; i < 10000; i++) {
        (void)snprintf(key, sizeof key, "key-%d", i);
        ck_assert_int_eq(table_set(&t, key, &values[i], NULL), 0);
    }
    for (int i = 0; i < 10000; i += 2) {
        (void)snprintf(key, sizeof key, "key-%d", i);
        ck_assert_ptr_eq(table_remove(&t, key), &values[i]);
    }
    ck_assert_uint_eq(table_count(&t), 5000);
    const char *name;
    void *value;
    int expected = 1;

    for (size_t at = 0; table_next(&t, &at, &name, &value); expected += 2)
        ck_assert_ptr_eq(value, &values[expected]);
    ck_assert_int_eq(expected, 10001);
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(key, sizeof key, "key-%d", i);
        ck_assert_int_eq(table_has(&t, key), i % 2);
    }
    table_release(&t, NULL);
}
END_TEST

START_TEST(setting_again_replaces_and_hands_back_the_old_value)
{
    struct table t = TABLE_INIT;
    int a, b;
    void *old = &b;

    ck_assert_int_eq(table_set(&t, "k", &a, &old), 0);
    ck_assert_ptr_null(old);
    ck_assert_int_eq(table_set(&t, "k", &b, &old), 0);
    ck_assert_ptr_eq(old, &a);
    ck_assert_uint_eq(table_count(&t), 1);
    table_release(&t, NULL);
}
END_TEST

START_TEST(keys_set_and_removed_for_ever_do_not_fill_the_table)
{
    struct table t = TABLE_INIT;
    char key[32];

    for (int i = 0; i < 100000; i++) {
        (void)snprintf(key, sizeof key, "key-%d", i);
        ck_assert_int_eq(table_set(&t, key, key, NULL), 0);
        ck_assert_ptr_nonnull(table_remove(&t, key));
    }
    ck_assert_uint_lt(t.slot_count, 1000);
    table_release(&t, NULL);
}
END_TEST

UNIT_MAIN("table", UNIT_TEST(ten_thousand_keys_are_set_found_removed_and_walked_in_order),
          UNIT_TEST(setting_again_replaces_and_hands_back_the_old_value),
          UNIT_TEST(keys_set_and_removed_for_ever_do_not_fill_the_table))
