# What `cmake --install` puts where: headers, both libraries, the operators as a plugin, the command with its manual page,
# the documentation with its examples, and what find_package and pkg-config need. Nothing in it knows the prefix: the
# tree may be moved.
include(CMakePackageConfigHelpers)

set(olstm_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/olstm)

install(DIRECTORY include/olstm DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
        FILES_MATCHING PATTERN "*.h")

if(OLSTM_BUILD_SHARED)
  set_target_properties(olstm_shared PROPERTIES EXPORT_NAME olstm)
  install(TARGETS olstm_shared EXPORT olstm-targets
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development)
  install(TARGETS olstm_ops LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/olstm COMPONENT runtime)
  install(EXPORT olstm-targets NAMESPACE olstm:: DESTINATION ${olstm_cmake_dir} COMPONENT development)
endif()
if(OLSTM_BUILD_STATIC)
  install(TARGETS olstm_static EXPORT olstm-static-targets
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
  install(TARGETS olstm_protobuf_c EXPORT olstm-static-targets COMPONENT development)
  install(EXPORT olstm-static-targets NAMESPACE olstm:: DESTINATION ${olstm_cmake_dir} COMPONENT development)
endif()

set(olstm_has_protobuf_c OFF)
if(OLSTM_PROTOBUF_C_SOURCE)
  set(olstm_has_protobuf_c ON)
endif()
configure_package_config_file(cmake/olstm-config.cmake.in ${PROJECT_BINARY_DIR}/olstm-config.cmake
                              INSTALL_DESTINATION ${olstm_cmake_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/olstm-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/olstm-config.cmake ${PROJECT_BINARY_DIR}/olstm-config-version.cmake
        DESTINATION ${olstm_cmake_dir} COMPONENT development)

file(RELATIVE_PATH olstm_pc_to_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" olstm_pc_to_prefix ${olstm_pc_to_prefix})
# What libolstm.a needs, of what this system has: programs that link it statically link it, and all where there is no other.
set(olstm_pc_libraries "")
if(WIN32)
  string(APPEND olstm_pc_libraries " -lntdll")
else()
  string(APPEND olstm_pc_libraries " -lm")
  if(OLSTM_OPEN_LIBRARIES AND CMAKE_DL_LIBS)
    string(APPEND olstm_pc_libraries " -l${CMAKE_DL_LIBS}")
  endif()
endif()
string(APPEND olstm_pc_libraries " -pthread")
if(OLSTM_BUILD_SHARED)
  set(olstm_pc_needs "Libs: -L\${libdir} -lolstm\nLibs.private:${olstm_pc_libraries}")
  set(olstm_pc_requires Requires.private)
else()
  set(olstm_pc_needs "Libs: -L\${libdir} -lolstm${olstm_pc_libraries}")
  set(olstm_pc_requires Requires)
endif()
if(NOT OLSTM_PROTOBUF_C_SOURCE)
  string(PREPEND olstm_pc_needs "${olstm_pc_requires}: libprotobuf-c >= 1.4\n")
endif()
configure_file(cmake/olstm.pc.in ${PROJECT_BINARY_DIR}/olstm.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/olstm.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libolstm-dev COMPONENT development
  PATTERN Doxyfile.in EXCLUDE PATTERN api_main.md EXCLUDE)

if(OLSTM_BUILD_TOOLS)
  install(TARGETS olstm_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
  set(olstm_manual ${PROJECT_BINARY_DIR}/olstm.1.gz)
  configure_file(tools/olstm.1 ${PROJECT_BINARY_DIR}/olstm.1 COPYONLY)
  add_custom_command(OUTPUT ${olstm_manual} COMMAND gzip -9nkf ${PROJECT_BINARY_DIR}/olstm.1 DEPENDS tools/olstm.1)
  add_custom_target(olstm_manual ALL DEPENDS ${olstm_manual})
  install(FILES ${olstm_manual} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tools)
endif()
