// Child processes that may do what they like: they have at most so much memory, are gone
// when the command is gone, and end with all that they started.
#ifndef OLSTM_SYSTEM_PROCESS_H_
#define OLSTM_SYSTEM_PROCESS_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// An end of a pipe, as the system calls it.
typedef intptr_t olstm__pipe;
#define OLSTM__NO_PIPE ((olstm__pipe)-1)

/// A process, and the pipes to it. is_running false: there is none.
typedef struct olstm__process {
  bool is_running;
  intptr_t id;
  /// What holds the process and all that it starts, where systems have such.
  intptr_t group;
  olstm__pipe requests, answers;
  /// Bytes of memory that whoever waits for it does not let it exceed; 0: no limit of
  /// that kind.
  uint64_t watched_bytes;
} olstm__process;

/// What a copy of the command does.
typedef struct olstm__process_work {
  /// Called in the new process; its result is what the process exits with.
  int (*run)(void* user, olstm__pipe answers);
  void* user;
  /// Where the system cannot copy a process, it starts the command anew, with the same
  /// arguments, in which olstm__process_task gives this text: the command gets to the
  /// same work and runs it. No longer than 60 bytes.
  const char* task;
} olstm__process_work;

/// Starts a copy of the command, of which standard output is the command's standard
/// error. It may take `memory_mb` MB more than the command has (0: any). out_process
/// answers and takes no requests. False when there can be no process.
bool olstm__process_start(const olstm__process_work* work, int64_t memory_mb,
                          olstm__process* out_process);

/// The task that the process was started for, with the pipe to answer through; NULL where
/// it is a command of its own. The text lives as long as the process.
const char* olstm__process_task(olstm__pipe* out_answers);

/// Starts a program with its arguments, NULL behind the last, which is searched as a
/// shell does: requests are its standard input, answers its standard output. False when
/// there can be no process. Where the program is missing the process may start all the
/// same: it exits with OLSTM__PROCESS_NOT_STARTED then.
bool olstm__process_start_program(const char* const* arguments, int64_t memory_mb,
                                  olstm__process* out_process);
enum { OLSTM__PROCESS_NOT_STARTED = 127 };

typedef enum olstm__process_heard {
  OLSTM__PROCESS_ANSWERED,
  /// Nothing came within the time.
  OLSTM__PROCESS_LATE,
  /// The process ended, or closed the pipe.
  OLSTM__PROCESS_GONE
} olstm__process_heard;

/// Reads exactly `count` bytes of what the process answers, of which the first come
/// within `seconds` (0: at any time).
olstm__process_heard olstm__process_read(const olstm__process* process, int64_t seconds,
                                         void* bytes, size_t count);

/// Writes all of `count` bytes; false when they are not taken.
bool olstm__pipe_write(olstm__pipe pipe, const void* bytes, size_t count);

/// Waits for the end of the process; closes all. Its status in the system's numbers; 0
/// is success.
int64_t olstm__process_end(olstm__process* process);

/// Ends the process now, and what it started.
void olstm__process_kill(olstm__process* process);

/// "signal 11", "its process exited with 1": what a status says.
void olstm__process_explain(int64_t status, char out_text[64]);

/// What the process exited with; -1 when something ended it.
int olstm__process_exit_code(int64_t status);

/// In a process whose own child ended with `status`: ends the same way.
_Noreturn void olstm__process_follow(int64_t status);

#endif  // OLSTM_SYSTEM_PROCESS_H_
