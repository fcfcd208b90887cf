/*
 * jack_probe SENT RECEIVED: two JACK clients in one process, "src" and "dst", as a microphone and a
 * loudspeaker that miss nothing. Once both are connected src plays the floats of the file SENT, and
 * dst writes to RECEIVED what came from the frame on at which SENT began, so that the two files are
 * on one clock. Prints "ready" when the clients are there, "connected", and at the end
 * "xruns N period N". With "-" for SENT it only stays until standard input ends; with "-" for
 * RECEIVED it plays SENT over and over until then.
 */
#include <jack/jack.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct probe {
    jack_port_t *out, *in;
    jack_client_t *src, *dst;
    float *sent, *received; /* [n] */
    size_t n;
    bool again;        /* and again */
    atomic_uint start; /* the frame at which `sent` begins; 0 before that */
    atomic_size_t n_received;
    atomic_uint xruns;
} probe;

static int play(jack_nframes_t n, void *user)
{
    probe *const p = user;
    float *const to = jack_port_get_buffer(p->out, n);
    const jack_nframes_t now = jack_last_frame_time(p->src), start = atomic_load(&p->start);
    memset(to, 0, n * sizeof *to);
    for (jack_nframes_t i = 0; start > 0 && i < n; i++) {
        const int32_t at = (int32_t)(now + i - start);
        if (p->again)
            to[i] = p->sent[(now + i) % p->n];
        else if (at >= 0 && (size_t)at < p->n)
            to[i] = p->sent[at];
    }
    return 0;
}

static int hear(jack_nframes_t n, void *user)
{
    probe *const p = user;
    const float *const from = jack_port_get_buffer(p->in, n);
    const jack_nframes_t now = jack_last_frame_time(p->dst), start = atomic_load(&p->start);
    for (jack_nframes_t i = 0; start > 0 && i < n; i++) {
        const int32_t at = (int32_t)(now + i - start);
        if (!p->again && at >= 0 && (size_t)at < p->n) {
            p->received[at] = from[i];
            atomic_store(&p->n_received, (size_t)at + 1);
        }
    }
    return 0;
}

static int count(void *user)
{
    probe *const p = user;
    atomic_fetch_add(&p->xruns, 1);
    return 0;
}

static int fail(const char *text)
{
    fprintf(stderr, "jack_probe: %s\n", text);
    return 1;
}

static void pause_ms(long ms)
{
    const struct timespec t = {.tv_nsec = ms * 1000000};
    nanosleep(&t, NULL);
}

static int open_clients(probe *p)
{
    p->src = jack_client_open("src", JackNoStartServer | JackUseExactName, NULL);
    p->dst = jack_client_open("dst", JackNoStartServer | JackUseExactName, NULL);
    if (!p->src || !p->dst)
        return fail("no server, or the names are taken");
    p->out = jack_port_register(p->src, "out", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
    p->in = jack_port_register(p->dst, "in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
    if (!p->out || !p->in)
        return fail("no port could be made");
    jack_set_process_callback(p->src, play, p);
    jack_set_process_callback(p->dst, hear, p);
    jack_set_xrun_callback(p->src, count, p);
    if (jack_activate(p->src) != 0 || jack_activate(p->dst) != 0)
        return fail("the clients cannot be activated");
    puts("ready");
    fflush(stdout);
    return 0;
}

static int load(probe *p, const char *path)
{
    FILE *const f = fopen(path, "rb");
    if (!f)
        return fail("the file to send cannot be read");
    fseek(f, 0, SEEK_END);
    const long size = ftell(f);
    rewind(f);
    p->n = size > 0 ? (size_t)size / sizeof(float) : 0;
    p->sent = calloc(p->n + 1, sizeof *p->sent);
    p->received = calloc(p->n + 1, sizeof *p->received);
    const int bad =
        p->n == 0 || !p->sent || !p->received || fread(p->sent, sizeof *p->sent, p->n, f) != p->n;
    fclose(f);
    return bad ? fail("the file to send cannot be read") : 0;
}

static int run(probe *p, const char *to)
{
    while (!jack_port_connected(p->out) || !jack_port_connected(p->in))
        pause_ms(10);
    puts("connected");
    fflush(stdout);
    atomic_store(&p->start, jack_frame_time(p->src) + 2048);
    while (atomic_load(&p->n_received) < p->n)
        pause_ms(10);
    FILE *const f = fopen(to, "wb");
    if (!f || fwrite(p->received, sizeof *p->received, p->n, f) != p->n || fclose(f) != 0)
        return fail("the file cannot be written");
    printf("xruns %u period %u\n", atomic_load(&p->xruns), jack_get_buffer_size(p->src));
    return 0;
}

int main(int argc, char **argv)
{
    static probe p;
    if (argc != 3)
        return fail("SENT RECEIVED are expected");
    const bool plays = strcmp(argv[1], "-") != 0;
    p.again = plays && strcmp(argv[2], "-") == 0;
    if ((plays && load(&p, argv[1])) || open_clients(&p))
        return 1;
    int code = 0;
    atomic_store(&p.start, p.again);
    if (plays && !p.again)
        code = run(&p, argv[2]);
    else
        while (getchar() != EOF)
            continue;
    jack_client_close(p.src);
    jack_client_close(p.dst);
    free(p.sent);
    free(p.received);
    return code;
}
