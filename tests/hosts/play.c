/*
 * Plays a recording to a plugin by way of libjack and records what comes, without a clock: silence
 * first, then the recording, in the server's freewheel mode. Any library of that name will do,
 * JACK's or PipeWire's; it is loaded, not linked.
 *
 *     play LIBRARY SERVER LATENCY LIMIT CHANNELS IN OUT INPUT... OUTPUT...
 *
 * LATENCY is waited for at any of the ports named, in samples; 0 waits for none. After LIMIT
 * seconds of the clock the process ends by SIGALRM. IN and OUT hold interleaved native floats of
 * CHANNELS; a port of INPUT and of OUTPUT for each channel. One more of both is a witness: a
 * channel of the same host that gives what it is given, by which blocks are known that the host has
 * not played in their turn. Exit status: 0; 1 and a line on standard error.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_CHANNELS = 2,
    MAX_PORTS = MAX_CHANNELS + 1,
    SILENCE = 4 * 48000,
    NO_START_SERVER = 1,
    SERVER_NAME = 4
};
enum { IS_INPUT = 1, IS_OUTPUT = 2, CAPTURE_LATENCY = 0, NAME_SIZE = 64 };
enum { MARKS = 1 << 20 /* frames after which the witness begins again; floats hold all of them */ };

/* As jack.h has them; the header need not be there. */
typedef struct client client;
typedef struct port port;
typedef struct latency_range {
    uint32_t min, max;
} latency_range;
typedef int process_callback(uint32_t n, void *user);
typedef void text_callback(const char *text);

static struct {
    client *(*client_open)(const char *name, int options, int *status, ...);
    int (*set_process_callback)(client *c, process_callback *f, void *user);
    port *(*port_register)(client *c, const char *name, const char *type, unsigned long flags,
                           unsigned long size);
    void *(*port_get_buffer)(port *p, uint32_t n);
    port *(*port_by_name)(client *c, const char *name);
    void (*port_get_latency_range)(port *p, int mode, latency_range *out);
    int (*activate)(client *c);
    int (*connect)(client *c, const char *from, const char *to);
    int (*set_freewheel)(client *c, int on);
    void (*set_error_function)(text_callback *f);
    void (*set_info_function)(text_callback *f);
} jack;

/* Two clients: the second's blocks run after the plugin's, whose run after the first's. */
static struct {
    size_t channels, n; /* frames */
    size_t ports;       /* channels, or one more with a witness */
    float *in, *out;    /* [n][channels] */
    port *sources[MAX_PORTS], *sinks[MAX_PORTS];
    atomic_bool playing, gap;
    atomic_size_t played, heard; /* frames of the recording */
    atomic_size_t passed;        /* frames that the sink has seen at all */
} sound;

static void fail(const char *what, const char *which)
{
    fprintf(stderr, "play: %s%s\n", what, which);
    fflush(stderr);
    _exit(1); /* closing a client may wait for its server */
}

static void load(const char *path)
{
    void *const library = dlopen(path, RTLD_NOW);
    if (!library)
        fail("Cannot load ", path);
    const struct {
        const char *name;
        void *place;
    } functions[] = {
        {"jack_client_open", &jack.client_open},
        {"jack_set_process_callback", &jack.set_process_callback},
        {"jack_port_register", &jack.port_register},
        {"jack_port_get_buffer", &jack.port_get_buffer},
        {"jack_port_by_name", &jack.port_by_name},
        {"jack_port_get_latency_range", &jack.port_get_latency_range},
        {"jack_activate", &jack.activate},
        {"jack_connect", &jack.connect},
        {"jack_set_freewheel", &jack.set_freewheel},
        {"jack_set_error_function", &jack.set_error_function},
        {"jack_set_info_function", &jack.set_info_function},
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *const found = dlsym(library, functions[i].name);
        if (!found)
            fail("The library has no ", functions[i].name);
        memcpy(functions[i].place, &found, sizeof found);
    }
}

static void say_nothing(const char *text)
{
    (void)text;
}

static void nap(void)
{
    nanosleep(&(struct timespec){0, 5000000}, NULL);
}

static void read_sound(const char *path)
{
    FILE *const file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        fail("Cannot read ", path);
    const long bytes = ftell(file);
    sound.n = bytes < 0 ? 0 : (size_t)bytes / sizeof(float) / sound.channels;
    const size_t size = sound.n * sound.channels;
    sound.in = calloc(size + 1, sizeof *sound.in);
    sound.out = calloc(size + 1, sizeof *sound.out);
    rewind(file);
    if (!sound.in || !sound.out || fread(sound.in, sizeof *sound.in, size, file) != size)
        fail("Cannot read ", path);
    fclose(file);
}

static void write_sound(const char *path)
{
    const size_t size = sound.n * sound.channels;
    FILE *const file = fopen(path, "wb");
    if (!file || fwrite(sound.out, sizeof *sound.out, size, file) != size || fclose(file) != 0)
        fail("Cannot write ", path);
}

static float mark(size_t frame)
{
    return (float)(1 + frame % MARKS);
}

static int play_block(uint32_t n, void *user)
{
    (void)user;
    const bool playing = atomic_load(&sound.playing);
    const size_t at = atomic_load(&sound.played);
    for (size_t c = 0; c < sound.channels; c++) {
        float *const to = jack.port_get_buffer(sound.sources[c], n);
        for (uint32_t i = 0; to && i < n; i++)
            to[i] = playing && at + i < sound.n ? sound.in[(at + i) * sound.channels + c] : 0.0f;
    }
    if (sound.ports > sound.channels) {
        float *const to = jack.port_get_buffer(sound.sources[sound.channels], n);
        for (uint32_t i = 0; to && i < n; i++)
            to[i] = playing ? mark(at + i) : 0.0f;
    }
    if (playing)
        atomic_store(&sound.played, at + n);
    return 0;
}

static int hear_block(uint32_t n, void *user)
{
    (void)user;
    const size_t at = atomic_load(&sound.heard), played = atomic_load(&sound.played);
    atomic_fetch_add(&sound.passed, n);
    if (played == 0 || at >= sound.n)
        return 0;
    for (size_t c = 0; c < sound.channels; c++) {
        const float *const from = jack.port_get_buffer(sound.sinks[c], n);
        for (uint32_t i = 0; from && i < n && at + i < sound.n; i++)
            sound.out[(at + i) * sound.channels + c] = from[i];
    }
    if (sound.ports > sound.channels) {
        const float *const from = jack.port_get_buffer(sound.sinks[sound.channels], n);
        for (uint32_t i = 0; i < n; i++)
            if (!from || from[i] != mark(at + i))
                atomic_store(&sound.gap, true);
    }
    if (at + n != played)
        atomic_store(&sound.gap, true);
    atomic_store(&sound.heard, at + n);
    return 0;
}

static client *open_client(const char *name, const char *server)
{
    client *c;
    while (!(c = jack.client_open(name, NO_START_SERVER | SERVER_NAME, NULL, server)))
        nap();
    return c;
}

static void start_clients(const char *server, client *clients[2])
{
    static const char audio[] = "32 bit float mono audio";
    clients[0] = open_client("source", server);
    clients[1] = open_client("sink", server);
    for (size_t c = 0; c < sound.ports; c++) {
        const char name[] = {(char)('0' + c), '\0'};
        sound.sources[c] = jack.port_register(clients[0], name, audio, IS_OUTPUT, 0);
        sound.sinks[c] = jack.port_register(clients[1], name, audio, IS_INPUT, 0);
        if (!sound.sources[c] || !sound.sinks[c])
            fail("There is no port to be had", "");
    }
    jack.set_process_callback(clients[0], play_block, NULL);
    jack.set_process_callback(clients[1], hear_block, NULL);
    if (jack.activate(clients[0]) != 0 || jack.activate(clients[1]) != 0)
        fail("A client is not taken", "");
}

/* Once both sides are there and active. */
static void join(client *c, const char *from, const char *to)
{
    while (!jack.port_by_name(c, from) || !jack.port_by_name(c, to))
        nap();
    while (jack.connect(c, from, to) != 0)
        nap();
}

/* jalv 1.6.6 tells its latency at the input port, where it belongs to the output. */
static uint32_t latency_told(client *c, char **ports, size_t n)
{
    uint32_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        latency_range told = {0, 0};
        port *const p = jack.port_by_name(c, ports[i]);
        if (p)
            jack.port_get_latency_range(p, CAPTURE_LATENCY, &told);
        largest = told.max > largest ? told.max : largest;
    }
    return largest;
}

int main(int argc, char **argv)
{
    sound.channels = argc > 8 ? strtoul(argv[5], NULL, 10) : 0;
    sound.ports = ((size_t)argc - 8) / 2;
    if (argc % 2 || sound.channels < 1 || sound.channels > MAX_CHANNELS ||
        sound.ports - sound.channels > 1)
        fail("Usage: play LIBRARY SERVER LATENCY LIMIT CHANNELS IN OUT INPUT... OUTPUT...", "");
    alarm((unsigned)strtoul(argv[4], NULL, 10));
    read_sound(argv[6]);
    load(argv[1]);
    jack.set_error_function(say_nothing); /* servers are asked before they answer */
    jack.set_info_function(say_nothing);
    client *clients[2];
    start_clients(argv[2], clients);
    for (size_t c = 0; c < sound.ports; c++) {
        char source[NAME_SIZE], sink[NAME_SIZE];
        snprintf(source, sizeof source, "source:%zu", c);
        snprintf(sink, sizeof sink, "sink:%zu", c);
        join(clients[0], source, argv[8 + c]);
        join(clients[1], argv[8 + sound.ports + c], sink);
    }
    jack.set_freewheel(clients[0], 1);
    const size_t before = atomic_load(&sound.passed);
    while (atomic_load(&sound.passed) < before + SILENCE)
        nap();
    const uint32_t latency = (uint32_t)strtoul(argv[3], NULL, 10);
    while (latency > 0 && latency_told(clients[1], argv + 8, 2 * sound.ports) != latency)
        nap();
    atomic_store(&sound.playing, true);
    while (atomic_load(&sound.heard) < sound.n)
        nap();
    jack.set_freewheel(clients[0], 0); /* or the server does not end when it is told to */
    if (atomic_load(&sound.gap))
        fail("The server left out some of the recording", "");
    write_sound(argv[7]);
    _exit(0);
}
