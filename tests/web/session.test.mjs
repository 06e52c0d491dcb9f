// Sessions: results, inputs of every kind, options, errors.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import {test} from 'node:test';
import {pathToFileURL} from 'node:url';
import {assertClose, assertFails, data, lstmModel, makeModel, node, noise, olstm, packageFolder, readTensorProto} from './fixture.mjs';

const model = data('keras_lstm', 'model.onnx');
const proto = (name) => readTensorProto(fs.readFileSync(data('keras_lstm', 'test_data_set_0', name)));
const x = proto('input_0.pb');
const y = proto('output_0.pb');

/// A model of one operator on float tensors `x` of rank 1: y = op(x, ...).
const oneNode = (opType, inputs = {x: [3]}, attributes = {}, initializers = {}) =>
  makeModel([node(opType, [...Object.keys(inputs), ...Object.keys(initializers)], ['y'], attributes)], inputs, {y: [3]}, initializers);

test('a model comes from a path, a URL, a Blob, or bytes of any kind', async () => {
  const bytes = fs.readFileSync(model);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  for (const source of [
    model, pathToFileURL(model), pathToFileURL(model).href, `data:application/octet-stream;base64,${bytes.toString('base64')}`,
    new Blob([bytes]), new Response(bytes), bytes, buffer, shared, new DataView(buffer)]) {
    const session = await olstm.load(source);
    assertClose(session.run({lstm_input: x}).dense, y);
  }
  await assertFails(olstm.load('no/such.onnx'), 'IO_ERROR', /^the model: ENOENT.*no\/such\.onnx/);
  await assertFails(olstm.load({}), 'INVALID_ARGUMENT', /^the model must be bytes/);
  await assertFails(olstm.load(undefined), 'INVALID_ARGUMENT', /^the model must be bytes/);
});

test('olstm.wasm may be compiled once, and sessions be made without waiting', async () => {
  const wasm = await olstm.compile();
  assert.equal(await olstm.compile(wasm), wasm);
  assert.equal(await olstm.compile(), wasm);
  assertClose(olstm.loadSync(fs.readFileSync(model), {wasm}).run({lstm_input: x}).dense, y);
  assertClose(olstm.loadSync(fs.readFileSync(model), {wasm: fs.readFileSync(`${packageFolder}/olstm.wasm`)}).run({lstm_input: x}).dense, y);
  assertFails(() => olstm.loadSync(fs.readFileSync(model)), 'INVALID_ARGUMENT', /^option 'wasm' must be bytes/);
  await assertFails(olstm.load(model, {wasm: 'no/such.wasm'}), 'IO_ERROR', /^olstm\.wasm: ENOENT/);
});

test('tells the inputs and outputs', async () => {
  const session = await olstm.load(model);
  assert.deepEqual(session.inputs, [{name: 'lstm_input', type: 'float32', dims: [-1, 10, 3], dimNames: ['N', null, null]}]);
  assert.deepEqual(session.outputs, [{name: 'dense', type: 'float32', dims: [-1, 1], dimNames: ['N', null]}]);
});

test('an array alone takes the shape that the model leaves open in one place, or that was prepared', async () => {
  const session = await olstm.load(model);
  assertClose(session.run({lstm_input: x.data}).dense, y);
  assertFails(() => session.run({lstm_input: new Float32Array(31)}), 'SHAPE_MISMATCH',
    /^input 'lstm_input' has 31 elements, which do not tell its shape \[N,10,3\]: pass \{data, dims\}$/);
  const open = await olstm.load(makeModel([node('Relu', ['x'], ['y'])], {x: ['a', 'b']}, {y: ['a', 'b']}));
  assertFails(() => open.run({x: new Float32Array(6)}), 'SHAPE_MISMATCH', /\[a,b\]: pass/);
  open.prepare({x: [2, 3]});
  assert.deepEqual(open.run({x: new Float32Array(6)}).y.dims, [2, 3]);
  assert.deepEqual(open.run({x: {data: new Float32Array(6), dims: [3, 2]}}).y.dims, [3, 2]);
});

test('dims names symbolic dimensions, and prepares for them', async () => {
  const session = await olstm.load(model, {dims: {N: 2}});
  assert.deepEqual(session.inputs[0].dims, [2, 10, 3]);
  assert.equal(session.plan().steps.some(({opType}) => opType === 'LSTM'), true);
  const {allocations} = session.memory;
  session.run({lstm_input: x.data.slice(0, 60)});
  assert.equal(session.memory.allocations, allocations);
  await assertFails(olstm.load(model, {dims: {M: 2}}), 'NOT_FOUND', /^no input has a dimension 'M'$/);
  assertFails(() => olstm.loadSync(fs.readFileSync(model), {wasm: fs.readFileSync(`${packageFolder}/olstm.wasm`), dims: {}}),
    'INVALID_ARGUMENT', /^input 'lstm_input' needs dims for \[N,10,3\]$/);
});

test('every type comes in and goes out in its own array', async () => {
  const kinds = {
    float32: Float32Array, float64: Float64Array, int8: Int8Array, int16: Int16Array, int32: Int32Array, int64: BigInt64Array,
    uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, uint64: BigUint64Array, bool: Uint8Array, float16: Uint16Array,
    bfloat16: Uint16Array};
  const numbers = {
    float32: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11, uint32: 12, uint64: 13,
    bfloat16: 16};
  for (const [type, Kind] of Object.entries(kinds)) {
    const session = await olstm.load(makeModel([node('Identity', ['x'], ['y'])], {x: [2]}, {y: [2]}, {}, 16, numbers[type]));
    assert.equal(session.inputs[0].type, type);
    const values = Kind.of(...(Kind.name.startsWith('Big') ? [0n, 1n] : [0, 1]));
    for (const value of [values, {data: values, dims: [2], type}]) {
      const result = session.run({x: value}).y;
      assert.equal(result.type, type);
      assert.equal(result.data.constructor, Kind);
      assert.deepEqual(result.data, values);
    }
  }
});

test('a number is taken for one element', async () => {
  const session = await olstm.load(makeModel([node('Identity', ['x'], ['y'])], {x: []}, {y: []}, {}, 16, 7));
  assert.deepEqual(session.run({x: 16000}).y, {type: 'int64', dims: [], data: BigInt64Array.of(16000n)});
  assert.deepEqual(session.run({x: 16000n}).y.data, BigInt64Array.of(16000n));
});

test('says by name what does not fit, in the words of the C library where it looks', async () => {
  const session = await olstm.load(model);
  const fails = (value, status, message) => assertFails(() => session.run({lstm_input: value}), status, message);
  fails({data: new Float64Array(30), dims: [1, 10, 3]}, 'DTYPE_MISMATCH', /^input 'lstm_input' has dtype double, expected float$/);
  fails(new Float64Array(30), 'DTYPE_MISMATCH', /^input 'lstm_input' has dtype double, expected float$/);
  fails({data: new Float32Array(30), dims: [3, 10]}, 'SHAPE_MISMATCH', /^input 'lstm_input' has shape \[3,10\], expected \[N,10,3\]/);
  fails({data: new Float32Array(30), dims: [1, 10, 4]}, 'SHAPE_MISMATCH',
    /^input 'lstm_input' has 30 elements, its shape \[1,10,4\] has 40$/);
  fails({data: new Float32Array(30), dims: [1, 10, 3.5]}, 'INVALID_ARGUMENT', /^input 'lstm_input' has dims \[1,10,3\.5\]/);
  fails({data: new Float32Array(1), dims: Array(9).fill(1)}, 'INVALID_ARGUMENT', /expected at most 8 whole numbers$/);
  fails({data: new Float32Array(1), dims: [-1, -1]}, 'INVALID_ARGUMENT', /expected at most 8 whole numbers$/);
  fails({data: new Float32Array(30), dims: [1, 10, 3], type: 'int64'}, 'DTYPE_MISMATCH',
    /^input 'lstm_input' is int64, which a BigInt64Array holds, not a Float32Array$/);
  fails({data: new Float32Array(30), dims: [1, 10, 3], type: 'float'}, 'INVALID_ARGUMENT', /^input 'lstm_input' has the unknown type 'float'$/);
  fails([1, 2, 3], 'INVALID_ARGUMENT', /^input 'lstm_input' must be a typed array/);
  fails(null, 'INVALID_ARGUMENT', /^input 'lstm_input' must be a typed array/);
  fails(undefined, 'NOT_FOUND', /^missing input 'lstm_input'$/);
  fails(new DataView(new ArrayBuffer(4)), 'INVALID_ARGUMENT', /must be a typed array/);
  assertFails(() => session.run({x, lstm_input: x}), 'NOT_FOUND', /^unknown input 'x'; the model's are lstm_input$/);
  assertFails(() => session.prepare({lstm_input: [2, 10, 4]}), 'SHAPE_MISMATCH', /^input 'lstm_input' has shape \[2,10,4\]/);
  // And goes on.
  assertClose(session.run({lstm_input: x}).dense, y);
});

test('refuses models by name', async () => {
  await assertFails(olstm.load(new Uint8Array(7)), 'INVALID_MODEL', /./);
  await assertFails(olstm.load(new Uint8Array(0)), 'INVALID_MODEL', /./);
  await assertFails(olstm.load(oneNode('Foo')), 'UNSUPPORTED', /Foo/);
  await assertFails(olstm.load(oneNode('Relu'), {maxNodes: 0}), 'LIMIT_EXCEEDED', /max_nodes/);
});

test('options are those of the C library, and unknown ones are refused', async () => {
  await assertFails(olstm.load(model, {statefull: true}), 'INVALID_ARGUMENT', /^unknown option 'statefull', expected one of maxDepth, /);
  await assertFails(olstm.load(model, {maxWork: -1}), 'INVALID_ARGUMENT', /^option 'maxWork' is '-1', expected a whole number/);
  await assertFails(olstm.load(model, {maxWork: 'much'}), 'INVALID_ARGUMENT', /^option 'maxWork' is 'much'/);
  await assertFails(olstm.load(model, {precision: 'f16'}), 'INVALID_ARGUMENT', /^precision 'f16' is unknown, expected f32, bf16, int8$/);
  await assertFails(olstm.load(model, {kernel: 'fast'}), 'INVALID_ARGUMENT', /^kernel 'fast' is unknown, expected auto/);
  await assertFails(olstm.load(model, {kernel: 'onednn'}), 'INVALID_ARGUMENT', /onednn/);
  await assertFails(olstm.load(model, {stateful: ['nothing']}), 'NOT_FOUND', /nothing/);
  await assertFails(olstm.load(model, {bindings: {dense: 'nothing'}}), 'NOT_FOUND', /nothing/);
  await assertFails(olstm.load(model, {bindings: ['dense']}), 'INVALID_ARGUMENT', /^option 'bindings' has 1 names, expected pairs$/);
  const slow = await olstm.load(model, {maxWork: 1});
  assertFails(() => slow.run({lstm_input: x}), 'LIMIT_EXCEEDED', /max_work/);
  for (const kernel of ['auto', 'native', 'reference', 'fastest']) {
    assertClose((await olstm.load(model, {kernel})).run({lstm_input: x}).dense, y);
  }
  for (const [precision, atol] of [['f32', 1e-6], ['bf16', 0.02], ['int8', 0.05]]) {
    assertClose((await olstm.load(model, {precision})).run({lstm_input: x}).dense, y, {rtol: 0, atol});
  }
  assert.equal((await olstm.load(model, {kernel: 'reference'})).run({lstm_input: x}) !== undefined, true);
});

test('external data comes as named bytes', async () => {
  const folder = data('broken');
  void folder;
  const weights = noise(3, 7);
  const bytes = makeModel([node('Add', ['x', 'w'], ['y'])], {x: [3]}, {y: [3]}, {w: [[3], {location: 'w.bin', length: 12}]});
  await assertFails(olstm.load(bytes), 'UNSUPPORTED', /w\.bin|external/);
  const externalData = {'w.bin': new Uint8Array(weights.buffer)};
  const expected = weights.map((w) => Math.fround(w + 1));
  assert.deepEqual((await olstm.load(bytes, {externalData})).run({x: Float32Array.of(1, 1, 1)}).y.data, expected);
  assert.deepEqual((await olstm.load(bytes, {externalData: {'w.bin': new Blob([weights])}})).run({x: Float32Array.of(1, 1, 1)}).y.data, expected);
  const wasm = await olstm.compile();
  assert.deepEqual(olstm.loadSync(bytes, {wasm, externalData}).run({x: Float32Array.of(1, 1, 1)}).y.data, expected);
});

test('random numbers repeat with a seed, and differ without', async () => {
  const bytes = makeModel([node('RandomUniformLike', ['x'], ['y'])], {x: [3]}, {y: [3]});
  const draw = async (options) => [...(await olstm.load(bytes, options)).run({x: new Float32Array(3)}).y.data];
  assert.deepEqual(await draw({seed: 7}), await draw({seed: 7}));
  assert.notDeepEqual(await draw({seed: 7}), await draw({seed: 8}));
  assert.notDeepEqual(await draw({}), await draw({}));
});

test('given inputs take the place of initializers', async () => {
  const bytes = makeModel([node('Add', ['x', 'w'], ['y'])], {x: [1], w: [1]}, {y: [1]}, {w: [[1], Float32Array.of(5)]});
  assert.deepEqual((await olstm.load(bytes)).run({x: Float32Array.of(1)}).y.data, Float32Array.of(6));
  const session = await olstm.load(bytes, {givenInputs: 'w'});
  assert.deepEqual(session.run({x: Float32Array.of(1), w: Float32Array.of(2)}).y.data, Float32Array.of(3));
});

test('names and messages are UTF-8', async () => {
  const session = await olstm.load(makeModel([node('Relu', ['Öl€𝄞'], ['y'])], {'Öl€𝄞': [1]}, {y: [1]}));
  assert.equal(session.inputs[0].name, 'Öl€𝄞');
  assert.deepEqual(session.run({'Öl€𝄞': Float32Array.of(2)}).y.data, Float32Array.of(2));
  assertFails(() => session.run({'Öl€𝄞': Float64Array.of(2)}), 'DTYPE_MISMATCH', /^input 'Öl€𝄞' has dtype double/);
});

test('a plan tells its steps', async () => {
  const session = await olstm.load(lstmModel(5, 1, 3, 4, 1).bytes);
  assertFails(() => session.plan(), 'WRONG_STATE', /./);
  session.prepare();
  const plan = session.plan();
  const lstm = plan.steps.find(({opType}) => opType === 'LSTM');
  assert.equal(lstm.kernel, 'native');
  assert.equal(lstm.isView, false);
  assert.equal(plan.hasDynamicPart, false);
  assert.ok(plan.work > 0 && plan.workspaceBytes > 0);
});
