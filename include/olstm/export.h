// Marks what the shared libraries export: everything else is hidden.
#ifndef OLSTM_EXPORT_H_
#define OLSTM_EXPORT_H_

#if defined(_WIN32) && defined(OLSTM_EXPORTS_)
// While libolstm.dll is compiled.
#define OLSTM_API __declspec(dllexport)
#elif defined(_WIN32) || !(defined(__GNUC__) || defined(__clang__))
#define OLSTM_API
#else
#define OLSTM_API __attribute__((visibility("default")))
#endif

// What a plugin's library exports, with or without libolstm.
#ifdef _WIN32
#define OLSTM_PLUGIN_API __declspec(dllexport)
#else
#define OLSTM_PLUGIN_API OLSTM_API
#endif

#if defined(__MINGW32__)
#define OLSTM_PRINTF_(format_index, first_index) \
  __attribute__((format(gnu_printf, format_index, first_index)))
#elif defined(__GNUC__) || defined(__clang__)
#define OLSTM_PRINTF_(format_index, first_index) \
  __attribute__((format(printf, format_index, first_index)))
#else
#define OLSTM_PRINTF_(format_index, first_index)
#endif

// Of the functions that the headers of plugins define. libolstm's own code has one copy
// of each, in base/header_functions.c, instead of one a file.
#ifdef OLSTM_SHARE_INLINE_
#define OLSTM_INLINE_ inline
#else
#define OLSTM_INLINE_ static inline
#endif

#endif  // OLSTM_EXPORT_H_
