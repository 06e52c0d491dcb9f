// Mutates models at random and runs each: `mutate_models SEED COUNT SECONDS FOLDER...`.
// The folders have the models to start from, below them too. Mutations number SEED up to
// SEED + COUNT
// - 1 are tried; the same number is the same mutation everywhere. One that takes more
// than SECONDS of CPU time (0: no limit) fails the run and is kept as slow_NUMBER.onnx in
// the working folder; one that ends the process, by a signal or a sanitizer, stays there
// as mutate_models.onnx.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/fuzz/model_mutator.h"
#include "tests/fuzz/model_session.h"

enum { kMaxModels = 2048, kMaxBytes = 256 << 10, kMaxRounds = 2, kMaxPath = 4096 };

static const char kAtWork[] = "mutate_models.onnx";

typedef struct seed_model {
  char* path;
  uint8_t* bytes;
  size_t count;
} seed_model;

static seed_model models[kMaxModels];
static size_t model_count;

// ---------------------------------------------------------------- what to start from

static bool ends_with(const char* text, const char* end) {
  const size_t length = strlen(text), end_length = strlen(end);
  return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static void add_model(const char* path, size_t count) {
  FILE* file = fopen(path, "rb");
  if (!file || model_count == kMaxModels || count == 0 || count > kMaxBytes) {
    if (file) (void)fclose(file);
    return;
  }
  seed_model* model = &models[model_count];
  *model = (seed_model){strdup(path), malloc(count), count};
  if (model->bytes && model->path && fread(model->bytes, 1, count, file) == count) {
    model_count++;
  }
  (void)fclose(file);
}

static int by_path(const void* a, const void* b) {
  return strcmp(((const seed_model*)a)->path, ((const seed_model*)b)->path);
}

/// Adds the models of a folder and of those below it, without recursion.
static void add_folder(const char* path) {
  static char pending[kMaxModels][kMaxPath];
  size_t pending_count = 1;
  (void)snprintf(pending[0], kMaxPath, "%s", path);
  for (size_t next = 0; next < pending_count; next++) {
    DIR* folder = opendir(pending[next]);
    if (!folder) continue;
    for (struct dirent* entry = readdir(folder); entry; entry = readdir(folder)) {
      char name[kMaxPath + 300];
      struct stat facts;
      if (entry->d_name[0] == '.') continue;
      const int length =
          snprintf(name, sizeof name, "%s/%s", pending[next], entry->d_name);
      if (length < 0 || (size_t)length >= sizeof name) continue;
      if (stat(name, &facts) != 0) continue;
      if (S_ISDIR(facts.st_mode) && pending_count < kMaxModels &&
          strlen(name) < kMaxPath) {
        memcpy(pending[pending_count++], name, strlen(name) + 1);
      } else if (S_ISREG(facts.st_mode) && ends_with(name, ".onnx")) {
        add_model(name, (size_t)facts.st_size);
      }
    }
    (void)closedir(folder);
  }
}

// ---------------------------------------------------------------- mutations

static bool write_file(const char* path, const uint8_t* bytes, size_t count) {
  const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return false;
  const bool is_written = write(file, bytes, count) == (ssize_t)count;
  return close(file) == 0 && is_written;
}

/// The mutation of that number; 0 when it came to nothing.
static size_t make_mutation(uint64_t number, uint8_t* bytes) {
  const uint64_t mixed = number * UINT64_C(0x9e3779b97f4a7c15);
  const seed_model* model = &models[(mixed >> 32) % model_count];
  size_t count = model->count;
  memcpy(bytes, model->bytes, count);
  for (uint64_t round = 0; round < 1 + mixed % kMaxRounds && count; round++) {
    count = olstm_mutate_model(bytes, count, bytes, kMaxBytes, mixed + round);
  }
  return count;
}

static double cpu_seconds(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/// SIGVTALRM ends a mutation that runs on and on.
static void start_timer(double limit) {
  const struct itimerval timer = {.it_value.tv_sec =
                                      limit > 0 ? 1 + (time_t)(20 * limit) : 0};
  (void)setitimer(ITIMER_VIRTUAL, &timer, NULL);
}

static bool try_mutation(uint64_t number, double limit, size_t* stages) {
  static uint8_t bytes[kMaxBytes];
  olstm_error error = {""};
  const size_t count = make_mutation(number, bytes);
  if (count == 0) return true;
  if (!write_file(kAtWork, bytes, count)) perror(kAtWork);
  start_timer(limit);
  const double start = cpu_seconds();
  const model_session_stage stage = olstm_model_session_try(bytes, count, &error);
  const double seconds = cpu_seconds() - start;
  stages[stage]++;
  if (limit <= 0 || seconds <= limit) return true;
  char name[64];
  (void)snprintf(name, sizeof name, "slow_%llu.onnx", (unsigned long long)number);
  (void)write_file(name, bytes, count);
  (void)printf("%s: %.2f s (%s)\n", name, seconds, error.message);
  return false;
}

int main(int argc, char** argv) {
  size_t stages[MODEL_SESSION_RAN + 1] = {0};
  bool is_good = true;
  if (argc < 5) {
    (void)fprintf(stderr, "usage: %s SEED COUNT SECONDS FOLDER...\n", argv[0]);
    return 2;
  }
  const uint64_t seed = strtoull(argv[1], NULL, 10), count = strtoull(argv[2], NULL, 10);
  const double limit = strtod(argv[3], NULL);
  for (int i = 4; i < argc; i++) add_folder(argv[i]);
  if (model_count == 0) {
    (void)fprintf(stderr, "no models there\n");
    return 2;
  }
  qsort(models, model_count, sizeof *models, by_path);
  for (uint64_t i = 0; i < count; i++) {
    is_good = try_mutation(seed + i, limit, stages) && is_good;
  }
  (void)unlink(kAtWork);
  (void)printf(
      "%zu models, %llu mutations: %zu refused, %zu loaded, %zu created, %zu prepared, "
      "%zu ran\n",
      model_count, (unsigned long long)count, stages[0], stages[1], stages[2], stages[3],
      stages[4]);
  for (size_t m = 0; m < model_count; m++) {
    free(models[m].path);
    free(models[m].bytes);
  }
  return is_good ? 0 : 1;
}
