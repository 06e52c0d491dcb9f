// The LV2 effect's run() under the strictest eye there is: its thread may make no system
// call but write and exit (seccomp's strict mode kills it otherwise), and every call of
// malloc, free or a mutex from it is counted.
#include <dlfcn.h>
#include <linux/seccomp.h>
#include <lv2/core/lv2.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { kSamples = 1000, kRuns = 50 };

static _Thread_local bool is_audio_thread;
static atomic_int forbidden_calls, is_done;

static void note_call(void) {
  if (is_audio_thread) atomic_fetch_add(&forbidden_calls, 1);
}

/// These stand before the C library's for everything in the process, the plugin included.
void* malloc(size_t size) {
  static void* (*real)(size_t);
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, "malloc");
  note_call();
  return real(size);
}

void free(void* memory) {
  static void (*real)(void*);
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, "free");
  note_call();
  real(memory);
}

int pthread_mutex_lock(pthread_mutex_t* mutex) {
  static int (*real)(pthread_mutex_t*);
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, "pthread_mutex_lock");
  note_call();
  return real(mutex);
}

typedef struct audio_job {
  const LV2_Descriptor* descriptor;
  LV2_Handle instance;
  float input[kSamples], output[kSamples];
} audio_job;

static void* run_audio(void* argument) {
  audio_job* job = argument;
  is_audio_thread = true;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0) {
    for (int i = 0; i < kRuns; i++) {
      job->descriptor->run(job->instance, 1 + (uint32_t)(i * 97 % kSamples));
    }
    atomic_store(&is_done, 1);
  } else {
    atomic_store(&is_done, 2);
  }
  is_audio_thread = false;
  // Returning would end the thread with calls that strict mode forbids.
  (void)syscall(SYS_exit, 0);
  return NULL;
}

static const LV2_Descriptor* open_plugin(const char* bundle) {
  char path[4096];
  (void)snprintf(path, sizeof path, "%s/lstm_fx.so", bundle);
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    (void)fprintf(stderr, "%s\n", dlerror());
    return NULL;
  }
  const LV2_Descriptor* (*get)(uint32_t) = NULL;
  *(void**)&get = dlsym(library, "lv2_descriptor");
  return get ? get(0) : NULL;
}

/// 0: finished; 1: killed or too slow; 2: no seccomp here.
static int wait_for_audio(void) {
  const struct timespec pause = {0, 10000000};
  for (int i = 0; i < 1000; i++) {
    const int done = atomic_load(&is_done);
    if (done) return done == 1 ? 0 : 2;
    (void)nanosleep(&pause, NULL);
  }
  return 1;
}

int main(int argc, char** argv) {
  static audio_job job;
  static float gain_db = 3.0F, mix = 0.8F;
  pthread_t thread;
  if (argc != 2) return 2;
  job.descriptor = open_plugin(argv[1]);
  if (!job.descriptor) return 1;
  char bundle[4096];
  (void)snprintf(bundle, sizeof bundle, "%s/", argv[1]);
  job.instance = job.descriptor->instantiate(job.descriptor, 48000.0, bundle, NULL);
  if (!job.instance) return 1;
  for (int i = 0; i < kSamples; i++) job.input[i] = sinf(0.05F * (float)i);
  void* const ports[] = {job.input, job.output, &gain_db, &mix};
  for (uint32_t p = 0; p < 4; p++) {
    job.descriptor->connect_port(job.instance, p, ports[p]);
  }
  job.descriptor->activate(job.instance);
  if (pthread_create(&thread, NULL, run_audio, &job) != 0) return 1;
  const int result = wait_for_audio();
  if (result == 2) {
    (void)printf("skipped: this system has no seccomp\n");
    return 77;
  }
  if (result != 0) {
    (void)fprintf(stderr, "the audio thread made a system call, or did not end\n");
    return 1;
  }
  (void)printf("%d runs, %d calls of malloc, free or a mutex\n", (int)kRuns,
               atomic_load(&forbidden_calls));
  job.descriptor->cleanup(job.instance);
  return atomic_load(&forbidden_calls) == 0 ? 0 : 1;
}
