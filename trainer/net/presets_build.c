#include "trainer/net/presets_build.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_attrs(graph_attr *attrs, uint32_t *n, const char *text, va_list values)
{
    for (*n = 0; *text; ++*n) {
        const size_t length = strcspn(text, " ");
        memset(&attrs[*n], 0, sizeof attrs[*n]);
        memcpy(attrs[*n].name, text, length);
        attrs[*n].value = va_arg(values, unsigned);
        text += length + (text[length] == ' ');
    }
}

void preset_add(preset_build *b, char *out, const char *op_name, const char *name, const char *in_a,
                const char *in_b, const char *attr_names, ...)
{
    graph_attr attrs[GRAPH_MAX_ATTRS];
    uint32_t n_attrs = 0;
    char full[GRAPH_MAX_NAME];
    va_list values;
    va_start(values, attr_names);
    set_attrs(attrs, &n_attrs, attr_names, values);
    va_end(values);
    snprintf(full, sizeof full, "%s%s", b->prefix, name);
    const char *const inputs[] = {in_a, in_b};
    if (b->status == SORDINO_OK)
        b->status = graph_add(b->g, full, op_name, inputs, in_b ? 2 : 1, attrs, n_attrs, b->why);
    memcpy(out, full, sizeof full);
}

sordino_status preset_begin(preset_build *b, uint32_t width, sordino_error *why)
{
    *b = (preset_build){.why = why};
    b->status = graph_new(width, &b->g, why);
    return b->status;
}

sordino_status preset_finish(preset_build *b, graph **out)
{
    if (b->status != SORDINO_OK) {
        graph_free(b->g);
        b->g = NULL;
    }
    *out = b->g;
    return b->status;
}

void preset_prefix(preset_build *b, const char *what, uint32_t i)
{
    snprintf(b->prefix, sizeof b->prefix, "%s%u.", what, (unsigned)i);
}

void preset_activate(preset_build *b, char *x, const char *number, uint32_t channels, bool norm)
{
    char name[16];
    snprintf(name, sizeof name, "act%s", number);
    preset_add(b, x, "prelu", name, x, NULL, "channels", channels);
    snprintf(name, sizeof name, "norm%s", number);
    if (norm)
        preset_add(b, x, "batch_norm", name, x, NULL, "channels", channels);
}
