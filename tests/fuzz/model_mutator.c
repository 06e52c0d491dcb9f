// See model_mutator.h. Works on any message by its protobuf-c descriptor; knows nothing
// of ONNX but a few words that are worth trying.
#include "tests/fuzz/model_mutator.h"

#include <onnx.pb-c.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "olstm/allocator.h"
#include "onnx_proto/wire_scan.h"

enum {
  kMaxMessages = 4096,
  kMaxTypes = 64,
  kMaxDepth = 100,
  kMaxMutations = 2,
  kMaxMemory = 16 << 20
};

/// A piece of memory of a mutation; all are freed at its end.
typedef struct mutator_block {
  struct mutator_block* next;
  _Alignas(16) char bytes[];
} mutator_block;

typedef struct mutator {
  uint64_t random;
  mutator_block* blocks;
  ProtobufCAllocator allocator;
  /// All messages of the model, in no order that matters.
  ProtobufCMessage* messages[kMaxMessages];
  size_t message_count;
} mutator;

// ---------------------------------------------------------------- memory, chance

static void* take(void* user, size_t bytes) {
  mutator* self = user;
  mutator_block* block = calloc(1, sizeof *block + bytes);
  if (!block) abort();
  block->next = self->blocks;
  self->blocks = block;
  return block->bytes;
}

static void keep(void* user, void* memory) {
  (void)user;
  (void)memory;
}

static void deinit(mutator* self) {
  while (self->blocks) {
    mutator_block* block = self->blocks;
    self->blocks = block->next;
    free(block);
  }
}

static uint64_t draw(mutator* self) {
  // splitmix64.
  uint64_t z = self->random += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static size_t below(mutator* self, size_t count) {
  return count ? (size_t)(draw(self) % count) : 0;
}

// ---------------------------------------------------------------- values worth trying

static int64_t draw_int(mutator* self, int64_t old) {
  const uint64_t number = (uint64_t)old;
  switch (below(self, 8)) {
    case 0:
      return (int64_t)(number + 1);
    case 1:
      return (int64_t)(number - 1);
    case 2:
      return (int64_t)(0 - number);
    case 3:
      return (int64_t)(number * 2);
    case 4:
      // A power of two or a neighbour of it, of either sign.
      return (int64_t)((UINT64_C(1) << below(self, 64)) + below(self, 3) - 1);
    case 5:
      return -(int64_t)below(self, 10);
    default:
      return (int64_t)below(self, 10);
  }
}

static double draw_real(mutator* self, double old) {
  static const double kReals[] = {0,     1,    -1,   0.5, 2,   -0.0,  1e-40,   1e30,
                                  -1e30, 1e38, 1e-7, 3,   1e9, 65504, 16777216};
  switch (below(self, 5)) {
    case 0:
      return -old;
    case 1:
      return old * 2;
    case 2:
      return below(self, 2) ? 1e300 * 1e300 : 0.0 * (1e300 * 1e300);
    default:
      return kReals[below(self, sizeof kReals / sizeof kReals[0])];
  }
}

/// Operators, attributes and their values, one space behind each.
static const char kWords[] =
    "X body axis axes Identity LSTM GRU RNN Loop Scan If Add MatMul Reshape Expand "
    "Tile Range Shape Slice Gather Concat Split Squeeze Unsqueeze Transpose Cast "
    "Pad ConstantOfShape ReduceSum ReduceMax Softmax TopK OneHot Resize Conv "
    "ConvTranspose AveragePool MaxPool Gemm NonZero Where CumSum ScatterND "
    "GatherND ScatterElements GatherElements Einsum ReverseSequence Compress Trilu "
    "Constant QuantizeLinear DequantizeLinear LayerNormalization "
    "BatchNormalization direction bidirectional reverse forward hidden_size layout "
    "clip activations Sigmoid Tanh Relu Affine input_forget linear_before_reset "
    "perm to value keepdims mode kernel_shape strides pads dilations group "
    "auto_pad SAME_UPPER num_scan_inputs ai.onnx.ml com.microsoft location ../x ";

/// Whether a field has a value, and a list any.
static bool is_filled(const ProtobufCFieldDescriptor* field, const char* base) {
  if (field->label == PROTOBUF_C_LABEL_REPEATED) {
    return *(const size_t*)(const void*)(base + field->quantifier_offset) > 0;
  }
  if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
    return *(const uint32_t*)(const void*)(base + field->quantifier_offset) == field->id;
  }
  if (field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_STRING) {
    return *(void* const*)(const void*)(base + field->offset) != NULL;
  }
  return *(const int32_t*)(const void*)(base + field->quantifier_offset) != 0;
}

/// The word at some byte of kWords.
static char* draw_word(mutator* self) {
  size_t start = below(self, sizeof kWords - 1);
  while (start > 0 && kWords[start - 1] != ' ') start--;
  const size_t length = strcspn(kWords + start, " ");
  char* copy = take(self, length + 1);
  memcpy(copy, kWords + start, length);
  return copy;
}

/// A string of the model's own, or a word worth trying.
static char* draw_text(mutator* self) {
  for (int attempt = 0; attempt < 8; attempt++) {
    const ProtobufCMessage* message = self->messages[below(self, self->message_count)];
    const ProtobufCMessageDescriptor* type = message->descriptor;
    const ProtobufCFieldDescriptor* field = &type->fields[below(self, type->n_fields)];
    const char* at = (const char*)message + field->offset;
    if (field->type != PROTOBUF_C_TYPE_STRING ||
        !is_filled(field, (const char*)message)) {
      continue;
    }
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
      return *(char* const*)at;
    }
    const size_t count =
        *(const size_t*)((const char*)message + field->quantifier_offset);
    return (*(char** const*)at)[below(self, count)];
  }
  return draw_word(self);
}

/// Changes a number in the bytes, or their count.
static ProtobufCBinaryData draw_bytes(mutator* self, const ProtobufCBinaryData* old) {
  ProtobufCBinaryData fresh = {old->len, take(self, old->len + 8)};
  if (old->len) memcpy(fresh.data, old->data, old->len);
  const size_t widths[] = {1, 4, 8};
  const size_t width = widths[below(self, 3)];
  if (below(self, 8) == 0 || fresh.len < width) {
    fresh.len = below(self, 2) ? fresh.len + width : fresh.len - fresh.len % width;
    return fresh;
  }
  const size_t at = below(self, fresh.len / width) * width;
  int64_t value = 0;
  memcpy(&value, fresh.data + at, width);
  value = draw_int(self, value);
  memcpy(fresh.data + at, &value, width);
  return fresh;
}

// ---------------------------------------------------------------- walking

/// Lists the messages below (and at) `message` without recursion.
static void list_messages(mutator* self, ProtobufCMessage* message) {
  self->messages[0] = message;
  self->message_count = 1;
  for (size_t m = 0; m < self->message_count; m++) {
    char* base = (char*)self->messages[m];
    const ProtobufCMessageDescriptor* type = self->messages[m]->descriptor;
    for (unsigned f = 0; f < type->n_fields; f++) {
      const ProtobufCFieldDescriptor* field = &type->fields[f];
      ProtobufCMessage** items = (ProtobufCMessage**)(void*)(base + field->offset);
      size_t count = 1;
      if (field->type != PROTOBUF_C_TYPE_MESSAGE) continue;
      if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        count = *(size_t*)(void*)(base + field->quantifier_offset);
        items = *(ProtobufCMessage***)(void*)items;
      } else if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
                 *(uint32_t*)(void*)(base + field->quantifier_offset) != field->id) {
        continue;
      }
      for (size_t i = 0; i < count && self->message_count < kMaxMessages; i++) {
        if (items[i]) self->messages[self->message_count++] = items[i];
      }
    }
  }
}

/// Any kind of message with the same chance, then one of that kind.
static ProtobufCMessage* draw_message(mutator* self) {
  const ProtobufCMessageDescriptor* types[kMaxTypes] = {NULL};
  size_t type_count = 0;
  for (size_t m = 0; m < self->message_count; m++) {
    size_t t = 0;
    while (t < type_count && types[t] != self->messages[m]->descriptor) t++;
    if (t == type_count && t < kMaxTypes)
      types[type_count++] = self->messages[m]->descriptor;
  }
  const ProtobufCMessageDescriptor* type = types[below(self, type_count)];
  size_t m = below(self, self->message_count);
  while (self->messages[m]->descriptor != type) m = (m + 1) % self->message_count;
  return self->messages[m];
}

/// A deep copy of some message of that kind; NULL when there is none.
static ProtobufCMessage* draw_copy(mutator* self,
                                   const ProtobufCMessageDescriptor* type) {
  const size_t start = below(self, self->message_count);
  for (size_t i = 0; i < self->message_count; i++) {
    ProtobufCMessage* from = self->messages[(start + i) % self->message_count];
    if (from->descriptor != type) continue;
    const size_t size = protobuf_c_message_get_packed_size(from);
    uint8_t* bytes = take(self, size + 1);
    (void)protobuf_c_message_pack(from, bytes);
    return protobuf_c_message_unpack(type, &self->allocator, size, bytes);
  }
  return NULL;
}

// ---------------------------------------------------------------- one field

static size_t element_size(ProtobufCType type) {
  switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_DOUBLE:
      return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
      return sizeof(void*);
    case PROTOBUF_C_TYPE_BYTES:
      return sizeof(ProtobufCBinaryData);
    default:
      return 4;
  }
}

/// Gives one value of a field another one. False when there is none to give.
static bool change_value(mutator* self, const ProtobufCFieldDescriptor* field, void* at) {
  switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
      *(int64_t*)at = draw_int(self, *(int64_t*)at);
      return true;
    case PROTOBUF_C_TYPE_FLOAT:
      *(float*)at = (float)draw_real(self, *(float*)at);
      return true;
    case PROTOBUF_C_TYPE_DOUBLE:
      *(double*)at = draw_real(self, *(double*)at);
      return true;
    case PROTOBUF_C_TYPE_ENUM:
      *(int32_t*)at = (int32_t)below(self, 18);
      return true;
    case PROTOBUF_C_TYPE_STRING:
      *(char**)at = draw_text(self);
      return true;
    case PROTOBUF_C_TYPE_BYTES:
      *(ProtobufCBinaryData*)at = draw_bytes(self, at);
      return true;
    case PROTOBUF_C_TYPE_MESSAGE: {
      ProtobufCMessage* copy = draw_copy(self, field->descriptor);
      if (copy) *(ProtobufCMessage**)at = copy;
      return copy != NULL;
    }
    default:
      *(int32_t*)at = (int32_t)draw_int(self, *(int32_t*)at);
      return true;
  }
}

static void change_list(mutator* self, const ProtobufCFieldDescriptor* field,
                        char* base) {
  size_t* count = (size_t*)(void*)(base + field->quantifier_offset);
  char** items = (char**)(void*)(base + field->offset);
  const size_t size = element_size(field->type);
  const size_t i = below(self, *count), j = below(self, *count);
  char* fresh = take(self, (*count + 1) * size);
  if (*count) memcpy(fresh, *items, *count * size);
  *items = fresh;
  switch (*count ? below(self, 6) : 4) {
    case 0:
      memmove(fresh + i * size, fresh + (i + 1) * size, (*count - i - 1) * size);
      (*count)--;
      return;
    case 1:
      memcpy(fresh + *count * size, fresh + i * size, size);
      (*count)++;
      return;
    case 2: {
      char swapped[sizeof(ProtobufCBinaryData)];
      memcpy(swapped, fresh + i * size, size);
      memmove(fresh + i * size, fresh + j * size, size);
      memcpy(fresh + j * size, swapped, size);
      return;
    }
    case 3:
    case 4:
      if (change_value(self, field, fresh + *count * size)) (*count)++;
      return;
    default:
      (void)change_value(self, field, fresh + i * size);
      return;
  }
}

static void change_single(mutator* self, const ProtobufCFieldDescriptor* field,
                          char* base) {
  const bool is_pointer =
      field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_STRING;
  uint32_t* quantifier = (uint32_t*)(void*)(base + field->quantifier_offset);
  if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
    _Alignas(16) char value[sizeof(ProtobufCBinaryData)] = {0};
    const size_t size = element_size(field->type);
    if (*quantifier == field->id) memcpy(value, base + field->offset, size);
    if (!change_value(self, field, value)) return;
    memcpy(base + field->offset, value, size);
    *quantifier = field->id;
    return;
  }
  if (below(self, 8) == 0) {
    if (is_pointer) *(void**)(void*)(base + field->offset) = NULL;
    if (field->quantifier_offset) *quantifier = 0;
    return;
  }
  if (change_value(self, field, base + field->offset) && field->quantifier_offset) {
    *quantifier = 1;
  }
}

/// Mostly changes what is there already.
static void change_message(mutator* self, ProtobufCMessage* message) {
  const ProtobufCMessageDescriptor* type = message->descriptor;
  char* base = (char*)message;
  for (int attempt = 0; attempt < 16; attempt++) {
    const ProtobufCFieldDescriptor* field = &type->fields[below(self, type->n_fields)];
    if (!is_filled(field, base) && below(self, 12) != 0) continue;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
      change_list(self, field, base);
    } else {
      change_single(self, field, base);
    }
    return;
  }
}

// ---------------------------------------------------------------- the whole

size_t olstm_mutate_model(const uint8_t* data, size_t size, uint8_t* out_bytes,
                          size_t capacity, uint64_t seed) {
  const olstm_allocator memory = olstm_allocator_or_default(NULL);
  const olstm__wire_limits limits = {.max_depth = kMaxDepth, .max_memory = kMaxMemory};
  mutator* self = calloc(1, sizeof *self);
  size_t count = 0;
  if (!self) abort();
  self->random = seed;
  self->allocator = (ProtobufCAllocator){take, keep, self};
  ProtobufCMessage* model = NULL;
  if (olstm__wire_scan(&onnx__model_proto__descriptor, data, size, &limits, &memory, NULL,
                       NULL) == OLSTM_STATUS_OK) {
    model = protobuf_c_message_unpack(&onnx__model_proto__descriptor, &self->allocator,
                                      size, data);
  }
  if (model) {
    for (size_t left = 1 + below(self, kMaxMutations); left > 0; left--) {
      list_messages(self, model);
      change_message(self, draw_message(self));
    }
    count = protobuf_c_message_get_packed_size(model);
    if (count > capacity) {
      count = 0;
    } else {
      (void)protobuf_c_message_pack(model, out_bytes);
    }
  }
  deinit(self);
  free(self);
  return count;
}
