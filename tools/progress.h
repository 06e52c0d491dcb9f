// A progress line on stderr, if that is a terminal, for work that takes longer than two
// seconds.
#ifndef OLSTM_TOOLS_PROGRESS_H_
#define OLSTM_TOOLS_PROGRESS_H_

/// From now on the process is busy with `what` (cut to 60 characters). A line shows it
/// after two seconds, and how long it has taken, until olstm__progress_end. One at a time
/// in a process.
void olstm__progress_begin(const char* what);

/// Changes what the line says.
void olstm__progress_update(const char* what);

/// Clears the line.
void olstm__progress_end(void);

#endif  // OLSTM_TOOLS_PROGRESS_H_
