// Windows: the command is started anew, with its task in the environment; a job holds a
// process and what it starts.
#include "system/process.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
// After windows.h, which it needs.
#include <psapi.h>

#include "system/windows_text.h"

enum {
  kTaskBytes = 64,
  /// Windows takes no longer line.
  kLineCapacity = 32767,
  kMsPerSecond = 1000,
  /// How often the memory of a process is looked at.
  kWatchMs = 100
};

static const wchar_t kTaskName[] = L"OLSTM_TASK";

// ---------------------------------------------------------------- pipes

static void close_handle(intptr_t handle) {
  if (handle != 0 && handle != OLSTM__NO_PIPE) (void)CloseHandle((HANDLE)handle);
}

/// A pipe that is read here, and to be waited for, and whose other end a child inherits.
static bool open_answers(HANDLE* out_read, HANDLE* out_write) {
  static unsigned count;
  char name[96];
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
  (void)snprintf(name, sizeof name, "\\\\.\\pipe\\olstm-%lu-%u",
                 (unsigned long)GetCurrentProcessId(), count++);
  *out_read = CreateNamedPipeA(
      name, PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
      PIPE_TYPE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, 1, 0, 1 << 16, 0, NULL);
  if (*out_read == INVALID_HANDLE_VALUE) return false;
  *out_write = CreateFileA(name, GENERIC_WRITE, 0, &inherited, OPEN_EXISTING, 0, NULL);
  if (*out_write != INVALID_HANDLE_VALUE) return true;
  (void)CloseHandle(*out_read);
  return false;
}

bool olstm__pipe_write(olstm__pipe pipe, const void* bytes, size_t count) {
  const unsigned char* next = bytes;
  while (count > 0) {
    const DWORD part = (DWORD)(count < 1 << 20 ? count : 1 << 20);
    DWORD written = 0;
    if (!WriteFile((HANDLE)pipe, next, part, &written, NULL)) return false;
    next += written;
    count -= written;
  }
  return true;
}

static void watch_memory(const olstm__process* process) {
  PROCESS_MEMORY_COUNTERS counters;
  const HANDLE child = (HANDLE)process->id;
  if (process->watched_bytes > 0 &&
      K32GetProcessMemoryInfo(child, &counters, sizeof counters) &&
      counters.PagefileUsage > process->watched_bytes) {
    (void)TerminateProcess(child, STATUS_NO_MEMORY);
  }
}

/// Reads what there is, of `count` bytes; false when nothing comes until `deadline`, a
/// GetTickCount64 (0: at any time). *out_count 0: the other end is closed.
static bool read_some(const olstm__process* process, uint64_t deadline, void* bytes,
                      DWORD count, DWORD* out_count) {
  const HANDLE file = (HANDLE)process->answers;
  OVERLAPPED reading = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
  bool is_late = false;
  *out_count = 0;
  if (ReadFile(file, bytes, count, NULL, &reading) ||
      GetLastError() == ERROR_IO_PENDING) {
    while (WaitForSingleObject(reading.hEvent, kWatchMs) == WAIT_TIMEOUT) {
      watch_memory(process);
      is_late = deadline > 0 && GetTickCount64() >= deadline;
      if (is_late) {
        (void)CancelIo(file);
        break;
      }
    }
    if (!GetOverlappedResult(file, &reading, out_count, TRUE)) *out_count = 0;
  }
  (void)CloseHandle(reading.hEvent);
  return *out_count > 0 || !is_late;
}

olstm__process_heard olstm__process_read(const olstm__process* process, int64_t seconds,
                                         void* bytes, size_t count) {
  unsigned char* next = bytes;
  uint64_t deadline =
      seconds > 0 ? GetTickCount64() + (uint64_t)seconds * kMsPerSecond : 0;
  while (count > 0) {
    const DWORD part = (DWORD)(count < 1 << 20 ? count : 1 << 20);
    DWORD got = 0;
    if (!read_some(process, deadline, next, part, &got)) return OLSTM__PROCESS_LATE;
    if (got == 0) return OLSTM__PROCESS_GONE;
    next += got;
    count -= got;
    deadline = 0;
  }
  return OLSTM__PROCESS_ANSWERED;
}

// ---------------------------------------------------------------- the start

/// A job that ends with this process, and in which no process has more memory.
static HANDLE make_job(int64_t memory_mb) {
  const HANDLE job = CreateJobObjectW(NULL, NULL);
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
  memset(&limits, 0, sizeof limits);
  limits.BasicLimitInformation.LimitFlags =
      JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION |
      (memory_mb > 0 ? JOB_OBJECT_LIMIT_PROCESS_MEMORY : 0);
  limits.ProcessMemoryLimit = (SIZE_T)memory_mb << 20;
  if (job) {
    (void)SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits,
                                  sizeof limits);
  }
  return job;
}

/// Runs a line with the three standard files. Takes nothing; `program` may be NULL, and
/// is searched then.
static bool run_line(const wchar_t* program, wchar_t* line, const HANDLE files[3],
                     int64_t memory_mb, olstm__process* out) {
  STARTUPINFOW start = {.cb = sizeof start,
                        .dwFlags = STARTF_USESTDHANDLES,
                        .hStdInput = files[0],
                        .hStdOutput = files[1],
                        .hStdError = files[2]};
  PROCESS_INFORMATION made;
  const HANDLE job = make_job(memory_mb);
  if (!CreateProcessW(program, line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL,
                      &start, &made)) {
    close_handle((intptr_t)job);
    return false;
  }
  // Before it runs: what it starts is in the job, too.
  if (job) (void)AssignProcessToJobObject(job, made.hProcess);
  (void)ResumeThread(made.hThread);
  (void)CloseHandle(made.hThread);
  *out = (olstm__process){.is_running = true,
                          .id = (intptr_t)made.hProcess,
                          .group = (intptr_t)job,
                          .requests = OLSTM__NO_PIPE,
                          .answers = OLSTM__NO_PIPE,
                          .watched_bytes = (uint64_t)memory_mb << 20};
  return true;
}

/// The standard file for a child to inherit; the caller closes it. NULL where there is
/// none.
static HANDLE inherit(DWORD which) {
  const HANDLE self = GetCurrentProcess();
  HANDLE copy = NULL;
  (void)DuplicateHandle(self, GetStdHandle(which), self, &copy, 0, TRUE,
                        DUPLICATE_SAME_ACCESS);
  return copy;
}

bool olstm__process_start(const olstm__process_work* work, int64_t memory_mb,
                          olstm__process* out_process) {
  static wchar_t line[kLineCapacity + 1];
  wchar_t program[OLSTM__WINDOWS_PATH];
  char text[2 * kTaskBytes];
  wchar_t task[2 * kTaskBytes];
  HANDLE answers, to_answer;
  const wchar_t* own_line = GetCommandLineW();
  const DWORD length = GetModuleFileNameW(NULL, program, OLSTM__WINDOWS_PATH);
  if (length == 0 || length == OLSTM__WINDOWS_PATH || wcslen(own_line) > kLineCapacity ||
      !open_answers(&answers, &to_answer)) {
    return false;
  }
  memcpy(line, own_line, (wcslen(own_line) + 1) * sizeof *line);
  (void)snprintf(text, sizeof text, "%" PRIdPTR " %.60s", (intptr_t)to_answer,
                 work->task);
  (void)MultiByteToWideChar(CP_UTF8, 0, text, -1, task, 2 * kTaskBytes);
  const HANDLE files[3] = {inherit(STD_INPUT_HANDLE), inherit(STD_ERROR_HANDLE),
                           inherit(STD_ERROR_HANDLE)};
  (void)fflush(NULL);
  (void)SetEnvironmentVariableW(kTaskName, task);
  const bool has_started = run_line(program, line, files, memory_mb, out_process);
  (void)SetEnvironmentVariableW(kTaskName, NULL);
  for (int f = 0; f < 3; f++) close_handle((intptr_t)files[f]);
  (void)CloseHandle(to_answer);
  if (has_started) {
    out_process->answers = (olstm__pipe)answers;
  } else {
    (void)CloseHandle(answers);
  }
  return has_started;
}

/// No report and no debugger: whoever started the process says what ended it.
static LONG WINAPI end_with_code(EXCEPTION_POINTERS* exception) {
  (void)TerminateProcess(GetCurrentProcess(), exception->ExceptionRecord->ExceptionCode);
  return EXCEPTION_EXECUTE_HANDLER;
}

const char* olstm__process_task(olstm__pipe* out_answers) {
  static char text[2 * kTaskBytes];
  static olstm__pipe answers = OLSTM__NO_PIPE;
  static const char* task;
  wchar_t wide[2 * kTaskBytes];
  const DWORD length = GetEnvironmentVariableW(kTaskName, wide, 2 * kTaskBytes);
  if (length > 0 && length < 2 * kTaskBytes) {
    char* end = NULL;
    (void)WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, sizeof text, NULL, NULL);
    answers = (olstm__pipe)strtoll(text, &end, 10);
    task = *end == ' ' ? end + 1 : NULL;
    // Not for what this process starts.
    (void)SetEnvironmentVariableW(kTaskName, NULL);
    (void)SetHandleInformation((HANDLE)answers, HANDLE_FLAG_INHERIT, 0);
    (void)SetUnhandledExceptionFilter(end_with_code);
  }
  *out_answers = answers;
  return task;
}

/// Appends an argument as the C library of the program takes lines apart. False when the
/// line is full.
static bool append_argument(wchar_t* line, size_t* used, const wchar_t* argument) {
  const size_t length = wcslen(argument);
  size_t backslashes = 0;
  // All may be doubled.
  if (*used + 2 * length + 4 > kLineCapacity) return false;
  line[(*used)++] = L'"';
  for (size_t i = 0; i <= length; i++) {
    const wchar_t c = argument[i];
    if (c == L'"' || c == L'\0') {
      for (; backslashes > 0; backslashes--) line[(*used)++] = L'\\';
      if (c == L'"') line[(*used)++] = L'\\';
    }
    backslashes = c == L'\\' ? backslashes + 1 : 0;
    line[(*used)++] = c == L'\0' ? L'"' : c;
  }
  line[(*used)++] = L' ';
  line[*used] = L'\0';
  return true;
}

bool olstm__process_start_program(const char* const* arguments, int64_t memory_mb,
                                  olstm__process* out_process) {
  static wchar_t line[kLineCapacity + 1], argument[kLineCapacity + 1];
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
  HANDLE answers, to_answer, requests, to_request;
  size_t used = 0;
  for (size_t a = 0; arguments[a]; a++) {
    if (MultiByteToWideChar(CP_UTF8, 0, arguments[a], -1, argument, kLineCapacity) == 0 ||
        !append_argument(line, &used, argument)) {
      return false;
    }
  }
  if (!open_answers(&answers, &to_answer)) return false;
  if (!CreatePipe(&requests, &to_request, &inherited, 0)) {
    (void)CloseHandle(answers);
    (void)CloseHandle(to_answer);
    return false;
  }
  (void)SetHandleInformation(to_request, HANDLE_FLAG_INHERIT, 0);
  const HANDLE files[3] = {requests, to_answer, inherit(STD_ERROR_HANDLE)};
  const bool has_started = run_line(NULL, line, files, memory_mb, out_process);
  for (int f = 0; f < 3; f++) close_handle((intptr_t)files[f]);
  if (has_started) {
    out_process->requests = (olstm__pipe)to_request;
    out_process->answers = (olstm__pipe)answers;
  } else {
    (void)CloseHandle(answers);
    (void)CloseHandle(to_request);
  }
  return has_started;
}

// ---------------------------------------------------------------- the end

int64_t olstm__process_end(olstm__process* process) {
  const HANDLE child = (HANDLE)process->id;
  DWORD status = 1;
  close_handle(process->requests);
  close_handle(process->answers);
  (void)WaitForSingleObject(child, INFINITE);
  if (!GetExitCodeProcess(child, &status)) status = 1;
  (void)CloseHandle(child);
  close_handle(process->group);
  *process = (olstm__process){.requests = OLSTM__NO_PIPE, .answers = OLSTM__NO_PIPE};
  return status;
}

void olstm__process_kill(olstm__process* process) {
  (void)TerminateProcess((HANDLE)process->id, 1);
  if (process->group) (void)TerminateJobObject((HANDLE)process->group, 1);
  (void)olstm__process_end(process);
}

/// What ends a process is an exception, whose numbers are errors of NT.
static bool is_exception(int64_t status) {
  return status >= INT64_C(0xC0000000);
}

void olstm__process_explain(int64_t status, char out_text[64]) {
  if (is_exception(status)) {
    (void)snprintf(out_text, 64, "exception 0x%08" PRIX64, (uint64_t)status);
  } else {
    (void)snprintf(out_text, 64, "its process exited with %" PRId64, status);
  }
}

int olstm__process_exit_code(int64_t status) {
  return is_exception(status) ? -1 : (int)status;
}

_Noreturn void olstm__process_follow(int64_t status) {
  (void)TerminateProcess(GetCurrentProcess(), (UINT)status);
  abort();
}
