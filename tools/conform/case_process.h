// Processes in which a runtime under test may do what it likes: at most so much memory,
// gone when the command is gone, and ended with all that they started.
#ifndef OLSTM_TOOLS_CONFORM_CASE_PROCESS_H_
#define OLSTM_TOOLS_CONFORM_CASE_PROCESS_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "olstm/status.h"

/// A process, and the pipe that it answers through. child 0: there is none.
typedef struct olstm__case_process {
  pid_t child;
  int answers;
} olstm__case_process;

/// Forks. In the child, work(user, pipe) runs and its result is what the process exits
/// with; it may take `memory_mb` MB of address space more than the command has (0: any).
/// False when there can be no process.
bool olstm__case_process_start(int (*work)(void* user, int answers), void* user,
                               int64_t memory_mb, olstm__case_process* out_process);

/// Waits for the process; its status as waitpid gives it.
int olstm__case_process_end(olstm__case_process* process);

/// Ends the process now, and what it started.
void olstm__case_process_kill(olstm__case_process* process);

/// Whether the process answers, or ends, within `seconds`; 0: waits for ever.
bool olstm__case_process_wait(const olstm__case_process* process, int64_t seconds);

/// "signal 11", "its process exited with 1": what a status of waitpid says.
void olstm__case_process_explain(int status, olstm_error* out_reason);

/// In a child whose own child ended with `status`: ends the same way.
_Noreturn void olstm__case_process_follow(int status);

/// To be called in a new process before it becomes a program: that has at most
/// `memory_mb` MB of address space (0: any), and ends when the one that started it does,
/// where the system can do that.
void olstm__case_process_confine(int64_t memory_mb);

/// A pipe, [0] to read from, that programs which are started do not get.
bool olstm__pipe_open(int ends[2]);

/// All of `count` bytes; false when they cannot be had, or taken.
bool olstm__pipe_write(int file, const void* bytes, size_t count);
bool olstm__pipe_read(int file, void* bytes, size_t count);

#endif  // OLSTM_TOOLS_CONFORM_CASE_PROCESS_H_
