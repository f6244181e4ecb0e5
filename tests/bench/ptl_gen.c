// ptl_gen.c: synthetic open-pathway snapshot, one row per open pathway; deterministic.
// usage: gen ROWS SEED > file.csv
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
#include <math.h>
static uint64_t s[2];
static inline uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}
static inline uint64_t rnd(void)
{
    uint64_t a = s[0], b = s[1], r = a + b;
    b ^= a;
    s[0] = rotl(a, 24) ^ b ^ (b << 16);
    s[1] = rotl(b, 37);
    return r;
}
static inline uint32_t rn(uint32_t n)
{
    return (uint32_t)(((rnd() >> 32) * (uint64_t)n) >> 32);
}
static double rf(void)
{
    return (rnd() >> 11) * (1.0 / 9007199254740992.0);
}
static void civil(int z, int *y, int *m, int *d)
{
    z += 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    unsigned doe = z - era * 146097;
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int yy = yoe + era * 400;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;
    *d = doy - (153 * mp + 2) / 5 + 1;
    *m = mp < 10 ? mp + 3 : mp - 9;
    *y = yy + (*m <= 2);
}
static int put_date(char *p, int z, int uk)
{
    int y, m, d;
    civil(z, &y, &m, &d);
    if (uk)
        return sprintf(p, "%02d/%02d/%04d", d, m, y);
    return sprintf(p, "%04d-%02d-%02d", y, m, d);
}
static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9ull;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}
static void nhs(char *o)
{
    for (;;) {
        uint32_t v = 999000000u + rn(1000000u); /* test range only */
        int sum = 0;
        char b[10];
        for (int i = 8; i >= 0; i--) {
            b[i] = '0' + v % 10;
            v /= 10;
        }
        for (int i = 0; i < 9; i++)
            sum += (b[i] - '0') * (10 - i);
        int c = 11 - sum % 11;
        if (c == 11)
            c = 0;
        if (c == 10)
            continue;
        memcpy(o, b, 9);
        o[9] = '0' + c;
        o[10] = 0;
        return;
    }
}
static const char *tfc[] = { "100", "101", "104", "106", "107", "108", "110", "120", "130", "140",
                             "145", "150", "160", "170", "214", "300", "301", "302", "303", "307",
                             "320", "330", "340", "400", "410", "430", "502", "503", "650", "658" };
static const char *txt[] = { "",
                             "Await MRI",
                             "\"Pt declined, re-offer\"",
                             "\"Requests am, needs transport\"",
                             "DNA x1",
                             "\"Await results, bloods, echo\"",
                             "",
                             "",
                             "\"Said \"\"not before May\"\"\"",
                             "Interpreter (BSL)" };
int main(int c, char **v)
{
    long n = c > 1 ? atol(v[1]) : 1000;
    uint64_t seed = c > 2 ? atoll(v[2]) : 1;
    s[0] = mix(seed);
    s[1] = mix(seed + 77);
    static char buf[1 << 16];
    setvbuf(stdout, buf, _IOFBF, 1 << 16);
    int census = 20500; // 2026-02-16
    fputs("PATHWAY_ID,NHS_NUMBER,PROVIDER,COMMISSIONER,SITE,TFC,CLOCK_START,REFERRAL_RECEIVED,"
          "PRIORITY,REF_SOURCE,AGE,SEX,ETHNICITY,POSTCODE_SECTOR,IMD,LSOA,GP_PRACTICE,CONSULTANT,"
          "PATHWAY_TYPE,STATUS,DECISION_TO_ADMIT,ADMISSION_METHOD,PROC_CODE,LAST_EVENT,LAST_EVENT_"
          "DATE,NEXT_APPT,APPT_TYPE,WEEKS_REPORTED,FLAGS,COMMENT\n",
          stdout);
    char prov[140][4];
    for (int i = 0; i < 140; i++) {
        sprintf(prov[i], "R%c%c", "ABCDEFGHJKLMNPQRTVWXY"[i % 21],
                "ABCDEFGHJK0123456789"[(i / 7) % 20]);
    }
    char com[42][4];
    for (int i = 0; i < 42; i++) {
        sprintf(com[i], "Q%c%c", 'A' + i % 26, 'A' + (i * 7 + 3 + i / 26) % 26);
    }
    char row[1024];
    for (long i = 0; i < n; i++) {
        uint32_t r = rn(10000);
        char num[16];
        nhs(num);
        int wait;
        {
            double u = rf();
            wait = (int)(-log(1 - u) * 110.0);
            if (rn(300) == 0)
                wait += rn(600);
            if (wait > 1100)
                wait = rn(1100);
        }
        int cs = census - wait;
        int p = rn(140);
        int co = (p * 42 / 140 + (rn(10) < 8 ? 0 : rn(42))) % 42;
        int uk = rn(100) < 20;
        long idn = i;
        if (r < 30 && i > 1000)
            idn = i - 1 - rn(1000); // 0.3% duplicate pathway
        char pid[32];
        sprintf(pid, "P%013llu",
                (unsigned long long)(mix(idn * 2654435761ull + seed) % 10000000000000ull));
        char d1[16], d2[16], d3[16] = "", d4[16] = "", d5[16] = "";
        put_date(d1, cs, uk);
        put_date(d2, cs - (int)rn(8), uk);
        if (r >= 30 && r < 50)
            num[9] = num[9] == '9' ? '0' : num[9] + 1; // bad check digit .2%
        if (r >= 50 && r < 60)
            strcpy(d1, "31/02/2025");
        if (r >= 60 && r < 65)
            strcpy(d1, "");
        if (r >= 65 && r < 70)
            put_date(d1, census + 10, 0);
        int tf = rn(30);
        int age = rn(10) < 3 ? 60 + rn(35) : rn(95);
        if (rn(3) == 0)
            put_date(d3, cs + rn(wait + 1), uk);
        if (rn(2))
            put_date(d4, cs + rn(wait + 1), uk);
        if (rn(5) < 3)
            put_date(d5, census + rn(120), uk);
        const char *post[] = { "NE", "S", "LS", "M", "BS", "SE", "B", "CV", "NG", "EX" };
        sprintf(row,
                "%s,%s,%s%s,%s,%s%02d,%s,%s,%s,%s,%02d,%d,%d,%c,%s%d "
                "%d,%d,E01%06d,%c%05d,C%07d,%s,%02d,%s,%s,%s,%s,%s,%s,%s,%d,%s,%s\n",
                pid, num, prov[p], "", com[co], prov[p], rn(12), tfc[tf], d1, d2,
                (const char *[]){ "ROUTINE", "URGENT", "2WW", "ROUTINE", "ROUTINE" }[rn(5)], rn(17),
                age, 1 + rn(2), 'A' + rn(20), post[rn(10)], 1 + rn(30), 1 + rn(9), 1 + rn(10),
                rn(33000), "ABCDEFGHJKLMNPY"[rn(15)], 80000 + rn(9999), 1000000 + rn(8999999),
                (const char *[]){ "INCOMPLETE", "INCOMPLETE_DTA", "NON_ADMITTED" }[rn(3)],
                10 + rn(40), d3, (const char *[]){ "11", "12", "13", "" }[rn(4)],
                (const char *[]){ "W371", "C712", "H229", "", "", "V544" }[rn(6)],
                (const char *[]){ "FIRST_OPA", "FUP_OPA", "DIAG", "TCI", "NONE" }[rn(5)], d4, d5,
                (const char *[]){ "F2F", "TEL", "VID", "" }[rn(4)], wait / 7,
                (const char *[]){ "", "LD", "SAFE", "", "", "" }[rn(6)], txt[rn(10)]);
        fputs(row, stdout);
    }
    return 0;
}
