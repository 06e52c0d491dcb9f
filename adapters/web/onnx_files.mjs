// Reads TensorProto files, and writes models of one LSTM layer: for tests and benchmarks. No part of the package.

/// Calls field(number, value, wire) for the fields of a message: value is a BigInt, or the field's bytes.
const scan = (bytes, field) => {
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
  };
  const take = (count) => bytes.subarray(at, at += count);
  while (at < bytes.length) {
    const tag = Number(varint());
    const wire = tag & 7;
    field(tag >> 3, wire === 0 ? varint() : take(wire === 1 ? 8 : wire === 5 ? 4 : Number(varint())), wire);
  }
};

const varints = (bytes) => {
  const list = [];
  let value = 0n, shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte < 128) {
      list.push(BigInt.asIntN(64, value));
      value = shift = 0n;
    }
  }
  return list;
};

const KINDS = {
  1: ['float32', Float32Array], 2: ['uint8', Uint8Array], 3: ['int8', Int8Array], 4: ['uint16', Uint16Array],
  5: ['int16', Int16Array], 6: ['int32', Int32Array], 7: ['int64', BigInt64Array], 9: ['bool', Uint8Array],
  10: ['float16', Uint16Array], 11: ['float64', Float64Array], 12: ['uint32', Uint32Array], 13: ['uint64', BigUint64Array],
  16: ['bfloat16', Uint16Array]};

/// {name, type, dims, data} of a TensorProto; undefined for a dtype that has no typed array.
export const readTensorProto = (bytes) => {
  const dims = [], elements = [];
  let dtype, raw, name = '';
  scan(bytes, (field, value, wire) => {
    const list = () => wire === 0 ? [value] : varints(value);
    const packed = (Kind) => [...new Kind(Uint8Array.from(value).buffer)];
    if (field === 1) dims.push(...list().map(Number));
    if (field === 2) dtype = Number(value);
    if (field === 4) elements.push(...packed(Float32Array));
    if (field === 5 || field === 7 || field === 11) elements.push(...list());
    if (field === 8) name = Buffer.from(value).toString();
    if (field === 9) raw = Uint8Array.from(value);
    if (field === 10) elements.push(...packed(Float64Array));
  });
  if (!KINDS[dtype]) return undefined;
  const [type, Kind] = KINDS[dtype];
  const big = type.endsWith('int64');
  const isFloat = type === 'float32' || type === 'float64';
  const data = raw ? new Kind(raw.buffer) : Kind.from(elements, (element) => big ? BigInt(element) : isFloat ? element : Number(element));
  return {name, type, dims, data};
};

// ---------------------------------------------------------------- writing

const varint = (value) => {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  return [...bytes, value];
};
/// A field: a number, text, bytes, or a message (a list of fields).
const field = (number, value) => {
  if (typeof value === 'number') return Buffer.from([...varint(number * 8), ...varint(value)]);
  const body = Array.isArray(value) ? Buffer.concat(value) : Buffer.from(value);
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(body.length)]), body]);
};

const FLOAT = 1;
const EXTERNAL = 1;
/// data: a Float32Array, or {location, length}, which is external data.
const tensorProto = (name, dims, data) => [
  ...dims.map((dim) => field(1, dim)), field(2, FLOAT), field(8, name),
  ...(data.location === undefined ? [field(9, Buffer.from(data.buffer))] : [
    ...Object.entries(data).map(([key, value]) => field(13, [field(1, key), field(2, `${value}`)])), field(14, EXTERNAL)])];
/// dims: numbers, and names of symbolic dimensions.
const valueInfo = (name, dims, dtype) => [
  field(1, name), field(2, [field(1, [
    field(1, dtype), field(2, dims.map((dim) => field(1, [typeof dim === 'string' ? field(2, dim) : field(1, dim)])))])])];

/// A node: inputs, outputs, and attributes that are integers or text.
export const node = (opType, inputs, outputs, attributes = {}) => [
  ...inputs.map((name) => field(1, name)), ...outputs.map((name) => field(2, name)), field(4, opType),
  ...Object.entries(attributes).map(([name, value]) => field(5, [
    field(1, name), ...(typeof value === 'number' ? [field(3, value), field(20, 2)] : [field(4, value), field(20, 3)])]))];

/// The bytes of a model whose inputs and outputs are of one dtype. inputs, outputs: {name: dims}; initializers, which are float:
/// {name: [dims, data]}.
export const model = (nodes, inputs, outputs, initializers = {}, opset = 14, dtype = FLOAT) => Buffer.concat([
  field(1, 8), field(8, [field(1, ''), field(2, opset)]),
  field(7, [
    ...nodes.map((fields) => field(1, fields)), field(2, 'graph'),
    ...Object.entries(initializers).map(([name, [dims, data]]) => field(5, tensorProto(name, dims, data))),
    ...Object.entries(inputs).map(([name, dims]) => field(11, valueInfo(name, dims, dtype))),
    ...Object.entries(outputs).map(([name, dims]) => field(12, valueInfo(name, dims, dtype)))])]);

/// Numbers in [-1, 1), the same ones each time.
export const noise = (count, seed = 1) => {
  let state = seed >>> 0;
  return Float32Array.from({length: count}, () => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return state / 2 ** 31 - 1;
  });
};

/// {bytes, inputs} of a model of one LSTM layer: X, and with `hasStates` h and c, to Y, Y_h and Y_c. T may be a name.
export const lstmModel = (T, N, I, H, D, hasStates = false) => {
  const scaled = (count, seed) => noise(count, seed).map((value) => value / Math.sqrt(H));
  const states = hasStates ? {h: [D, N, H], c: [D, N, H]} : {};
  const bytes = model(
    [node('LSTM', ['X', 'W', 'R', 'B', ...(hasStates ? ['', 'h', 'c'] : [])], ['Y', 'Y_h', 'Y_c'],
      {hidden_size: H, direction: D === 2 ? 'bidirectional' : 'forward'})],
    {X: [T, N, I], ...states}, {Y: [T, D, N, H], Y_h: [D, N, H], Y_c: [D, N, H]},
    {W: [[D, 4 * H, I], scaled(D * 4 * H * I, 2)], R: [[D, 4 * H, H], scaled(D * 4 * H * H, 3)], B: [[D, 8 * H], scaled(D * 8 * H, 4)]});
  const dims = [T, N, I];
  return {bytes, inputs: typeof T === 'string' ? [] : [{type: 'float32', dims, data: noise(T * N * I, 5)}]};
};
