#include "stream/resume.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FOLDER = 200 }; /* letters of a temporary folder's name */

static const char noise_name[] = "/noise.safetensors";

/* The noise in a folder of its own, which only this user can read; false when it is not kept. */
static bool put_noise(const sordino_profile *noise, char *folder)
{
    char path[FOLDER + sizeof noise_name];
    const char *const place = getenv("TMPDIR");
    const int n = snprintf(folder, FOLDER, "%s/sordino-live-XXXXXX", place ? place : "/tmp");
    if (!noise || n < 0 || n >= FOLDER || !mkdtemp(folder))
        return false;
    snprintf(path, sizeof path, "%s%s", folder, noise_name);
    if (sordino_profile_save_path(noise, path, NULL) == SORDINO_OK)
        return true;
    rmdir(folder);
    return false;
}

static sordino_profile *take_noise(const char *folder)
{
    char path[FOLDER + sizeof noise_name];
    sordino_profile *noise;
    snprintf(path, sizeof path, "%s%s", folder, noise_name);
    if (sordino_profile_open_path(path, &noise, NULL))
        noise = NULL;
    unlink(path);
    rmdir(folder);
    return noise;
}

bool resume_read(const char *text, resume *out)
{
    int enabled, delta, muted, push_to_talk, end = 0;
    unsigned long long losses, xruns, played;
    memset(out, 0, sizeof *out);
    if (!text ||
        sscanf(text, "%lf,%lf,%d,%d,%d,%d,%u,%llu,%llu,%llu,%n", &out->limit, &out->left, &enabled,
               &delta, &muted, &push_to_talk, &out->n_files, &losses, &xruns, &played, &end) != 10)
        return false;
    out->enabled = enabled != 0;
    out->delta = delta != 0;
    out->muted = muted != 0;
    out->push_to_talk = push_to_talk != 0;
    out->losses = losses;
    out->xruns = xruns;
    out->played = played;
    if (end > 0 && text[end] != '\0' && strlen(text + end) < FOLDER)
        out->noise = take_noise(text + end);
    return true;
}

/* What libraries have open does not go into the new process: a sound server waits for ever at the
 * other end of a socket that nobody closes. */
static void close_all_on_exec(void)
{
    DIR *const open_ones = opendir("/proc/self/fd");
    if (!open_ones)
        return;
    for (const struct dirent *d; (d = readdir(open_ones));) {
        const int fd = (int)strtol(d->d_name, NULL, 10);
        if (fd > STDERR_FILENO)
            (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    closedir(open_ones);
}

void resume_exec(const resume *r, char **argv, const char *model)
{
    char folder[FOLDER], text[FOLDER + 256];
    size_t n = 0;
    while (argv[n])
        n++;
    char **const all = calloc(n + 5, sizeof *all);
    if (!all)
        return;
    const bool has_noise = put_noise(r->noise, folder);
    snprintf(text, sizeof text, "%.9g,%.3f,%d,%d,%d,%d,%u,%llu,%llu,%llu,%s", r->limit, r->left,
             (int)r->enabled, (int)r->delta, (int)r->muted, (int)r->push_to_talk, r->n_files,
             (unsigned long long)r->losses, (unsigned long long)r->xruns,
             (unsigned long long)r->played, has_noise ? folder : "");
    memcpy(all, argv, n * sizeof *all);
    all[n++] = (char *)"--model";
    all[n++] = (char *)model;
    all[n++] = (char *)"--resumed";
    all[n++] = text;
    close_all_on_exec();
    execv("/proc/self/exe", all);
    free(all);
}
