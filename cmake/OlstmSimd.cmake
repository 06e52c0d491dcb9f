# Code that is written once for one vector and compiled for every kind of CPU.

include_guard(GLOBAL)

# olstm_add_simd(<target> <file>...)
#
# Adds the files named <template>_<real>_<cpu>.c to `target`, each with the flags of its CPU; those of CPUs that another kind
# of machine has are left out. real: f32 or f64. cpu: plain, avx2, avx512, avx512vnni, avx512bf16, neondot, neoni8mm or neonbf16. Such a file says
# OLSTM_SIMD_ISA, OLSTM_SIMD_DOUBLE and SIMD_NAME (see op/math/simd.h) and includes <template>.inc. Templates named *_blocks
# are loops of known lengths, which compilers turn into vectors where `omp simd` says so.
function(olstm_add_simd target)
  set(is_x86 OFF)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    set(is_x86 ON)
  endif()
  set(is_arm OFF)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
    set(is_arm ON)
  endif()
  # The vectors are written out; what compilers add to that is slower.
  set(options_plain $<$<CONFIG:Release>:${olstm_fast_code}> -fno-tree-vectorize -fno-tree-slp-vectorize
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
  set(options_neondot ${options_plain} -march=armv8.2-a+dotprod)
  set(options_neoni8mm ${options_plain} -march=armv8.2-a+dotprod+i8mm)
  set(options_neonbf16 ${options_plain} -march=armv8.2-a+bf16)
  foreach(file IN LISTS ARGN)
    if(NOT file MATCHES "_(f32|f64)_([a-z0-9]+)\\.c$")
      message(FATAL_ERROR "olstm_add_simd: ${file} is not named <template>_<real>_<cpu>.c")
    endif()
    set(real ${CMAKE_MATCH_1})
    set(cpu ${CMAKE_MATCH_2})
    if(NOT DEFINED options_${cpu})
      message(FATAL_ERROR "olstm_add_simd: ${file} is for no kind of CPU that it knows")
    endif()
    if((cpu MATCHES "^avx" AND NOT is_x86) OR (cpu MATCHES "^neon" AND NOT is_arm))
      continue()
    endif()
    set(options ${options_${cpu}})
    if(file MATCHES "_blocks_")
      list(FILTER options EXCLUDE REGEX "vectorize$")
      # Without what only matters to programs that look at floating-point flags or errno.
      list(APPEND options -fopenmp-simd -fno-trapping-math -fno-math-errno)
    endif()
    if(is_x86 AND (real STREQUAL "f64" OR cpu STREQUAL "plain"))
      # Few models are in double, and few machines have no AVX2: small code, as fast for recurrent layers.
      list(APPEND options $<$<CONFIG:Release>:-Os>)
    endif()
    if(file MATCHES "/vector_math_f32_avx")
      # Vectors that go through a function together are written one after the other.
      list(APPEND options "$<$<C_COMPILER_ID:GNU>:-fschedule-insns;-fsched-pressure>")
    endif()
    if(is_arm AND file MATCHES "/panel_")
      # Products are written in the order in which they had best be computed: GCC would spill sums in another one.
      list(APPEND options $<$<C_COMPILER_ID:GNU>:-fno-schedule-insns>)
    endif()
    target_sources(${target} PRIVATE ${file})
    set_source_files_properties(${file} TARGET_DIRECTORY ${target} PROPERTIES COMPILE_OPTIONS "${options}")
  endforeach()
endfunction()
