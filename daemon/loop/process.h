/*
 * process - another process, held so that its number cannot come to mean a different one
 *
 * A pidfd is the handle: signals and waiting go through it. Where the kernel or a system call
 * filter refuses pidfds, a thread looks every 50 ms and the handle is a pipe that it closes. Never
 * logs.
 */
#ifndef LOOP_PROCESS_H
#define LOOP_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** A descriptor that becomes readable when the process ends, or -errno. The caller closes it. */
int process_open(pid_t pid);
void process_signal(int process, int signal_number);
/** Waits for the end, at most ms (0: only looks). Returns whether it has ended. Does not reap. */
bool process_wait(int process, int ms);

/** Clock ticks since boot (field 22 of /proc/PID/stat): with the pid, the name of one process. 0 or
 * -errno. */
int process_start_time(pid_t pid, uint64_t *out_ticks);
/** Whether its working folder is this one. */
bool process_works_in(pid_t pid, int folder);

#endif
