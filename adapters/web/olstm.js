// olstm: runs ONNX models with recurrent layers. For Node, pages, Workers and AudioWorklets.
// What each function does is told in olstm.d.ts. This file needs nothing that an AudioWorklet lacks,
// unless it is given a URL.

const STATUS = [
  'OK', 'INVALID_ARGUMENT', 'INVALID_MODEL', 'UNSUPPORTED', 'SHAPE_MISMATCH', 'DTYPE_MISMATCH', 'NOT_FOUND',
  'OUT_OF_MEMORY', 'LIMIT_EXCEEDED', 'WRONG_STATE', 'IO_ERROR', 'BACKEND_ERROR', 'NEEDS_DATA', 'INVALID_VALUE',
  'QUEUE_FULL', 'CANCELLED'];

export class OlstmError extends Error {
  name = 'OlstmError';
  constructor(status, message, options) {
    super(message, options);
    this.status = status;
    this.code = STATUS.indexOf(status);
  }
}

const fail = (status, message) => { throw new OlstmError(status, message); };
const INVALID = 'INVALID_ARGUMENT';
// What others throw becomes an OlstmError.
const rethrow = (status, what) => (error) => { throw error instanceof OlstmError ? error : new OlstmError(status, `${what}: ${error.message}`, {cause: error}); };

// ---------------------------------------------------------------- what callers pass

const tagText = (value) => ({}).toString.call(value);
// Any value, in a message.
const show = (value) => value === Object(value) && !Array.isArray(value) ? tagText(value) : String(value);
const isText = (value) => typeof value === 'string';
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const isRecord = (value) => tagText(value) === '[object Object]';
const WHOLE = 'whole numbers';
const wrong = (what, value, expected, status) => fail(status ?? INVALID, `${what} is '${show(value)}', expected ${expected}`);
const checkRecord = (value, what) => isRecord(value) ? value : wrong(what, value, 'an object');
const checkNames = (record, what, known, status) => {
  for (const name of Object.keys(checkRecord(record, `${what}s`))) {
    if (!known.includes(name)) fail(status, `unknown ${what} '${name}', expected ${known}`);
  }
};
// Names of models may be those of Object.prototype, "__proto__" among them.
const get = (record, name) => ({}).hasOwnProperty.call(record, name) ? record[name] : undefined;
const put = (record, name, value) => Object.defineProperty(record, name, {value, writable: true, enumerable: true, configurable: true});
const freeze = (value) => {
  if (value === Object(value)) Object.values(Object.freeze(value)).forEach(freeze);
  return value;
};

// ---------------------------------------------------------------- types

// By ONNX's numbers: the arrays that hold their elements, and names.
const KINDS = [
  , Float32Array, Uint8Array, Int8Array, Uint16Array, Int16Array, Int32Array, BigInt64Array, , Uint8Array, Uint16Array, Float64Array,
  Uint32Array, BigUint64Array, , , Uint16Array];
const TYPES = ',float32,uint8,int8,uint16,int16,int32,int64,,bool,float16,float64,uint32,uint64,,,bfloat16'.split(',');
const typeName = (dtype) => TYPES[dtype] ?? 'undefined';
const dtypeOf = (type, what) => {
  const dtype = TYPES.indexOf(type);
  return dtype > 0 ? dtype : wrong(`the type of ${what}`, type, 'a type');
};
// Objects of other realms, too, are known by their tags.
const tagOf = (value) => value?.[Symbol.toStringTag];
const dtypeOfTag = (tag) => tag === 'Float16Array' ? 10 : KINDS.findIndex((Kind) => Kind?.name === tag?.replace('Clamped', ''));
const holds = (dtype, tag) => dtypeOfTag(tag) === dtype || KINDS[dtype]?.name === tag;
const shapeText = (dims, names = []) => `[${dims.map((dim, d) => dim < 0 ? names[d] ?? '?' : dim)}]`;
const countOf = (dims) => dims.reduce((count, dim) => count * dim, 1);
const sameDims = (a, b) => a.length === b?.length && a.every((dim, d) => dim === b[d]);

const checkDims = (dims, what) => {
  dims = Array.isArray(dims) || ArrayBuffer.isView(dims) ? [...dims] : [dims];
  return dims.length <= 8 && dims.every(isCount) ? dims : wrong(`the shape of ${what}`, dims.map(show), `at most 8 ${WHOLE}`);
};

const wrongCount = (what, count, expected) => fail('SHAPE_MISMATCH', `${what} has ${count} elements, expected ${expected}`);

// The shape of an array that comes without one: the last one, or what the model leaves open in one place only.
const guessDims = (count, {dims, dimNames}, what, last) => {
  if (last && countOf(last) === count) return last;
  const known = dims?.filter((dim) => dim >= 0);
  const rest = count / countOf(known ?? []);
  const openCount = dims?.length - known?.length;
  if (openCount === 0 || (openCount === 1 && Number.isInteger(rest))) return dims.map((dim) => dim < 0 ? rest : dim);
  return wrongCount(what, count, `${dims ? shapeText(dims, dimNames) : 'dims'}: pass {data, dims}`);
};

// {dtype, dims, data} of an array, a {data, dims, type} or a number, for what info describes.
const readTensor = (value, info, what, last) => {
  const declared = TYPES.indexOf(info.type);
  const Kind = KINDS[declared];
  // float16 and bfloat16 have no numbers of their own.
  if (Kind && !/float16/.test(info.type) && /^(n|bi)/.test(typeof value)) {
    const one = new Kind(1);
    try {
      one[0] = /^Big/.test(Kind.name) ? BigInt(value) : Number(value);
    } catch {
      // Of no whole number: stays 0, and is another one.
    }
    if ((one[0] != value && !/^F/.test(Kind.name)) || (declared === 9 && value > 1)) wrong(what, value, info.type);
    value = {data: one, dims: info.dims?.map(() => 1) ?? []};
  }
  let data = ArrayBuffer.isView(value) ? value : value?.data;
  const tag = tagOf(data);
  if (dtypeOfTag(tag) < 1) wrong(what, value, 'a typed array, {data, dims} or a number');
  const dtype = value.type !== undefined ? dtypeOf(value.type, what) : holds(declared, tag) ? declared : dtypeOfTag(tag);
  if (!holds(dtype, tag)) wrong(what, tag, KINDS[dtype].name, 'DTYPE_MISMATCH');
  if (tag === 'Float16Array') data = new Uint16Array(data.buffer, data.byteOffset, data.length);
  const dims = value.dims !== undefined ? checkDims(value.dims, what) : guessDims(data.length, info, what, last);
  if (countOf(dims) !== data.length) wrongCount(what, data.length, shapeText(dims));
  return {dtype, dims, data};
};

const asBytes = (source, what) => {
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (/ArrayBuffer/.test(tagOf(source))) return new Uint8Array(source);
  return wrong(what, source, 'bytes');
};

// ---------------------------------------------------------------- text

// UTF-8 by way of URIs: an AudioWorklet has no TextEncoder. A half of a surrogate pair, and what is not UTF-8, stay legible.
const encode = (text) => Uint8Array.from(
  unescape(encodeURIComponent(`${text}\0`.replace(/\p{Cs}/gu, '\ufffd'))), (byte) => byte.charCodeAt());

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
    if (code) {
      fail(STATUS[code], decode(this._u8, this._error).replace(/the model came.*/, 'externalData lacks it'));
    }
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
    return {type: typeName(dtype), dims, data: new KINDS[dtype](this._memory.buffer, this._pointer(address + 72), countOf(dims)).slice()};
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

// A count, or true or false; NaN for what is not given.
const numberOption = (options, name) => {
  const value = options[name];
  if (value == null) return NaN;
  const isFlag = NUMBERS.indexOf(name) > 7;
  if (isFlag ? typeof value === 'boolean' : isCount(value)) return Number(value);
  return wrong(name, value, isFlag ? 'a boolean' : WHOLE);
};

const namesOption = (options, name) => {
  const value = options[name] ?? [];
  const isPairs = name === 'bindings';
  if (name === 'stateful' && typeof value === 'boolean') return value ? ['all'] : [];
  let names = isText(value) ? [value] : isRecord(value) ? Object.entries(value) : Array.isArray(value) ? [...value] : [0];
  if (isPairs) names = names.flatMap((pair) => Array.isArray(pair) && pair.length === 2 ? [...pair] : 0);
  return names.every(isText) ? names : wrong(name, value, isPairs ? '{output: input}' : 'names');
};

const optionNumbers = (options, copy) => {
  checkNames(options, 'option', [...NUMBERS, ...LISTS, 'precision', 'kernel', 'externalData', 'dims', 'wasm'], INVALID);
  const {kernel = 'auto', precision = 'f32', externalData = {}} = options;
  const list = (addresses) => copy(Int32Array.from(addresses));
  const external = Object.entries(checkRecord(externalData, 'externalData'));
  return [
    ...NUMBERS.map((name) => numberOption(options, name)),
    PRECISIONS.includes(precision) ? PRECISIONS.indexOf(precision) : wrong('precision', precision, PRECISIONS),
    copy(show(kernel)),
    ...LISTS.flatMap((name) => {
      const names = namesOption(options, name).map(copy);
      return [names.length, list(names)];
    }),
    external.length,
    list(external.flatMap(([name, source]) => {
      const bytes = asBytes(source, `external data '${name}'`);
      return [copy(name), copy(bytes), bytes.length];
    })),
  ];
};

// ---------------------------------------------------------------- tensors of runs

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
    this._names = _inputs.map(({name}) => name);
    this._outputsAt = this._address + 80 * _inputs.length;
    [this._longs] = slots([{}], _inputs.length + _outputs.length);
  }

  // Makes room for a tensor of this type and shape.
  _shape(slot, dtype, dims) {
    const wasm = this._wasm;
    const bytes = countOf(dims) * KINDS[dtype].BYTES_PER_ELEMENT;
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

  // What a caller passes is read as a whole before anything is done with it: reading may run the caller's own code.
  _take(feeds, results) {
    checkNames(feeds, 'input', this._names, 'NOT_FOUND');
    const take = (record, slots, what) => slots.map(({_name, _info, _last}) => {
      const value = get(record, _name);
      return value === undefined ? value : readTensor(value, _info, `${what} '${_name}'`, _last);
    });
    return [take(feeds, this._inputs, 'input'), take(checkRecord(results, 'results'), this._outputs, 'result')];
  }

  _fill(inputs) {
    this._inputs.forEach((slot, index) => {
      const {dtype, dims, data} = inputs[index] ?? fail('NOT_FOUND', `missing input '${slot._name}'`);
      if (dtype !== slot._dtype || !sameDims(dims, slot._last)) this._shape(slot, dtype, dims);
      this._view(slot, dtype, data.length).set(data);
    });
    for (const slot of this._outputs) this._wasm._setInt(slot._tensor + 72, 0);
  }

  _view(slot, dtype, count) {
    const {buffer} = this._wasm._memory;
    const view = slot._view;
    return view?.buffer === buffer && view.byteOffset === slot._at && view.length === count ? view :
      slot._view = new KINDS[dtype](buffer, slot._at, count);
  }

  // name: of a function of C's; first: gives what it takes before the tensors.
  _run(feeds, results, name, first) {
    const [inputs, kept] = this._take(feeds, results);
    const values = first();
    this._fill(inputs);
    this._wasm._call(name, ...values, this._address, this._inputs.length, this._outputsAt, this._outputs.length);
    return this._write(results, kept);
  }

  // Writes the outputs to where `results` has fitting arrays, which are `kept`, or to new ones.
  _write(results, kept) {
    const fresh = this._outputs.map((slot, index) => this._read(slot, kept[index]));
    this._outputs.forEach(({_name}, index) => { if (fresh[index]) put(results, _name, fresh[index]); });
    return results;
  }

  // What an output came to, unless it was copied to an array that fits.
  _read(slot, result) {
    const wasm = this._wasm;
    const dtype = wasm._int(slot._tensor);
    if (result?.dtype !== dtype || !sameDims(result.dims, wasm._dims(slot._tensor + 8, wasm._int(slot._tensor + 4)))) {
      return wasm._tensor(slot._tensor);
    }
    slot._at = wasm._pointer(slot._tensor + 72);
    result.data.set(this._view(slot, dtype, result.data.length));
  }

  // Plans for inputs of these shapes; returns types and shapes. name: of a function of C's; owner: gives what it takes first.
  _prepare(shapes, name, owner) {
    const descs = this._readShapes(shapes);
    this._wasm._with((copy) => {
      const address = copy(new Uint8Array(72 * descs.length + 8));
      descs.forEach((desc, index) => this._wasm._describe(address + 72 * index, ...desc));
      this._wasm._call(name, ...owner._own(), address, descs.length);
    });
    return descs;
  }

  _readShapes(shapes) {
    checkNames(shapes, 'input', this._names, 'NOT_FOUND');
    return this._inputs.map(({_name, _info}) => {
      const what = `input '${_name}'`;
      const given = get(shapes, _name) ?? {};
      const {dims = _info.dims, type = _info.type} = Array.isArray(given) ? {dims: given} : checkRecord(given, `the shape of ${what}`);
      if (!dims || (dims === _info.dims && dims.some((dim) => dim < 0))) wrong(`the shape of ${what}`, dims && shapeText(dims, _info.dimNames), WHOLE);
      return [dtypeOf(type, what), checkDims(dims, what)];
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
    slot._at = slot._capacity = slot._dtype = 0;
    slot._last = slot._view = undefined;
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
        isSet: !!wasm._u8[out + 80]};
    });
  }

  get(name) {
    const wasm = this._wasm;
    wasm._with((copy) => this._call('get_state', copy(show(name)), wasm._out));
    return wasm._tensor(wasm._out);
  }

  set(name, value) {
    const wasm = this._wasm;
    const tensor = readTensor(value, this.list().find((slot) => slot.name === name) ?? {dims: [-1]}, `state '${name}'`);
    wasm._with((copy) => {
      const data = copy(tensor.data);
      const text = copy(show(name));
      wasm._describe(wasm._out, tensor.dtype, tensor.dims);
      wasm._setInt(wasm._out + 72, data);
      this._call('set_state', text, wasm._out);
    });
  }

  reset(name) {
    if (name === undefined) this._call('reset');
    else this._wasm._with((copy) => this._call('reset_state', copy(show(name))));
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
  // create gives the address, destroy takes it, and may know nothing of `this`, which would never be forgotten otherwise.
  constructor(core, what, tensors, create, destroy) {
    const releaseTensors = () => tensors.forEach((each) => each._releaseAll());
    const held = {};
    try {
      held._address = create();
    } catch (error) {
      releaseTensors();
      throw error;
    }
    this._core = core;
    this._wasm = core._wasm;
    this._held = held;
    this._what = what;
    this._release = () => {
      if (!held._address) return;
      destroy(held._address);
      releaseTensors();
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
    const tensors = new Tensors(core);
    super(core, 'this context is', [tensors], () => {
      if (from) wasm._call('context_clone', from, wasm._out);
      else wasm._call('context_create', core._session, wasm._out);
      return wasm._pointer(wasm._out);
    }, wasm._exports.olstm_context_destroy);
    this._tensors = tensors;
  }

  get state() { return new State(this._wasm, 'context', this); }
  run(feeds, results = {}) { return this._tensors._run(feeds, results, 'context_run', () => this._own()); }
  clone() { return new Context(this._core, ...this._own()); }
  resetRow(row) {
    if (!isCount(row)) wrong('row', row, WHOLE);
    this._wasm._call('context_reset_row', ...this._own(), BigInt(row));
  }

  prepare(shapes = {}) {
    this._tensors._prepare(shapes, 'context_prepare', this)
      .forEach((tensor, index) => this._tensors._shape(this._tensors._inputs[index], ...tensor));
  }

  plan() {
    const wasm = this._wasm;
    const out = wasm._out;
    const info = (verb, size, ...index) => wasm._call(`context_get_${verb}_info_sized`, ...this._own(), ...index, out, size);
    info('plan', 40);
    const [stepCount, foldedCount, constantBytes, workspaceBytes] = [4, 8, 12, 16].map((at) => wasm._pointer(out + at));
    return {
      foldedCount, constantBytes, workspaceBytes, hasDynamicPart: !!wasm._u8[out + 24], work: wasm._long(out + 32),
      steps: times(stepCount, (index) => {
        info('step', 32, index);
        const [node, opType, kernel, reason, fusedFrom] = [4, 8, 12, 16, 24].map((at) => wasm._text(out + at));
        return {node, opType, kernel, reason, fusedFrom, isView: !!wasm._u8[out + 28], isDynamic: !!wasm._u8[out + 29]};
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
    const {dims: named = {}} = options;
    checkNames(named, 'dimension', inputs.flatMap(({dimNames}) => dimNames ?? []), 'NOT_FOUND');
    for (const info of inputs) info.dims = info.dims?.map((dim, d) => dim < 0 ? get(named, info.dimNames[d] ?? '') ?? dim : dim) ?? null;
    this.inputs = freeze(inputs);
    this.outputs = freeze(outputs);
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

const open = async (source, what) => {
  if (isText(source) || tagOf(source) === 'URL') source = await (internals._fetch ?? fetch)(source);
  if (source?.ok === false) fail('IO_ERROR', `${what}: ${source.url} gives ${source.status}`);
  return source?.arrayBuffer?.() ?? source;
};
// Bytes of a URL, of a path in Node, of a Blob or Response, or of bytes.
const read = async (source, what) => asBytes(await open(source, what).catch(rethrow('IO_ERROR', what)), what);

const WASM = 'olstm.wasm';
const isModule = (source) => tagOf(source) === 'WebAssembly.Module';
const isNotOlstm = rethrow(INVALID, WASM);
let ownModule;

const compileAny = async (source) => isModule(source) ? source : WebAssembly.compile(await read(source, WASM)).catch(isNotOlstm);

export const compile = async (source) => {
  if (source !== undefined) return compileAny(source);
  // Bundlers look for these very words.
  ownModule ??= compileAny(new URL('./olstm.wasm', import.meta.url));
  ownModule.catch(() => { ownModule = undefined; });
  return ownModule;
};

export const load = async (model, options = {}) => {
  const {wasm: source, externalData = {}} = checkRecord(options, 'options');
  const external = {};
  const [module, bytes] = await Promise.all([compile(source), read(model, 'the model'),
    ...Object.entries(checkRecord(externalData, 'externalData')).map(
      async ([name, file]) => put(external, name, await read(file, `external data '${name}'`)))]);
  const wasm = new Wasm(module);
  await WebAssembly.instantiate(module, wasm._imports).then((instance) => wasm._adopt(instance)).catch(isNotOlstm);
  return new Session(wasm, bytes, {...options, externalData: external});
};

export const loadSync = (model, options = {}) => {
  const {wasm: source} = checkRecord(options, 'options');
  let wasm;
  try {
    const module = isModule(source) ? source : new WebAssembly.Module(asBytes(source, "option 'wasm'"));
    wasm = new Wasm(module);
    wasm._adopt(new WebAssembly.Instance(module, wasm._imports));
  } catch (error) {
    isNotOlstm(error);
  }
  return new Session(wasm, asBytes(model, 'the model'), options);
};

// What streams.js is made of, and nothing else; and what node.js puts in the place of fetch.
export const internals = {
  _Owner: Owner, _State: State, _Tensors: Tensors, _checkNames: checkNames, _numberOption: numberOption, _wrong: wrong};
