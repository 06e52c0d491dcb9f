// Marks what the shared libraries export: everything else is hidden.
#ifndef OLSTM_EXPORT_H_
#define OLSTM_EXPORT_H_

#if defined(__GNUC__) || defined(__clang__)
#define OLSTM_API __attribute__((visibility("default")))
#define OLSTM_PRINTF_(format_index, first_index) \
  __attribute__((format(printf, format_index, first_index)))
#else
#define OLSTM_API
#define OLSTM_PRINTF_(format_index, first_index)
#endif

#endif  // OLSTM_EXPORT_H_
