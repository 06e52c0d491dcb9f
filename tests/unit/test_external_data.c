// onnx_proto/external_data.h: what may be read beside a model, and what may not.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "onnx_proto/model.h"
#include "system/confined_file.h"
#include "tests/support/onnx_writer.h"
#include "tests/support/test_main.h"

static const float kData[8] = {0, 1, 2, 3, 4, 5, 6, 7};

/// Of this process alone; holds w.bin and sub/w.bin.
static char folder[64];

static const char* path_of(const char* name) {
  static char path[4][160];
  static int next;
  char* text = path[next++ % 4];
  (void)snprintf(text, sizeof path[0], "%s/%s", folder, name);
  return text;
}

static void write_file(const char* path, const void* bytes, size_t count) {
  FILE* file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, count, file), count);
  assert_int_equal(fclose(file), 0);
}

static bool make_folder(void) {
  (void)snprintf(folder, sizeof folder, "/tmp/olstm_external_XXXXXX");
  if (!mkdtemp(folder) || mkdir(path_of("sub"), 0700) != 0) return false;
  write_file(path_of("w.bin"), kData, sizeof kData);
  write_file(path_of("sub/w.bin"), kData, sizeof kData);
  return true;
}

static void remove_folder(void) {
  static const char* const kNames[] = {"sub/w.bin", "sub/link", "sub",        "w.bin",
                                       "link",      "hard",     "model.onnx", "pipe",
                                       "loop",      "zero",     "socket"};
  for (size_t i = 0; i < sizeof kNames / sizeof kNames[0]; i++) {
    if (unlink(path_of(kNames[i])) != 0) (void)rmdir(path_of(kNames[i]));
  }
  (void)rmdir(folder);
}

static void add_entry(pb_bytes* tensor, const char* key, const char* value) {
  pb_bytes entry = {0};
  pb_text(&entry, 1, key);
  pb_text(&entry, 2, value);
  pb_message(tensor, TENSOR_EXTERNAL_DATA, &entry);
}

/// A model whose one initializer is external; NULL for entries that are not there.
static pb_bytes external_model(const char* dims, const char* location, const char* offset,
                               const char* length) {
  pb_bytes graph = {0};
  pb_bytes tensor = onnx_tensor("W", OLSTM_DTYPE_FLOAT, dims);
  if (location) add_entry(&tensor, "location", location);
  if (offset) add_entry(&tensor, "offset", offset);
  if (length) add_entry(&tensor, "length", length);
  pb_int(&tensor, TENSOR_DATA_LOCATION, 1);
  pb_message(&graph, GRAPH_INITIALIZER, &tensor);
  return onnx_model(&graph);
}

static olstm_status load(pb_bytes* bytes, const olstm_model_options* options,
                         olstm_model** out_model, olstm_error* error) {
  write_file(path_of("model.onnx"), bytes->bytes, bytes->count);
  pb_deinit(bytes);
  return olstm_model_load_file(path_of("model.onnx"), options, out_model, error);
}

static void expect_refusal(pb_bytes* bytes, olstm_status expected, const char* text) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  const olstm_status status = load(bytes, NULL, &model, &error);
  if (status != expected || !strstr(error.message, text)) {
    fail_msg("%d '%s', expected %d '%s'", (int)status, error.message, (int)expected,
             text);
  }
  assert_null(model);
}

static void expect_data(pb_bytes* bytes, const float* expected, size_t count) {
  olstm_model* model = NULL;
  olstm_error error = {""};
  if (load(bytes, NULL, &model, &error) != OLSTM_STATUS_OK) fail_msg("%s", error.message);
  const olstm_tensor* tensor = olstm__model_graph(model)->values[0].constant;
  assert_int_equal((uintptr_t)tensor->data % OLSTM_ALIGNMENT, 0);
  assert_memory_equal(tensor->data, expected, count * sizeof *expected);
  olstm_model_destroy(model);
}

static void reads_whole_files_parts_and_folders_below(void** state) {
  (void)state;
  pb_bytes model = external_model("8", "w.bin", NULL, NULL);
  expect_data(&model, kData, 8);
  model = external_model("2,2", "w.bin", "8", "16");
  expect_data(&model, kData + 2, 4);
  model = external_model("2", "sub/w.bin", "24", NULL);
  expect_data(&model, kData + 6, 2);
  model = external_model("0", "./w.bin", "32", "0");
  expect_data(&model, kData, 0);
}

static void refuses_paths_out_of_the_folder(void** state) {
  static const char* const kPaths[] = {"../w.bin", "/etc/passwd", "sub/../../x", "sub/..",
                                       "sub/./..", "sub//w.bin",  "..",          "sub/"};
  (void)state;
  for (size_t i = 0; i < sizeof kPaths / sizeof kPaths[0]; i++) {
    pb_bytes model = external_model("8", kPaths[i], NULL, NULL);
    expect_refusal(&model, OLSTM_STATUS_IO_ERROR, "not a path below the model's folder");
  }
}

static void refuses_links_out_of_the_folder(void** state) {
  (void)state;
  assert_int_equal(symlink("/etc/passwd", path_of("link")), 0);
  pb_bytes model = external_model("8", "link", NULL, NULL);
  expect_refusal(&model, OLSTM_STATUS_IO_ERROR,
                 "a link leads out of the folder that holds the model");
  assert_int_equal(symlink("/tmp", path_of("sub/link")), 0);
  model = external_model("8", "sub/link/w.bin", NULL, NULL);
  expect_refusal(&model, OLSTM_STATUS_IO_ERROR, "No such file");
  // A device and a FIFO that a link leads to are not opened either.
  assert_int_equal(unlink(path_of("link")), 0);
  assert_int_equal(symlink("/dev/zero", path_of("link")), 0);
  model = external_model("8", "link", NULL, NULL);
  expect_refusal(&model, OLSTM_STATUS_IO_ERROR, "it is not a regular file");
  assert_int_equal(unlink(path_of("link")), 0);
  assert_int_equal(symlink("link", path_of("link")), 0);
  model = external_model("8", "link", NULL, NULL);
  expect_refusal(&model, OLSTM_STATUS_IO_ERROR, strerror(ELOOP));
  assert_int_equal(unlink(path_of("link")), 0);
}

/// A model's link and its data's, as download caches lay them out: in/blobs has the
/// files, in/snap/rev the links.
static void make_cache(const pb_bytes* model, const char* data_target) {
  static const char* const kFolders[] = {"in", "in/blobs", "in/snap", "in/snap/rev"};
  for (size_t i = 0; i < sizeof kFolders / sizeof *kFolders; i++) {
    assert_int_equal(mkdir(path_of(kFolders[i]), 0700), 0);
  }
  write_file(path_of("in/blobs/aaaa"), model->bytes, model->count);
  write_file(path_of("in/blobs/bbbb"), kData, sizeof kData);
  assert_int_equal(symlink("../../blobs/aaaa", path_of("in/snap/rev/model.onnx")), 0);
  assert_int_equal(symlink(data_target, path_of("in/snap/rev/w.bin")), 0);
}

static void remove_cache(void) {
  static const char* const kNames[] = {"in/snap/rev/w.bin",
                                       "in/snap/rev/model.onnx",
                                       "in/blobs/bbbb",
                                       "in/blobs/aaaa",
                                       "in/blobs/cccc",
                                       "in/snap/rev",
                                       "in/snap",
                                       "in/blobs",
                                       "in"};
  for (size_t i = 0; i < sizeof kNames / sizeof *kNames; i++) {
    if (unlink(path_of(kNames[i])) != 0) (void)rmdir(path_of(kNames[i]));
  }
}

static olstm_status load_cache(const char* data_target, const char* named,
                               olstm_error* error) {
  olstm_model_options options;
  olstm_model* model = NULL;
  pb_bytes bytes = external_model("8", "w.bin", NULL, NULL);
  char named_copy[160];
  (void)snprintf(named_copy, sizeof named_copy, "%s", named ? named : "");
  make_cache(&bytes, data_target);
  pb_deinit(&bytes);
  if (strcmp(data_target, "../../blobs/cccc") == 0) {
    assert_int_equal(link(path_of("w.bin"), path_of("in/blobs/cccc")), 0);
  }
  olstm_model_options_init(&options);
  options.external_data_folder = named ? named_copy : NULL;
  const olstm_status status =
      olstm_model_load_file(path_of("in/snap/rev/model.onnx"), &options, &model, error);
  assert_int_equal(model == NULL, status != OLSTM_STATUS_OK);
  olstm_model_destroy(model);
  remove_cache();
  return status;
}

static void follows_links_to_the_folder_of_the_real_model(void** state) {
  olstm_error error = {""};
  (void)state;
  assert_int_equal(load_cache("../../blobs/bbbb", NULL, &error), OLSTM_STATUS_OK);
  assert_int_equal(load_cache("../../../w.bin", NULL, &error), OLSTM_STATUS_IO_ERROR);
  assert_non_null(strstr(error.message, "leads out of the folder that holds the model"));
  assert_int_equal(load_cache("../../../w.bin", folder, &error), OLSTM_STATUS_OK);
  assert_int_equal(load_cache("../../../w.bin", path_of("sub"), &error), OLSTM_STATUS_OK);
  assert_int_equal(load_cache("/etc/passwd", path_of("in"), &error),
                   OLSTM_STATUS_IO_ERROR);
  assert_int_equal(load_cache("../../blobs/cccc", NULL, &error), OLSTM_STATUS_IO_ERROR);
  assert_non_null(strstr(error.message, "other hard links"));
  assert_int_equal(load_cache("../../blobs/cccc", path_of("in"), &error),
                   OLSTM_STATUS_OK);
}

static void takes_files_with_several_names_from_a_named_folder_alone(void** state) {
  olstm_model_options options;
  olstm_model* loaded = NULL;
  olstm_error error = {""};
  (void)state;
  assert_int_equal(link(path_of("w.bin"), path_of("hard")), 0);
  pb_bytes model = external_model("8", "hard", NULL, NULL);
  expect_refusal(&model, OLSTM_STATUS_IO_ERROR,
                 "it has other hard links; a folder that is named (external_data_folder, "
                 "--external-data) may have such files");
  olstm_model_options_init(&options);
  options.external_data_folder = folder;
  model = external_model("8", "hard", NULL, NULL);
  assert_int_equal(load(&model, &options, &loaded, &error), OLSTM_STATUS_OK);
  olstm_model_destroy(loaded);
  options.external_data_folder = path_of("absent");
  model = external_model("8", "w.bin", NULL, NULL);
  assert_int_equal(load(&model, &options, &loaded, &error), OLSTM_STATUS_IO_ERROR);
  assert_non_null(strstr(error.message, "cannot open external_data_folder"));
  assert_int_equal(unlink(path_of("hard")), 0);
}

static atomic_bool is_racing;

/// Makes and removes a hard link to a file that is none of the model's, without end.
static void* swap_links(void* argument) {
  (void)argument;
  while (atomic_load(&is_racing)) {
    (void)link("/etc/passwd", path_of("race"));
    (void)unlink(path_of("race"));
  }
  return NULL;
}

static void never_opens_what_a_race_puts_in_place(void** state) {
  struct stat secret, opened;
  pthread_t thread;
  olstm__confined_folders folders = {OLSTM__NO_FILE, OLSTM__NO_FILE, OLSTM__NO_FILE};
  (void)state;
  assert_null(olstm__confined_open_folder(folder, &folders.beside));
  assert_int_equal(stat("/etc/passwd", &secret), 0);
  // Not everybody may link to it, and no folder may be of another file system.
  if (link("/etc/passwd", path_of("race")) != 0) {
    olstm__confined_folders_close(&folders);
    skip();
  }
  atomic_store(&is_racing, true);
  assert_int_equal(pthread_create(&thread, NULL, swap_links, NULL), 0);
  for (int i = 0; i < 100; i++) {
    olstm__file file = OLSTM__NO_FILE;
    if (olstm__confined_open(&folders, "race", &file)) continue;
    assert_int_equal(fstat((int)file, &opened), 0);
    assert_false(opened.st_ino == secret.st_ino && opened.st_dev == secret.st_dev);
    olstm__file_close(file);
  }
  atomic_store(&is_racing, false);
  (void)pthread_join(thread, NULL);
  (void)unlink(path_of("race"));
  olstm__confined_folders_close(&folders);
}

static void refuses_what_is_no_regular_file_without_waiting(void** state) {
  (void)state;
  assert_int_equal(mkfifo(path_of("pipe"), 0600), 0);
  pb_bytes model = external_model("8", "pipe", NULL, NULL);
  expect_refusal(&model, OLSTM_STATUS_IO_ERROR, "not a regular file");
  model = external_model("8", "sub", NULL, NULL);
  expect_refusal(&model, OLSTM_STATUS_IO_ERROR, "not a regular file");
  model = external_model("8", "absent.bin", NULL, NULL);
  expect_refusal(&model, OLSTM_STATUS_IO_ERROR, "No such file");
}

static void refuses_devices_and_sockets(void** state) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)state;
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(listener >= 0);
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path_of("socket"));
  assert_int_equal(bind(listener, (const struct sockaddr*)&address, sizeof address), 0);
  pb_bytes model = external_model("8", "socket", NULL, NULL);
  expect_refusal(&model, OLSTM_STATUS_IO_ERROR, "cannot open its external data");
  (void)close(listener);
  // /dev/zero by another name; not everybody may make one.
  if (mknod(path_of("zero"), S_IFCHR | 0600, makedev(1, 5)) != 0) return;
  model = external_model("8", "zero", NULL, NULL);
  expect_refusal(&model, OLSTM_STATUS_IO_ERROR, "cannot open its external data");
}

static void refuses_ranges_outside_the_file(void** state) {
  (void)state;
  pb_bytes model = external_model("9", "w.bin", NULL, NULL);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL,
                 "tensor 'W': bytes 0+36 are outside 'w.bin', which has 32");
  model = external_model("8", "w.bin", "4", NULL);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "bytes 4+32 are outside");
  model = external_model("8", "w.bin", "9223372036854775807", NULL);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "are outside");
  model = external_model("400000000", "w.bin", NULL, NULL);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "are outside");
}

static void refuses_broken_entries(void** state) {
  (void)state;
  pb_bytes model = external_model("8", "w.bin", NULL, "16");
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL,
                 "external data has length 16, expected 32 for float [8]");
  model = external_model("8", NULL, NULL, NULL);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "has no location");
  model = external_model("8", "w.bin", "-4", NULL);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "no number in it: '-4'");
  model = external_model("8", "w.bin", "99999999999999999999", NULL);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "no number in it");
  model = external_model("8", "w.bin", "4:", NULL);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "no number in it: '4:'");
  model = external_model("8", "w.bin", "/", NULL);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "no number in it: '/'");
  model = external_model("8", "w.bin", "", NULL);
  expect_refusal(&model, OLSTM_STATUS_INVALID_MODEL, "no number in it");
}

static void refuses_keys_that_it_cannot_honour(void** state) {
  pb_bytes graph = {0};
  pb_bytes tensor = onnx_tensor("W", OLSTM_DTYPE_FLOAT, "8");
  (void)state;
  add_entry(&tensor, "location", "w.bin");
  add_entry(&tensor, "checksum", "abc");
  pb_int(&tensor, TENSOR_DATA_LOCATION, 1);
  pb_message(&graph, GRAPH_INITIALIZER, &tensor);
  pb_bytes model = onnx_model(&graph);
  expect_refusal(&model, OLSTM_STATUS_UNSUPPORTED, "key 'checksum' is not supported");
}

static void refuses_external_data_of_a_model_from_memory(void** state) {
  pb_bytes bytes = external_model("8", "w.bin", NULL, NULL);
  olstm_model* model = NULL;
  olstm_error error = {""};
  (void)state;
  assert_int_equal(onnx_load(&bytes, &model, &error), OLSTM_STATUS_UNSUPPORTED);
  assert_string_equal(error.message,
                      "tensor 'W': its external data 'w.bin' cannot be read: the model "
                      "came from memory, with neither external_files nor "
                      "external_data_folder");
}

static olstm_status load_from_memory(const char* location, const char* length,
                                     const olstm_model_options* options,
                                     olstm_error* error) {
  olstm_model* model = NULL;
  pb_bytes bytes = external_model("8", location, "0", length);
  const olstm_status status =
      olstm_model_load_memory(bytes.bytes, bytes.count, options, &model, error);
  pb_deinit(&bytes);
  if (status == OLSTM_STATUS_OK) {
    const olstm__decoded_graph* graph = olstm__model_graph(model);
    assert_memory_equal(graph->values[0].constant->data, kData, sizeof kData);
  }
  olstm_model_destroy(model);
  return status;
}

static void reads_external_data_of_a_model_from_memory(void** state) {
  olstm_external_file files[] = {{"other", NULL, 0}, {"weights/w", kData, sizeof kData}};
  olstm_model_options options;
  olstm_error error = {""};
  (void)state;
  olstm_model_options_init(&options);
  options.external_files = files;
  options.external_file_count = 2;
  assert_int_equal(load_from_memory("weights/w", "32", &options, &error),
                   OLSTM_STATUS_OK);
  assert_int_equal(load_from_memory("./weights/w", NULL, &options, &error),
                   OLSTM_STATUS_OK);
  assert_int_equal(load_from_memory("other", NULL, &options, &error),
                   OLSTM_STATUS_INVALID_MODEL);
  assert_non_null(strstr(error.message, "bytes 0+32 are outside 'other', which has 0"));
  assert_int_equal(load_from_memory("w.bin", NULL, &options, &error),
                   OLSTM_STATUS_UNSUPPORTED);
  options.external_data_folder = folder;
  assert_int_equal(load_from_memory("w.bin", NULL, &options, &error), OLSTM_STATUS_OK);
  assert_int_equal(load_from_memory("../w.bin", NULL, &options, &error),
                   OLSTM_STATUS_IO_ERROR);
  options.max_external_bytes = 31;
  assert_int_equal(load_from_memory("weights/w", NULL, &options, &error),
                   OLSTM_STATUS_LIMIT_EXCEEDED);
  files[0] = (olstm_external_file){NULL, kData, 4};
  assert_int_equal(load_from_memory("weights/w", NULL, &options, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "external_files[0] has no location");
  files[0] = (olstm_external_file){"x", NULL, 4};
  assert_int_equal(load_from_memory("weights/w", NULL, &options, &error),
                   OLSTM_STATUS_INVALID_ARGUMENT);
  assert_string_equal(error.message, "external_files[0] has no bytes");
}

/// A file of 4 GB with nothing in it but its length.
static void refuses_files_that_are_holes(void** state) {
  if (SIZE_MAX >> 31 == 1) skip();  // 32-bit
  const off_t bytes = (off_t)1 << 32;
  const int file = open(path_of("sparse"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  (void)state;
  assert_true(file >= 0);
  const bool is_sparse =
      ftruncate(file, bytes) == 0 && lseek(file, 0, SEEK_DATA) == (off_t)-1;
  (void)close(file);
  if (is_sparse) {
    pb_bytes model = external_model("1073741824", "sparse", NULL, NULL);
    expect_refusal(&model, OLSTM_STATUS_LIMIT_EXCEEDED,
                   "4294967296 bytes are declared in 'sparse', of which it stores 0: "
                   "max_external_bytes allows such a file");
  }
  assert_int_equal(unlink(path_of("sparse")), 0);
}

static void refuses_to_read_a_file_over_and_over(void** state) {
  pb_bytes graph = {0};
  (void)state;
  for (int i = 0; i < 6; i++) {
    char name[8];
    (void)snprintf(name, sizeof name, "W%d", i);
    pb_bytes tensor = onnx_tensor(name, OLSTM_DTYPE_FLOAT, "8");
    add_entry(&tensor, "location", "w.bin");
    pb_int(&tensor, TENSOR_DATA_LOCATION, 1);
    pb_message(&graph, GRAPH_INITIALIZER, &tensor);
  }
  pb_bytes model = onnx_model(&graph);
  expect_refusal(&model, OLSTM_STATUS_LIMIT_EXCEEDED,
                 "more than 4 times the file's size");
}

static void honours_the_limit_on_a_file(void** state) {
  olstm_model_options options;
  olstm_model* model = NULL;
  olstm_error error = {""};
  pb_bytes bytes = external_model("8", "w.bin", NULL, NULL);
  (void)state;
  olstm_model_options_init(&options);
  options.max_external_bytes = 31;
  assert_int_equal(load(&bytes, &options, &model, &error), OLSTM_STATUS_LIMIT_EXCEEDED);
  assert_non_null(strstr(error.message, "more than max_external_bytes=31"));
}

static void walks_without_openat2_to_the_same_end(void** state) {
  const int base = open(folder, O_RDONLY | O_DIRECTORY);
  (void)state;
  assert_true(base >= 0);
  const int file = olstm__confined_walk(base, "./sub/w.bin", O_RDONLY | O_NOFOLLOW);
  assert_true(file >= 0);
  (void)close(file);
  assert_int_equal(symlink("sub", path_of("loop")), 0);
  assert_int_equal(olstm__confined_walk(base, "loop/w.bin", O_RDONLY | O_NOFOLLOW), -1);
  assert_int_equal(errno, ELOOP);
  assert_int_equal(olstm__confined_walk(base, "loop", O_RDONLY | O_NOFOLLOW), -1);
  assert_int_equal(errno, ELOOP);
  assert_int_equal(olstm__confined_walk(base, "w.bin/x", O_RDONLY | O_NOFOLLOW), -1);
  assert_int_equal(errno, ENOTDIR);
  char long_name[400];
  memset(long_name, 'a', sizeof long_name - 1);
  long_name[sizeof long_name - 1] = '\0';
  assert_int_equal(olstm__confined_walk(base, long_name, O_RDONLY | O_NOFOLLOW), -1);
  assert_int_equal(errno, ENAMETOOLONG);
  (void)close(base);
}

int main(int argc, char** argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_whole_files_parts_and_folders_below),
      cmocka_unit_test(refuses_paths_out_of_the_folder),
      cmocka_unit_test(refuses_links_out_of_the_folder),
      cmocka_unit_test(follows_links_to_the_folder_of_the_real_model),
      cmocka_unit_test(takes_files_with_several_names_from_a_named_folder_alone),
      cmocka_unit_test(never_opens_what_a_race_puts_in_place),
      cmocka_unit_test(refuses_what_is_no_regular_file_without_waiting),
      cmocka_unit_test(refuses_devices_and_sockets),
      cmocka_unit_test(refuses_ranges_outside_the_file),
      cmocka_unit_test(refuses_broken_entries),
      cmocka_unit_test(refuses_keys_that_it_cannot_honour),
      cmocka_unit_test(refuses_external_data_of_a_model_from_memory),
      cmocka_unit_test(reads_external_data_of_a_model_from_memory),
      cmocka_unit_test(refuses_files_that_are_holes),
      cmocka_unit_test(refuses_to_read_a_file_over_and_over),
      cmocka_unit_test(honours_the_limit_on_a_file),
      cmocka_unit_test(walks_without_openat2_to_the_same_end),
  };
  if (!make_folder()) return 1;
  const int result = olstm_test_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
  remove_folder();
  return result;
}
