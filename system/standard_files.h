// Standard input, output and errors of a command.
#ifndef OLSTM_SYSTEM_STANDARD_FILES_H_
#define OLSTM_SYSTEM_STANDARD_FILES_H_

#include <stdbool.h>
#include <stddef.h>

/// To be called before anything is opened. Makes sure that no other file becomes one of
/// the three: a closed output fails when it is written to, as a pipe does that nobody
/// reads. All files are binary from now on: lines end in a line feed alone on any system.
void olstm__standard_files_begin(void);

/// Flushes standard output and closes it. False with errno when not all was taken.
bool olstm__standard_output_close(void);

bool olstm__standard_output_is_terminal(void);
bool olstm__standard_error_is_terminal(void);

/// Writes as far as can be, without a buffer. May be called from signal handlers.
void olstm__standard_error_write(const char* bytes, size_t count);

#endif  // OLSTM_SYSTEM_STANDARD_FILES_H_
