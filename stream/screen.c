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
static volatile sig_atomic_t line_is_drawn; /* the two lines are, and the cursor in the second */
static struct termios raw;

static const char one_up[] = "\033[A";

static const char keys[] =
    "q end  b bypass  d delta  - + limit  m method  l load again  n learn  r record\n"
    "x mute  p push to talk, with space";

/* Safe in a signal handler. */
static void restore(void)
{
    static const char show[] = "\r\033[K\033[?25h", above[] = "\r\033[K\033[A\r\033[K\033[?25h";
    if (!has_terminal)
        return;
    has_terminal = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    if (line_is_drawn ? write(STDOUT_FILENO, above, sizeof above - 1) < 0
                      : write(STDOUT_FILENO, show, sizeof show - 1) < 0)
        return; /* the terminal is gone */
    line_is_drawn = 0;
}

static void on_fatal(int number)
{
    restore();
    signal(number, SIG_DFL);
    raise(number);
}

/* Stopped by Ctrl-Z the terminal is the shell's, and ours again afterwards. */
static void on_stop(int number)
{
    sigset_t those;
    restore();
    signal(number, SIG_DFL);
    sigemptyset(&those);
    sigaddset(&those, number);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &those, NULL);
    signal(number, on_stop);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    has_terminal = 1;
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
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        signal(fatal[i], on_fatal);
    signal(SIGTSTP, on_stop);
    atexit(restore);
    has_terminal = 1;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    fputs("\033[?25l", stdout);
    fflush(stdout);
}

static void clear_lines(void)
{
    if (line_is_drawn)
        printf("\r\033[K%s\r\033[K", one_up);
    line_is_drawn = 0;
    fflush(stdout);
}

void screen_end(void)
{
    clear_lines();
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

/* " BYPASS DELTA LEARN REC", those that hold. */
static const char *modes_of(const screen_state *s, char to[static 80])
{
    char lost[32] = "";
    if (s->record_lost > 0)
        snprintf(lost, sizeof lost, " %llu LOST", (unsigned long long)s->record_lost);
    snprintf(to, 80, "%s%s%s%s%s%s",
             s->muted          ? " MUTE"
             : s->push_to_talk ? " TALK"
                               : "",
             s->bypass ? " BYPASS" : "", s->delta ? " DELTA" : "", s->learning ? " LEARN" : "",
             s->recording ? " REC" : "", lost);
    return to;
}

/* The two lines: what is heard, then what does it. At 80 columns both fit. */
static void write_lines(const screen_state *s, bool wide, char *first, char *second, size_t size)
{
    char bar_in[40], bar_out[40], modes[80], limit[24] = "no limit";
    const unsigned cells = wide ? 24 : 8;
    if (s->waiting)
        snprintf(first, size, "waiting for %s", *s->input ? s->input : s->output);
    screen_bar(bar_in, cells, s->input_db);
    screen_bar(bar_out, cells, s->output_db);
    if (!s->waiting)
        snprintf(first, size, "in %s%4.0f dB  out %s%4.0f dB  red %.0f dB %s", bar_in,
                 fmax(-99, (double)s->input_db), bar_out, fmax(-99, (double)s->output_db),
                 fmin(99, (double)s->reduction_db), modes_of(s, modes));
    if (s->limit > -120)
        snprintf(limit, sizeof limit, "limit %.0f dB", fabs(s->limit));
    snprintf(second, size,
             wide ? "%s  %s  latency %.1f ms here, %.1f ms in the device  cpu %.0f %%, worst block "
                    "%.0f %%  xruns %llu  %.0f Hz"
                  : "%s  %s  %.1f+%.1f ms  cpu %.0f/%.0f%%  xruns %llu  %.0f Hz",
             s->method, limit, 1e3 * s->latency, 1e3 * s->device_latency, 100 * s->load,
             100 * s->worst, (unsigned long long)s->xruns, s->rate);
}

static void show_line(const screen_state *s)
{
    char first[400], second[400];
    const unsigned columns = width(),
                   most = columns < sizeof first ? columns - 1 : sizeof first - 1;
    write_lines(s, columns >= 140, first, second, sizeof first);
    first[most] = '\0';
    second[most] = '\0';
    printf("%s\r%s\033[K\n%s\033[K", line_is_drawn ? one_up : "", first, second);
    line_is_drawn = 1;
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
           "\"muted\": %s, \"learning\": %s, \"recording\": %s, \"waiting\": %s, "
           "\"device_losses\": %llu}\n",
           s->rate, (unsigned long)s->latency_samples, s->device_latency, (double)s->input_db,
           (double)s->output_db, (double)s->reduction_db, s->load, s->worst,
           (unsigned long long)s->frames, (unsigned long long)s->xruns,
           (unsigned long long)s->record_written, (unsigned long long)s->record_lost, s->limit,
           truth(s->bypass), truth(s->delta), truth(s->muted), truth(s->learning),
           truth(s->recording), truth(s->waiting), (unsigned long long)s->losses);
    fflush(stdout);
}

static void show_plain(const screen_state *s)
{
    char modes[80];
    if (s->waiting)
        return; /* that the device was lost was told */
    printf("in %.1f dB, out %.1f dB, reduction %.1f dB, cpu %.1f %%, worst block %.0f %%, xruns "
           "%llu%s\n",
           (double)s->input_db, (double)s->output_db, (double)s->reduction_db, 100 * s->load,
           100 * s->worst, (unsigned long long)s->xruns, modes_of(s, modes));
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
    clear_lines();
    if (kind != SCREEN_JSON || to == stderr) {
        /* Above the lines that are drawn it is plain who speaks. */
        fprintf(to, "%s%s: %s\n", kind == SCREEN_LINE ? "" : "sordino-live: ", subject, text);
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
