/* A filter traps every system call but the two that the child needs to tell its tale: a write to
 * its report pipe and the exit. */
#define _GNU_SOURCE 1

#include "tests/rt/sealed.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REPORT_FINISHED = -1, REPORT_UNSEALED = -2 };

static int report_fd;

static void tell_and_leave(int what)
{
    syscall(SYS_write, report_fd, &what, sizeof what);
    syscall(SYS_exit_group, 0);
}

static void on_trap(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    tell_and_leave(info->si_syscall);
}

/* Filter programs are built by hand: load the call's number; let exit_group pass; let write pass
 * when its first argument is the pipe (low word: this is a little-endian offset); trap the rest. */
static bool seal(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)report_fd, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof code / sizeof *code, code};
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_trap;
    action.sa_flags = SA_SIGINFO;
    return sigaction(SIGSYS, &action, NULL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

bool sealed_run(void (*work)(void *), void *arg, sealed_result *result)
{
    int ends[2], status = 0, report = REPORT_UNSEALED;
    ssize_t got;
    pid_t child;

    if (pipe(ends) != 0)
        return false;
    child = fork();
    if (child == 0) {
        report_fd = ends[1];
        if (!seal())
            tell_and_leave(REPORT_UNSEALED);
        work(arg);
        tell_and_leave(REPORT_FINISHED);
    }
    close(ends[1]);
    got = child > 0 ? read(ends[0], &report, sizeof report) : 0;
    close(ends[0]);
    if (child < 0)
        return false;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    const bool told = got == (ssize_t)sizeof report;
    result->finished = told && report == REPORT_FINISHED;
    result->syscall_number = told && report >= 0 ? report : -1;
    result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return !(told && report == REPORT_UNSEALED);
}

static void nothing(void *arg)
{
    (void)arg;
}

static void something(void *arg)
{
    (void)arg;
    (void)getppid();
}

/* Emulators accept the filter and then do not apply it: so a call is tried. */
bool sealed_supported(void)
{
    sealed_result quiet, loud;
    return sealed_run(nothing, NULL, &quiet) && quiet.finished &&
           sealed_run(something, NULL, &loud) && loud.syscall_number >= 0;
}
