#include "trainer/net/net.h"

#include "trainer/net/presets.h"
#include "core/plan/layout.h"
#include "core/plan/plan.h"
#include "tests/support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 70, WINDOWS = 3 };

/* Norms fold into weights: the product of a gain and a weight rounds otherwise than one after the
 * other. Relative to the largest output. */
static const double folded_tolerance = 2e-5;
/* Of a derivative along a direction by central differences in single precision, relative. */
static const double slope_tolerance = 2e-2;

typedef struct set {
    graph *g;
    net *n;
    net_pass *p;
} set;

/* A small network of the speech preset's kind. */
static graph *make_deep_graph(bool norm, uint32_t blocks)
{
    preset_tcn spec = preset_speech_s();
    graph *g;
    spec.input = 37;
    spec.channels = 24;
    spec.hidden = 40;
    spec.n_blocks = blocks;
    spec.gains = 9;
    spec.linear = 10;
    spec.norm = norm;
    assert_int_equal(preset_tcn_graph(&spec, &g, NULL), SORDINO_OK);
    return g;
}

static graph *make_graph(bool norm)
{
    return make_deep_graph(norm, 3);
}

static set make(graph *g, uint64_t seed)
{
    set s = {.g = g};
    rng r = rng_make(seed, 0, 0);
    assert_int_equal(net_new(s.g, NULL, &s.n, NULL), SORDINO_OK);
    net_init(s.n, &r);
    /* Biases too, and statistics other than 0 and 1. */
    for (size_t i = 0; i < net_param_count(s.n); i++) {
        const net_param p = net_param_at(s.n, i);
        for (size_t k = 0; p.shape.n_dims == 1 && k < p.size; k++)
            net_values(s.n)[p.offset + k] += (float)rng_range(&r, 0, 0.2);
    }
    net_pack(s.n);
    assert_int_equal(net_pass_new(s.n, WINDOWS, FRAMES, &s.p, NULL), SORDINO_OK);
    return s;
}

static void drop(set *s)
{
    net_pass_free(s->p);
    net_free(s->n);
    graph_free(s->g);
}

static void fill_input(set *s, uint64_t seed)
{
    rng r = rng_make(seed, 1, 0);
    const size_t width = graph_at(s->g, 0)->width, row = kernels_pad(width);
    for (size_t w = 0; w < WINDOWS; w++)
        for (size_t t = 0; t < FRAMES; t++)
            for (size_t c = 0; c < width; c++)
                net_pass_input(s->p, w)[t * row + c] = (float)rng_normal(&r);
}

/* Largest distance between a window's output and what the engine streams for its input, in pieces
 * of odd lengths; and the largest output. */
static double stream_distance(set *s, size_t window, double *largest)
{
    tensor_set *weights;
    plan *p;
    plan_state *state;
    const size_t in = graph_at(s->g, 0)->width, out = graph_output(s->g)->width;
    const float *const y = net_pass_output(s->p, window);
    float *const x = malloc(FRAMES * in * sizeof *x), *const z = malloc(FRAMES * out * sizeof *z);
    double most = 0;
    assert_non_null(x);
    assert_non_null(z);
    assert_int_equal(net_tensors(s->n, NULL, &weights, NULL), SORDINO_OK);
    assert_int_equal(plan_new(s->g, weights, NULL, &p, NULL), SORDINO_OK);
    assert_int_equal(plan_state_new(p, 13, &state, NULL), SORDINO_OK);
    for (size_t t = 0; t < FRAMES; t++)
        memcpy(x + t * in, net_pass_input(s->p, window) + t * kernels_pad(in), in * sizeof *x);
    for (size_t t = 0, n = 1; t < FRAMES; t += n, n = n % 7 + 1) {
        const size_t count = t + n <= FRAMES ? n : FRAMES - t;
        plan_run(state, x + t * in, z + t * out, count);
    }
    *largest = 0;
    for (size_t t = 0; t < FRAMES; t++)
        for (size_t c = 0; c < out; c++) {
            most = fmax(most, fabs((double)(y[t * kernels_pad(out) + c] - z[t * out + c])));
            *largest = fmax(*largest, fabs((double)z[t * out + c]));
        }
    plan_state_free(state);
    plan_free(p);
    tensor_set_free(weights);
    free(x);
    free(z);
    return most;
}

static void forward_equals_the_streaming_engine_bit_for_bit(void **state)
{
    (void)state;
    set s = make(make_graph(false), 1);
    fill_input(&s, 2);
    net_pass_forward(s.p);
    for (size_t w = 0; w < WINDOWS; w++) {
        double largest;
        assert_true(stream_distance(&s, w, &largest) == 0.0);
        assert_true(largest > 0.1);
    }
    drop(&s);
}

static void forward_of_a_sensor_network_equals_the_engine(void **state)
{
    (void)state;
    graph *g;
    preset_tcn spec = preset_sensor();
    spec.norm = false;
    assert_int_equal(preset_tcn_graph(&spec, &g, NULL), SORDINO_OK);
    set s = make(g, 3);
    fill_input(&s, 4);
    net_pass_forward(s.p);
    double largest;
    assert_true(stream_distance(&s, 1, &largest) == 0.0);
    drop(&s);
}

/* With the batch's statistics as the running ones, engine and training agree. */
static void batch_norm_folds_into_the_same_function(void **state)
{
    (void)state;
    set s = make(make_graph(true), 5);
    fill_input(&s, 6);
    net_pass_forward(s.p);
    float *const sums = calloc(net_statistics(s.n), sizeof *sums);
    assert_non_null(sums);
    assert_true(net_statistics(s.n) > 0);
    net_pass_add_statistics(s.p, sums);
    /* The unbiased variance is kept, the biased one was used. */
    const double biased = (WINDOWS * FRAMES - 1.0) / (WINDOWS * FRAMES);
    for (size_t i = 0; i < net_param_count(s.n); i++) {
        const net_param p = net_param_at(s.n, i);
        const bool variance = strstr(p.shape.name, "running_var") != NULL;
        for (size_t k = 0; p.offset >= net_size(s.n) && k < p.size; k++)
            net_values(s.n)[p.offset + k] =
                (float)((double)sums[p.offset - net_size(s.n) + k] * (variance ? biased : 1));
    }
    double largest;
    const double distance = stream_distance(&s, 2, &largest);
    assert_true(distance <= folded_tolerance * largest);
    free(sums);
    drop(&s);
}

static double weighted_output(set *s)
{
    const size_t out = graph_output(s->g)->width, row = kernels_pad(out);
    rng r = rng_make(9, 2, 0);
    double sum = 0;
    net_pack(s->n);
    net_pass_forward(s->p);
    for (size_t w = 0; w < WINDOWS; w++)
        for (size_t t = 0; t < FRAMES; t++)
            for (size_t c = 0; c < out; c++)
                sum += rng_normal(&r) * (double)net_pass_output(s->p, w)[t * row + c];
    return sum;
}

static void backward_is_the_slope_along_any_direction(void **state)
{
    for (int norm = 0; norm < 2; norm++) {
        (void)state;
        set s = make(make_graph(norm), 7);
        const size_t n = net_size(s.n), out = graph_output(s.g)->width, row = kernels_pad(out);
        float *const grads = calloc(n, sizeof *grads), *const was = malloc(n * sizeof *was);
        float *const way = malloc(n * sizeof *way);
        assert_non_null(grads);
        assert_non_null(was);
        assert_non_null(way);
        fill_input(&s, 8);
        (void)weighted_output(&s);
        rng r = rng_make(9, 2, 0);
        for (size_t w = 0; w < WINDOWS; w++)
            for (size_t t = 0; t < FRAMES; t++)
                for (size_t c = 0; c < out; c++)
                    net_pass_d_output(s.p, w)[t * row + c] = (float)rng_normal(&r);
        net_pass_backward(s.p, grads);
        memcpy(was, net_values(s.n), n * sizeof *was);
        for (uint64_t k = 0; k < 6; k++) {
            double length = 0, slope = 0;
            rng q = rng_make(10 + k, 3, 0);
            /* Along the gradient, tilted at random: a slope that rounding does not hide. */
            double norm_of = 0;
            for (size_t i = 0; i < n; i++)
                norm_of += (double)grads[i] * (double)grads[i];
            norm_of = sqrt(norm_of);
            for (size_t i = 0; i < n; i++) {
                way[i] = (float)((double)grads[i] / norm_of + rng_normal(&q) / sqrt((double)n));
                length += (double)way[i] * (double)way[i];
                slope += (double)way[i] * (double)grads[i];
            }
            const double step = 2e-3 / sqrt(length);
            double value[2];
            for (int side = 0; side < 2; side++) {
                for (size_t i = 0; i < n; i++)
                    net_values(s.n)[i] = was[i] + (float)((side ? step : -step) * (double)way[i]);
                value[side] = weighted_output(&s);
            }
            const double measured = (value[1] - value[0]) / (2 * step);
            assert_true(fabs(measured - slope) <= slope_tolerance * fabs(slope));
        }
        free(grads);
        free(was);
        free(way);
        drop(&s);
    }
}

static void fewer_frames_give_the_start_of_more(void **state)
{
    (void)state;
    set s = make(make_graph(false), 11);
    const size_t out = graph_output(s.g)->width, row = kernels_pad(out);
    fill_input(&s, 12);
    net_pass_forward(s.p);
    float *const kept = malloc(20 * row * sizeof *kept);
    assert_non_null(kept);
    memcpy(kept, net_pass_output(s.p, 1), 20 * row * sizeof *kept);
    net_pass_begin(s.p, 20);
    net_pass_forward(s.p);
    assert_memory_equal(kept, net_pass_output(s.p, 1), 20 * row * sizeof *kept);
    free(kept);
    drop(&s);
}

static void weights_go_out_and_come_back(void **state)
{
    (void)state;
    set s = make(make_graph(true), 13);
    tensor_set *weights;
    net *other;
    assert_int_equal(net_tensors(s.n, NULL, &weights, NULL), SORDINO_OK);
    assert_int_equal(net_new(s.g, NULL, &other, NULL), SORDINO_OK);
    assert_int_equal(net_load(other, weights, NULL), SORDINO_OK);
    assert_memory_equal(net_values(other), net_values(s.n),
                        (net_size(s.n) + net_statistics(s.n)) * sizeof(float));
    tensor_set_free(weights);
    assert_non_null(weights = tensor_set_new());
    assert_int_equal(net_load(other, weights, NULL), SORDINO_BAD_MODEL);
    tensor_set_free(weights);
    net_free(other);
    drop(&s);
}

static void a_grown_network_computes_what_it_grew_from(void **state)
{
    (void)state;
    set small = make(make_graph(false), 14), large = make(make_deep_graph(false, 5), 15);
    const size_t row = kernels_pad(graph_output(small.g)->width);
    tensor_set *weights;
    rng r = rng_make(16, 0, 0);
    assert_int_equal(net_tensors(small.n, NULL, &weights, NULL), SORDINO_OK);
    assert_int_equal(net_grow(large.n, weights, &r, NULL), SORDINO_OK);
    net_pack(large.n);
    fill_input(&small, 17);
    fill_input(&large, 17);
    net_pass_forward(small.p);
    net_pass_forward(large.p);
    assert_memory_equal(net_pass_output(large.p, 1), net_pass_output(small.p, 1),
                        FRAMES * row * sizeof(float));
    tensor_set_free(weights);
    assert_int_equal(net_tensors(large.n, NULL, &weights, NULL), SORDINO_OK);
    assert_int_equal(net_grow(small.n, weights, &r, NULL), SORDINO_BAD_MODEL);
    tensor_set_free(weights);
    drop(&small);
    drop(&large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_equals_the_streaming_engine_bit_for_bit),
        cmocka_unit_test(forward_of_a_sensor_network_equals_the_engine),
        cmocka_unit_test(batch_norm_folds_into_the_same_function),
        cmocka_unit_test(backward_is_the_slope_along_any_direction),
        cmocka_unit_test(fewer_frames_give_the_start_of_more),
        cmocka_unit_test(weights_go_out_and_come_back),
        cmocka_unit_test(a_grown_network_computes_what_it_grew_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
