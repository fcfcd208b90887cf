/*
 * Any bytes to the readers of models and profiles. What opens must run without faults, and save,
 * load, save must give the same bytes. Changes are made to the header's text as often as to the
 * bytes, with the length put right after, or few inputs would get past the first check.
 */
#include "core/base/bytes.h"
#include "core/model/model.h"
#include "tests/fuzz/fuzz.h"

#include <sordino/profile.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one run may cost; the reader's own limits are those of a large model. */
enum { MAX_VALUES = 1 << 16, MAX_MACS = 1 << 20, FRAMES = 5 };

static void must(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_model: %s\n", what);
        abort();
    }
}

static int is_light(const sordino_model *m)
{
    uint64_t values = 0;
    for (size_t i = 0; i < graph_size(m->graph); i++) {
        const graph_node *const node = graph_at(m->graph, i);
        uint64_t taken = 0;
        for (uint32_t k = 0; k < node->n_inputs; k++)
            taken += graph_at(m->graph, node->inputs[k])->width;
        values += node->width + taken * node->history;
    }
    return values <= MAX_VALUES && plan_macs(m->plan) <= MAX_MACS;
}

/* Five frames, as one call and one by one. */
static void run_frames(const sordino_model *m)
{
    const size_t n_in = plan_input_width(m->plan), n_out = plan_output_width(m->plan);
    float *const in = malloc(FRAMES * n_in * sizeof *in);
    float *const out = malloc(2 * FRAMES * n_out * sizeof *out);
    plan_state *state;
    must(in && out, "out of memory");
    for (size_t i = 0; i < FRAMES * n_in; i++)
        in[i] = (float)(i % 17) / 8.0f - 1.0f;
    must(plan_state_new(m->plan, FRAMES, &state, NULL) == SORDINO_OK, "no state for a small graph");
    plan_run(state, in, out, FRAMES);
    plan_state_reset(state);
    for (size_t t = 0; t < FRAMES; t++)
        plan_run(state, in + t * n_in, out + (FRAMES + t) * n_out, 1);
    must(memcmp(out, out + FRAMES * n_out, FRAMES * n_out * sizeof *out) == 0,
         "frames depend on how they are cut into calls");
    plan_state_free(state);
    free(in);
    free(out);
}

/* Bytes of structs that were zeroed before they were filled. */
static int same(const void *a, const void *b, size_t n)
{
    return memcmp(a, b, n) == 0;
}

static void save_load_save(const sordino_model *m)
{
    void *first, *second;
    size_t n_first, n_second;
    sordino_model *again;
    must(model_serialise(&m->front, m->graph, m->tensors, m->metadata, m->n_metadata, &first,
                         &n_first, NULL) == SORDINO_OK,
         "what was read cannot be written");
    must(model_parse(first, n_first, &again, NULL) == SORDINO_OK,
         "what was written cannot be read");
    must(graph_hash(again->graph) == graph_hash(m->graph) &&
             same(&again->front, &m->front, sizeof m->front),
         "another graph or front end comes back");
    must(model_serialise(&again->front, again->graph, again->tensors, again->metadata,
                         again->n_metadata, &second, &n_second, NULL) == SORDINO_OK,
         "what was read again cannot be written");
    must(n_first == n_second && same(first, second, n_first), "saving twice gives other bytes");
    sordino_model_free(again);
    free(first);
    free(second);
}

static void try_profile(const uint8_t *data, size_t size)
{
    sordino_profile *p;
    void *bytes;
    size_t n;
    if (sordino_profile_open_bytes(data, size, &p, NULL) != SORDINO_OK)
        return;
    must(sordino_profile_save_bytes(p, &bytes, &n, NULL) == SORDINO_OK,
         "a profile that was read cannot be written");
    sordino_profile_free(p);
    must(sordino_profile_open_bytes(bytes, n, &p, NULL) == SORDINO_OK,
         "a profile that was written cannot be read");
    sordino_profile_free(p);
    sordino_profile_free_bytes(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sordino_model *m;
    sordino_error why;
    try_profile(data, size);
    if (sordino_model_open_bytes(data, size, &m, &why) != SORDINO_OK) {
        must(m == NULL && why.status != SORDINO_OK && why.text[0], "a refusal without a reason");
        return 0;
    }
    (void)sordino_model_latency(m, 48000.0);
    if (is_light(m)) {
        run_frames(m);
        save_load_save(m);
    }
    sordino_model_free(m);
    return 0;
}

/* Changes the header's text alone; pads it and puts its length right. */
static size_t change_header(uint8_t *data, size_t size, size_t max_size, size_t header)
{
    uint8_t text[8192];
    const size_t tail = size - 8 - header;
    const size_t most =
        max_size - 8 - tail < sizeof text - 8 ? max_size - 8 - tail : sizeof text - 8;
    if (most < 8 || header > most - 8)
        return LLVMFuzzerMutate(data, size, max_size);
    memcpy(text, data + 8, header);
    size_t n = header;
    while (n > 0 && text[n - 1] == ' ')
        n--;
    n = LLVMFuzzerMutate(text, n, most - 8);
    for (; n % 8 != 0; n++)
        text[n] = ' ';
    memmove(data + 8 + n, data + 8 + header, tail);
    memcpy(data + 8, text, n);
    store_le64(data, n);
    return 8 + n + tail;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    const uint64_t header = size >= 8 ? load_le64(data) : 0;
    if (size < 16 || header > size - 8 || seed % 4 == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    return change_header(data, size, max_size, (size_t)header);
}
