# What all of olstm's own targets have in common.

# olstm_need(<variable> <what> <Debian package> <switch>): stops where a find_* call left <variable> without a value, with
# what to do about it.
function(olstm_need variable what package switch)
  if(NOT ${variable})
    message(FATAL_ERROR "olstm: ${what} was not found. Debian's package is ${package}; elsewhere, or when it is in a folder of its own: ${switch}")
  endif()
endfunction()

# Warnings, sanitizers and include paths for one target of ours (never for generated code).
function(olstm_set_up_target target)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
  # Files of more than 2 GB on 32-bit systems, too.
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE _FILE_OFFSET_BITS=64)
  if(WIN32)
    # printf of C11, and one more word of Windows.
    target_compile_definitions(${target} PRIVATE __USE_MINGW_ANSI_STDIO=1 WIN32_LEAN_AND_MEAN)
    # The compiler's own libraries come along.
    target_link_options(${target} PRIVATE -static)
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
      # gcc takes the stack to be aligned to 32 bytes there, which it is not (its bug 54412).
      target_compile_options(${target} PRIVATE -Wa,-muse-unaligned-vector-move)
    endif()
  endif()
  if(EMSCRIPTEN)
    # What every engine that has SIMD has, too.
    target_compile_options(${target} PRIVATE -msimd128 -mbulk-memory -mnontrapping-fptoint -msign-ext)
  endif()
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^i[3-6]86$")
    # x87 registers round to other precisions than the types have.
    target_compile_options(${target} PRIVATE -msse2 -mfpmath=sse)
  endif()
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes
                                           -Wmissing-prototypes -Wpointer-arith -Wvla
                                           $<$<BOOL:${OLSTM_WERROR}>:-Werror> -ffp-contract=off)
  # Loops that clang does not unroll or vectorise as it is asked to compute the same.
  target_compile_options(${target} PRIVATE $<$<C_COMPILER_ID:Clang>:-Wno-pass-failed>)
  # A project that olstm is part of may have no build type at all.
  target_compile_options(${target} PRIVATE $<$<CONFIG:>:-O2>)
  if(OLSTM_SANITIZE)
    # What the sanitizers insert hides from gcc how large numbers can get.
    target_compile_options(${target} PRIVATE -fsanitize=${OLSTM_SANITIZE} -fno-omit-frame-pointer
                                             -fno-sanitize-recover=all
                                             $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>)
    if(CMAKE_C_COMPILER_ID MATCHES "Clang" AND OLSTM_SANITIZE MATCHES "undefined")
      # Operators get NULL for tensors without elements, and clang alone minds NULL + 0.
      target_compile_options(${target} PRIVATE -fno-sanitize=pointer-overflow)
    endif()
    target_link_options(${target} PUBLIC -fsanitize=${OLSTM_SANITIZE})
  endif()
endfunction()

# olstm_glob_sources(<variable> [EXCEPT <file>...]): the .c files of the current folder, but for those named. A new file needs
# no line in CMake; what is built on a condition, or into something else, is an exception.
function(olstm_glob_sources variable)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "EXCEPT")
  file(GLOB sources CONFIGURE_DEPENDS *.c)
  foreach(file IN LISTS arg_EXCEPT)
    get_filename_component(path ${file} ABSOLUTE)
    list(REMOVE_ITEM sources ${path})
  endforeach()
  set(${variable} ${sources} PARENT_SCOPE)
endfunction()

# The same, added to a target of another folder.
function(olstm_add_sources target)
  olstm_glob_sources(sources ${ARGN})
  target_sources(${target} PRIVATE ${sources})
endfunction()

# gcc's -Oz differs little from its -Os; clang's costs time.
include(CheckCCompilerFlag)
set(olstm_small_code -Os)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  check_c_compiler_flag(-Oz OLSTM_HAS_OZ)
  if(OLSTM_HAS_OZ)
    set(olstm_small_code -Oz)
  endif()
elseif(EMSCRIPTEN)
  set(olstm_small_code -Oz)
endif()

# One folder's sources as an OBJECT library: small code, but for the files of olstm_optimize; and without the tables that
# exceptions need (a tenth of all): none passes through C, and debuggers have their own.
function(olstm_add_folder target)
  add_library(${target} OBJECT ${ARGN})
  olstm_set_up_target(${target})
  target_compile_definitions(${target} PRIVATE OLSTM_SHARE_INLINE_ $<$<BOOL:${WIN32}>:OLSTM_EXPORTS_>)
  target_compile_options(${target} PRIVATE
                         $<$<CONFIG:Release>:${olstm_small_code} -fno-asynchronous-unwind-tables -fno-unwind-tables
                                             -ffunction-sections -fdata-sections>)
endfunction()

# Loops and targets of jumps need no alignment: a fortieth of the room, and no time that was measured.
set(olstm_fast_code -O2)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  list(APPEND olstm_fast_code -fno-align-jumps -fno-align-loops)
endif()

# Files of the current folder in which the time of a run is spent. clang at -O2 vectorises and unrolls what nobody asked it
# to, which takes three times the room.
function(olstm_optimize target)
  set(options "$<$<CONFIG:Release>:${olstm_fast_code}>" "$<$<C_COMPILER_ID:GNU>:-fno-align-functions>" "$<$<C_COMPILER_ID:Clang>:-fno-vectorize;-fno-unroll-loops>")
  set_source_files_properties(${ARGN} TARGET_DIRECTORY ${target} PROPERTIES COMPILE_OPTIONS "${options}")
endfunction()

# What nobody calls, of protobuf-c's code above all, is left out of what is linked.
add_link_options($<$<CONFIG:Release>:-Wl,--gc-sections>)

# Relative relocations take a tenth of the room when packed, which C libraries can read from glibc 2.36 on. Linkers that
# cannot pack them say that they ignore it.
include(CheckCSourceCompiles)
set(CMAKE_REQUIRED_LINK_OPTIONS -Wl,-z,pack-relative-relocs)
check_c_source_compiles("#include <features.h>
#if !defined(__GLIBC__) || !__GLIBC_PREREQ(2, 36)
#error glibc is older
#endif
int main(void) { return 0; }" OLSTM_HAS_PACKED_RELOCATIONS FAIL_REGEX "ignored")
unset(CMAKE_REQUIRED_LINK_OPTIONS)
if(OLSTM_HAS_PACKED_RELOCATIONS)
  add_link_options($<$<CONFIG:Release>:-Wl,-z,pack-relative-relocs>)
endif()

include(CheckLinkerFlag)
# In the order of their alignment sections leave few gaps.
check_linker_flag(C -Wl,--sort-section=alignment OLSTM_CAN_SORT_SECTIONS)
if(OLSTM_CAN_SORT_SECTIONS)
  add_link_options($<$<CONFIG:Release>:-Wl,--sort-section=alignment>)
endif()

# Code and what it reads lie on the same pages, as lld lays them out anyway: whole pages between them would only fill a file.
# (wasm-ld takes the option, says that it knows no such thing, and has no segments.)
if(NOT EMSCRIPTEN)
  check_linker_flag(C -Wl,-z,noseparate-code OLSTM_CAN_JOIN_SEGMENTS)
endif()
if(OLSTM_CAN_JOIN_SEGMENTS)
  add_link_options($<$<CONFIG:Release>:-Wl,-z,noseparate-code>)
endif()

# What the shared library is called until 1.0: minor versions may differ in what they export.
set(olstm_soversion ${PROJECT_VERSION_MAJOR})
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(olstm_soversion 0.${PROJECT_VERSION_MINOR})
endif()

# Symbol versions, where the linker knows them. Sanitizers export symbols of their own.
check_linker_flag(C -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/libolstm.map OLSTM_HAS_VERSION_SCRIPTS)

# A function that nobody defines stops the link, not the program. Sanitizers leave theirs to the program.
check_linker_flag(C -Wl,-z,defs OLSTM_CAN_REFUSE_UNDEFINED)

# libolstm, static or shared, out of the folders' objects.
function(olstm_add_library target kind)
  add_library(${target} ${kind} $<TARGET_OBJECTS:olstm_system> $<TARGET_OBJECTS:olstm_base>
                                $<TARGET_OBJECTS:olstm_proto> $<TARGET_OBJECTS:olstm_op>
                                $<TARGET_OBJECTS:olstm_direct> $<TARGET_OBJECTS:olstm_runtime>)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME olstm VERSION ${PROJECT_VERSION}
                                             SOVERSION ${olstm_soversion} LINKER_LANGUAGE C)
  if(kind STREQUAL "SHARED" AND OLSTM_HAS_VERSION_SCRIPTS AND NOT OLSTM_SANITIZE)
    set(map ${PROJECT_SOURCE_DIR}/cmake/libolstm.map)
    target_link_options(${target} PRIVATE -Wl,--version-script=${map})
    set_target_properties(${target} PROPERTIES LINK_DEPENDS ${map})
  endif()
  if(kind STREQUAL "SHARED" AND OLSTM_CAN_REFUSE_UNDEFINED AND NOT OLSTM_SANITIZE)
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                              $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} PRIVATE olstm_protobuf_c m ${CMAKE_DL_LIBS} Threads::Threads)
  if(WIN32)
    # It opens files below a folder.
    target_link_libraries(${target} PRIVATE ntdll)
    target_link_options(${target} PRIVATE -static)
  endif()
  if(OLSTM_SANITIZE)
    target_link_options(${target} PUBLIC -fsanitize=${OLSTM_SANITIZE})
  endif()
endfunction()
