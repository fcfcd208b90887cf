/*
 * What LV2 plugins cost beside each other, all in one run: time and memory to make one, processor
 * time for a second of audio, and the longest block, at several sizes of block. Any plugin on
 * LV2_PATH can be named; ratios are to the first. What is played: a voice in noise, or silence,
 * a square wave at full scale, samples that are no numbers, or ones too small to be normal.
 *
 * Usage: bench-plugin [-r RATE] [-s SECONDS] [-i voice|silence|square|nan|denormal]
 *                     [-c SYMBOL=VALUE]... URI...
 */
#include <lilv/lilv.h>
#include <lv2/atom/atom.h>
#include <lv2/buf-size/buf-size.h>
#include <lv2/options/options.h>
#include <lv2/urid/urid.h>

#include <float.h>
#include <malloc.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_PORTS = 128, MAX_SETTINGS = 16, MAX_URIDS = 512, MANY = 20, RUNS = 5, MAX_BLOCK = 1024 };

static const uint32_t blocks[] = {32, 64, 128, 1024};
enum { N_BLOCKS = sizeof blocks / sizeof *blocks };

typedef struct setting {
    const char *symbol;
    size_t n;
    float value;
} setting;

typedef enum input { VOICE, SILENCE, SQUARE, NOT_A_NUMBER, DENORMAL, N_INPUTS } input;
static const char *const inputs[N_INPUTS] = {"voice", "silence", "square", "nan", "denormal"};

typedef struct options {
    double rate, seconds;
    input input;
    setting settings[MAX_SETTINGS];
    int n_settings;
} options;

typedef struct figures {
    double first_ms, first_mib; /* the library and its model with it */
    double make_ms, make_mib, load[N_BLOCKS], worst[N_BLOCKS];
} figures;

/* ---- a small host ---- */

static char *uris[MAX_URIDS];
static LV2_URID n_uris;

static LV2_URID map_uri(LV2_URID_Map_Handle handle, const char *uri)
{
    LV2_URID i = 0;
    (void)handle;
    while (i < n_uris && strcmp(uris[i], uri) != 0)
        i++;
    if (i == n_uris && n_uris < MAX_URIDS) {
        const size_t size = strlen(uri) + 1;
        char *copy = malloc(size);
        if (!copy)
            return 0;
        memcpy(copy, uri, size);
        uris[n_uris++] = copy;
    }
    return i + 1;
}

static LV2_URID_Map map = {NULL, map_uri};

static float controls[MAX_PORTS], audio[MAX_PORTS][MAX_BLOCK];
static uint64_t atoms[MAX_PORTS][1024];

static LilvInstance *make(const LilvPlugin *plugin, double rate)
{
    const LV2_URID atom_int = map.map(NULL, LV2_ATOM__Int);
    static const int32_t least = 1, most = MAX_BLOCK;
    const LV2_Options_Option list[] = {
        {LV2_OPTIONS_INSTANCE, 0, map.map(NULL, LV2_BUF_SIZE__minBlockLength), sizeof least,
         atom_int, &least},
        {LV2_OPTIONS_INSTANCE, 0, map.map(NULL, LV2_BUF_SIZE__maxBlockLength), sizeof most,
         atom_int, &most},
        {LV2_OPTIONS_INSTANCE, 0, 0, 0, 0, NULL},
    };
    const LV2_Feature features[] = {
        {LV2_URID__map, &map},
        {LV2_OPTIONS__options, (void *)list},
        {LV2_BUF_SIZE__boundedBlockLength, NULL},
    };
    const LV2_Feature *const given[] = {&features[0], &features[1], &features[2], NULL};
    return lilv_plugin_instantiate(plugin, rate, given);
}

static void connect(LilvWorld *world, const LilvPlugin *plugin, LilvInstance *instance,
                    const options *o)
{
    LilvNode *is_audio = lilv_new_uri(world, LILV_URI_AUDIO_PORT);
    LilvNode *is_atom = lilv_new_uri(world, LILV_URI_ATOM_PORT);
    const uint32_t n = lilv_plugin_get_num_ports(plugin);
    lilv_plugin_get_port_ranges_float(plugin, NULL, NULL, controls);
    for (uint32_t i = 0; i < n; i++) {
        const LilvPort *port = lilv_plugin_get_port_by_index(plugin, i);
        const char *symbol = lilv_node_as_string(lilv_port_get_symbol(plugin, port));
        for (int k = 0; k < o->n_settings; k++)
            if (strlen(symbol) == o->settings[k].n &&
                strncmp(symbol, o->settings[k].symbol, o->settings[k].n) == 0)
                controls[i] = o->settings[k].value;
        if (lilv_port_is_a(plugin, port, is_audio))
            lilv_instance_connect_port(instance, i, audio[i]);
        else if (lilv_port_is_a(plugin, port, is_atom))
            lilv_instance_connect_port(instance, i, atoms[i]);
        else
            lilv_instance_connect_port(instance, i, &controls[i]);
    }
    lilv_node_free(is_audio);
    lilv_node_free(is_atom);
}

/* ---- measuring ---- */

/* Seconds of this thread's own work: other programs on the machine do not count. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *x, size_t n)
{
    qsort(x, n, sizeof *x, compare);
    return x[n / 2];
}

static double heap_mib(void)
{
    const struct mallinfo2 m = mallinfo2();
    return (double)(m.uordblks + m.hblkhd) / 1048576.0;
}

static void make_voice(float *x, size_t n, size_t from, double rate)
{
    static uint32_t random = 1;
    for (size_t i = 0; i < n; i++) {
        const double t = (double)(from + i) / rate;
        double voice = 0.0;
        random = random * 1664525u + 1013904223u;
        for (int h = 1; h <= 8; h++)
            voice += sin(6.283185307179586 * 150.0 * h * t) / h;
        x[i] = (float)(0.2 * fmax(0.0, sin(9.0 * t)) * voice +
                       0.05 * ((double)random / 4294967296.0 - 0.5));
    }
}

static void make_input(float *x, size_t n, size_t from, const options *o)
{
    if (o->input == VOICE) {
        make_voice(x, n, from, o->rate);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const float sign = (from + i) / 100 % 2 ? 1.0f : -1.0f;
        const float values[N_INPUTS] = {0.0f, 0.0f, sign, NAN, sign * FLT_MIN / 8};
        x[i] = values[o->input];
    }
}

/* The mean and the longest block, as parts of the block's own time. The longest of one run is what
 * the machine did to it; the median over runs of the longest is the plugin's. */
static void play(const LilvPlugin *plugin, LilvInstance *instance, const options *o, uint32_t block,
                 double *load, double *worst)
{
    double loads[RUNS], longest[RUNS];
    const size_t n_blocks = (size_t)(o->seconds * o->rate / block) + 1;
    const uint32_t n_ports = lilv_plugin_get_num_ports(plugin);
    static float played[MAX_BLOCK];
    const LV2_Atom empty = {sizeof(LV2_Atom_Sequence_Body), map.map(NULL, LV2_ATOM__Sequence)};
    for (int r = 0; r < RUNS; r++) {
        double sum = 0.0;
        longest[r] = 0.0;
        for (size_t b = 0; b < n_blocks; b++) {
            make_input(played, block, b * block, o);
            for (uint32_t i = 0; i < n_ports && i < MAX_PORTS; i++)
                memcpy(audio[i], played, block * sizeof *played);
            for (uint32_t i = 0; i < n_ports && i < MAX_PORTS; i++)
                memcpy(atoms[i], &empty, sizeof empty);
            const double start = now();
            lilv_instance_run(instance, block);
            const double took = now() - start;
            sum += took;
            longest[r] = b > 0 && took > longest[r] ? took : longest[r];
        }
        loads[r] = sum * o->rate / ((double)n_blocks * block);
        longest[r] *= o->rate / block;
    }
    *load = median(loads, RUNS);
    *worst = median(longest, RUNS);
}

static bool measure(LilvWorld *world, const char *uri, const options *o, figures *f)
{
    LilvNode *node = lilv_new_uri(world, uri);
    const LilvPlugin *plugin =
        node ? lilv_plugins_get_by_uri(lilv_world_get_all_plugins(world), node) : NULL;
    lilv_node_free(node);
    if (!plugin || lilv_plugin_get_num_ports(plugin) > MAX_PORTS)
        return false;
    double times[MANY];
    LilvInstance *all[MANY];
    double before = heap_mib();
    const double began = now();
    LilvInstance *first = make(plugin, o->rate);
    f->first_ms = 1000.0 * (now() - began);
    f->first_mib = heap_mib() - before;
    if (!first)
        return false;
    before = heap_mib();
    for (int i = 0; i < MANY; i++) {
        const double start = now();
        all[i] = make(plugin, o->rate);
        times[i] = now() - start;
    }
    f->make_mib = (heap_mib() - before) / MANY;
    f->make_ms = 1000.0 * median(times, MANY);
    for (int i = 0; i < MANY; i++)
        lilv_instance_free(all[i]);
    for (size_t b = 0; b < N_BLOCKS; b++) {
        connect(world, plugin, first, o);
        lilv_instance_activate(first);
        play(plugin, first, o, blocks[b], &f->load[b], &f->worst[b]);
        lilv_instance_deactivate(first);
    }
    lilv_instance_free(first);
    return true;
}

static void print(const char *uri, const figures *f, const figures *first)
{
    printf("%s\n  to make one: %.2f ms, %.2f MiB; the first: %.2f ms, %.2f MiB\n", uri, f->make_ms,
           f->make_mib, f->first_ms, f->first_mib);
    for (size_t b = 0; b < N_BLOCKS; b++)
        printf("  blocks of %4u: %.5f s of processor for a second (%.2f x), longest block %.1f %% "
               "of its time\n",
               blocks[b], f->load[b], f->load[b] / first->load[b], 100.0 * f->worst[b]);
}

static int usage(void)
{
    fputs("usage: bench-plugin [-r RATE] [-s SECONDS] [-i voice|silence|square|nan|denormal] "
          "[-c SYMBOL=VALUE]... URI...\n",
          stderr);
    return 2;
}

static bool find_input(const char *name, input *out)
{
    int i = 0;
    while (i < N_INPUTS && strcmp(inputs[i], name) != 0)
        i++;
    *out = (input)i;
    return i < N_INPUTS;
}

int main(int argc, char **argv)
{
    options o = {.rate = 48000.0, .seconds = 10.0};
    figures first = {0}, f;
    int i = 1;
    for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
        const char *value = argv[i + 1], *equals = strchr(value, '=');
        if (argv[i][1] == 'r')
            o.rate = strtod(value, NULL);
        else if (argv[i][1] == 's')
            o.seconds = strtod(value, NULL);
        else if (argv[i][1] == 'i' && find_input(value, &o.input))
            continue;
        else if (argv[i][1] == 'c' && equals && o.n_settings < MAX_SETTINGS)
            o.settings[o.n_settings++] =
                (setting){value, (size_t)(equals - value), strtof(equals + 1, NULL)};
        else
            return usage();
    }
    if (i >= argc || !(o.rate > 0.0) || !(o.seconds > 0.0))
        return usage();
    LilvWorld *world = lilv_world_new();
    if (!world)
        return 1;
    lilv_world_load_all(world);
    int status = 0;
    for (int n = 0; i < argc; i++, n++) {
        if (!measure(world, argv[i], &o, &f)) {
            fprintf(stderr, "bench-plugin: %s: not found, or it does not start\n", argv[i]);
            status = 1;
            continue;
        }
        if (first.load[0] == 0.0)
            first = f;
        print(argv[i], &f, &first);
    }
    lilv_world_free(world);
    return status;
}
