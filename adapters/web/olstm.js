// olstm: runs ONNX models with recurrent layers. For Node, pages, Workers and AudioWorklets.
// What each function does is told in olstm.d.ts. This file needs nothing that an AudioWorklet lacks,
// unless it is given a URL.

const STATUS = [
  'OK', 'INVALID_ARGUMENT', 'INVALID_MODEL', 'UNSUPPORTED', 'SHAPE_MISMATCH', 'DTYPE_MISMATCH', 'NOT_FOUND',
  'OUT_OF_MEMORY', 'LIMIT_EXCEEDED', 'WRONG_STATE', 'IO_ERROR', 'BACKEND_ERROR', 'NEEDS_DATA', 'INVALID_VALUE',
  'QUEUE_FULL', 'CANCELLED'];

export class OlstmError extends Error {
  constructor(status, message) {
    super(message);
    this.name = 'OlstmError';
    this.status = status;
    this.code = STATUS.indexOf(status);
  }
}

const fail = (status, message) => { throw new OlstmError(status, message); };

// ---------------------------------------------------------------- types

// By ONNX's numbers: names, and the arrays that hold their elements.
const TYPES = [
  null, ['float32', Float32Array], ['uint8', Uint8Array], ['int8', Int8Array], ['uint16', Uint16Array],
  ['int16', Int16Array], ['int32', Int32Array], ['int64', BigInt64Array], null, ['bool', Uint8Array],
  ['float16', Uint16Array], ['float64', Float64Array], ['uint32', Uint32Array], ['uint64', BigUint64Array], null, null,
  ['bfloat16', Uint16Array]];
const typeName = (dtype) => TYPES[dtype]?.[0] ?? 'undefined';
const kindOf = (dtype) => TYPES[dtype][1];
const findType = (field, name) => TYPES.findIndex((type) => type && (field ? type[1].name : type[0]) === name);
const dtypeOf = (type, what) => {
  const dtype = findType(0, type);
  return dtype > 0 ? dtype : fail('INVALID_ARGUMENT', `${what} has the unknown type '${type}'`);
};
// Objects of other realms, too, are known by their tags.
const tagOf = (value) => value?.[Symbol.toStringTag];
const dtypeOfTag = (tag) => tag === 'Float16Array' ? 10 : tag === 'Uint8ClampedArray' ? 2 : findType(1, tag);
const holds = (dtype, tag) => dtypeOfTag(tag) === dtype || TYPES[dtype]?.[1].name === tag;
const shapeText = (dims, names = []) => `[${dims.map((dim, d) => dim < 0 ? names[d] ?? '?' : dim)}]`;
const countOf = (dims) => dims.reduce((count, dim) => count * dim, 1);
const sameDims = (a, b) => a.length === b?.length && a.every((dim, d) => dim === b[d]);

const checkDims = (dims, what) => {
  dims = Array.from(dims, Number);
  if (dims.length > 8 || !dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) {
    fail('INVALID_ARGUMENT', `${what} has dims ${shapeText(dims)}, expected at most 8 whole numbers`);
  }
  return dims;
};

// The shape of an array that comes without one: the last one, or what the model leaves open in one place only.
const guessDims = (count, {dims, dimNames}, what, last) => {
  if (last && countOf(last) === count) return last;
  const known = dims?.filter((dim) => dim >= 0) ?? [];
  const rest = count / countOf(known);
  if (dims && dims.length === known.length) return dims;
  if (dims && dims.length === known.length + 1 && Number.isInteger(rest)) return dims.map((dim) => dim < 0 ? rest : dim);
  return fail('SHAPE_MISMATCH',
    `${what} has ${count} elements, which do not tell its shape${dims ? ` ${shapeText(dims, dimNames)}` : ''}: pass {data, dims}`);
};

// {dtype, dims, data} of an array, a {data, dims, type} or a number, for what info describes.
const readTensor = (value, info, what, last) => {
  const declared = findType(0, info.type);
  const Kind = TYPES[declared]?.[1];
  // float16 and bfloat16 have no numbers of their own.
  if (Kind && Kind !== Uint16Array && /^(number|bigint)$/.test(typeof value)) {
    value = {data: Kind.of(/^Big/.test(Kind.name) ? BigInt(value) : Number(value)), dims: info.dims?.map(() => 1) ?? []};
  }
  let data = ArrayBuffer.isView(value) ? value : value?.data;
  const tag = tagOf(data);
  if (dtypeOfTag(tag) < 1) fail('INVALID_ARGUMENT', `${what} must be a typed array, {data, dims, type} with one, or a number`);
  const dtype = value.type ? dtypeOf(value.type, what) : holds(declared, tag) ? declared : dtypeOfTag(tag);
  if (!holds(dtype, tag)) fail('DTYPE_MISMATCH', `${what} is ${value.type}, which a ${kindOf(dtype).name} holds, not a ${tag}`);
  if (tag === 'Float16Array') data = new Uint16Array(data.buffer, data.byteOffset, data.length);
  const dims = value.dims ? checkDims(value.dims, what) : guessDims(data.length, info, what, last);
  if (countOf(dims) !== data.length) {
    fail('SHAPE_MISMATCH', `${what} has ${data.length} elements, its shape ${shapeText(dims)} has ${countOf(dims)}`);
  }
  return {dtype, dims, data};
};

const asBytes = (source, what) => {
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (/^(Shared)?ArrayBuffer$/.test(tagOf(source))) return new Uint8Array(source);
  return fail('INVALID_ARGUMENT', `${what} must be bytes: an ArrayBuffer or a Uint8Array`);
};

// ---------------------------------------------------------------- text

// UTF-8 by way of URIs: an AudioWorklet has no TextEncoder. A half of a surrogate pair, and what is not UTF-8, stay legible.
const encode = (text) => Uint8Array.from(
  unescape(encodeURIComponent(`${text}\0`.replace(/[\ud800-\udfff]/gu, '\ufffd'))), (byte) => byte.charCodeAt());

const decode = (bytes, start) => {
  let text = '';
  for (let i = start; bytes[i]; i++) text += String.fromCharCode(bytes[i]);
  try {
    return decodeURIComponent(escape(text));
  } catch {
    return text;
  }
};

// ---------------------------------------------------------------- WebAssembly

const fillRandom = (bytes) => globalThis.crypto?.getRandomValues(bytes) ?? bytes.forEach((_, i) => { bytes[i] = Math.random() * 256; });
const times = (length, make) => Array.from({length}, (_, index) => make(index));

// One instance of olstm.wasm: its memory holds one session and all that is made of it.
class Wasm {
  constructor(module) {
    const own = {
      clock_time_get: (id, precision, to) => {
        this._setLong(to, Math.round((globalThis.performance ?? Date).now() * 1e6));
        return 0;
      },
      olstm_random: (to, count) => { fillRandom(this._u8.subarray(to >>> 0, (to >>> 0) + count)); },
    };
    this._imports = {};
    // Files, which there are none of, answer with an error.
    for (const {module: from, name} of WebAssembly.Module.imports(module)) {
      (this._imports[from] ??= {})[name] = own[name] ?? (() => 52);
    }
  }

  _adopt({exports}) {
    this._exports = exports;
    this._memory = exports.memory;
    exports._initialize?.();
    this._error = this._allocate(512);
    // For results of functions.
    this._out = this._allocate(128);
    return this;
  }

  // Views of the memory, made again when it has grown.
  get _u8() {
    return this._bytes?.buffer === this._memory.buffer ? this._bytes : this._bytes = new Uint8Array(this._memory.buffer);
  }
  get _i32() {
    return this._words?.buffer === this._memory.buffer ? this._words : this._words = new Int32Array(this._memory.buffer);
  }

  _allocate(bytes) {
    return bytes < 2 ** 32 && this._exports.olstm_web_allocate(bytes) >>> 0 || fail('OUT_OF_MEMORY', `no memory for ${bytes} bytes`);
  }
  _release(address, bytes) { this._exports.olstm_web_release(address, bytes); }

  // Calls use(copy), where copy copies bytes or text to memory until use returns.
  _with(use) {
    const kept = [];
    try {
      return use((source) => {
        const bytes = typeof source === 'string' ? encode(source) : asBytes(source);
        const address = this._allocate(bytes.length);
        kept.push([address, bytes.length]);
        this._u8.set(bytes, address);
        return address;
      });
    } finally {
      for (const [address, bytes] of kept) this._release(address, bytes);
    }
  }

  _call(name, ...values) {
    const code = this._exports[`olstm_${name}`](...values, this._error);
    if (code) fail(STATUS[code], decode(this._u8, this._error));
  }

  // What lies at an address.
  _int(address) { return this._i32[address >>> 2]; }
  _pointer(address) { return this._int(address) >>> 0; }
  _text(address) {
    const at = this._pointer(address);
    return at ? decode(this._u8, at) : undefined;
  }
  // 64-bit integers, as far as numbers hold them.
  _long(address) { return this._pointer(address) + this._int(address + 4) * 2 ** 32; }
  _dims(address, rank) { return rank < 0 ? null : times(rank, (d) => this._long(address + 8 * d)); }

  _setInt(address, value) { this._i32[address >>> 2] = value; }
  _setLong(address, value) {
    this._setInt(address, value % 2 ** 32);
    this._setInt(address + 4, Math.floor(value / 2 ** 32));
  }
  // An olstm_tensor_desc.
  _describe(address, dtype, dims) {
    this._setInt(address, dtype);
    this._setInt(address + 4, dims.length);
    dims.forEach((dim, d) => this._setLong(address + 8 + 8 * d, dim));
  }

  // A copy of an olstm_tensor.
  _tensor(address) {
    const dtype = this._int(address);
    const dims = this._dims(address + 8, this._int(address + 4));
    return {type: typeName(dtype), dims, data: new (kindOf(dtype))(this._memory.buffer, this._pointer(address + 72), countOf(dims)).slice()};
  }

  // An olstm_value_info.
  _value(address) {
    const dims = this._dims(address + 16, this._int(address + 8));
    return {
      name: this._text(address), type: typeName(this._int(address + 4)), dims,
      dimNames: dims?.map((_, d) => this._text(address + 80 + 4 * d) ?? null) ?? null};
  }
}

// ---------------------------------------------------------------- options

// In the order of web_api.h.
const NUMBERS = [
  'maxDepth', 'maxModelMemory', 'maxNodes', 'maxExternalBytes', 'planCacheCapacity', 'maxMemory', 'maxWork', 'seed',
  'fuse', 'broadcastState', 'realTime'];
const LISTS = ['stateful', 'bindings', 'givenInputs'];
const PRECISIONS = ['f32', 'bf16', 'int8'];

const checkOptions = (options, known) => {
  for (const name in options) {
    if (!known.includes(name)) fail('INVALID_ARGUMENT', `unknown option '${name}', expected one of ${known.join(', ')}`);
  }
};

// A count, or true or false; NaN for what is not given.
const numberOption = (options, name) => {
  const value = Number(options[name] ?? NaN);
  if (options[name] === undefined || (Number.isSafeInteger(value) && value >= 0)) return value;
  return fail('INVALID_ARGUMENT', `option '${name}' is '${options[name]}', expected a whole number, true or false`);
};

const namesOption = (options, name) => {
  const value = options[name] ?? [];
  if (name === 'stateful' && typeof value === 'boolean') return value ? ['all'] : [];
  const names = typeof value === 'string' ? [value] : (Array.isArray(value) ? value : Object.entries(value)).flat();
  if (name === 'bindings' && names.length % 2) fail('INVALID_ARGUMENT', `option 'bindings' has ${names.length} names, expected pairs`);
  return names;
};

const optionNumbers = (options, copy) => {
  checkOptions(options, [...NUMBERS, ...LISTS, 'precision', 'kernel', 'externalData', 'dims', 'wasm']);
  const {kernel, precision = 'f32', externalData = {}} = options;
  const list = (addresses) => copy(Int32Array.from(addresses));
  const external = Object.entries(externalData);
  return [
    ...NUMBERS.map((name) => numberOption(options, name)),
    PRECISIONS.includes(precision) ? PRECISIONS.indexOf(precision) :
      fail('INVALID_ARGUMENT', `precision '${precision}' is unknown, expected ${PRECISIONS.join(', ')}`),
    kernel === undefined ? 0 : copy(`${kernel}`),
    ...LISTS.flatMap((name) => {
      const names = namesOption(options, name).map((text) => copy(`${text}`));
      return [names.length, list(names)];
    }),
    external.length,
    list(external.flatMap(([name, bytes]) => [copy(name), copy(asBytes(bytes, `external data '${name}'`)), bytes.byteLength])),
  ];
};

// ---------------------------------------------------------------- tensors of runs

const checkNames = (given, slots) => {
  const names = slots.map((slot) => slot._name);
  for (const name in given) {
    if (!names.includes(name)) fail('NOT_FOUND', `unknown input '${name}'; the model's are ${names.join(', ')}`);
  }
};

// The inputs and outputs of runs in the memory: an array of olstm_tensor, and room for the inputs' elements.
class Tensors {
  constructor({_wasm, _inputs, _outputs}) {
    this._wasm = _wasm;
    this._size = 80 * (_inputs.length + _outputs.length + 1);
    this._address = _wasm._allocate(this._size);
    const slots = (infos, first) => infos.map((info, index) => ({
      _info: info, _name: info.name, _tensor: this._address + 80 * (first + index), _capacity: 0}));
    this._inputs = slots(_inputs, 0);
    this._outputs = slots(_outputs, _inputs.length);
    this._outputsAt = this._address + 80 * _inputs.length;
    [this._longs] = slots([{}], _inputs.length + _outputs.length);
  }

  // Makes room for a tensor of this type and shape.
  _shape(slot, dtype, dims) {
    const wasm = this._wasm;
    const bytes = countOf(dims) * kindOf(dtype).BYTES_PER_ELEMENT;
    if (bytes > slot._capacity) {
      this._drop(slot);
      slot._at = wasm._allocate(bytes);
      slot._capacity = bytes;
    }
    wasm._describe(slot._tensor, dtype, dims);
    wasm._setInt(slot._tensor + 72, slot._at);
    slot._dtype = dtype;
    slot._last = dims;
    slot._view = null;
  }

  _fill(feeds) {
    checkNames(feeds, this._inputs);
    for (const slot of this._inputs) {
      const value = feeds[slot._name];
      if (value === undefined) fail('NOT_FOUND', `missing input '${slot._name}'`);
      const {dtype, dims, data} = readTensor(value, slot._info, `input '${slot._name}'`, slot._last);
      if (dtype !== slot._dtype || !sameDims(dims, slot._last)) this._shape(slot, dtype, dims);
      this._view(slot, dtype, data.length).set(data);
    }
    for (const slot of this._outputs) this._wasm._setInt(slot._tensor + 72, 0);
  }

  _view(slot, dtype, count) {
    const {buffer} = this._wasm._memory;
    const view = slot._view;
    return view?.buffer === buffer && view.byteOffset === slot._at && view.length === count ? view :
      slot._view = new (kindOf(dtype))(buffer, slot._at, count);
  }

  // call: a function of C's, and what it takes before the tensors.
  _run(feeds, results, ...call) {
    this._fill(feeds);
    this._wasm._call(...call, this._address, this._inputs.length, this._outputsAt, this._outputs.length);
    return this._readAll(results);
  }

  _readAll(results) {
    for (const slot of this._outputs) results[slot._name] = this._read(slot, results[slot._name]);
    return results;
  }

  // What an output came to: in `result`, if it fits there.
  _read(slot, result) {
    const wasm = this._wasm;
    const dtype = wasm._int(slot._tensor);
    const rank = wasm._int(slot._tensor + 4);
    let fits = result?.type === typeName(dtype) && result.dims.length === rank;
    for (let d = 0; fits && d < rank; d++) fits = result.dims[d] === wasm._long(slot._tensor + 8 + 8 * d);
    if (!fits) return wasm._tensor(slot._tensor);
    slot._at = wasm._pointer(slot._tensor + 72);
    result.data.set(this._view(slot, dtype, result.data.length));
    return result;
  }

  // Plans for inputs of these shapes; returns types and shapes. call: a function of C's, and what it takes first.
  _prepare(shapes, ...call) {
    const count = this._inputs.length;
    return this._wasm._with((copy) => {
      const descs = copy(new Uint8Array(72 * count + 8));
      const tensors = this._describe(shapes, descs);
      this._wasm._call(...call, descs, count);
      return tensors;
    });
  }

  // Writes the descs of inputs of these shapes, one after the other; returns them.
  _describe(shapes, address) {
    checkNames(shapes, this._inputs);
    return this._inputs.map(({_name, _info}, index) => {
      const given = shapes[_name] ?? {};
      const dims = Array.isArray(given) ? given : given.dims ?? _info.dims;
      if (!dims || dims.some((dim) => dim < 0)) {
        fail('INVALID_ARGUMENT', `input '${_name}' needs dims${dims ? ` for ${shapeText(dims, _info.dimNames)}` : ''}`);
      }
      const dtype = dtypeOf(given.type ?? _info.type, `input '${_name}'`);
      const desc = [dtype, checkDims(dims, `input '${_name}'`)];
      this._wasm._describe(address + 72 * index, ...desc);
      return desc;
    });
  }

  // The address of 64-bit integers, a copy.
  _list(values) {
    this._shape(this._longs, 7, [values.length]);
    this._view(this._longs, 7, values.length).set(values);
    return this._longs._at;
  }

  _drop(slot) {
    if (slot._capacity) this._wasm._release(slot._at, slot._capacity);
    // Of no shape until there is new room.
    slot._capacity = slot._dtype = 0;
  }

  _releaseAll() {
    [...this._inputs, this._longs].forEach((slot) => this._drop(slot));
    this._wasm._release(this._address, this._size);
  }
}

// ---------------------------------------------------------------- state

// The slots of a context, or of a stream.
class State {
  // kind: what C's functions are named after; owner: _own() gives what they take first.
  constructor(wasm, kind, owner) {
    this._wasm = wasm;
    this._kind = kind;
    this._owner = owner;
  }

  _call(verb, ...values) { this._wasm._call(`${this._kind}_${verb}`, ...this._owner._own(), ...values); }
  _ask(verb, ...values) { return this._wasm._exports[`olstm_${this._kind}_${verb}`](this._owner._own()[0], ...values); }

  list() {
    const wasm = this._wasm;
    const out = wasm._out;
    return times(this._ask('state_count'), (index) => {
      this._call('get_state_info_sized', index, out, 88);
      return {
        name: wasm._text(out + 4), type: typeName(wasm._int(out + 8)), dims: wasm._dims(out + 16, wasm._int(out + 12)),
        isSet: wasm._u8[out + 80] !== 0};
    });
  }

  get(name) {
    const wasm = this._wasm;
    wasm._with((copy) => this._call('get_state', copy(`${name}`), wasm._out));
    return wasm._tensor(wasm._out);
  }

  set(name, value) {
    const wasm = this._wasm;
    const tensor = readTensor(value, this.list().find((slot) => slot.name === name) ?? {dims: [-1]}, `state '${name}'`);
    wasm._with((copy) => {
      const data = copy(tensor.data);
      const text = copy(`${name}`);
      wasm._describe(wasm._out, tensor.dtype, tensor.dims);
      wasm._setInt(wasm._out + 72, data);
      this._call('set_state', text, wasm._out);
    });
  }

  reset(name) {
    if (name === undefined) this._call('reset');
    else this._wasm._with((copy) => this._call('reset_state', copy(`${name}`)));
  }

  save() {
    const wasm = this._wasm;
    this._call('save_state', wasm._out, wasm._out + 4);
    const [at, count] = [wasm._pointer(wasm._out), wasm._pointer(wasm._out + 4)];
    const blob = wasm._u8.slice(at, at + count);
    this._ask('free_blob', at, count);
    return blob;
  }

  load(blob) {
    const bytes = asBytes(blob, 'the state');
    this._wasm._with((copy) => this._call('load_state', copy(bytes), bytes.length));
  }
}

// ---------------------------------------------------------------- contexts

// Gives back what was forgotten without close().
const forgotten = new FinalizationRegistry((close) => close());

// What C's functions made and destroy: knows the address, which is 0 once it is closed.
class Owner {
  // release may know nothing of `this`, which would never be forgotten otherwise.
  constructor(core, address, what, release) {
    const held = {_address: address};
    this._core = core;
    this._wasm = core._wasm;
    this._held = held;
    this._what = what;
    this._release = () => {
      if (held._address) release();
      held._address = 0;
    };
    forgotten.register(this, this._release, this);
  }

  // What C's functions take first.
  _own() { return [this._held._address || fail('WRONG_STATE', `${this._what} closed`)]; }

  close() {
    forgotten.unregister(this);
    this._release();
  }
}

class Context extends Owner {
  constructor(core, from) {
    const wasm = core._wasm;
    if (from) wasm._call('context_clone', from, wasm._out);
    else wasm._call('context_create', core._session, wasm._out);
    const address = wasm._pointer(wasm._out);
    const tensors = new Tensors(core);
    super(core, address, 'this context is', () => {
      wasm._exports.olstm_context_destroy(address);
      tensors._releaseAll();
    });
    this._tensors = tensors;
  }

  get state() { return new State(this._wasm, 'context', this); }
  run(feeds, results = {}) { return this._tensors._run(feeds, results, 'context_run', ...this._own()); }
  clone() { return new Context(this._core, ...this._own()); }
  resetRow(row) { this._wasm._call('context_reset_row', ...this._own(), BigInt(row)); }

  prepare(shapes = {}) {
    this._tensors._prepare(shapes, 'context_prepare', ...this._own())
      .forEach((tensor, index) => this._tensors._shape(this._tensors._inputs[index], ...tensor));
  }

  plan() {
    const wasm = this._wasm;
    const out = wasm._out;
    const info = (verb, size, ...index) => wasm._call(`context_get_${verb}_info_sized`, ...this._own(), ...index, out, size);
    info('plan', 40);
    const [stepCount, foldedCount, constantBytes, workspaceBytes] = [4, 8, 12, 16].map((at) => wasm._pointer(out + at));
    return {
      foldedCount, constantBytes, workspaceBytes, hasDynamicPart: wasm._u8[out + 24] !== 0, work: wasm._long(out + 32),
      steps: times(stepCount, (index) => {
        info('step', 32, index);
        const [node, opType, kernel, reason, fusedFrom] = [4, 8, 12, 16, 24].map((at) => wasm._text(out + at));
        return {node, opType, kernel, reason, fusedFrom, isView: wasm._u8[out + 28] !== 0, isDynamic: wasm._u8[out + 29] !== 0};
      })};
  }
}

// ---------------------------------------------------------------- sessions

class Session {
  constructor(wasm, model, options) {
    wasm._with((copy) => {
      const numbers = copy(Float64Array.from(optionNumbers(options, copy)));
      wasm._call('web_load', copy(model), model.length, numbers, wasm._out);
    });
    const session = wasm._pointer(wasm._out);
    const infos = (kind) => times(wasm._exports[`olstm_session_${kind}_count`](session),
      (index) => wasm._value(wasm._exports[`olstm_session_get_${kind}`](session, index)));
    const inputs = infos('input');
    const outputs = infos('output');
    const named = options.dims ?? {};
    for (const name in named) {
      if (!inputs.some((info) => info.dimNames?.includes(name))) fail('NOT_FOUND', `no input has a dimension '${name}'`);
    }
    for (const info of inputs) info.dims = info.dims?.map((dim, d) => dim < 0 ? named[info.dimNames[d]] ?? dim : dim) ?? null;
    this.inputs = inputs;
    this.outputs = outputs;
    this._core = {_wasm: wasm, _session: session, _inputs: inputs, _outputs: outputs};
    this._context = new Context(this._core);
    if (options.dims) this.prepare();
  }

  _own() { return this._context ?? fail('WRONG_STATE', 'this session is closed'); }
  get state() { return this._own().state; }
  run(feeds, results) { return this._own().run(feeds, results); }
  prepare(shapes) { this._own().prepare(shapes); }
  resetRow(row) { this._own().resetRow(row); }
  plan() { return this._own().plan(); }
  createContext() { return this._own() && new Context(this._core); }

  get memory() {
    const {_exports: exports, _memory: memory} = this._own()._wasm;
    return {bytes: memory.buffer.byteLength, used: exports.olstm_web_live_bytes(), allocations: exports.olstm_web_allocation_count()};
  }

  // All memory goes with the instance, once nothing that was made of this session is in use.
  close() {
    this._context?.close();
    this._context = this._core = null;
  }
}

// ---------------------------------------------------------------- loading

const inNode = typeof process === 'object' && !!process.versions?.node;

// Bytes of a URL, of a path in Node, of a Blob or Response, or of bytes.
const read = async (source, what) => {
  if (typeof source === 'string' || tagOf(source) === 'URL') {
    if (inNode && !/^(https?|data|blob):/.test(source)) {
      const fs = await import(/* webpackIgnore: true */ /* @vite-ignore */ 'node:fs/promises');
      return fs.readFile(/^file:/.test(source) ? new URL(source) : source).catch((error) => fail('IO_ERROR', `${what}: ${error.message}`));
    }
    source = await fetch(source);
    if (!source.ok) fail('IO_ERROR', `${what}: ${source.url} gives ${source.status} ${source.statusText}`);
  }
  return asBytes(typeof source?.arrayBuffer === 'function' ? await source.arrayBuffer() : source, what);
};

const isModule = (source) => tagOf(source) === 'WebAssembly.Module';
let ownModule;

export const compile = async (source) => {
  if (isModule(source)) return source;
  if (source !== undefined) return WebAssembly.compile(await read(source, 'olstm.wasm'));
  ownModule ??= compile(new URL('./olstm.wasm', import.meta.url));
  ownModule.catch(() => { ownModule = undefined; });
  return ownModule;
};

export const load = async (model, options = {}) => {
  const external = Object.entries(options.externalData ?? {});
  const [module, bytes, ...files] = await Promise.all([
    compile(options.wasm), read(model, 'the model'), ...external.map(([name, source]) => read(source, `external data '${name}'`))]);
  const wasm = new Wasm(module);
  wasm._adopt(await WebAssembly.instantiate(module, wasm._imports));
  return new Session(wasm, bytes, {...options, externalData: Object.fromEntries(external.map(([name], index) => [name, files[index]]))});
};

export const loadSync = (model, options = {}) => {
  const module = isModule(options.wasm) ? options.wasm : new WebAssembly.Module(asBytes(options.wasm, "option 'wasm'"));
  const wasm = new Wasm(module);
  return new Session(wasm._adopt(new WebAssembly.Instance(module, wasm._imports)), asBytes(model, 'the model'), options);
};

// What streams.js is made of, and nothing else.
export const internals = {Owner, State, Tensors, checkOptions, fail, numberOption, times};
