#include "trainer/run/checkpoint.h"

#include "core/base/error.h"
#include "core/model/model_path.h"
#include "core/model/safetensors.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind = "checkpoint";

static bool add_entry(metadata_entry *to, size_t *n, const char *key, const char *value)
{
    to[*n] = (metadata_entry){strdup(key), strdup(value)};
    (*n)++;
    return to[*n - 1].key && to[*n - 1].value;
}

/* Every number as the text of its exact value ("%a"). */
static bool list_metadata(const checkpoint *c, metadata_entry *to, size_t *n)
{
    bool good = add_entry(to, n, "sordino.format", "1.0") && add_entry(to, n, "sordino.kind", kind);
    for (size_t i = 0; good && i < c->n_numbers; i++) {
        char text[40];
        snprintf(text, sizeof text, "%a", *c->numbers[i].value);
        good = add_entry(to, n, c->numbers[i].name, text);
    }
    for (size_t i = 0; good && i < c->n_texts; i++)
        good = add_entry(to, n, c->texts[i].name, c->texts[i].value);
    return good;
}

sordino_status checkpoint_write(const char *path, const checkpoint *c, sordino_error *why)
{
    const size_t n_metadata = 2 + c->n_numbers + c->n_texts;
    metadata_entry *metadata = calloc(n_metadata, sizeof *metadata);
    tensor *tensors = calloc(c->n_vectors + 1, sizeof *tensors);
    size_t n = 0, size = 0;
    void *bytes = NULL;
    sordino_status status = SORDINO_OK;
    if (!metadata || !tensors || !list_metadata(c, metadata, &n))
        status = error_set(why, SORDINO_NO_MEM, "Out of memory for the checkpoint");
    size_t n_tensors = 0;
    for (size_t i = 0; status == SORDINO_OK && i < c->n_vectors; i++) {
        if (c->vectors[i].n == 0)
            continue;
        tensor *const t = &tensors[n_tensors++];
        snprintf(t->name, sizeof t->name, "%s", c->vectors[i].name);
        t->n_dims = 1;
        t->dims[0] = (uint32_t)c->vectors[i].n;
        t->data = c->vectors[i].values;
    }
    if (status == SORDINO_OK)
        status = safetensors_write(tensors, n_tensors, metadata, n, &bytes, &size, why);
    if (status == SORDINO_OK)
        status = model_write_path(path, bytes, size, why);
    free(bytes);
    free(tensors);
    if (metadata)
        safetensors_metadata_free(metadata, n);
    return status;
}

static const safetensors_entry *find_entry(const safetensors *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->entries[i].name, name) == 0)
            return &s->entries[i];
    return NULL;
}

/* Lines of `a` that `b` has not, with commas between; nothing more where the room ends. */
static void list_own_lines(const char *a, const char *b, char *to, size_t room)
{
    size_t at = 0;
    to[0] = '\0';
    for (const char *line = a; *line;) {
        const size_t n = strcspn(line, "\n");
        bool found = false;
        for (const char *other = b; *other && !found;) {
            const size_t m = strcspn(other, "\n");
            found = m == n && strncmp(other, line, n) == 0;
            other += m + (other[m] == '\n');
        }
        if (!found && at < room) {
            const int put = snprintf(to + at, room - at, "%s%.*s", at ? ", " : "", (int)n, line);
            at += put > 0 ? (size_t)put : 0;
        }
        line += n + (line[n] == '\n');
    }
}

static sordino_status other_run(const char *path, const char *name, const char *has,
                                const char *wants, sordino_error *why)
{
    char here[200], there[200];
    if (!has || strcmp(name, "settings") != 0)
        return error_set(why, SORDINO_BAD_MODEL,
                         "%s belongs to another run (its %s differs); give the options it was made "
                         "with, or start anew",
                         path, name);
    list_own_lines(wants, has, here, sizeof here);
    list_own_lines(has, wants, there, sizeof there);
    return error_set(why, SORDINO_BAD_MODEL,
                     "%s belongs to another run: its settings have '%s' where '%s' is given; leave "
                     "that out, or start anew",
                     path, there[0] ? there : "nothing", here[0] ? here : "nothing");
}

static sordino_status take(const checkpoint *c, const safetensors *s, const char *path,
                           sordino_error *why)
{
    for (size_t i = 0; i < c->n_texts; i++) {
        const char *const has = safetensors_metadata(s->metadata, s->n_metadata, c->texts[i].name);
        if (!c->texts[i].free && (!has || strcmp(has, c->texts[i].value) != 0))
            return other_run(path, c->texts[i].name, has, c->texts[i].value, why);
    }
    for (size_t i = 0; i < c->n_vectors; i++) {
        if (c->vectors[i].n == 0)
            continue;
        const safetensors_entry *const e = find_entry(s, c->vectors[i].name);
        if (!e || e->n_values != c->vectors[i].n)
            return error_set(why, SORDINO_BAD_MODEL, "%s has no vector '%s' of %zu numbers", path,
                             c->vectors[i].name, c->vectors[i].n);
        const sordino_status status = safetensors_values(e, c->vectors[i].values, why);
        if (status != SORDINO_OK)
            return status;
    }
    for (size_t i = 0; i < c->n_numbers; i++) {
        const char *const text =
            safetensors_metadata(s->metadata, s->n_metadata, c->numbers[i].name);
        char *end = NULL;
        const double x = text ? strtod(text, &end) : 0;
        if (!text && c->numbers[i].optional)
            continue;
        if (!text || end == text || *end != '\0')
            return error_set(why, SORDINO_BAD_MODEL, "%s has no number '%s'", path,
                             c->numbers[i].name);
        *c->numbers[i].value = x;
    }
    return SORDINO_OK;
}

/* Whether the file ends before its own header says. */
static bool is_cut(const unsigned char *bytes, size_t size)
{
    uint64_t header = 0, end = 0;
    for (int i = 7; size >= 8 && i >= 0; i--)
        header = header << 8 | bytes[i];
    if (size < 8 || header > size - 8)
        return true;
    char *const text = strndup((const char *)bytes + 8, (size_t)header);
    for (const char *at = text; at && (at = strstr(at, "\"data_offsets\"")) != NULL; at++) {
        unsigned long long from, to;
        if (sscanf(at, "\"data_offsets\":[%llu,%llu]", &from, &to) == 2 && to > end)
            end = to;
    }
    free(text);
    return end > size - 8 - header;
}

/* The file, taken apart; `*bytes` stays the caller's. A damaged one is called by its name. */
static sordino_status open_file(const char *path, void **bytes, safetensors **out,
                                sordino_error *why)
{
    size_t size = 0;
    sordino_error inner = {0};
    *out = NULL;
    sordino_status status = model_read_path(path, SAFETENSORS_MAX_BYTES, bytes, &size, why);
    if (status != SORDINO_OK)
        return status;
    status = safetensors_read(*bytes, size, kind, out, &inner);
    if (status == SORDINO_BAD_MODEL && is_cut(*bytes, size))
        return error_set(why, status,
                         "%s is cut short: %zu bytes are left of it; start anew, or bring back a "
                         "whole one",
                         path, size);
    return status == SORDINO_OK ? status : error_set(why, status, "%s: %s", path, inner.text);
}

sordino_status checkpoint_read(const char *path, const checkpoint *c, sordino_error *why)
{
    void *bytes = NULL;
    safetensors *s = NULL;
    sordino_status status = open_file(path, &bytes, &s, why);
    if (status == SORDINO_OK)
        status = take(c, s, path, why);
    safetensors_free(s);
    free(bytes);
    return status;
}

sordino_status checkpoint_read_text(const char *path, const char *name, char **out,
                                    sordino_error *why)
{
    void *bytes = NULL;
    safetensors *s = NULL;
    *out = NULL;
    sordino_status status = open_file(path, &bytes, &s, why);
    const char *const has =
        status == SORDINO_OK ? safetensors_metadata(s->metadata, s->n_metadata, name) : NULL;
    *out = has ? strdup(has) : NULL;
    if (has && !*out)
        status = error_set(why, SORDINO_NO_MEM, "Out of memory for the checkpoint");
    safetensors_free(s);
    free(bytes);
    return status;
}
