/* Every kernel table against the C table and, where it is short, the formula; on sizes that fit no
 * vector. */
#include "core/kernels/kernels.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/net.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Absolute, for sums of up to 4 x 90 products of size 1: rounding of 1e-7 grows with the root of
 * their number and a sum's size of some ten. */
#define SUM_TOLERANCE 5e-5

enum { N_ROUNDS = 300, MAX_ROWS = 17, MAX_TAPS = 4, GUARD = 64 };

static uint64_t random_state;
static const kernels *tables[KERNELS_MAX_TABLES];
static size_t n_tables;

static uint32_t between(uint32_t low, uint32_t high)
{
    return net_random_between(&random_state, low, high);
}

static kreal *noise(size_t n)
{
    kreal *const x = malloc(n * sizeof *x);
    assert_non_null(x);
    net_fill(&random_state, x, n);
    return x;
}

/* A convolution on random data. `y` has GUARD floats before and after what may be written. */
typedef struct trial {
    bool depthwise;
    kernels_conv conv;
    kernels_tap taps[MAX_TAPS];
    uint32_t n_taps;
    kernels_rows rows;
    kernels_post post;
    kreal *x, *plain, *packed, *bias, *slope, *gain, *shift, *add;
    size_t y_size;
} trial;

static trial new_trial(void)
{
    trial t = {.depthwise = between(0, 2) == 0};
    const uint32_t out = between(0, 3) ? between(1, 90) : between(1, 300);
    const uint32_t in = t.depthwise ? 1 : between(1, 90), all_taps = between(1, MAX_TAPS);
    const size_t padded = kernels_pad(out);
    t.n_taps = between(1, all_taps);
    t.rows.n = between(1, MAX_ROWS);
    t.rows.x_stride = t.depthwise ? padded + between(0, 5) : between(1, 100);
    t.rows.y_stride = between(0, 1) ? padded : out + between(0, 20);
    t.conv.store = t.rows.y_stride >= padded ? (uint32_t)padded : out;
    t.x = noise(t.rows.n * t.rows.x_stride + 3000);
    t.rows.x = t.x + 1000;
    for (uint32_t k = 0; k < t.n_taps; k++)
        t.taps[k] = (kernels_tap){(ptrdiff_t)between(0, 1500) - 900,
                                  all_taps - t.n_taps + (k * 7 + 1) % t.n_taps};
    t.y_size = t.rows.n * t.rows.y_stride + padded;
    t.plain = noise((size_t)out * in * all_taps);
    t.packed = aligned_alloc(64, padded * in * all_taps * sizeof(kreal));
    assert_non_null(t.packed);
    memset(t.packed, 0, padded * in * all_taps * sizeof(kreal));
    t.bias = noise(padded);
    t.slope = noise(padded);
    t.gain = noise(padded);
    t.shift = noise(padded);
    for (size_t o = out; o < padded; o++)
        t.bias[o] = t.gain[o] = t.shift[o] = 0;
    t.add = noise(t.y_size + padded);
    if (t.depthwise)
        for (uint32_t k = 0; k < all_taps; k++)
            memcpy(t.packed + k * padded, t.plain + (size_t)k * out, out * sizeof(kreal));
    else /* plain is [out][in][tap] */
        kernels_conv_pack(in, out, all_taps, t.plain, (size_t)in * all_taps, all_taps, 1, t.packed);
    t.conv = (kernels_conv){t.depthwise ? out : in, out, all_taps, t.conv.store, t.packed, t.bias};
    t.post.slope = between(0, 1) ? t.slope : NULL;
    t.post.gain = between(0, 1) ? t.gain : NULL;
    t.post.shift = t.post.gain ? t.shift : NULL;
    t.post.add = between(0, 1) ? t.add : NULL;
    return t;
}

static void free_trial(trial *t)
{
    kreal *const all[] = {t->x, t->plain, t->packed, t->bias, t->slope, t->gain, t->shift, t->add};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

/* Runs rows from..to - 1; returns y, behind its guard. */
static void run_rows(const trial *t, const kernels *table, kreal *y, size_t from, size_t to)
{
    kernels_rows rows = t->rows;
    kernels_post post = t->post;
    rows.x += from * rows.x_stride;
    rows.y = y + from * rows.y_stride;
    rows.n = to - from;
    if (post.add)
        post.add += from * rows.y_stride;
    (t->depthwise ? table->depthwise : table->conv)(&t->conv, t->taps, t->n_taps, &rows, &post);
}

static double formula(const trial *t, size_t r, uint32_t o)
{
    const uint32_t in = t->depthwise ? 1 : t->conv.in, all = t->conv.n_taps;
    double y = (double)t->bias[o];
    for (uint32_t k = 0; k < t->n_taps; k++) {
        const kreal *const x = t->rows.x + (ptrdiff_t)(r * t->rows.x_stride) + t->taps[k].x;
        for (uint32_t i = 0; i < in; i++)
            y += t->depthwise
                     ? (double)x[o] * (double)t->plain[(size_t)t->taps[k].index * t->conv.out + o]
                     : (double)x[i] *
                           (double)t->plain[((size_t)o * in + i) * all + t->taps[k].index];
    }
    if (t->post.slope && y < 0)
        y *= (double)t->slope[o];
    if (t->post.gain)
        y = y * (double)t->gain[o] + (double)t->shift[o];
    return t->post.add ? y + (double)t->add[r * t->rows.y_stride + o] : y;
}

/* What is left alone holds this. */
static const kreal untouched = 12345;

static kreal *blank(const trial *t)
{
    kreal *const y = malloc((t->y_size + 2 * GUARD) * sizeof *y);
    assert_non_null(y);
    for (size_t i = 0; i < t->y_size + 2 * GUARD; i++)
        y[i] = untouched;
    return y;
}

static void check_sums(const trial *t, const kernels *table, const kreal *y)
{
    for (size_t r = 0; r < t->rows.n; r++)
        for (uint32_t o = 0; o < t->conv.out; o++) {
            const double want = formula(t, r, o);
            const double got = (double)y[r * t->rows.y_stride + o];
            if (!(fabs(got - want) <= SUM_TOLERANCE))
                fail_msg("%s: %s of %u to %u channels, row %zu, channel %u: %.9g, expected %.9g",
                         table->name, t->depthwise ? "depthwise" : "conv", (unsigned)t->conv.in,
                         (unsigned)t->conv.out, r, (unsigned)o, got, want);
        }
}

static void convolutions_are_their_formula_and_write_only_their_place(void **state)
{
    (void)state;
    for (size_t round = 0; round < N_ROUNDS; round++) {
        trial t = new_trial();
        for (size_t k = 0; k < n_tables; k++) {
            kreal *const y = blank(&t);
            run_rows(&t, tables[k], y + GUARD, 0, t.rows.n);
            check_sums(&t, tables[k], y + GUARD);
            for (size_t i = 0; i < t.y_size + 2 * GUARD; i++) {
                const size_t at = i - GUARD, row = at / t.rows.y_stride;
                const bool inside =
                    i >= GUARD && row < t.rows.n && at - row * t.rows.y_stride < t.conv.store;
                if (!inside && y[i] != untouched)
                    fail_msg("%s: wrote at %zd, stride %zu, store %u", tables[k]->name,
                             (ptrdiff_t)at, t.rows.y_stride, (unsigned)t.conv.store);
            }
            free(y);
        }
        free_trial(&t);
    }
}

static void rows_give_the_same_bits_in_any_company(void **state)
{
    (void)state;
    for (size_t round = 0; round < N_ROUNDS; round++) {
        trial t = new_trial();
        for (size_t k = 0; k < n_tables; k++) {
            kreal *const whole = blank(&t), *const parts = blank(&t);
            run_rows(&t, tables[k], whole + GUARD, 0, t.rows.n);
            for (size_t from = 0, to = 0; from < t.rows.n; from = to) {
                to = from + between(1, 3);
                to = to < t.rows.n ? to : t.rows.n;
                run_rows(&t, tables[k], parts + GUARD, from, to);
            }
            assert_memory_equal(whole, parts, (t.y_size + 2 * GUARD) * sizeof(kreal));
            free(whole);
            free(parts);
        }
        free_trial(&t);
    }
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double gelu_erf(double x)
{
    return x * 0.5 * erfc(-x * sqrt(0.5));
}

static double gelu_tanh(double x)
{
    return 0.5 * x * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
}

/* The largest error over -30..30, absolute, or relative to what `scale` says. */
static double worst(kernels_map_fn map, double (*exact)(double), double (*scale)(double))
{
    enum { N = 60000 };
    static kreal x[N + KERNELS_PAD], y[N + KERNELS_PAD];
    double most = 0;
    for (size_t i = 0; i < N; i++)
        x[i] = (kreal)(((double)i - N / 2) * 1e-3 + net_random(&random_state) * 1e-3);
    map(x, y, 1, N);
    for (size_t i = 0; i < N; i++) {
        const double error = fabs((double)y[i] - exact((double)x[i]));
        most = fmax(most, error / (scale ? scale((double)x[i]) : 1));
    }
    return most;
}

static double larger_than_one(double x)
{
    return fmax(1, fabs(x));
}

/* The bounds are those of kernels.h. */
static void curves_are_as_exact_as_promised(void **state)
{
    (void)state;
    for (size_t k = 0; k < n_tables; k++) {
        assert_true(worst(tables[k]->tanh, tanh, NULL) < 4e-7);
        assert_true(worst(tables[k]->sigmoid, sigmoid, sigmoid) < 4e-7);
        assert_true(worst(tables[k]->gelu_erf, gelu_erf, larger_than_one) < 1e-6);
        assert_true(worst(tables[k]->gelu_tanh, gelu_tanh, larger_than_one) < 1e-6);
    }
}

static void far_out_curves_stay_finite(void **state)
{
    (void)state;
    const kreal far[KERNELS_PAD] = {-3e38f, -1e30f, -1e4f, -200, 200, 1e4f, 1e30f, 3e38f};
    kreal y[KERNELS_PAD];
    for (size_t k = 0; k < n_tables; k++) {
        tables[k]->tanh(far, y, 1, KERNELS_PAD);
        for (size_t i = 0; i < 8; i++)
            assert_true(fabs(fabs((double)y[i]) - 1) < 4e-7 && (y[i] < 0) == (far[i] < 0));
        tables[k]->sigmoid(far, y, 1, KERNELS_PAD);
        assert_true(y[0] >= 0 && y[0] < 1e-30f && y[7] == 1);
    }
}

static void tables_are_found_by_name(void **state)
{
    (void)state;
    assert_true(n_tables >= 1 && n_tables <= KERNELS_MAX_TABLES);
    for (size_t k = 0; k < n_tables; k++)
        assert_ptr_equal(kernels_by_name(tables[k]->name), tables[k]);
    assert_null(kernels_by_name("mmx"));
    assert_string_equal(tables[n_tables - 1]->name, "c");
}

/* The environment is read once, by the first call. */
static void the_environment_forces_a_table(void **state)
{
    (void)state;
    const char *const name = getenv("SORDINO_KERNELS");
    const kernels *const table = name ? kernels_by_name(name) : NULL;
    assert_ptr_equal(kernels_pick(), table ? table : tables[0]);
    assert_ptr_equal(kernels_pick(), kernels_pick());
}

int main(void)
{
    random_state = net_seed();
    n_tables = kernels_list(tables);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_are_their_formula_and_write_only_their_place),
        cmocka_unit_test(rows_give_the_same_bits_in_any_company),
        cmocka_unit_test(curves_are_as_exact_as_promised),
        cmocka_unit_test(far_out_curves_stay_finite),
        cmocka_unit_test(tables_are_found_by_name),
        cmocka_unit_test(the_environment_forces_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
