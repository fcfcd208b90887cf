#include "stream/screen.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static screen_kind kind = SCREEN_QUIET;
static volatile sig_atomic_t has_terminal;
static struct termios before;
static bool line_is_drawn;

static const char keys[] =
    "q end  b bypass  d delta  - + limit  m method  l load again  n learn  r record";

/* Safe in a signal handler. */
static void restore(void)
{
    static const char show[] = "\r\033[K\033[?25h";
    if (!has_terminal)
        return;
    has_terminal = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    if (write(STDOUT_FILENO, show, sizeof show - 1) < 0)
        return; /* the terminal is gone */
}

static void on_fatal(int number)
{
    restore();
    signal(number, SIG_DFL);
    raise(number);
}

void screen_begin(screen_kind wanted)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};
    kind = wanted;
    if (kind != SCREEN_LINE)
        return;
    puts(keys);
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before) != 0)
        return;
    struct termios raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        signal(fatal[i], on_fatal);
    atexit(restore);
    has_terminal = 1;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    fputs("\033[?25l", stdout);
    fflush(stdout);
}

void screen_end(void)
{
    if (kind == SCREEN_LINE && line_is_drawn)
        fputs("\r\033[K", stdout);
    line_is_drawn = false;
    fflush(stdout);
    restore();
}

int screen_key(void)
{
    unsigned char key;
    return has_terminal && read(STDIN_FILENO, &key, 1) == 1 ? key : 0;
}

void screen_bar(char *to, unsigned n, float db)
{
    const float part = (db + 60.0F) / 60.0F;
    const unsigned full = part <= 0 ? 0 : part >= 1 ? n : (unsigned)(part * (float)n + 0.5F);
    to[0] = '[';
    memset(to + 1, '=', full);
    memset(to + 1 + full, ' ', n - full);
    to[n + 1] = ']';
    to[n + 2] = '\0';
}

static unsigned width(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static const char *mode_of(const screen_state *s)
{
    return s->bypass ? " BYPASS" : s->learning ? " LEARNING" : s->delta ? " DELTA" : "";
}

/* As much as goes into the width: what matters most comes first. */
static void show_line(const screen_state *s)
{
    char bar_in[24], bar_out[24], line[400], limit[16] = "none";
    const unsigned columns = width(), cells = columns >= 120 ? 16 : 6;
    screen_bar(bar_in, cells, s->input_db);
    screen_bar(bar_out, cells, s->output_db);
    if (s->limit > -120)
        snprintf(limit, sizeof limit, "%.0f", -s->limit);
    const int n = snprintf(
        line, sizeof line,
        "in%s%3.0f out%s%3.0f red %.0f dB %.0f ms cpu %.0f/%.0f%% xruns %llu lim %s %s%s%s  %.0f "
        "Hz  "
        "device %.1f ms%s",
        bar_in, fmax(-99, (double)s->input_db), bar_out, fmax(-99, (double)s->output_db),
        (double)s->reduction_db, 1e3 * s->latency, 100 * s->load, 100 * s->worst,
        (unsigned long long)s->xruns, limit, s->method, mode_of(s), s->recording ? " REC" : "",
        s->rate, 1e3 * s->device_latency, s->record_lost > 0 ? "  recording lost frames" : "");
    if (n > 0 && (unsigned)n >= columns)
        line[columns - 1] = '\0';
    printf("\r%s\033[K", line);
    line_is_drawn = true;
    fflush(stdout);
}

static void print_json(const char *text)
{
    putchar('"');
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\')
            putchar('\\');
        if ((unsigned char)*c >= 0x20)
            putchar(*c);
    }
    putchar('"');
}

static const char *truth(bool b)
{
    return b ? "true" : "false";
}

static void show_json(const screen_state *s)
{
    fputs("{\"event\": \"status\", \"method\": ", stdout);
    print_json(s->method);
    printf(", \"rate\": %.9g, \"latency_samples\": %lu, \"device_latency\": %.6f, "
           "\"input_db\": %.2f, \"output_db\": %.2f, \"reduction_db\": %.2f, \"load\": %.4f, "
           "\"worst\": %.4f, \"frames\": %llu, \"xruns\": %llu, \"recorded\": %llu, "
           "\"record_lost\": %llu, \"limit\": %.1f, \"bypass\": %s, \"delta\": %s, "
           "\"learning\": %s, \"recording\": %s, \"device_losses\": %llu}\n",
           s->rate, (unsigned long)s->latency_samples, s->device_latency, (double)s->input_db,
           (double)s->output_db, (double)s->reduction_db, s->load, s->worst,
           (unsigned long long)s->frames, (unsigned long long)s->xruns,
           (unsigned long long)s->record_written, (unsigned long long)s->record_lost, s->limit,
           truth(s->bypass), truth(s->delta), truth(s->learning), truth(s->recording),
           (unsigned long long)s->losses);
    fflush(stdout);
}

static void show_plain(const screen_state *s)
{
    printf("in %.1f dB, out %.1f dB, reduction %.1f dB, cpu %.1f %%, worst block %.0f %%, xruns "
           "%llu%s\n",
           (double)s->input_db, (double)s->output_db, (double)s->reduction_db, 100 * s->load,
           100 * s->worst, (unsigned long long)s->xruns, mode_of(s));
    fflush(stdout);
}

void screen_show(const screen_state *s)
{
    if (kind == SCREEN_LINE)
        show_line(s);
    else if (kind == SCREEN_JSON)
        show_json(s);
    else if (kind == SCREEN_PLAIN)
        show_plain(s);
}

static void tell(FILE *to, const char *event, const char *subject, const char *text)
{
    if (kind == SCREEN_JSON) {
        fputs("{\"event\": ", stdout);
        print_json(event);
        fputs(", \"subject\": ", stdout);
        print_json(subject);
        fputs(", \"text\": ", stdout);
        print_json(text);
        fputs("}\n", stdout);
        fflush(stdout);
    }
    if (kind == SCREEN_LINE && line_is_drawn) {
        fputs("\r\033[K", stdout);
        fflush(stdout);
        line_is_drawn = false;
    }
    if (kind != SCREEN_JSON || to == stderr) {
        fprintf(to, "sordino-live: %s: %s\n", subject, text);
        fflush(to);
    }
}

void screen_tell(const char *event, const char *subject, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (kind != SCREEN_QUIET)
        tell(stdout, event, subject, text);
}

void screen_warn(const char *event, const char *subject, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    tell(stderr, event, subject, text);
}
