# Targets that make pages and reports; each is there when its tool is.

find_program(DOXYGEN doxygen)
if(DOXYGEN)
  configure_file(docs/Doxyfile.in ${PROJECT_BINARY_DIR}/Doxyfile @ONLY)
  add_custom_target(olstm_api_docs COMMAND ${DOXYGEN} ${PROJECT_BINARY_DIR}/Doxyfile
                    COMMENT "API pages in ${PROJECT_BINARY_DIR}/api/html" VERBATIM)
endif()

# Lines and branches that the tests reach: cmake --preset coverage; build; ctest; --target olstm_coverage.
find_program(GCOVR gcovr)
if(GCOVR AND OLSTM_BUILD_TESTS AND CMAKE_C_FLAGS MATCHES "--coverage")
  add_custom_target(olstm_coverage
                    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/coverage
                    COMMAND ${GCOVR} --root ${PROJECT_SOURCE_DIR} --object-directory ${PROJECT_BINARY_DIR}
                            --filter ${PROJECT_SOURCE_DIR}/base --filter ${PROJECT_SOURCE_DIR}/onnx_proto
                            --filter ${PROJECT_SOURCE_DIR}/op --filter ${PROJECT_SOURCE_DIR}/runtime
                            --gcov-ignore-parse-errors --print-summary
                            --html-details ${PROJECT_BINARY_DIR}/coverage/index.html
                    COMMENT "Coverage in ${PROJECT_BINARY_DIR}/coverage/index.html" VERBATIM)
endif()
