// What the tests of the npm package share: the package, the tree's test data, and readers of its formats.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

export {lstmModel, model as makeModel, node, noise, readTensorProto} from '../../adapters/web/onnx_files.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const packageFolder = process.env.OLSTM_WEB_PACKAGE ?? path.join(root, 'build/wasm/npm/olstm');
export const olstm = await import(pathToFileURL(path.join(packageFolder, 'node.js')));
export const data = (...names) => path.join(root, 'tests/data', ...names);

/// {type, dims, data} of a .npy file, row-major.
export const readNpy = (file) => {
  const bytes = fs.readFileSync(file);
  const length = bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, 10 + length);
  const kind = /'descr': '[<|]?(\w+)'/.exec(header)[1];
  const dims = /\(([^)]*)\)/.exec(header)[1].split(',').filter((dim) => dim.trim()).map(Number);
  const [type, Kind] = {f4: ['float32', Float32Array], f8: ['float64', Float64Array], i8: ['int64', BigInt64Array], i4: ['int32', Int32Array]}[kind];
  return {type, dims, data: new Kind(bytes.buffer.slice(bytes.byteOffset + 10 + length, bytes.byteOffset + bytes.length))};
};

/// Both tensors have one type and shape, and elements within the tolerances; NaN equals NaN.
export const assertClose = (actual, expected, {rtol = 1e-5, atol = 1e-6} = {}) => {
  assert.equal(actual.type, expected.type);
  assert.deepEqual(actual.dims, expected.dims);
  const [a, b] = [numbers(actual), numbers(expected)];
  // One unit in the last place of the short types is always allowed.
  rtol = Math.max(rtol, {bfloat16: 2 ** -7, float16: 2 ** -10}[expected.type] ?? 0);
  for (let i = 0; i < b.length; i++) {
    const same = Object.is(a[i], b[i]) || a[i] === b[i] || (Number.isNaN(a[i]) && Number.isNaN(b[i]));
    if (same || Math.abs(Number(a[i]) - Number(b[i])) <= atol + rtol * Math.abs(Number(b[i]))) continue;
    assert.fail(`element ${i} is ${a[i]}, expected ${b[i]}`);
  }
};

/// Asserts that a call fails with an OlstmError of a status, whose message matches.
export const assertFails = (call, status, message) => {
  const check = (error) => {
    if (!(error instanceof olstm.OlstmError)) throw error;
    assert.equal(error.status, status, error.message);
    assert.match(error.message, message);
    return true;
  };
  return call instanceof Promise ? assert.rejects(call, check) : assert.throws(call, check);
};

const numbers = ({type, data}) =>
  type === 'float16' ? Array.from(data, fromFloat16) : type === 'bfloat16' ? Array.from(data, fromBfloat16) : data;

const fromBfloat16 = (bits) => new Float32Array(Uint32Array.of(bits << 16).buffer)[0];
const fromFloat16 = (bits) => {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, bits >> 10 & 31, bits & 1023];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
};
