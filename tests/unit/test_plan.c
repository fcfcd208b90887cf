/* Compiling: what is refused, what it says of itself, memory, and failing allocations. */
#include "core/plan/plan.h"

#include "core/base/arena.h"
#include "trainer/net/presets.h"
#include "core/plan/layout.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t random_state;

static graph *speech(void)
{
    const preset_tcn spec = preset_speech_s();
    graph *g = NULL;
    assert_int_equal(preset_tcn_graph(&spec, &g, NULL), SORDINO_OK);
    return g;
}

static plan *compile(const graph *g, const tensor_set *weights)
{
    plan *p = NULL;
    sordino_error why;
    if (plan_new(g, weights, NULL, &p, &why) != SORDINO_OK)
        fail_msg("%s", why.text);
    return p;
}

static void presets_have_the_sizes_they_say(void **state)
{
    (void)state;
    const preset_tcn s = preset_speech_s(), l = preset_speech_l(), sensor = preset_sensor();
    const preset_bands x = preset_speech_x();
    const preset_memory gru = preset_speech_gru();
    const struct {
        uint32_t in, out, reach;
        double weights, macs;
    } expected[] = {
        /* Within a tenth. */
        {416, 608, 2 * (1 + 2 + 4 + 8 + 16 + 32 + 1 + 4), 0.41e6, 0.40e6},
        {416, 608, 2 * (63 + 15), 1.0e6, 0.99e6},
        {416, 608, 2 + 2 + 2 * (31 + 1), 0.38e6, 1.8e6},
        {1, 1, 15 + 2 * (255 + 3), 53e3, 49e3},
        {416, 608, UINT32_MAX, 0.11e6, 1.8e6},
    };
    for (size_t i = 0; i < 5; i++) {
        graph *g = NULL;
        const sordino_status status = i == 0   ? preset_tcn_graph(&s, &g, NULL)
                                      : i == 1 ? preset_tcn_graph(&l, &g, NULL)
                                      : i == 2 ? preset_bands_graph(&x, &g, NULL)
                                      : i == 3 ? preset_tcn_graph(&sensor, &g, NULL)
                                               : preset_memory_graph(&gru, &g, NULL);
        assert_int_equal(status, SORDINO_OK);
        tensor_set *const weights = net_random_weights(g, &random_state);
        plan *const p = compile(g, weights);
        assert_int_equal(plan_input_width(p), expected[i].in);
        assert_int_equal(plan_output_width(p), expected[i].out);
        assert_int_equal(graph_output(g)->reach, expected[i].reach);
        const double size = (double)plan_weights(p) / expected[i].weights;
        const double macs = plan_macs(p) / expected[i].macs;
        if (size < 0.9 || size > 1.1 || macs < 0.9 || macs > 1.1)
            fail_msg("network %zu: %zu weights, %g multiply-adds", i, plan_weights(p),
                     plan_macs(p));
        plan_free(p);
        tensor_set_free(weights);
        graph_free(g);
    }
}

static void a_stream_of_speech_takes_little_memory(void **state)
{
    (void)state;
    graph *const g = speech();
    tensor_set *const weights = net_random_weights(g, &random_state);
    plan *const p = compile(g, weights);
    plan_state *one = NULL, *many = NULL;
    assert_int_equal(plan_state_new(p, 1, &one, NULL), SORDINO_OK);
    assert_int_equal(plan_state_new(p, 1000, &many, NULL), SORDINO_OK);
    /* 136 past frames of 192 floats, twice, and some change. */
    assert_true(plan_state_bytes(one) < 300000);
    assert_true(plan_state_bytes(many) < 1500000);
    /* Weights are padded to vectors only: 4 bytes each, and a tenth. */
    assert_true((double)plan_packed_bytes(p) < 4.4 * (double)plan_weights(p));
    plan_state_free(one);
    plan_state_free(many);
    plan_state_free(NULL);
    plan_free(p);
    plan_free(NULL);
    tensor_set_free(weights);
    graph_free(g);
}

/* What compiling says when tensor `name` is left out (shape 0) or given another shape (1), or when
 * there is one more (2). */
static sordino_status compile_with(const graph *g, const tensor_set *weights, const char *name,
                                   int what, sordino_error *why)
{
    tensor_set *const other = tensor_set_new();
    for (size_t i = 0; i < weights->n; i++) {
        const tensor *const t = &weights->items[i];
        uint32_t dims[TENSOR_MAX_DIMS + 1] = {0};
        memcpy(dims, t->dims, sizeof t->dims);
        uint32_t n_dims = t->n_dims;
        if (strcmp(t->name, name) == 0) {
            if (what == 0)
                continue;
            if (what == 1)
                dims[n_dims++] = 1;
        }
        assert_int_equal(tensor_set_add(other, t->name, n_dims, dims, t->data, NULL), SORDINO_OK);
    }
    if (what == 2)
        assert_int_equal(tensor_set_add(other, name, 1, (const uint32_t[]){1}, &(float){0}, NULL),
                         SORDINO_OK);
    plan *p = (plan *)&why;
    const sordino_status status = plan_new(g, other, NULL, &p, why);
    assert_true((status == SORDINO_OK) == (p != NULL));
    plan_free(p);
    tensor_set_free(other);
    return status;
}

static void every_tensor_must_fit_and_none_be_left_over(void **state)
{
    (void)state;
    graph *const g = speech();
    tensor_set *const weights = net_random_weights(g, &random_state);
    sordino_error why;
    const char *const name = "block3.time.weight";
    assert_int_equal(compile_with(g, weights, "", 0, &why), SORDINO_OK);
    for (int what = 0; what < 2; what++) {
        assert_int_equal(compile_with(g, weights, name, what, &why), SORDINO_BAD_MODEL);
        assert_non_null(strstr(why.text, name));
    }
    assert_int_equal(compile_with(g, weights, "stranger.weight", 2, &why), SORDINO_BAD_MODEL);
    assert_non_null(strstr(why.text, "stranger.weight"));
    tensor_set_free(weights);
    graph_free(g);
}

static void any_allocation_may_fail_while_compiling(void **state)
{
    (void)state;
    graph *const g = speech();
    tensor_set *const weights = net_random_weights(g, &random_state);
    for (size_t n = 0;; n++) {
        plan *p = NULL;
        plan_state *s = NULL;
        failing_alloc_arm(n);
        sordino_status status = plan_new(g, weights, NULL, &p, NULL);
        if (status == SORDINO_OK)
            status = plan_state_new(p, 8, &s, NULL);
        const int failed = failing_alloc_disarm();
        assert_int_equal(status, failed ? SORDINO_NO_MEM : SORDINO_OK);
        assert_true(failed ? s == NULL : s != NULL);
        plan_state_free(s);
        plan_free(p);
        if (!failed)
            break;
    }
    tensor_set_free(weights);
    graph_free(g);
}

static void any_allocation_may_fail_while_a_network_is_built(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        const preset_tcn tcn = preset_speech_s();
        const preset_bands bands = preset_speech_x();
        const preset_memory memory = preset_speech_gru();
        graph *g = NULL, *h = NULL, *k = NULL;
        failing_alloc_arm(n);
        sordino_status status = preset_tcn_graph(&tcn, &g, NULL);
        if (status == SORDINO_OK)
            status = preset_bands_graph(&bands, &h, NULL);
        if (status == SORDINO_OK)
            status = preset_memory_graph(&memory, &k, NULL);
        const int failed = failing_alloc_disarm();
        assert_int_equal(status, failed ? SORDINO_NO_MEM : SORDINO_OK);
        graph_free(g);
        graph_free(h);
        graph_free(k);
        if (!failed)
            break;
    }
}

/* The smallest graphs: the input is the output; or it is read twice, or its past is kept. */
static void small_graphs_run(void **state)
{
    (void)state;
    const float in[6] = {1, 2, 3, 4, 5, 6}, kernel[2] = {10, 1};
    const char *const twice[] = {"input", "input"};
    const graph_attr attrs[] = {{"kernel", 2}, {"out", 3}, {"groups", 3}, {"bias", 0}};
    for (int kind = 0; kind < 3; kind++) {
        float out[6] = {0};
        graph *g = NULL;
        plan_state *s = NULL;
        tensor_set *const weights = tensor_set_new();
        assert_int_equal(graph_new(3, &g, NULL), SORDINO_OK);
        if (kind == 1)
            assert_int_equal(graph_add(g, "a", "add", twice, 2, NULL, 0, NULL), SORDINO_OK);
        if (kind == 2) {
            const float w[6] = {kernel[0], kernel[1], kernel[0], kernel[1], kernel[0], kernel[1]};
            assert_int_equal(graph_add(g, "a", "conv1d", twice, 1, attrs, 4, NULL), SORDINO_OK);
            assert_int_equal(
                tensor_set_add(weights, "a.weight", 3, (const uint32_t[]){3, 1, 2}, w, NULL),
                SORDINO_OK);
        }
        plan *const p = compile(g, weights);
        assert_int_equal(plan_state_new(p, 2, &s, NULL), SORDINO_OK);
        plan_run(s, in, out, 0);
        plan_run(s, in, out, 2);
        for (int i = 0; i < 6; i++) {
            const float past = i < 3 ? 0 : in[i - 3];
            const float want = kind == 0 ? in[i] : kind == 1 ? 2 * in[i] : in[i] + 10 * past;
            assert_true(out[i] == want);
        }
        plan_state_free(s);
        plan_free(p);
        tensor_set_free(weights);
        graph_free(g);
    }
}

static void results_that_are_read_again_later_are_kept(void **state)
{
    (void)state;
    graph *g = NULL;
    assert_int_equal(graph_new(2, &g, NULL), SORDINO_OK);
    /* sum = relu(in) + tanh(relu(in)) + sigmoid(tanh(relu(in))) + relu(in) * in, step by step; each
     * op could overwrite what a later one still reads. */
    const char *const chain[][4] = {{"r", "relu", "input"},    {"t", "tanh", "r"},
                                    {"s", "sigmoid", "t"},     {"m", "mul", "r", "input"},
                                    {"rt", "add", "r", "t"},   {"sm", "add", "s", "m"},
                                    {"out", "add", "sm", "rt"}};
    for (size_t i = 0; i < sizeof chain / sizeof chain[0]; i++)
        assert_int_equal(graph_add(g, chain[i][0], chain[i][1], &chain[i][2], chain[i][3] ? 2 : 1,
                                   NULL, 0, NULL),
                         SORDINO_OK);
    tensor_set *const weights = tensor_set_new();
    plan *const p = compile(g, weights);
    plan_state *s = NULL;
    assert_int_equal(plan_state_new(p, 1, &s, NULL), SORDINO_OK);
    const float in[2] = {0.5f, -1};
    float out[2];
    plan_run(s, in, out, 1);
    assert_float_equal(out[0], 0.5 + 0.46211716 + 0.61351602 + 0.25, 1e-5);
    assert_float_equal(out[1], 0.5, 1e-6);
    assert_true(p->n_slots <= 5);
    plan_state_free(s);
    plan_free(p);
    tensor_set_free(weights);
    graph_free(g);
}

static void a_dump_has_a_line_for_each_step(void **state)
{
    (void)state;
    graph *const g = speech();
    tensor_set *const weights = net_random_weights(g, &random_state);
    plan *const p = compile(g, weights);
    FILE *const file = tmpfile();
    assert_non_null(file);
    plan_dump(p, file);
    rewind(file);
    size_t lines = 0;
    bool folded = false;
    char line[512];
    while (fgets(line, sizeof line, file)) {
        lines++;
        folded = folded || strstr(line, "block0.time, conv1d(2) prelu, ");
    }
    fclose(file);
    assert_int_equal(lines, p->n_steps + 2);
    assert_true(folded);
    /* Of a block's eight nodes three are left; and first, gains, its sigmoid, linear, output. */
    assert_int_equal(p->n_steps, 8 * 3 + 5);
    plan_free(p);
    tensor_set_free(weights);
    graph_free(g);
}

static void an_arena_is_aligned_zeroed_and_as_large_as_counted(void **state)
{
    (void)state;
    arena a = {0};
    for (int pass = 0; pass < 2; pass++) {
        for (size_t size = 1; size < 200; size += 13) {
            unsigned char *const piece = arena_take(&a, size, 3);
            assert_true((piece != NULL) == (pass == 1));
            assert_int_equal((uintptr_t)piece % ARENA_ALIGN, 0);
            for (size_t i = 0; piece && i < 3 * size; i++) {
                assert_int_equal(piece[i], 0);
                piece[i] = 1;
            }
        }
        const size_t used = a.used;
        if (pass == 0) {
            assert_true(arena_alloc(&a));
            assert_int_equal(a.used, 0);
        } else {
            assert_true(used > 0);
        }
    }
    arena_free(&a);
    assert_null(a.base);
}

static void an_arena_refuses_sizes_that_overflow(void **state)
{
    (void)state;
    arena a = {0};
    arena_take(&a, 100, 1);
    arena_take(&a, SIZE_MAX / 2, 3);
    assert_true(a.too_big);
    assert_false(arena_alloc(&a));
    arena_free(&a);
}

int main(void)
{
    random_state = net_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presets_have_the_sizes_they_say),
        cmocka_unit_test(a_stream_of_speech_takes_little_memory),
        cmocka_unit_test(every_tensor_must_fit_and_none_be_left_over),
        cmocka_unit_test(any_allocation_may_fail_while_compiling),
        cmocka_unit_test(any_allocation_may_fail_while_a_network_is_built),
        cmocka_unit_test(small_graphs_run),
        cmocka_unit_test(results_that_are_read_again_later_are_kept),
        cmocka_unit_test(a_dump_has_a_line_for_each_step),
        cmocka_unit_test(an_arena_is_aligned_zeroed_and_as_large_as_counted),
        cmocka_unit_test(an_arena_refuses_sizes_that_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
