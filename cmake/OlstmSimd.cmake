# Code that is written once for one vector and compiled for every kind of CPU.

include_guard(GLOBAL)

# olstm_add_simd(<target> <template> <reals>... [EXTRA <cpus>... | ONLY <cpus>...])
#
# Compiles <template>.inc of the current folder into `target` once for each kind of CPU (avx512,
# avx2, plain, and those of EXTRA: avx512vnni, avx512bf16; plain alone where the machine is
# no x86-64; those of ONLY, and none of the others) and each of the reals named (f32 f64). Each copy's
# functions are called SIMD_NAME(name), which is name_f32_avx512 and so on.
function(olstm_add_simd target template)
  cmake_parse_arguments(arg "" "" "EXTRA;ONLY" ${ARGN})
  set(cpus plain)
  set(x86_cpus avx2 avx512 ${arg_EXTRA})
  set(is_plain_best ON)
  if(arg_ONLY)
    set(cpus "")
    set(x86_cpus ${arg_ONLY})
  endif()
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    list(APPEND cpus ${x86_cpus})
    set(is_plain_best OFF)
  endif()
  # The vectors are written out; what compilers add to that is slower.
  set(options_plain $<$<CONFIG:Release>:-O2> -fno-tree-vectorize -fno-tree-slp-vectorize
                    $<$<C_COMPILER_ID:Clang>:-fno-unroll-loops>)
  if(OLSTM_SANITIZE MATCHES "fuzzer")
    # There is little to cover in straight code, and clang takes minutes to compile it with both.
    list(APPEND options_plain -fno-sanitize=fuzzer-no-link,undefined)
  endif()
  set(options_avx2 ${options_plain} -mavx2 -mfma -mf16c)
  set(options_avx512 ${options_avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl
                     -mprefer-vector-width=512)
  set(options_avx512vnni ${options_avx512} -mavx512vnni)
  set(options_avx512bf16 ${options_avx512} -mavx512bf16)
  # OLSTM_SIMD_ISA in op/math/simd.h.
  set(isa_plain 0)
  set(isa_avx2 2)
  set(isa_avx512 512)
  set(isa_avx512vnni 512)
  set(isa_avx512bf16 512)
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  foreach(cpu IN LISTS cpus)
    foreach(real IN LISTS arg_UNPARSED_ARGUMENTS)
      set(double 0)
      if(real STREQUAL "f64")
        set(double 1)
      endif()
      set(source ${CMAKE_CURRENT_BINARY_DIR}/${template}_${real}_${cpu}.c)
      set(isa ${isa_${cpu}})
      set(options ${options_${cpu}})
      if(NOT double AND (isa GREATER 0 OR is_plain_best))
        # What small layers spend their time in: a twentieth faster.
        list(APPEND options $<$<CONFIG:Release>:-O3>)
      endif()
      file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"// Made by cmake/OlstmSimd.cmake.
#define OLSTM_SIMD_ISA @isa@
#define OLSTM_SIMD_DOUBLE @double@
#define SIMD_NAME(name) name##_@real@_@cpu@
#include \"@folder@/@template@.inc\"
")
      target_sources(${target} PRIVATE ${source})
      set_source_files_properties(${source} TARGET_DIRECTORY ${target} PROPERTIES
                                  COMPILE_OPTIONS "${options}")
    endforeach()
  endforeach()
endfunction()
