# WebAssembly with Debian's emscripten; node runs what is built.
set(EMSCRIPTEN_SYSTEM_PROCESSOR wasm32)
# Programs that emcc links with its own loader, which takes Node's fetch for a page's: the unit tests.
find_program(OLSTM_NODE NAMES node nodejs DOC "Runs what is built for WebAssembly")
set(CMAKE_CROSSCOMPILING_EMULATOR ${OLSTM_NODE} --no-experimental-fetch CACHE STRING "Runs programs that are built")
include(/usr/share/emscripten/cmake/Modules/Platform/Emscripten.cmake)
# Headers of the machine that builds are not searched for, but ONNX's schema is any machine's.
if(EXISTS /usr/include/onnx/onnx.proto)
  set(OLSTM_ONNX_PROTO /usr/include/onnx/onnx.proto CACHE FILEPATH "The ONNX schema (libonnx-dev has it)")
endif()
