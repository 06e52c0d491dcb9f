# WebAssembly with Debian's emscripten; node runs what is built.
set(EMSCRIPTEN_SYSTEM_PROCESSOR wasm32)
include(/usr/share/emscripten/cmake/Modules/Platform/Emscripten.cmake)
# Headers of the machine that builds are not searched for, but ONNX's schema is any machine's.
if(EXISTS /usr/include/onnx/onnx.proto)
  set(OLSTM_ONNX_PROTO /usr/include/onnx/onnx.proto CACHE FILEPATH "The ONNX schema (libonnx-dev has it)")
endif()
