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
// Arrays of other realms, too, are known by their tags.
const tagOf = (data) => ArrayBuffer.isView(data) ? data[Symbol.toStringTag] ?? 'DataView' : undefined;
const dtypeOfTag = (tag) => tag === 'Float16Array' ? 10 : tag === 'Uint8ClampedArray' ? 2 :
  TYPES.findIndex((type) => type?.[1].name === tag);
const holds = (dtype, tag) => dtypeOfTag(tag) === dtype || TYPES[dtype]?.[1].name === tag;
const shapeText = (dims, names = []) => `[${dims.map((dim, d) => dim < 0 ? names[d] ?? '?' : dim)}]`;
const countOf = (dims) => dims.reduce((count, dim) => count * dim, 1);
const sameDims = (a, b) => a.length === b.length && a.every((dim, d) => dim === b[d]);

const checkDims = (dims, what) => {
  dims = Array.from(dims, Number);
  if (dims.length > 8 || !dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) {
    fail('INVALID_ARGUMENT', `${what} has dims ${shapeText(dims)}, expected at most 8 whole numbers`);
  }
  return dims;
};

// The shape of an array that comes without one: the slot's last one, or what the model leaves open in one place only.
const guessDims = (count, info, what) => {
  if (info.current && countOf(info.current) === count) return info.current;
  const open = info.dims ? info.dims.filter((dim) => dim < 0).length : -1;
  if (open === 0) return info.dims;
  const rest = countOf((info.dims ?? []).filter((dim) => dim >= 0));
  if (open === 1 && count % rest === 0) return info.dims.map((dim) => dim < 0 ? count / rest : dim);
  return fail('SHAPE_MISMATCH', `${what} has ${count} elements, which do not tell its shape` +
    `${info.dims ? ` (${shapeText(info.dims, info.dimNames)})` : ''}: pass {data, dims}`);
};

// Makes {dtype, dims, data} of an array, a {data, dims, type} or a number, for what info describes.
const readTensor = (value, info, what) => {
  if (typeof value === 'number' || typeof value === 'bigint') {
    const [name, kind] = TYPES[info.dtype] ?? TYPES[1];
    if (name.endsWith('float16')) fail('DTYPE_MISMATCH', `${what} is ${name}: pass its bits in a Uint16Array`);
    value = kind.of(kind.name.startsWith('Big') ? BigInt(value) : Number(value));
    return {dtype: info.dtype || 1, dims: (info.dims ?? []).map(() => 1), data: value};
  }
  let data = ArrayBuffer.isView(value) ? value : value?.data;
  const tag = tagOf(data);
  let dtype = holds(info.dtype, tag) ? info.dtype : dtypeOfTag(tag);
  if (dtype < 1) fail('INVALID_ARGUMENT', `${what} must be a typed array, {data, dims, type} with one, or a number`);
  if (value.type !== undefined) {
    dtype = TYPES.findIndex((type) => type?.[0] === value.type);
    if (dtype < 1) fail('INVALID_ARGUMENT', `${what} has the unknown type '${value.type}'`);
    if (!holds(dtype, tag)) {
      fail('DTYPE_MISMATCH', `${what} is said to be ${value.type}, which is held by ${TYPES[dtype][1].name}, not ${tag}`);
    }
  }
  if (tag === 'Float16Array') data = new Uint16Array(data.buffer, data.byteOffset, data.length);
  const dims = value.dims ? checkDims(value.dims, what) : guessDims(data.length, info, what);
  if (countOf(dims) !== data.length) {
    fail('SHAPE_MISMATCH', `${what} has ${data.length} elements, its shape ${shapeText(dims)} ${countOf(dims)}`);
  }
  return {dtype, dims, data};
};

// ---------------------------------------------------------------- text

const encode = (text) => {
  const bytes = [];
  for (const character of `${text}\0`) {
    const code = character.codePointAt(0);
    if (code < 0x80) {
      bytes.push(code);
    } else {
      const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
      bytes.push((0xf00 >> more & 0xff) | code >> 6 * more);
      for (let i = more - 1; i >= 0; i--) bytes.push(0x80 | code >> 6 * i & 0x3f);
    }
  }
  return Uint8Array.from(bytes);
};

const decode = (bytes, start) => {
  let text = '';
  for (let i = start; bytes[i];) {
    const first = bytes[i++];
    const more = first < 0x80 ? 0 : first < 0xc0 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    let code = more <= 0 ? first : first & 0x3f >> more;
    let left = more;
    for (; left > 0 && (bytes[i] & 0xc0) === 0x80; left--) code = code << 6 | bytes[i++] & 0x3f;
    text += left || code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
  }
  return text;
};

// ---------------------------------------------------------------- WebAssembly

const fillRandom = (bytes) => {
  if (globalThis.crypto?.getRandomValues) return crypto.getRandomValues(bytes);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.random() * 256;
};

// One instance of olstm.wasm: its memory holds one session and all that is made of it.
class Wasm {
  constructor(module, start) {
    // Files, which there are none of, answer with an error.
    const imports = {};
    for (const {module: from, name} of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => 52;
    Object.assign(imports.wasi_snapshot_preview1 ??= {}, {
      clock_time_get: (id, precision, to) => {
        const milliseconds = (globalThis.performance ?? Date).now();
        new DataView(this.memory.buffer).setBigUint64(to, BigInt(Math.round(milliseconds * 1e6)), true);
        return 0;
      },
      random_get: (to, count) => (fillRandom(new Uint8Array(this.memory.buffer, to >>> 0, count)), 0),
    });
    Object.assign(imports.env ??= {}, {getentropy: imports.wasi_snapshot_preview1.random_get});
    this.imports = imports;
  }

  adopt(instance) {
    this.exports = instance.exports;
    this.memory = instance.exports.memory;
    this.exports._initialize?.();
    this.error = this.allocate(512);
    this.out = this.allocate(128);
    return this;
  }

  // Views of the memory, made again when it has grown.
  get u8() { return this.bytes?.buffer === this.memory.buffer ? this.bytes : this.bytes = new Uint8Array(this.memory.buffer); }
  get i32() { return this.words?.buffer === this.memory.buffer ? this.words : this.words = new Int32Array(this.memory.buffer); }

  allocate(bytes) {
    return this.exports.olstm_web_allocate(bytes) >>> 0 || fail('OUT_OF_MEMORY', `no memory for ${bytes} bytes`);
  }

  release(address, bytes) { this.exports.olstm_web_release(address, bytes); }

  // Calls use(copy), where copy copies bytes or text to memory until use returns.
  with(use) {
    const kept = [];
    try {
      return use((bytes) => {
        if (typeof bytes === 'string') bytes = encode(bytes);
        const address = this.allocate(bytes.byteLength);
        kept.push([address, bytes.byteLength]);
        this.u8.set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), address);
        return address;
      });
    } finally {
      for (const [address, bytes] of kept) this.release(address, bytes);
    }
  }

  call(name, ...values) {
    const code = this.exports[`olstm_${name}`](...values, this.error);
    if (code) fail(STATUS[code], decode(this.u8, this.error));
  }

  pointer(address) { return this.i32[address >> 2] >>> 0; }
  text(address) { return address ? decode(this.u8, address) : undefined; }

  // 64-bit integers within those of JavaScript's numbers.
  long(address) { return this.pointer(address) + this.i32[(address >> 2) + 1] * 2 ** 32; }

  setLong(address, value) {
    this.i32[address >> 2] = value;
    this.i32[(address >> 2) + 1] = Math.floor(value / 2 ** 32);
  }

  dims(address, rank) { return Array.from({length: rank}, (_, d) => this.long(address + 8 * d)); }

  // An olstm_tensor_desc.
  describe(address, dtype, dims) {
    this.i32[address >> 2] = dtype;
    this.i32[(address >> 2) + 1] = dims.length;
    dims.forEach((dim, d) => this.setLong(address + 8 + 8 * d, dim));
  }

  // A copy of an olstm_tensor.
  tensor(address) {
    const dtype = this.i32[address >> 2];
    const dims = this.dims(address + 8, this.i32[(address >> 2) + 1]);
    const [type, Kind] = TYPES[dtype];
    return {type, dims, data: new Kind(this.memory.buffer, this.pointer(address + 72), countOf(dims)).slice()};
  }

  // An olstm_value_info.
  value(address) {
    const rank = this.i32[(address >> 2) + 2];
    const dtype = this.i32[(address >> 2) + 1];
    return {
      name: this.text(this.pointer(address)), dtype, type: typeName(dtype),
      dims: rank < 0 ? null : this.dims(address + 16, rank),
      dimNames: rank < 0 ? null : Array.from({length: rank}, (_, d) => this.text(this.pointer(address + 80 + 4 * d)) ?? null)};
  }
}

// ---------------------------------------------------------------- options

// In the order of web_api.h.
const NUMBERS = [
  'maxDepth', 'maxModelMemory', 'maxNodes', 'maxExternalBytes', 'planCacheCapacity', 'maxMemory', 'maxWork', 'seed'];
const FLAGS = ['fuse', 'broadcastState', 'realTime'];
const PRECISIONS = ['f32', 'bf16', 'int8'];
const LISTS = ['stateful', 'bindings', 'givenInputs'];
const OTHERS = ['precision', 'kernel', 'externalData', 'dims', 'wasm'];

const asList = (value, what) => {
  if (value === undefined || value === false) return [];
  if (value === true && what === 'stateful') return ['all'];
  if (typeof value === 'string') return [value];
  if (what === 'bindings' && !Array.isArray(value)) return Object.entries(value).flat();
  return Array.isArray(value) ? value.flat() : fail('INVALID_ARGUMENT', `option '${what}' must be a list of names`);
};

const optionNumbers = (options, wasm, copy) => {
  const known = [...NUMBERS, ...FLAGS, ...LISTS, ...OTHERS];
  for (const name in options) {
    if (!known.includes(name)) fail('INVALID_ARGUMENT', `unknown option '${name}', expected one of ${known.join(', ')}`);
  }
  const number = (name, is, expected) => {
    const value = options[name];
    if (value === undefined) return NaN;
    return is(value) ? Number(value) : fail('INVALID_ARGUMENT', `option '${name}' must be ${expected}`);
  };
  const addresses = (list) => copy(Int32Array.from(list));
  const external = Object.entries(options.externalData ?? {});
  const precision = PRECISIONS.indexOf(options.precision ?? 'f32');
  if (precision < 0) fail('INVALID_ARGUMENT', `precision '${options.precision}' is unknown, expected ${PRECISIONS.join(', ')}`);
  return [
    ...NUMBERS.map((name) => number(name, (value) => Number.isSafeInteger(value) && value >= 0, 'a whole number')),
    ...FLAGS.map((name) => number(name, (value) => typeof value === 'boolean', 'true or false')),
    precision, options.kernel === undefined ? 0 : copy(`${options.kernel}`),
    ...LISTS.flatMap((name) => {
      const list = asList(options[name], name);
      return [list.length, addresses(list.map((text) => copy(`${text}`)))];
    }),
    external.length,
    addresses(external.flatMap(([name, bytes]) => [copy(name), copy(asBytes(bytes, `external data '${name}'`)), bytes.byteLength])),
  ];
};

// ---------------------------------------------------------------- contexts

const contexts = new FinalizationRegistry(([wasm, address]) => wasm.exports.olstm_context_destroy(address));

const checkNames = (given, slots, what) => {
  for (const name in given) {
    if (!slots.some((slot) => slot.name === name)) {
      fail('NOT_FOUND', `unknown ${what} '${name}'; the model's are ${slots.map((slot) => slot.name).join(', ')}`);
    }
  }
};

// State slots of a context.
class State {
  #context;
  constructor(context) { this.#context = context; }

  #call(verb, ...values) {
    const {wasm, address} = this.#context();
    wasm.call(`context_${verb}`, address, ...values);
    return wasm;
  }

  list() {
    const {wasm, address} = this.#context();
    return Array.from({length: wasm.exports.olstm_context_state_count(address)}, (_, index) => {
      this.#call('get_state_info_sized', index, wasm.out, 88);
      const rank = wasm.i32[(wasm.out >> 2) + 3];
      return {
        name: wasm.text(wasm.pointer(wasm.out + 4)), type: typeName(wasm.i32[(wasm.out >> 2) + 2]),
        dims: rank < 0 ? null : wasm.dims(wasm.out + 16, rank), isSet: wasm.u8[wasm.out + 80] !== 0};
    });
  }

  get(name) {
    const {wasm} = this.#context();
    return wasm.with((copy) => this.#call('get_state', copy(name), wasm.out).tensor(wasm.out));
  }

  set(name, value) {
    const {wasm} = this.#context();
    const slot = this.list().find((info) => info.name === name) ?? {dims: null};
    const {dtype, dims, data} = readTensor(value, {...slot, dtype: TYPES.findIndex((type) => type?.[0] === slot.type)}, `state '${name}'`);
    wasm.with((copy) => {
      wasm.describe(wasm.out, dtype, dims);
      wasm.i32[(wasm.out + 72) >> 2] = copy(data);
      this.#call('set_state', copy(name), wasm.out);
    });
  }

  reset(name) {
    if (name === undefined) this.#call('reset');
    else this.#context().wasm.with((copy) => this.#call('reset_state', copy(name)));
  }

  resetRow(row) { this.#call('reset_row', BigInt(row)); }

  save() {
    const {wasm, address} = this.#context();
    this.#call('save_state', wasm.out, wasm.out + 4);
    const [at, count] = [wasm.pointer(wasm.out), wasm.pointer(wasm.out + 4)];
    const blob = wasm.u8.slice(at, at + count);
    wasm.exports.olstm_context_free_blob(address, at, count);
    return blob;
  }

  load(blob) {
    const bytes = asBytes(blob, 'the state');
    this.#context().wasm.with((copy) => this.#call('load_state', copy(bytes), bytes.length));
  }
}

class Context {
  #core;
  #address;
  #inputs;
  #outputs;
  #tensors;

  constructor(core, from) {
    const {wasm} = core;
    if (from) wasm.call('context_clone', from, wasm.out);
    else wasm.call('context_create', core.session, wasm.out);
    this.#core = core;
    this.#address = wasm.pointer(wasm.out);
    contexts.register(this, [wasm, this.#address], this);
    const count = core.inputs.length + core.outputs.length;
    this.#tensors = wasm.allocate(80 * count + 80);
    const slot = (info, index) => ({info, name: info.name, tensor: this.#tensors + 80 * index, address: 0, capacity: 0, view: null});
    this.#inputs = core.inputs.map((info, index) => ({...slot(info, index), dtype: 0, current: null}));
    this.#outputs = core.outputs.map((info, index) => slot(info, core.inputs.length + index));
    this.state = new State(() => this.#own());
  }

  #own() {
    if (!this.#address) fail('WRONG_STATE', 'the context is closed');
    return {wasm: this.#core.wasm, address: this.#address};
  }

  // Makes room for a tensor of this type and shape.
  #shape(slot, dtype, dims) {
    const {wasm} = this.#core;
    const bytes = countOf(dims) * TYPES[dtype][1].BYTES_PER_ELEMENT;
    if (bytes > slot.capacity) {
      if (slot.capacity) wasm.release(slot.address, slot.capacity);
      slot.capacity = 0;
      slot.address = wasm.allocate(bytes);
      slot.capacity = bytes;
    }
    wasm.describe(slot.tensor, dtype, dims);
    wasm.i32[(slot.tensor + 72) >> 2] = slot.address;
    Object.assign(slot, {dtype, current: dims.slice(), view: null});
  }

  #fill(slot, value) {
    if (value === undefined) fail('NOT_FOUND', `missing input '${slot.name}'; the model's are ${this.#inputs.map((s) => s.name).join(', ')}`);
    const {info, current} = slot;
    const {dtype, dims, data} = readTensor(value, {...info, current}, `input '${slot.name}'`);
    if (dtype !== slot.dtype || !sameDims(dims, current)) this.#shape(slot, dtype, dims);
    if (slot.view?.buffer !== this.#core.wasm.memory.buffer) {
      slot.view = new TYPES[dtype][1](this.#core.wasm.memory.buffer, slot.address, data.length);
    }
    slot.view.set(data);
  }

  #read(slot, result) {
    const {wasm} = this.#core;
    const dtype = wasm.i32[slot.tensor >> 2];
    const [type, Kind] = TYPES[dtype];
    const rank = wasm.i32[(slot.tensor >> 2) + 1];
    const address = wasm.pointer(slot.tensor + 72);
    let same = result?.type === type && result.dims.length === rank;
    for (let d = 0; same && d < rank; d++) same = result.dims[d] === wasm.long(slot.tensor + 8 + 8 * d);
    if (!same) return wasm.tensor(slot.tensor);
    if (slot.view?.buffer !== wasm.memory.buffer || slot.address !== address || slot.view.length !== result.data.length) {
      slot.view = new Kind(wasm.memory.buffer, address, result.data.length);
      slot.address = address;
    }
    result.data.set(slot.view);
    return result;
  }

  prepare(shapes = {}) {
    const {wasm, address} = this.#own();
    checkNames(shapes, this.#inputs, 'input');
    for (const slot of this.#inputs) {
      const given = shapes[slot.name] ?? {};
      const dims = Array.isArray(given) ? given : given.dims ?? slot.info.dims;
      if (!dims || dims.some((dim) => dim < 0)) {
        fail('INVALID_ARGUMENT', `input '${slot.name}' needs a shape${dims ? ` for ${shapeText(dims, slot.info.dimNames)}` : ''}`);
      }
      const dtype = given.type ? TYPES.findIndex((type) => type?.[0] === given.type) : slot.info.dtype;
      this.#shape(slot, dtype, checkDims(dims, `input '${slot.name}'`));
    }
    // The descs alone, one after the other.
    wasm.with((copy) => {
      const descs = copy(new Uint8Array(72 * this.#inputs.length + 8));
      this.#inputs.forEach((slot, index) => wasm.u8.copyWithin(descs + 72 * index, slot.tensor, slot.tensor + 72));
      wasm.call('context_prepare', address, descs, this.#inputs.length);
    });
  }

  run(feeds, results = {}) {
    const {wasm, address} = this.#own();
    checkNames(feeds, this.#inputs, 'input');
    for (const slot of this.#inputs) this.#fill(slot, feeds[slot.name]);
    for (const slot of this.#outputs) wasm.i32[(slot.tensor + 72) >> 2] = 0;
    const [inputs, outputs] = [this.#inputs.length, this.#outputs.length];
    wasm.call('context_run', address, this.#tensors, inputs, this.#tensors + 80 * inputs, outputs);
    for (const slot of this.#outputs) results[slot.name] = this.#read(slot, results[slot.name]);
    return results;
  }

  clone() { return new Context(this.#core, this.#own().address); }

  close() {
    if (!this.#address) return;
    const {wasm} = this.#core;
    contexts.unregister(this);
    wasm.exports.olstm_context_destroy(this.#address);
    for (const slot of this.#inputs) if (slot.capacity) wasm.release(slot.address, slot.capacity);
    wasm.release(this.#tensors, 80 * (this.#inputs.length + this.#outputs.length) + 80);
    this.#address = 0;
  }
}

// ---------------------------------------------------------------- sessions

class Session {
  #core;
  #context;

  constructor(wasm, model, options) {
    wasm.with((copy) => {
      const numbers = copy(Float64Array.from(optionNumbers(options, wasm, copy)));
      wasm.call('web_load', copy(model), model.length, numbers, wasm.out);
    });
    const session = wasm.pointer(wasm.out);
    const infos = (kind) => Array.from({length: wasm.exports[`olstm_session_${kind}_count`](session)},
      (_, index) => wasm.value(wasm.exports[`olstm_session_get_${kind}`](session, index) >>> 0));
    const [inputs, outputs] = [infos('input'), infos('output')];
    const named = options.dims ?? {};
    for (const name in named) {
      if (!inputs.some((info) => info.dimNames?.includes(name))) fail('NOT_FOUND', `no input has a dimension '${name}'`);
    }
    for (const info of inputs) info.dims = info.dims?.map((dim, d) => dim < 0 ? named[info.dimNames[d]] ?? dim : dim) ?? null;
    this.#core = {wasm, session, inputs, outputs};
    const shown = ({name, type, dims, dimNames}) => ({name, type, dims, dimNames});
    this.inputs = inputs.map(shown);
    this.outputs = outputs.map(shown);
    this.#context = new Context(this.#core);
    if (options.dims) this.prepare();
  }

  #own() { return this.#context ?? fail('WRONG_STATE', 'the session is closed'); }
  get state() { return this.#own().state; }
  run(feeds, results) { return this.#own().run(feeds, results); }
  prepare(shapes) { this.#own().prepare(shapes); }
  createContext() { return this.#own() && new Context(this.#core); }

  get memory() {
    const {exports, memory} = (this.#own(), this.#core.wasm);
    return {
      bytes: memory.buffer.byteLength, used: exports.olstm_web_live_bytes(), allocations: exports.olstm_web_allocation_count()};
  }

  close() {
    this.#context = this.#core = null;
  }
}

// ---------------------------------------------------------------- loading

const asBytes = (source, what) => {
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  const tag = source?.[Symbol.toStringTag];
  if (tag === 'ArrayBuffer' || tag === 'SharedArrayBuffer') return new Uint8Array(source);
  return fail('INVALID_ARGUMENT', `${what} must be bytes: an ArrayBuffer or a Uint8Array`);
};

const inNode = typeof process === 'object' && !!process.versions?.node;

// Bytes of a URL, of a path in Node, of a Blob or Response, or of bytes.
const read = async (source, what) => {
  if (typeof source === 'string' || tagOfUrl(source)) {
    if (inNode && !/^(https?|data|blob):/.test(source)) {
      const fs = await import(/* webpackIgnore: true */ /* @vite-ignore */ 'node:fs/promises');
      return fs.readFile(/^file:/.test(source) ? new URL(source) : source);
    }
    source = await fetch(source);
    if (!source.ok) fail('IO_ERROR', `${what}: ${source.url} answers ${source.status} ${source.statusText}`);
  }
  return asBytes(typeof source?.arrayBuffer === 'function' ? await source.arrayBuffer() : source, what);
};
const tagOfUrl = (source) => source?.[Symbol.toStringTag] === 'URL';

const isModule = (source) => source?.[Symbol.toStringTag] === 'WebAssembly.Module';
let ownModule;

export const compile = (source) => {
  if (isModule(source)) return source;
  const compiled = (from) => read(from, 'olstm.wasm').then((bytes) => WebAssembly.compile(bytes));
  if (source !== undefined) return compiled(source);
  ownModule ??= compiled(new URL('./olstm.wasm', import.meta.url));
  ownModule.catch(() => { ownModule = undefined; });
  return ownModule;
};

export const load = async (model, options = {}) => {
  const external = Object.entries(options.externalData ?? {});
  const [module, bytes, ...files] = await Promise.all([
    compile(options.wasm), read(model, 'the model'), ...external.map(([name, source]) => read(source, `external data '${name}'`))]);
  const wasm = new Wasm(module);
  wasm.adopt(await WebAssembly.instantiate(module, wasm.imports));
  const externalData = Object.fromEntries(external.map(([name], index) => [name, files[index]]));
  return new Session(wasm, bytes, {...options, externalData});
};

export const loadSync = (model, options = {}) => {
  const module = isModule(options.wasm) ? options.wasm : new WebAssembly.Module(asBytes(options.wasm, "option 'wasm'"));
  const wasm = new Wasm(module);
  return new Session(wasm.adopt(new WebAssembly.Instance(module, wasm.imports)), asBytes(model, 'the model'), options);
};
