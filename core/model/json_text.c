#include "core/model/json_text.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool grow(json_text *t, size_t more)
{
    size_t capacity = t->capacity ? t->capacity : 256;
    if (t->failed)
        return false;
    while (capacity - t->n < more && capacity <= SIZE_MAX / 2)
        capacity *= 2;
    char *const text = capacity - t->n < more    ? NULL
                       : capacity == t->capacity ? t->text
                                                 : realloc(t->text, capacity);
    if (!text) {
        t->failed = true;
        return false;
    }
    t->text = text;
    t->capacity = capacity;
    return true;
}

void json_text_bytes(json_text *t, const char *bytes, size_t n)
{
    if (!grow(t, n))
        return;
    memcpy(t->text + t->n, bytes, n);
    t->n += n;
}

void json_text_raw(json_text *t, const char *raw)
{
    json_text_bytes(t, raw, strlen(raw));
}

void json_text_char(json_text *t, char c)
{
    json_text_bytes(t, &c, 1);
}

static void escape(json_text *t, char c)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    char shown[8];
    for (size_t i = 0; letters[i]; i += 2)
        if (letters[i] == c) {
            json_text_char(t, '\\');
            json_text_char(t, letters[i + 1]);
            return;
        }
    snprintf(shown, sizeof shown, "\\u%04x", (unsigned)(unsigned char)c);
    json_text_raw(t, shown);
}

void json_text_string(json_text *t, const char *s)
{
    static const char escaped[] = "\"\\\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
                                  "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e"
                                  "\x1f";
    json_text_char(t, '"');
    while (*s) {
        const size_t plain = strcspn(s, escaped);
        json_text_bytes(t, s, plain);
        s += plain;
        if (*s)
            escape(t, *s++);
    }
    json_text_char(t, '"');
}

/* The least number of digits that reads back as the same double; both ways use the host's decimal
 * point, which is then replaced: it is the only thing in the text that is not of "0-9e+-". */
void json_text_number(json_text *t, double x)
{
    char shown[64];
    if (fabs(x) < 1e15 && x == floor(x)) {
        snprintf(shown, sizeof shown, "%.0f", fabs(x) > 0.0 ? x : 0.0); /* "-0" reads back as 0 */
        json_text_raw(t, shown);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(shown, sizeof shown, "%.*g", digits, x);
        if (strtod(shown, NULL) == x)
            break;
    }
    for (const char *s = shown; *s;) {
        const size_t plain = strspn(s, "0123456789e+-");
        json_text_bytes(t, s, plain);
        s += plain;
        if (*s) {
            json_text_char(t, '.');
            s += strcspn(s, "0123456789e+-");
        }
    }
}
