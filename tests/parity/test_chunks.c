/* A stream cut into other calls gives the same bits, for every network and every kernel table; and
 * what compiling merges changes nothing but rounding. */
#include "trainer/net/presets.h"
#include "core/kernels/kernels.h"
#include "core/plan/layout.h"
#include "core/plan/plan.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Folding changes the rounding of every weight; errors grow through some twenty layers of gain near
 * 1. Relative to the largest output. */
#define FOLD_TOLERANCE 2e-5

/* Tables round differently at every step; as above. */
#define TABLE_TOLERANCE 2e-5

#ifndef CHUNKS_FRAMES
#define CHUNKS_FRAMES 400 /* more than the longest history and a block */
#endif

enum { N_FRAMES = CHUNKS_FRAMES };

static uint64_t random_state;

typedef sordino_status (*maker)(graph **out);

static sordino_status make_s(graph **out)
{
    const preset_tcn spec = preset_speech_s();
    return preset_tcn_graph(&spec, out, NULL);
}

static sordino_status make_l(graph **out)
{
    preset_tcn spec = preset_speech_l();
    spec.n_blocks = 2;
    return preset_tcn_graph(&spec, out, NULL);
}

static sordino_status make_x(graph **out)
{
    preset_bands spec = preset_speech_x();
    spec.n_blocks = 2;
    return preset_bands_graph(&spec, out, NULL);
}

/* Sizes that fit no vector. */
static sordino_status make_odd_bands(graph **out)
{
    const preset_bands spec = {.bands = 36,
                               .features = 3,
                               .channels = 10,
                               .hidden = 23,
                               .mixer = 3,
                               .kernel = 3,
                               .n_blocks = 2,
                               .dilations = {1, 5},
                               .norm = true,
                               .taps = 2,
                               .tap_bins = 7};
    return preset_bands_graph(&spec, out, NULL);
}

static sordino_status make_sensor(graph **out)
{
    const preset_tcn spec = preset_sensor();
    return preset_tcn_graph(&spec, out, NULL);
}

static sordino_status make_plain(graph **out)
{
    return preset_plain_graph(128, 3, 3, 8, false, out, NULL);
}

static sordino_status make_separable(graph **out)
{
    return preset_plain_graph(70, 3, 4, 3, true, out, NULL);
}

static sordino_status make_wavenet(graph **out)
{
    return preset_wavenet_graph(16, 3, 8, false, out, NULL);
}

static sordino_status make_gated(graph **out)
{
    return preset_wavenet_graph(12, 2, 8, true, out, NULL);
}

static graph_attr attr(const char *name, double value)
{
    graph_attr a = {.value = value};
    strcpy(a.name, name);
    return a;
}

static void must(sordino_status status, const sordino_error *why)
{
    if (status != SORDINO_OK)
        fail_msg("%s", why->text);
}

/* What the presets do not have: layer_norm, running_norm, groups, gelu, relu, scale, products. */
static sordino_status make_mixture(graph **out)
{
    sordino_error why;
    graph *g = NULL;
    const char *input = "input", *a = "a", *b = "b", *c = "c", *d = "d", *e = "e", *f = "f";
    const graph_attr conv[] = {attr("kernel", 4), attr("dilation", 3), attr("out", 30),
                               attr("groups", 5)};
    const graph_attr narrow[] = {attr("kernel", 2), attr("out", 20)};
    const graph_attr time[] = {attr("time", 50)};
    const graph_attr tanh_form[] = {attr("approximate", 1)};
    must(graph_new(20, &g, &why), &why);
    must(graph_add(g, "a", "running_norm", &input, 1, time, 1, &why), &why);
    must(graph_add(g, "b", "conv1d", &a, 1, conv, 4, &why), &why);
    must(graph_add(g, "c", "gelu", &b, 1, NULL, 0, &why), &why);
    must(graph_add(g, "d", "layer_norm", &c, 1, NULL, 0, &why), &why);
    must(graph_add(g, "e", "conv1d", &d, 1, narrow, 2, &why), &why);
    must(graph_add(g, "f", "gelu", &e, 1, tanh_form, 1, &why), &why);
    const char *const three[] = {f, input, a};
    must(graph_add(g, "g", "mul", three, 3, NULL, 0, &why), &why);
    const char *const two[] = {"g", e};
    must(graph_add(g, "h", "add", two, 2, NULL, 0, &why), &why);
    const char *h = "h", *i = "i";
    must(graph_add(g, "i", "scale", &h, 1, NULL, 0, &why), &why);
    must(graph_add(g, "j", "relu", &i, 1, NULL, 0, &why), &why);
    *out = g;
    return SORDINO_OK;
}

/* A chain of nodes, each fed by the one before; the first empty name ends its attributes. */
enum { STEP_ATTRS = 7 };
typedef struct step {
    const char *name, *op;
    graph_attr attrs[STEP_ATTRS];
} step;

static sordino_status make_chain(const step *steps, size_t n_steps, graph **out)
{
    sordino_error why;
    graph *g = NULL;
    must(graph_new(20, &g, &why), &why);
    for (size_t i = 0; i < n_steps; i++) {
        const char *const from = graph_output(g)->name;
        uint32_t n = 0;
        while (n < STEP_ATTRS && steps[i].attrs[n].name[0])
            n++;
        must(graph_add(g, steps[i].name, steps[i].op, &from, 1, steps[i].attrs, n, &why), &why);
    }
    *out = g;
    return SORDINO_OK;
}

/* Batch norm right after and right before every kind of convolution; before one with several taps
 * it must stay, for the zeros before the start are not shifted. */
static sordino_status make_norms(graph **out)
{
    static const step steps[] = {
        {"n0", "batch_norm", {{"", 0}}},
        {"c0", "dense", {{"out", 30}}},
        {"n1", "batch_norm", {{"", 0}}},
        {"c1", "conv1d", {{"kernel", 3}, {"out", 30}, {"groups", 30}, {"bias", 0}}},
        {"n2", "batch_norm", {{"", 0}}},
        {"n3", "batch_norm", {{"", 0}}},
        {"c2", "conv1d", {{"kernel", 2}, {"out", 40}, {"groups", 5}}},
        {"n4", "batch_norm", {{"channels", 10}}},
        {"c3",
         "conv_freq",
         {{"freq", 4}, {"out", 12}, {"kernel_t", 2}, {"kernel_f", 3}, {"groups", 2}}},
        {"n5", "batch_norm", {{"channels", 12}}},
        {"c4",
         "conv_freq_transposed",
         {{"freq", 4},
          {"out", 6},
          {"kernel_t", 2},
          {"kernel_f", 4},
          {"stride_f", 2},
          {"groups", 3}}},
        {"n6", "batch_norm", {{"channels", 6}}},
        {"a6", "relu", {{"", 0}}},
        {"n7", "batch_norm", {{"channels", 6}}},
        {"c5", "conv_freq", {{"freq", 8}, {"out", 5}, {"kernel_t", 1}, {"kernel_f", 1}}},
        {"n8", "scale", {{"", 0}}},
    };
    return make_chain(steps, sizeof steps / sizeof steps[0], out);
}

static sordino_status make_gru(graph **out)
{
    preset_memory spec = preset_speech_gru();
    spec.n_blocks = 1;
    return preset_memory_graph(&spec, out, NULL);
}

/* Sizes that fit no vector, and features in another order. */
static sordino_status make_odd_memory(graph **out)
{
    const preset_memory spec = {.bands = 36,
                                .kinds = {2, {7, 0}},
                                .channels = 10,
                                .hidden = 5,
                                .mixer = 3,
                                .kernel = 2,
                                .n_blocks = 2,
                                .norm = true,
                                .taps = 2,
                                .tap_bins = 7};
    return preset_memory_graph(&spec, out, NULL);
}

/* Recurrence on sizes that fit no vector, and on ones that do; features arranged by band. */
static sordino_status make_recurrent(graph **out)
{
    static const step steps[] = {
        {"p", "pad", {{"before", 1}, {"after", 3}}},
        {"t", "transpose", {{"rows", 4}}},
        {"g1", "gru_freq", {{"freq", 6}, {"hidden", 7}}},
        {"c", "conv_freq", {{"freq", 6}, {"out", 8}, {"kernel_t", 3}, {"kernel_f", 3}}},
        {"g2", "gru_freq", {{"freq", 6}, {"hidden", 16}, {"bias", 0}}},
    };
    return make_chain(steps, sizeof steps / sizeof steps[0], out);
}

static const struct network {
    const char *name;
    maker make;
} networks[] = {
    {"speech s", make_s},          {"speech l", make_l},
    {"speech x", make_x},          {"odd bands", make_odd_bands},
    {"sensor", make_sensor},       {"plain", make_plain},
    {"separable", make_separable}, {"wavenet", make_wavenet},
    {"gated", make_gated},         {"mixture", make_mixture},
    {"norms", make_norms},         {"recurrent", make_recurrent},
    {"speech gru", make_gru},      {"odd memory", make_odd_memory},
};

/* Runs all frames in calls of `chunk`, or of random length when it is 0. */
static void run(const plan *p, size_t max_frames, uint32_t chunk, const float *in, float *out)
{
    plan_state *s = NULL;
    assert_int_equal(plan_state_new(p, max_frames, &s, NULL), SORDINO_OK);
    for (size_t done = 0; done < N_FRAMES;) {
        size_t n = chunk ? chunk : net_random_between(&random_state, 0, 90);
        n = n < N_FRAMES - done ? n : N_FRAMES - done;
        plan_run(s, in + done * plan_input_width(p), out + done * plan_output_width(p), n);
        done += n;
    }
    plan_state_free(s);
}

static double largest(const float *x, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(isfinite(x[i]));
        most = fmax(most, fabs((double)x[i]));
    }
    return most;
}

static double largest_difference(const float *a, const float *b, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
    return most;
}

typedef struct signals {
    size_t n_out;
    float *in, *first, *other;
} signals;

static signals make_signals(const graph *g)
{
    const size_t n_in = (size_t)graph_at(g, 0)->width * N_FRAMES;
    const size_t n_out = (size_t)graph_output(g)->width * N_FRAMES;
    const signals s = {n_out, malloc(n_in * sizeof(float)), malloc(n_out * sizeof(float)),
                       malloc(n_out * sizeof(float))};
    net_fill(&random_state, s.in, n_in);
    return s;
}

static void free_signals(const signals *s)
{
    free(s->in);
    free(s->first);
    free(s->other);
}

static void check_chunks(const struct network *net, const kernels *table)
{
    static const struct cut {
        size_t max_frames;
        uint32_t chunk;
    } cuts[] = {{1, 1}, {64, 1}, {7, 7}, {64, 32}, {20, 0}, {300, 0}, {N_FRAMES, N_FRAMES}};
    graph *g = NULL;
    plan *p = NULL;
    sordino_error why;
    must(net->make(&g), &why);
    tensor_set *const weights = net_random_weights(g, &random_state);
    must(plan_new(g, weights, table, &p, &why), &why);
    const signals s = make_signals(g);
    run(p, 64, N_FRAMES, s.in, s.first);
    assert_true(largest(s.first, s.n_out) > 1e-3);
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        memset(s.other, 0x55, s.n_out * sizeof(float));
        run(p, cuts[i].max_frames, cuts[i].chunk, s.in, s.other);
        if (memcmp(s.first, s.other, s.n_out * sizeof(float)) != 0)
            fail_msg("%s, %s: calls of %u (max %zu) differ by %g", net->name, table->name,
                     (unsigned)cuts[i].chunk, cuts[i].max_frames,
                     largest_difference(s.first, s.other, s.n_out));
    }
    free_signals(&s);
    plan_free(p);
    tensor_set_free(weights);
    graph_free(g);
}

static void any_chunking_gives_the_same_bits(void **state)
{
    (void)state;
    const kernels *tables[KERNELS_MAX_TABLES];
    const size_t n_tables = kernels_list(tables);
    for (size_t t = 0; t < n_tables; t++)
        for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++)
            check_chunks(&networks[i], tables[t]);
}

static void check_merged(const struct network *net)
{
    graph *g = NULL;
    plan *merged = NULL, *plain = NULL;
    sordino_error why;
    must(net->make(&g), &why);
    tensor_set *const weights = net_random_weights(g, &random_state);
    must(plan_new_merging(g, weights, NULL, true, &merged, &why), &why);
    must(plan_new_merging(g, weights, NULL, false, &plain, &why), &why);
    const signals s = make_signals(g);
    run(merged, 64, 0, s.in, s.first);
    run(plain, 64, 0, s.in, s.other);
    const double difference = largest_difference(s.first, s.other, s.n_out);
    const double size = largest(s.other, s.n_out);
    if (!(difference <= FOLD_TOLERANCE * size))
        fail_msg("%s: merged and plain differ by %g of %g", net->name, difference, size);
    assert_true(merged->n_steps <= plain->n_steps);
    assert_int_equal(plan_weights(merged), plan_weights(plain));
    free_signals(&s);
    plan_free(merged);
    plan_free(plain);
    tensor_set_free(weights);
    graph_free(g);
}

static void merging_changes_only_rounding(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++)
        check_merged(&networks[i]);
}

static void every_table_gives_the_same_but_for_rounding(void **state)
{
    (void)state;
    const kernels *tables[KERNELS_MAX_TABLES];
    const size_t n_tables = kernels_list(tables);
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        graph *g = NULL;
        assert_int_equal(networks[i].make(&g), SORDINO_OK);
        tensor_set *const weights = net_random_weights(g, &random_state);
        const signals s = make_signals(g);
        for (size_t t = 0; t < n_tables; t++) {
            plan *p = NULL;
            assert_int_equal(plan_new(g, weights, tables[t], &p, NULL), SORDINO_OK);
            run(p, 32, 0, s.in, t ? s.other : s.first);
            const double size = largest(s.first, s.n_out);
            const double d = t ? largest_difference(s.first, s.other, s.n_out) : 0;
            if (!(d <= TABLE_TOLERANCE * size))
                fail_msg("%s: %s and %s differ by %g of %g", networks[i].name, tables[0]->name,
                         tables[t]->name, d, size);
            plan_free(p);
        }
        free_signals(&s);
        tensor_set_free(weights);
        graph_free(g);
    }
}

static void reset_forgets_all_of_the_past(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        graph *g = NULL;
        plan *p = NULL;
        plan_state *s = NULL;
        assert_int_equal(networks[i].make(&g), SORDINO_OK);
        tensor_set *const weights = net_random_weights(g, &random_state);
        assert_int_equal(plan_new(g, weights, NULL, &p, NULL), SORDINO_OK);
        const signals x = make_signals(g);
        assert_int_equal(plan_state_new(p, 64, &s, NULL), SORDINO_OK);
        plan_run(s, x.in, x.first, N_FRAMES);
        plan_state_reset(s);
        plan_run(s, x.in, x.other, N_FRAMES);
        assert_memory_equal(x.first, x.other, x.n_out * sizeof(float));
        plan_state_free(s);
        plan_free(p);
        free_signals(&x);
        tensor_set_free(weights);
        graph_free(g);
    }
}

int main(void)
{
    random_state = net_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_chunking_gives_the_same_bits),
        cmocka_unit_test(merging_changes_only_rounding),
        cmocka_unit_test(every_table_gives_the_same_but_for_rounding),
        cmocka_unit_test(reset_forgets_all_of_the_past),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
