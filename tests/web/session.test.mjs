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
  await assertFails(olstm.load({}), 'INVALID_ARGUMENT', /^the model is '.*', expected bytes$/);
  await assertFails(olstm.load(undefined), 'INVALID_ARGUMENT', /^the model is '.*', expected bytes$/);
});

test('olstm.wasm may be compiled once, and sessions be made without waiting', async () => {
  const wasm = await olstm.compile();
  assert.equal(await olstm.compile(wasm), wasm);
  assert.equal(await olstm.compile(), wasm);
  assertClose(olstm.loadSync(fs.readFileSync(model), {wasm}).run({lstm_input: x}).dense, y);
  assertClose(olstm.loadSync(fs.readFileSync(model), {wasm: fs.readFileSync(`${packageFolder}/olstm.wasm`)}).run({lstm_input: x}).dense, y);
  assertFails(() => olstm.loadSync(fs.readFileSync(model)), 'INVALID_ARGUMENT', /^option 'wasm' is 'undefined', expected bytes$/);
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
    /^input 'lstm_input' has 31 elements, expected \[N,10,3\]: pass \{data, dims\}$/);
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
  await assertFails(olstm.load(model, {dims: {M: 2}}), 'NOT_FOUND', /^unknown dimension 'M', expected N,/);
  assertFails(() => olstm.loadSync(fs.readFileSync(model), {wasm: fs.readFileSync(`${packageFolder}/olstm.wasm`), dims: {}}),
    'INVALID_ARGUMENT', /^the shape of input 'lstm_input' is '\[N,10,3\]', expected whole numbers$/);
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
    /^input 'lstm_input' has 30 elements, expected \[1,10,4\]$/);
  fails({data: new Float32Array(30), dims: [1, 10, 3.5]}, 'INVALID_ARGUMENT', /^the shape of input 'lstm_input' is '1,10,3\.5', expected at most 8 whole numbers$/);
  fails({data: new Float32Array(1), dims: Array(9).fill(1)}, 'INVALID_ARGUMENT', /expected at most 8 whole numbers$/);
  fails({data: new Float32Array(1), dims: [-1, -1]}, 'INVALID_ARGUMENT', /expected at most 8 whole numbers$/);
  fails({data: new Float32Array(30), dims: [1, 10, 3], type: 'int64'}, 'DTYPE_MISMATCH',
    /^input 'lstm_input' is 'Float32Array', expected BigInt64Array$/);
  fails({data: new Float32Array(30), dims: [1, 10, 3], type: 'float'}, 'INVALID_ARGUMENT', /^the type of input 'lstm_input' is 'float', expected a type$/);
  fails([1, 2, 3], 'INVALID_ARGUMENT', /^input 'lstm_input' is '.*', expected a typed array/);
  fails(null, 'INVALID_ARGUMENT', /^input 'lstm_input' is '.*', expected a typed array/);
  fails(undefined, 'NOT_FOUND', /^missing input 'lstm_input'$/);
  fails(new DataView(new ArrayBuffer(4)), 'INVALID_ARGUMENT', /expected a typed array/);
  assertFails(() => session.run({x, lstm_input: x}), 'NOT_FOUND', /^unknown input 'x', expected lstm_input$/);
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
  await assertFails(olstm.load(model, {statefull: true}), 'INVALID_ARGUMENT', /^unknown option 'statefull', expected maxDepth,/);
  await assertFails(olstm.load(model, {maxWork: -1}), 'INVALID_ARGUMENT', /^maxWork is '-1', expected whole numbers$/);
  await assertFails(olstm.load(model, {maxWork: 'much'}), 'INVALID_ARGUMENT', /^maxWork is 'much'/);
  await assertFails(olstm.load(model, {precision: 'f16'}), 'INVALID_ARGUMENT', /^precision is 'f16', expected f32,bf16,int8$/);
  await assertFails(olstm.load(model, {kernel: 'fast'}), 'INVALID_ARGUMENT', /^kernel 'fast' is unknown, expected auto/);
  await assertFails(olstm.load(model, {kernel: 'onednn'}), 'INVALID_ARGUMENT', /onednn/);
  await assertFails(olstm.load(model, {stateful: ['nothing']}), 'NOT_FOUND', /nothing/);
  await assertFails(olstm.load(model, {bindings: {dense: 'nothing'}}), 'NOT_FOUND', /nothing/);
  await assertFails(olstm.load(model, {bindings: ['dense']}), 'INVALID_ARGUMENT', /^bindings is 'dense', expected \{output: input\}$/);
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

test('options of other types are refused by name', async () => {
  for (const [name, values] of Object.entries({
    stateful: [1, new Set(['lstm']), [1], {lstm: true}], bindings: [new Map([['a', 'b']]), ['a', 'b'], true, 'ab', {a: 1}, [['a', 'b', 'c']]],
    givenInputs: [true, new Set(['w']), {w: 'w'}], seed: ['1', 1n, true, Infinity], fuse: ['no', 1], realTime: [0], precision: [8],
    externalData: [null, [], new Map()], kernel: [5, Symbol('fast')]})) {
    for (const value of values) await assertFails(olstm.load(model, {[name]: value}), 'INVALID_ARGUMENT', new RegExp(`^${name} .*(expected|unknown)`));
  }
  for (const dims of [null, [1], {N: '1'}, {N: 1.5}, {N: -1}]) await assertFails(olstm.load(model, {dims}), 'INVALID_ARGUMENT', /expected/);
  for (const options of [null, 5, [], 'all']) await assertFails(olstm.load(model, options), 'INVALID_ARGUMENT', /^options is '.*', expected an object$/);
  assert.ok(await olstm.load(model, {seed: undefined, stateful: undefined, bindings: {}, fuse: false, dims: undefined}));
});

test('what is no argument is refused with an OlstmError', async () => {
  const session = await olstm.load(model, {stateful: true});
  const wrong = (call, message = /expected/) => assertFails(call, 'INVALID_ARGUMENT', message);
  for (const value of [undefined, null, 5, new Map(), [x]]) wrong(() => session.run(value), /^inputs is '.*', expected an object$/);
  for (const value of [null, 5, [4]]) wrong(() => session.run({lstm_input: x}, value), /^results is '.*', expected an object$/);
  for (const value of [null, 5, []]) wrong(() => session.prepare(value), /^inputs is '.*', expected an object$/);
  for (const value of [5, 'N', new Map()]) wrong(() => session.prepare({lstm_input: value}), /^the shape of input 'lstm_input' is '.*', expected an object$/);
  for (const row of [1.5, 'a', undefined, -1, 1n, NaN]) wrong(() => session.resetRow(row), /^row is '.*', expected whole numbers$/);
  for (const dims of [5, 'abc', [Symbol('a')], null, [[1]]]) {
    assert.throws(() => session.run({lstm_input: {data: new Float32Array(30), dims}}), olstm.OlstmError);
  }
  for (const name of [Symbol('h'), {}, null]) assertFails(() => session.state.get(name), 'NOT_FOUND', /./);
  await assertFails(olstm.load('http://127.0.0.1:1/none.onnx'), 'IO_ERROR', /^the model: /);
  await assert.rejects(olstm.load('http://127.0.0.1:1/none.onnx'), ({cause}) => cause instanceof TypeError);
  await assertFails(olstm.load(new Response('gone', {status: 404})), 'IO_ERROR', /^the model: .*404$/);
  const empty = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  for (const wasm of [new Uint8Array(9), empty]) {
    await assert.rejects(olstm.load(model, {wasm}), ({name, status, cause}) => name === 'OlstmError' && status === 'INVALID_ARGUMENT' && !!cause);
    assert.throws(() => olstm.loadSync(fs.readFileSync(model), {wasm}), ({name, cause}) => name === 'OlstmError' && !!cause);
  }
  assertFails(() => olstm.loadSync(fs.readFileSync(model), null), 'INVALID_ARGUMENT', /^options is 'null'/);
});

test('numbers that the type of the input does not hold are refused', async () => {
  const session = async (type) => olstm.load(makeModel([node('Identity', ['x'], ['y'])], {x: []}, {y: []}, {}, 16, type));
  const types = {uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, bool: 9, uint32: 12, uint64: 13};
  const wrong = {
    uint8: [300, -1.5, -1, 1.5, NaN], int8: [128, -129], uint16: [65536], int16: [-32769], int32: [2 ** 31], int64: [2n ** 70n, 1.5, NaN, Infinity],
    bool: [2, -1, 0.5], uint32: [2 ** 32], uint64: [-1, 2n ** 64n]};
  const right = {
    uint8: [255, 0, -0], int8: [-128], uint16: [65535], int16: [-32768], int32: [-(2 ** 31)], int64: [-(2n ** 63n), 2 ** 53], bool: [0, 1],
    uint32: [2 ** 32 - 1], uint64: [2n ** 64n - 1n]};
  for (const [type, number] of Object.entries(types)) {
    const one = await session(number);
    for (const value of wrong[type]) assertFails(() => one.run({x: value}), 'INVALID_ARGUMENT', new RegExp(`^input 'x' is '${value}', expected ${type}$`));
    for (const value of right[type]) assert.ok(one.run({x: value}).y.data[0] == value);
  }
  assert.equal((await session(1)).run({x: 0.1}).y.data[0], Math.fround(0.1));
});

test('results whose arrays do not fit their shapes are refused before the run', async () => {
  const session = await olstm.load(model, {stateful: true});
  const results = session.run({lstm_input: x});
  const state = session.state.save();
  const {dims} = results.dense;
  for (const data of [new Float32Array(31), new Float32Array(33), new Float32Array(0)]) {
    assertFails(() => session.run({lstm_input: x}, {dense: {type: 'float32', dims, data}}), 'SHAPE_MISMATCH', /^result 'dense' has \d+ elements, expected \[32,1\]$/);
  }
  assertFails(() => session.run({lstm_input: x}, {dense: {type: 'float32', dims, data: new Float64Array(32)}}), 'DTYPE_MISMATCH', /^result 'dense' is 'Float64Array'/);
  assertFails(() => session.run({lstm_input: x}, {dense: {type: 'float32', dims}}), 'INVALID_ARGUMENT', /^result 'dense'/);
  structuredClone(results.dense.data, {transfer: [results.dense.data.buffer]});
  assertFails(() => session.run({lstm_input: x}, results), 'SHAPE_MISMATCH', /^result 'dense' has 0 elements/);
  assert.deepEqual(session.state.save(), state);
});

test('callers cannot change what a session knows', async () => {
  const session = await olstm.load(makeModel([node('Sub', ['b', 'a'], ['y'])], {b: [1], a: [1]}, {y: [1]}));
  assert.throws(() => session.inputs.sort((p, q) => p.name < q.name ? -1 : 1), TypeError);
  assert.throws(() => { session.inputs[0].name = 'c'; }, TypeError);
  assert.throws(() => { session.inputs[0].dims[0] = 2; }, TypeError);
  assert.throws(() => session.outputs.pop(), TypeError);
  assert.equal(session.run({b: Float32Array.of(10), a: Float32Array.of(1)}).y.data[0], 9);
});

test('names may be those of Object.prototype', async () => {
  const session = await olstm.load(makeModel([node('Relu', ['constructor'], ['__proto__'])],
    {constructor: ['toString', 2]}, {['__proto__']: ['toString', 2]}), {dims: {toString: 3}});
  assert.deepEqual(session.inputs[0].dims, [3, 2]);
  const data = Float32Array.of(1, 2, 3, 4, 5, 6);
  const results = session.run({constructor: data});
  assert.deepEqual(Object.keys(results), ['__proto__']);
  assert.deepEqual(results.__proto__.data, data);
  assert.equal(session.run({constructor: data}, results).__proto__, results.__proto__);
  assertFails(() => session.run({}), 'NOT_FOUND', /^missing input 'constructor'$/);
  await assertFails(olstm.load(makeModel([node('Relu', ['x'], ['y'])], {x: ['toString']}, {y: ['toString']}), {dims: {}}), 'INVALID_ARGUMENT',
    /'\[toString\]', expected whole numbers$/);
});

test('what reading inputs and results runs may close the context, and ends in an error', async () => {
  const bytes = makeModel([node('Sub', ['b', 'a'], ['y'])], {b: [1], a: [1]}, {y: [1]});
  const one = Float32Array.of(1);
  const session = await olstm.load(bytes);
  const context = session.createContext();
  const feeds = {b: one, get a() { context.close(); return one; }};
  assertFails(() => context.run(feeds), 'WRONG_STATE', /^this context is closed$/);
  const other = session.createContext();
  assertFails(() => other.run({b: one, a: {get data() { other.close(); return one; }}}), 'WRONG_STATE', /^this context is closed$/);
  const third = session.createContext();
  assertFails(() => third.run({b: one, a: one}, {get y() { third.close(); }}), 'WRONG_STATE', /^this context is closed$/);
  // A run within a run does not mix with it.
  const outer = {b: Float32Array.of(10), get a() { session.run({b: one, a: one}); return one; }};
  assert.equal(session.run(outer).y.data[0], 9);
});

test('external data comes as named bytes', async () => {
  const folder = data('broken');
  void folder;
  const weights = noise(3, 7);
  const bytes = makeModel([node('Add', ['x', 'w'], ['y'])], {x: [3]}, {y: [3]}, {w: [[3], {location: 'w.bin', length: 12}]});
  await assertFails(olstm.load(bytes), 'UNSUPPORTED', /its external data 'w\.bin' cannot be read: externalData lacks it$/);
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
