# Test executables whose every case is a CTest of its own.

# The cases of a test program. Those that run for minutes are called slow_<case>: they carry the
# label slow.
function(olstm_get_cases source out_cases)
  set(cases "")
  file(STRINGS ${source} lines REGEX "cmocka_unit_test\\(")
  foreach(line IN LISTS lines)
    string(REGEX MATCHALL "cmocka_unit_test\\([a-z0-9_]+\\)" matches "${line}")
    list(APPEND cases ${matches})
  endforeach()
  list(TRANSFORM cases REPLACE "cmocka_unit_test\\(([a-z0-9_]+)\\)" "\\1")
  set(${out_cases} ${cases} PARENT_SCOPE)
endfunction()

# <folder>.<name>.<case> for each cmocka_unit_test(<case>) of test_<name>.c, run by COMMAND... <case>.
function(olstm_add_cases folder name source)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  olstm_get_cases(${source} cases)
  foreach(case IN LISTS cases)
    add_test(NAME ${folder}.${name}.${case} COMMAND ${ARGN} ${case})
    set_tests_properties(${folder}.${name}.${case} PROPERTIES TIMEOUT 120)
    if(case MATCHES "^slow_")
      set_tests_properties(${folder}.${name}.${case} PROPERTIES LABELS slow TIMEOUT 1800)
    endif()
  endforeach()
endfunction()

function(olstm_set_up_tests target)
  olstm_set_up_target(${target})
  if(WIN32)
    # Their paths are UTF-8, as the command's.
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tools/olstm.rc)
  endif()
  if(EMSCRIPTEN)
    # Files are those of the machine that builds. node --no-experimental-fetch runs them: the glue takes fetch for a page's.
    target_link_options(${target} PRIVATE -O1 -sNODERAWFS -sINITIAL_MEMORY=64MB -sALLOW_MEMORY_GROWTH -sEXIT_RUNTIME -sTOTAL_STACK=8MB)
  endif()
  target_compile_definitions(${target} PRIVATE OLSTM_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
  target_link_libraries(${target} PRIVATE olstm_test_support olstm_static olstm_protobuf_c m ${ARGN})
endfunction()

# test_<name>.c becomes a program of its own.
function(olstm_add_test folder source)
  get_filename_component(stem ${source} NAME_WE)
  string(REGEX REPLACE "^test_" "" name ${stem})
  add_executable(${folder}_${name} ${source})
  olstm_set_up_tests(${folder}_${name} ${ARGN})
  olstm_add_cases(${folder} ${name} ${source} ${folder}_${name})
endfunction()

# olstm_add_tests(<folder> <program> SOURCES <test_*.c>... [LIBRARIES <libraries>...])
#
# All sources become one program, so that a changed file is linked once: PROGRAM <name> <case> runs a case. Each source's
# main is renamed by the compiler; the program's own picks one by name.
function(olstm_add_tests folder program)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  set(declarations "")
  set(rows "")
  foreach(source IN LISTS arg_SOURCES)
    get_filename_component(stem ${source} NAME_WE)
    string(REGEX REPLACE "^test_" "" name ${stem})
    set_property(SOURCE ${source} APPEND PROPERTY COMPILE_DEFINITIONS main=${stem}_main)
    set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS -Wno-missing-prototypes)
    string(APPEND declarations "int ${stem}_main(int argc, char** argv);\n")
    string(APPEND rows "    {\"${name}\", ${stem}_main},\n")
    olstm_add_cases(${folder} ${name} ${source} ${program} ${name})
  endforeach()
  configure_file(${PROJECT_SOURCE_DIR}/tests/support/test_programs.c.in ${CMAKE_CURRENT_BINARY_DIR}/${program}.c @ONLY)
  add_executable(${program} ${arg_SOURCES} ${CMAKE_CURRENT_BINARY_DIR}/${program}.c)
  olstm_set_up_tests(${program} ${arg_LIBRARIES})
endfunction()

# Repeats the quick cases of test_<name>.c, which is in `program`, as CPUs with narrower vectors would run them.
function(olstm_add_tests_on_lesser_cpus folder program name)
  olstm_get_cases(${CMAKE_CURRENT_SOURCE_DIR}/test_${name}.c cases)
  list(FILTER cases EXCLUDE REGEX "^slow_")
  set(lesser plain avx2)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
    set(lesser plain dot)
  endif()
  foreach(isa IN LISTS lesser)
    foreach(case IN LISTS cases)
      set(test ${folder}.${name}.${case}.on_${isa})
      add_test(NAME ${test} COMMAND ${program} ${name} ${case})
      set_tests_properties(${test} PROPERTIES ENVIRONMENT OLSTM_CPU=${isa} TIMEOUT 120)
    endforeach()
  endforeach()
endfunction()
