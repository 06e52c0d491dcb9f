// Tells emcc, which links no undefined functions otherwise, what olstm.js gives to olstm.wasm.
mergeInto(LibraryManager.library, {olstm_random() {}});
