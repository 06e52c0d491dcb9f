// Dynamic libraries.
#ifndef OLSTM_SYSTEM_LIBRARY_H_
#define OLSTM_SYSTEM_LIBRARY_H_

/// Opens the library at a path, which is taken as it is: no folder is searched. Returns
/// NULL, or the reason of the failure, valid until the thread's next call. The caller
/// closes *out_library.
const char* olstm__library_open_path(const char* path, void** out_library);

/// Opens a library by its name, where the system looks for libraries. As above.
const char* olstm__library_open_name(const char* name, void** out_library);

/// Sets *out_function, a pointer to any type of function; to NULL when the library lacks
/// it.
void olstm__library_find(void* library, const char* name, void* out_function);

void olstm__library_close(void* library);

#endif  // OLSTM_SYSTEM_LIBRARY_H_
