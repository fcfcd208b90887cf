#include "core/graph/graph.h"

#include "core/ops/op.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Adds a node with up to 3 inputs ("a b c") and attributes. */
static sordino_status add(graph *g, const char *name, const char *op_name, const char *from,
                          const graph_attr *attrs, uint32_t n_attrs)
{
    char text[256];
    const char *inputs[GRAPH_MAX_INPUTS + 1];
    uint32_t n = 0;
    snprintf(text, sizeof text, "%s", from);
    char *rest = text;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        inputs[n++] = word;
    return graph_add(g, name, op_name, inputs, n, attrs, n_attrs, NULL);
}

#define ATTRS(...)                                                                                 \
    (const graph_attr[]){__VA_ARGS__},                                                             \
        sizeof((const graph_attr[]){__VA_ARGS__}) / sizeof(graph_attr)
#define NO_ATTRS NULL, 0

static graph *new_graph(uint32_t width)
{
    graph *g = NULL;
    assert_int_equal(graph_new(width, &g, NULL), SORDINO_OK);
    assert_non_null(g);
    return g;
}

static void widths_histories_and_reach_follow_from_the_ops(void **state)
{
    (void)state;
    graph *g = new_graph(24);
    assert_int_equal(
        add(g, "a", "conv1d", "input", ATTRS({"kernel", 3}, {"out", 16}, {"dilation", 4})), 0);
    assert_int_equal(graph_output(g)->width, 16);
    assert_int_equal(graph_output(g)->history, 8);
    assert_int_equal(add(g, "b", "conv1d", "a", ATTRS({"kernel", 2}, {"out", 16})), 0);
    assert_int_equal(graph_output(g)->reach, 9);
    assert_int_equal(add(g, "c", "add", "a b", NO_ATTRS), 0);
    assert_int_equal(graph_output(g)->reach, 9);
    assert_int_equal(add(g, "d", "concat", "a c input", NO_ATTRS), 0);
    assert_int_equal(graph_output(g)->width, 56);
    assert_int_equal(add(g, "e", "slice", "d", ATTRS({"start", 16}, {"count", 40})), 0);
    assert_int_equal(graph_output(g)->width, 40);
    assert_int_equal(add(g, "f", "dense", "e", ATTRS({"out", 5}, {"bias", 0})), 0);
    assert_int_equal(graph_output(g)->width, 5);
    assert_int_equal(add(g, "n", "running_norm", "a", ATTRS({"time", 100.5})), 0);
    assert_int_equal(graph_output(g)->reach, UINT32_MAX);
    assert_int_equal(add(g, "m", "conv1d", "n", ATTRS({"kernel", 9}, {"out", 1})), 0);
    assert_int_equal(graph_output(g)->reach, UINT32_MAX);
    assert_int_equal(graph_size(g), 9);
    assert_string_equal(graph_at(g, 0)->name, "input");
    assert_int_equal(graph_at(g, 5)->inputs[0], 4);
    assert_null(graph_at(g, 9));
    assert_int_equal(graph_find(g, "e"), 5);
    assert_int_equal(graph_find(g, "z"), 9);
    assert_null(graph_op_node(g, 0));
    assert_true(graph_op_node(g, 6)->attr[op_attr_index(op_find("dense"), "out")] == 5.0);
    graph_free(g);
    graph_free(NULL);
}

/* The number of frequencies, counted: places where the kernel lies within the padded input. */
static uint32_t count_freqs(uint32_t freq, uint32_t kernel, uint32_t stride, uint32_t pad)
{
    uint32_t n = 0;
    for (uint32_t at = 0; at + kernel <= freq + 2 * pad; at += stride)
        n++;
    return n;
}

static void frequencies_are_counted_as_pytorch_counts_them(void **state)
{
    (void)state;
    for (uint32_t freq = 1; freq < 12; freq++)
        for (uint32_t kernel = 1; kernel < 7; kernel++)
            for (uint32_t stride = 1; stride < 5; stride++)
                for (uint32_t pad = 0; pad < kernel; pad++) {
                    graph *g = new_graph(freq * 6);
                    const uint32_t want = count_freqs(freq, kernel, stride, pad);
                    const sordino_status status =
                        add(g, "a", "conv_freq", "input",
                            ATTRS({"freq", freq}, {"out", 4}, {"kernel_t", 3}, {"kernel_f", kernel},
                                  {"stride_f", stride}, {"pad_f", pad}, {"dilation_t", 5}));
                    assert_int_equal(status, want ? SORDINO_OK : SORDINO_BAD_MODEL);
                    if (want) {
                        assert_int_equal(graph_output(g)->width, want * 4);
                        assert_int_equal(graph_output(g)->history, 10);
                    }
                    /* Back again: out_pad_f makes up for what the division drops. */
                    const uint32_t drop = want ? freq + 2 * pad - kernel - (want - 1) * stride : 0;
                    if (want) {
                        assert_int_equal(add(g, "b", "conv_freq_transposed", "a",
                                             ATTRS({"freq", want}, {"out", 6}, {"kernel_t", 1},
                                                   {"kernel_f", kernel}, {"stride_f", stride},
                                                   {"pad_f", pad}, {"out_pad_f", drop})),
                                         SORDINO_OK);
                        assert_int_equal(graph_output(g)->width, freq * 6);
                    }
                    graph_free(g);
                }
}

static void params_have_pytorch_shapes(void **state)
{
    (void)state;
    graph *g = new_graph(24);
    graph_param p[8];
    assert_int_equal(graph_params(g, 0, p, 8), 0);
    assert_int_equal(
        add(g, "a", "conv1d", "input", ATTRS({"kernel", 3}, {"out", 16}, {"groups", 8})), 0);
    assert_int_equal(graph_params(g, 1, p, 8), 2);
    assert_string_equal(p[0].name, "a.weight");
    assert_int_equal(p[0].n_dims, 3);
    assert_memory_equal(p[0].dims, ((uint32_t[]){16, 3, 3, 0}), sizeof p[0].dims);
    assert_string_equal(p[1].name, "a.bias");
    assert_memory_equal(p[1].dims, ((uint32_t[]){16, 0, 0, 0}), sizeof p[1].dims);
    assert_int_equal(add(g, "t", "conv_freq_transposed", "a",
                         ATTRS({"freq", 2}, {"out", 12}, {"kernel_t", 3}, {"kernel_f", 5},
                               {"groups", 4}, {"bias", 0})),
                     0);
    assert_int_equal(graph_params(g, 2, p, 8), 1);
    assert_memory_equal(p[0].dims, ((uint32_t[]){8, 3, 3, 5}), sizeof p[0].dims);
    assert_int_equal(add(g, "bn", "batch_norm", "a", ATTRS({"channels", 4})), 0);
    assert_int_equal(graph_params(g, 3, NULL, 0), 4);
    assert_int_equal(graph_params(g, 3, p, 8), 4);
    assert_string_equal(p[2].name, "bn.running_mean");
    assert_string_equal(p[3].name, "bn.running_var");
    assert_int_equal(p[3].dims[0], 4);
    assert_int_equal(add(g, "whole", "prelu", "a", NO_ATTRS), 0);
    assert_int_equal(graph_params(g, 4, p, 8), 1);
    assert_int_equal(p[0].dims[0], 16);
    char name[GRAPH_MAX_NAME];
    memset(name, 'x', sizeof name);
    name[GRAPH_MAX_NAME - 1] = 0;
    assert_int_equal(add(g, name, "batch_norm", "a", ATTRS({"channels", 4})), 0);
    assert_int_equal(graph_params(g, 5, p, 8), 4);
    assert_string_equal(p[2].name + GRAPH_MAX_NAME - 1, ".running_mean");
    graph_free(g);
}

/* Nodes that may not follow "input" (24 wide), "narrow" (8) and "wide" (32768). */
static const struct {
    const char *name, *op, *from;
    graph_attr attrs[4];
    sordino_status status;
} bad[] = {
    {"", "relu", "input", {{"", 0}}, SORDINO_BAD_MODEL},
    {"a b", "relu", "input", {{"", 0}}, SORDINO_BAD_MODEL},
    {"input", "relu", "input", {{"", 0}}, SORDINO_BAD_MODEL},
    {"x", "lstm", "input", {{"", 0}}, SORDINO_UNSUPPORTED},
    {"x", "input", "", {{"", 0}}, SORDINO_UNSUPPORTED},
    {"x", "relu", "y", {{"", 0}}, SORDINO_BAD_MODEL},
    {"x", "relu", "x", {{"", 0}}, SORDINO_BAD_MODEL},
    {"x", "relu", "", {{"", 0}}, SORDINO_BAD_MODEL},
    {"x", "relu", "input input", {{"", 0}}, SORDINO_BAD_MODEL},
    {"x", "add", "input", {{"", 0}}, SORDINO_BAD_MODEL},
    {"x", "add", "input narrow", {{"", 0}}, SORDINO_BAD_MODEL},
    {"x", "relu", "input", {{"slope", 1}}, SORDINO_UNSUPPORTED},
    {"x", "dense", "input", {{"bias", 1}}, SORDINO_BAD_MODEL},
    {"x", "dense", "input", {{"out", 0}}, SORDINO_BAD_MODEL},
    {"x", "dense", "input", {{"out", 65537}}, SORDINO_BAD_MODEL},
    {"x", "dense", "input", {{"out", 1.5}}, SORDINO_BAD_MODEL},
    {"x", "dense", "input", {{"out", -1}}, SORDINO_BAD_MODEL},
    {"x", "dense", "input", {{"out", NAN}}, SORDINO_BAD_MODEL},
    {"x", "dense", "input", {{"out", INFINITY}}, SORDINO_BAD_MODEL},
    {"x", "dense", "input", {{"out", 4}, {"out", 4}}, SORDINO_BAD_MODEL},
    {"x", "dense", "input", {{"out", 4}, {"bias", 2}}, SORDINO_BAD_MODEL},
    {"x", "dense", "wide", {{"out", 8193}}, SORDINO_BAD_MODEL}, /* over 1 GiB of weights */
    {"x", "concat", "wide wide input", {{"", 0}}, SORDINO_BAD_MODEL},
    {"x", "slice", "input", {{"start", 20}, {"count", 5}}, SORDINO_BAD_MODEL},
    {"x", "prelu", "input", {{"channels", 5}}, SORDINO_BAD_MODEL},
    {"x", "batch_norm", "input", {{"channels", 24}, {"eps", 0}}, SORDINO_BAD_MODEL},
    {"x", "running_norm", "input", {{"time", 0.5}}, SORDINO_BAD_MODEL},
    {"x", "gelu", "input", {{"approximate", 2}}, SORDINO_BAD_MODEL},
    {"x", "conv1d", "input", {{"kernel", 2}, {"out", 8}, {"groups", 5}}, SORDINO_BAD_MODEL},
    {"x", "conv1d", "input", {{"kernel", 2}, {"out", 9}, {"groups", 2}}, SORDINO_BAD_MODEL},
    {"x", "conv1d", "input", {{"kernel", 3}, {"out", 8}, {"dilation", 600000}}, SORDINO_BAD_MODEL},
    {"x",
     "conv_freq",
     "input",
     {{"freq", 7}, {"out", 1}, {"kernel_t", 1}, {"kernel_f", 1}},
     SORDINO_BAD_MODEL},
    {"x",
     "conv_freq",
     "input",
     {{"freq", 4}, {"out", 65536}, {"kernel_t", 1}, {"kernel_f", 1}},
     SORDINO_BAD_MODEL},
};

static void what_breaks_a_rule_is_refused(void **state)
{
    (void)state;
    graph *g = new_graph(24);
    assert_int_equal(add(g, "narrow", "dense", "input", ATTRS({"out", 8})), SORDINO_OK);
    assert_int_equal(add(g, "wide", "dense", "input", ATTRS({"out", 32768})), SORDINO_OK);
    const uint64_t hash = graph_hash(g);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint32_t n = 0;
        while (n < 4 && bad[i].attrs[n].name[0])
            n++;
        const sordino_status status = add(g, bad[i].name, bad[i].op, bad[i].from, bad[i].attrs, n);
        if (status != bad[i].status)
            fail_msg("row %zu (%s): status %d", i, bad[i].op, (int)status);
    }
    assert_true(graph_hash(g) == hash);
    sordino_error why;
    const graph_attr five = {"channels", 5};
    assert_int_equal(graph_add(g, "x", "prelu", (const char *[]){"input"}, 1, &five, 1, &why),
                     SORDINO_BAD_MODEL);
    assert_int_equal(why.status, SORDINO_BAD_MODEL);
    assert_memory_equal(why.text, "Node x", 6);
    graph_attr unending = {"", 1.0};
    memset(unending.name, 'k', sizeof unending.name);
    assert_int_equal(add(g, "x", "dense", "input", &unending, 1), SORDINO_UNSUPPORTED);
    assert_int_equal(
        add(g, "x", "add", "input input input input input input input input input", NO_ATTRS),
        SORDINO_BAD_MODEL);
    graph_free(g);
    assert_int_equal(graph_new(0, &g, NULL), SORDINO_BAD_MODEL);
    assert_null(g);
    assert_int_equal(graph_new(GRAPH_MAX_WIDTH + 1, &g, NULL), SORDINO_BAD_MODEL);
}

static void nodes_and_the_past_of_all_together_are_limited(void **state)
{
    (void)state;
    enum { PAST = 1000 };
    graph *g = new_graph(1);
    for (int i = 1; i < GRAPH_MAX_NODES; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        assert_int_equal(add(g, name, "conv1d", i == 1 ? "input" : graph_output(g)->name,
                             ATTRS({"kernel", 2}, {"out", 1}, {"dilation", PAST})),
                         SORDINO_OK);
    }
    assert_int_equal(graph_output(g)->reach, (GRAPH_MAX_NODES - 1) * PAST);
    assert_int_equal(add(g, "more", "relu", "input", NO_ATTRS), SORDINO_BAD_MODEL);
    graph_free(g);
    g = new_graph(16);
    for (int i = 0; i < GRAPH_MAX_PAST / GRAPH_MAX_HISTORY / 16; i++) {
        const char name[2] = {(char)('a' + i), 0};
        assert_int_equal(add(g, name, "conv1d", graph_output(g)->name,
                             ATTRS({"kernel", 2}, {"out", 16}, {"dilation", GRAPH_MAX_HISTORY})),
                         SORDINO_OK);
    }
    assert_int_equal(add(g, "z", "conv1d", "a", ATTRS({"kernel", 2}, {"out", 1})),
                     SORDINO_BAD_MODEL);
    graph_free(g);
}

static uint64_t hash_of(const char *name, const char *from, const graph_attr *attrs, uint32_t n)
{
    graph *g = new_graph(8);
    assert_int_equal(add(g, "a", "relu", "input", NO_ATTRS), SORDINO_OK);
    assert_int_equal(add(g, name, "conv1d", from, attrs, n), SORDINO_OK);
    const uint64_t hash = graph_hash(g);
    graph_free(g);
    return hash;
}

static void the_hash_sees_every_change_but_not_how_it_is_written(void **state)
{
    (void)state;
    const uint64_t hash = hash_of("b", "a", ATTRS({"kernel", 3}, {"out", 4}));
    assert_true(hash == hash_of("b", "a", ATTRS({"out", 4}, {"kernel", 3}, {"dilation", 1})));
    assert_true(hash != hash_of("c", "a", ATTRS({"kernel", 3}, {"out", 4})));
    assert_true(hash != hash_of("b", "input", ATTRS({"kernel", 3}, {"out", 4})));
    assert_true(hash != hash_of("b", "a", ATTRS({"kernel", 2}, {"out", 4})));
    assert_true(hash != hash_of("b", "a", ATTRS({"kernel", 3}, {"out", 4}, {"bias", 0})));
    graph *g = new_graph(9);
    graph *h = new_graph(8);
    assert_true(graph_hash(g) != graph_hash(h));
    graph_free(g);
    graph_free(h);
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        failing_alloc_arm(n);
        graph *g = NULL;
        sordino_status status = graph_new(4, &g, NULL);
        for (int i = 0; i < 40 && status == SORDINO_OK; i++) {
            char name[16];
            snprintf(name, sizeof name, "n%d", i);
            status = add(g, name, "relu", "input", NO_ATTRS);
        }
        const int failed = failing_alloc_disarm();
        assert_int_equal(status, failed ? SORDINO_NO_MEM : SORDINO_OK);
        graph_free(g);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths_histories_and_reach_follow_from_the_ops),
        cmocka_unit_test(frequencies_are_counted_as_pytorch_counts_them),
        cmocka_unit_test(params_have_pytorch_shapes),
        cmocka_unit_test(what_breaks_a_rule_is_refused),
        cmocka_unit_test(nodes_and_the_past_of_all_together_are_limited),
        cmocka_unit_test(the_hash_sees_every_change_but_not_how_it_is_written),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
