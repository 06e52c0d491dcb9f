# What all of olstm's own targets have in common.

# Warnings, sanitizers and include paths for one target of ours (never for generated code).
function(olstm_set_up_target target)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes
                                           -Wmissing-prototypes -Wpointer-arith -Wvla
                                           $<$<BOOL:${OLSTM_WERROR}>:-Werror> -ffp-contract=off)
  if(OLSTM_SANITIZE)
    # What the sanitizers insert hides from the compiler how large numbers can get.
    target_compile_options(${target} PRIVATE -fsanitize=${OLSTM_SANITIZE} -fno-omit-frame-pointer
                                             -fno-sanitize-recover=all -Wno-format-truncation)
    target_link_options(${target} PUBLIC -fsanitize=${OLSTM_SANITIZE})
  endif()
endfunction()

# One folder's sources as an OBJECT library.
function(olstm_add_folder target)
  add_library(${target} OBJECT ${ARGN})
  olstm_set_up_target(${target})
endfunction()

# libolstm, static or shared, out of the folders' objects.
function(olstm_add_library target kind)
  add_library(${target} ${kind} $<TARGET_OBJECTS:olstm_proto> $<TARGET_OBJECTS:olstm_op>
                                $<TARGET_OBJECTS:olstm_direct> $<TARGET_OBJECTS:olstm_runtime>)
  add_library(olstm::${target} ALIAS ${target})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME olstm VERSION ${PROJECT_VERSION}
                                             SOVERSION ${PROJECT_VERSION_MAJOR} LINKER_LANGUAGE C)
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                              $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} PRIVATE olstm_protobuf_c m ${CMAKE_DL_LIBS} Threads::Threads)
  if(OLSTM_SANITIZE)
    target_link_options(${target} PUBLIC -fsanitize=${OLSTM_SANITIZE})
  endif()
endfunction()
