// Operators of domain "test" that count their callbacks, for tests of the runtime. All
// work on float tensors; version 1.
//
//   Inc x -> y          y = x + 1, may be written in place; LARGE workspace with
//   scratch=N Add a,b -> c        same shapes, may be written over either Flat x -> y y
//   is x as [n]: a view Both x -> y,z       y = x, z = 2 x: a view that cannot be one
//   ShapeOf x -> s      int64 dims of x: of shapes alone
//   Fill s -> y         zeros of the shape that the int64 values of s say: needs data
//   Keep x,k -> y       the first k (int64 scalar) elements of x: needs data
//   Positive x -> y     the elements of x that are > 0: needs all data
//   Check x -> y        y = x; fails to run when an element is negative
#ifndef OLSTM_TESTS_SUPPORT_FAKE_OPS_H_
#define OLSTM_TESTS_SUPPORT_FAKE_OPS_H_

#include "olstm/runtime.h"

/// How often callbacks were called, of all fake operators together. Reset at will.
typedef struct olstm_fake_counts {
  _Atomic int create, infer, prepare, run, release, destroy;
  /// Constants that create has seen among inputs.
  _Atomic int constants;
} olstm_fake_counts;

extern olstm_fake_counts olstm_fake;

/// A registry that holds the built-in operators and the fake ones; counts are reset.
olstm_registry* olstm_fake_registry(void);

/// Model (see model_text.h; opset of "test" is added), registry and session in one.
typedef struct olstm_fake_session {
  olstm_model* model;
  olstm_registry* registry;
  olstm_session* session;
} olstm_fake_session;

/// Makes one; options may be NULL. The session's status is returned.
olstm_status olstm_fake_session_create(const char* text,
                                       const olstm_session_options* options,
                                       olstm_fake_session* out_session,
                                       olstm_error* error);
/// As above; a failure fails the test. Returns the session.
olstm_session* olstm_fake_session_must(const char* text,
                                       const olstm_session_options* options,
                                       olstm_fake_session* out_session);
void olstm_fake_session_destroy(olstm_fake_session* session);

/// A context; a failure fails the test.
olstm_context* olstm_fake_context(olstm_session* session);

/// A float tensor of rank 1 over `data`.
olstm_tensor olstm_fake_vector(float* data, int64_t count);

#endif  // OLSTM_TESTS_SUPPORT_FAKE_OPS_H_
