/*
 * The engine and the denoiser against models/reference.py, which knows nothing of them: the same
 * files, the same inputs, formulas in double precision. NAME.safetensors is a model; with it lie
 * NAME.in.f32 and NAME.out.f32, raw little-endian floats: frames of a graph, or samples when the
 * name ends in a rate and "-end-to-end" ("stft-48000-end-to-end"). Who changes what a model
 * computes, a constant of the noise tracker for instance, changes the reference too and then runs
 * `models/reference.py make-golden`.
 */
#include "core/kernels/kernels.h"
#include "core/model/model.h"

#include "tests/support/cmocka_all.h"

#include <sordino/sordino.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Relative to the largest output of the case. Sums of up to some hundred products in single
 * precision are off by a few 1e-7 of their terms, the activations by 4e-7; a wrong tap, attribute
 * or order of anything is off by more than 1e-3. */
static const double engine_tolerance = 1e-5;

/* The whole path, of features, network and transform, in decibels below the output's energy. Single
 * precision FFTs are at -130 dB; a feature computed from the difference of two phases or a
 * logarithm of a small power amplifies that. */
static const double denoiser_floor_db = -80.0;

static const char *folder;

typedef struct floats {
    float *x;
    size_t n;
} floats;

static floats read_floats(const char *name, const char *ending)
{
    char path[1024];
    floats f = {NULL, 0};
    snprintf(path, sizeof path, "%s/%s%s", folder, name, ending);
    FILE *const from = fopen(path, "rb");
    if (!from)
        fail_msg("%s cannot be read", path);
    fseek(from, 0, SEEK_END);
    const long bytes = ftell(from);
    rewind(from);
    f.n = (size_t)bytes / sizeof(float);
    f.x = malloc((size_t)bytes + 1);
    assert_non_null(f.x);
    assert_int_equal(fread(f.x, sizeof(float), f.n, from), f.n);
    fclose(from);
    return f;
}

static sordino_model *open_model(const char *name)
{
    char path[1024];
    sordino_model *m;
    sordino_error why = {SORDINO_OK, ""};
    snprintf(path, sizeof path, "%s/%s.safetensors", folder, name);
    if (sordino_model_open_path(path, &m, &why) != SORDINO_OK)
        fail_msg("%s: %s", path, why.text);
    return m;
}

static double largest(const float *x, size_t n)
{
    double most = 0.0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs((double)x[i]));
    return most;
}

/* Frames through the graph on one table, in calls of 1, 2, 3, ... frames. */
static bool check_table(const char *name, const sordino_model *m, const kernels *table,
                        const floats *in, const floats *expected)
{
    plan *p;
    plan_state *state;
    assert_int_equal(plan_new(m->graph, m->tensors, table, &p, NULL), SORDINO_OK);
    assert_int_equal(plan_state_new(p, 5, &state, NULL), SORDINO_OK);
    const size_t n_in = plan_input_width(p), n_out = plan_output_width(p), n = in->n / n_in;
    float *const out = calloc(n * n_out, sizeof *out);
    assert_non_null(out);
    assert_int_equal(in->n, n * n_in);
    assert_int_equal(expected->n, n * n_out);
    for (size_t t = 0, step = 1; t < n; t += step, step = step % 7 + 1) {
        step = step < n - t ? step : n - t;
        plan_run(state, in->x + t * n_in, out + t * n_out, step);
    }
    const double scale = largest(expected->x, expected->n);
    double worst = 0.0;
    for (size_t i = 0; i < n * n_out; i++)
        worst = fmax(worst, fabs((double)out[i] - (double)expected->x[i]));
    print_message("%-28s %-7s %.1e\n", name, table->name, worst / scale);
    assert_true(scale > 1e-3);
    free(out);
    plan_state_free(state);
    plan_free(p);
    return worst <= engine_tolerance * scale;
}

static bool check_graph(const char *name)
{
    bool good = true;
    const kernels *tables[KERNELS_MAX_TABLES];
    const size_t n = kernels_list(tables);
    sordino_model *const m = open_model(name);
    const floats in = read_floats(name, ".in.f32"), expected = read_floats(name, ".out.f32");
    for (size_t i = 0; i < n; i++)
        good = check_table(name, m, tables[i], &in, &expected) && good;
    free(in.x);
    free(expected.x);
    sordino_model_free(m);
    return good;
}

static bool check_denoiser(const char *name, double rate)
{
    sordino_model *const m = open_model(name);
    const floats in = read_floats(name, ".in.f32"), expected = read_floats(name, ".out.f32");
    float *const out = calloc(in.n, sizeof *out);
    sordino_config config;
    sordino_denoiser *d;
    double off = 0.0, energy = 0.0;
    sordino_config_init(&config);
    config.method = SORDINO_METHOD_NETWORK;
    config.rate = rate;
    assert_non_null(out);
    assert_int_equal(sordino_denoiser_new(&config, m, &d, NULL), SORDINO_OK);
    assert_int_equal(sordino_denoiser_latency(d), sordino_model_latency(m, rate));
    const float *const ins[] = {in.x};
    float *const outs[] = {out};
    sordino_denoiser_process(d, ins, outs, in.n);
    assert_int_equal(in.n, expected.n);
    for (size_t i = 0; i < in.n; i++) {
        off += pow((double)out[i] - (double)expected.x[i], 2.0);
        energy += pow((double)expected.x[i], 2.0);
    }
    const double db = 10.0 * log10(off / energy + 1e-30);
    print_message("%-28s %.1f dB\n", name, db);
    assert_true(energy > 0.0);
    free(out);
    free(in.x);
    free(expected.x);
    sordino_denoiser_free(d);
    sordino_model_free(m);
    return db <= denoiser_floor_db;
}

/* The rate in "NAME-48000-end-to-end", or 0 when the name does not end so. */
static double rate_in(const char *name)
{
    const char *const end = strstr(name, "-end-to-end");
    const char *at = end;
    while (end && at > name && at[-1] != '-')
        at--;
    return end ? strtod(at, NULL) : 0.0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The models' names, sorted, without ending; returns how many. */
static size_t list_models(char names[][128], size_t most)
{
    DIR *const dir = opendir(folder);
    const struct dirent *entry;
    size_t n = 0;
    while (dir && n < most && (entry = readdir(dir))) {
        const char *const dot = strstr(entry->d_name, ".safetensors");
        if (dot)
            snprintf(names[n++], 128, "%.*s", (int)(dot - entry->d_name), entry->d_name);
    }
    if (dir)
        closedir(dir);
    qsort(names, n, 128, compare);
    return n;
}

static void every_kernel_table_gives_what_the_reference_gives(void **state)
{
    (void)state;
    static char names[64][128];
    const size_t n = list_models(names, 64);
    size_t checked = 0, wrong = 0;
    for (size_t i = 0; i < n; i++)
        if (rate_in(names[i]) == 0.0) {
            wrong += !check_graph(names[i]);
            checked++;
        }
    assert_true(checked > 0);
    assert_int_equal(wrong, 0);
}

static void the_denoiser_gives_what_the_reference_gives(void **state)
{
    (void)state;
    static char names[64][128];
    const size_t n = list_models(names, 64);
    size_t checked = 0, wrong = 0;
    for (size_t i = 0; i < n; i++)
        if (rate_in(names[i]) > 0.0) {
            wrong += !check_denoiser(names[i], rate_in(names[i]));
            checked++;
        }
    assert_true(checked > 0);
    assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_table_gives_what_the_reference_gives),
        cmocka_unit_test(the_denoiser_gives_what_the_reference_gives),
    };
    if (argc < 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    folder = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
