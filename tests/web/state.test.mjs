// What a session keeps: state, contexts, memory.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import {test} from 'node:test';
import v8 from 'node:v8';
import vm from 'node:vm';
import {assertClose, assertFails, data, lstmModel, makeModel, node, olstm, readTensorProto} from './fixture.mjs';

const model = data('keras_lstm', 'model.onnx');
const x = readTensorProto(fs.readFileSync(data('keras_lstm', 'test_data_set_0', 'input_0.pb')));
const [T, N, I, H] = [6, 2, 3, 5];
const layer = lstmModel(T, N, I, H, 1);
const [input] = layer.inputs;
/// Time steps first..end - 1 of the layer's input.
const part = (first, end) => ({dims: [end - first, N, I], data: input.data.slice(first * N * I, end * N * I)});
/// A model of the same layer whose length is open.
const open = lstmModel('T', N, I, H, 1).bytes;

test('a sequence in pieces gives what it gives as a whole, bit for bit', async () => {
  const whole = (await olstm.load(open)).run({X: part(0, T)});
  const session = await olstm.load(open, {stateful: 'all'});
  session.run({X: part(0, 2)});
  session.run({X: part(2, 3)});
  const last = session.run({X: part(3, T)});
  assert.deepEqual(last.Y.data, whole.Y.data.slice(3 * N * H));
  assert.deepEqual(last.Y_c, whole.Y_c);
});

test('slots are listed, read, set and reset by name', async () => {
  const session = await olstm.load(open, {stateful: true});
  const names = session.state.list().map(({name}) => name);
  assert.equal(names.length, 2);
  assert.deepEqual(session.state.list().map(({isSet}) => isSet), [false, false]);
  const {Y_h: first, Y_c: cell} = session.run({X: part(0, 2)});
  const [h, c] = names;
  assert.deepEqual(session.state.list().map(({type, dims, isSet}) => [type, dims, isSet]), Array(2).fill(['float32', [1, N, H], true]));
  assert.deepEqual(session.state.get(h).data, first.data);
  assert.deepEqual(session.state.get(c).data, cell.data);
  const second = session.run({X: part(2, 4)});
  session.state.set(h, first);
  session.state.set(c, cell.data);
  assert.deepEqual(session.run({X: part(2, 4)}), second);
  session.state.set(h, {data: first.data, dims: [N, H]});
  session.state.reset(h);
  assert.deepEqual(session.state.list().map(({isSet}) => isSet), [false, true]);
  session.state.reset();
  assert.deepEqual(session.run({X: part(0, 2)}).Y_h, first);
  assertFails(() => session.state.set(h, {data: new Float32Array(3), dims: [3]}), 'SHAPE_MISMATCH', new RegExp(`'${h}'.*\\[3\\]`));
  assertFails(() => session.state.set(h, {data: new Float64Array(N * H), dims: [1, N, H]}), 'DTYPE_MISMATCH', new RegExp(h));
  for (const use of [() => session.state.get('no'), () => session.state.set('no', new Float32Array(1)), () => session.state.reset('no')]) {
    assertFails(use, 'NOT_FOUND', /'no'/);
  }
  assert.deepEqual(session.state.get(h).data, first.data);
});

test('a row of the batch is reset by its number', async () => {
  const session = await olstm.load(open, {stateful: true});
  const fresh = session.run({X: part(0, 2)}).Y_h;
  session.state.reset();
  session.run({X: part(2, 6)});
  const after = session.createContext();
  session.resetRow(1);
  const {Y_h} = session.run({X: part(0, 2)});
  assert.deepEqual(Y_h.data.slice(H), fresh.data.slice(H));
  assert.notDeepEqual(Y_h.data.slice(0, H), fresh.data.slice(0, H));
  assertFails(() => session.resetRow(2), 'INVALID_ARGUMENT', /./);
  assertFails(() => after.resetRow(0), 'WRONG_STATE', /./);
});

test('state is saved to bytes, and loaded elsewhere', async () => {
  const session = await olstm.load(open, {stateful: true});
  session.run({X: part(0, 3)});
  const blob = session.state.save();
  const expected = session.run({X: part(3, 6)});
  const other = await olstm.load(open, {stateful: true});
  other.state.load(blob);
  assert.deepEqual(other.run({X: part(3, 6)}), expected);
  other.state.load(blob.buffer);
  const broken = blob.slice();
  broken[20] ^= 1;
  assertFails(() => other.state.load(broken), 'INVALID_ARGUMENT', /./);
  assertFails(() => other.state.load('text'), 'INVALID_ARGUMENT', /^the state is 'text', expected bytes$/);
  assert.deepEqual(other.run({X: part(3, 6)}), expected);
  assertFails(() => (olstm.loadSync(open, {wasm: moduleOfAll})).state.save(), 'WRONG_STATE', /./);
});
const moduleOfAll = await olstm.compile();

test('contexts go their own ways, and a clone goes on from where it was made', async () => {
  const session = await olstm.load(open, {stateful: true});
  const [a, b] = [session.createContext(), session.createContext()];
  const first = a.run({X: part(0, 3)});
  assert.deepEqual(b.run({X: part(0, 3)}), first);
  const c = a.clone();
  const next = a.run({X: part(3, 6)});
  assert.deepEqual(c.run({X: part(3, 6)}), next);
  assert.deepEqual(b.run({X: part(3, 6)}), next);
  a.close();
  a.close();
  assertFails(() => a.run({X: part(0, 3)}), 'WRONG_STATE', /^this context is closed$/);
  assertFails(() => a.state.list(), 'WRONG_STATE', /^this context is closed$/);
  assertFails(() => a.clone(), 'WRONG_STATE', /closed/);
  c.run({X: part(0, 3)});
  session.close();
  session.close();
  for (const use of [() => session.run({}), () => session.state, () => session.createContext(), () => session.memory]) {
    assertFails(use, 'WRONG_STATE', /^this session is closed$/);
  }
});

test('bindings feed an output back', async () => {
  const {bytes} = statesModel();
  const session = await olstm.load(bytes, {bindings: {Y_h: 'h', Y_c: 'c'}});
  assert.deepEqual(session.inputs.map(({name}) => name), ['X']);
  assert.deepEqual(session.state.list().map(({name}) => name).sort(), ['c', 'h']);
  const plain = await olstm.load(open);
  session.run({X: part(0, 3)});
  assert.deepEqual(session.run({X: part(3, 6)}).Y_h, plain.run({X: part(0, 6)}).Y_h);
  const pairs = await olstm.load(bytes, {bindings: [['Y_h', 'h'], ['Y_c', 'c']]});
  pairs.run({X: part(0, 3)});
  assert.deepEqual(pairs.run({X: part(3, 6)}).Y_h, plain.run({X: part(0, 6)}).Y_h);
});

function statesModel() { return lstmModel('T', N, I, H, 1, true); }

test('after prepare nothing is allocated, nothing grows, and results are filled again', async () => {
  const session = await olstm.load(model, {stateful: true});
  session.prepare({lstm_input: [32, 10, 3]});
  const before = session.memory;
  const results = session.run({lstm_input: x});
  const {data: kept} = results.dense;
  for (let i = 0; i < 100; i++) session.run({lstm_input: x}, results);
  assert.deepEqual(session.memory, before);
  assert.equal(results.dense.data, kept);
  const copy = kept.slice();
  session.state.reset();
  session.run({lstm_input: x}, results);
  assert.notDeepEqual(kept, copy);
  // Another shape is another array.
  session.state.reset();
  session.run({lstm_input: {data: x.data.slice(0, 30), dims: [1, 10, 3]}}, results);
  assert.deepEqual(results.dense.dims, [1, 1]);
});

test('results and views hold when the memory grows', async () => {
  const session = await olstm.load(open, {maxMemory: 2 ** 31});
  const small = session.run({X: part(0, 2)});
  const other = session.createContext();
  const expected = other.run({X: part(0, 2)});
  const {bytes} = session.memory;
  const long = {dims: [400000, N, I], data: new Float32Array(400000 * N * I)};
  other.run({X: long});
  assert.ok(session.memory.bytes > bytes);
  assert.deepEqual(session.run({X: part(0, 2)}), small);
  assert.deepEqual(session.run({X: part(0, 2)}, small), expected);
  other.close();
});

test('what is closed is given back', async () => {
  const session = await olstm.load(open, {stateful: true});
  session.prepare({X: [T, N, I]});
  const {used} = session.memory;
  for (let i = 0; i < 20; i++) {
    const context = session.createContext();
    context.run({X: input});
    context.state.save();
    context.close();
  }
  assert.equal(session.memory.used, used);
});

test('what is forgotten is given back', async () => {
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc');
  const session = await olstm.load(open, {stateful: true});
  session.prepare({X: [T, N, I]});
  const {used} = session.memory;
  (() => { for (let i = 0; i < 20; i++) session.createContext().run({X: input}); })();
  assert.ok(session.memory.used > used);
  for (let i = 0; i < 50 && session.memory.used > used; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    gc();
  }
  assert.equal(session.memory.used, used);
});

test('memory that there is none of is an error, and the session goes on', async () => {
  const session = await olstm.load(open, {maxMemory: Number.MAX_SAFE_INTEGER, maxWork: Number.MAX_SAFE_INTEGER});
  const expected = session.run({X: part(0, 2)});
  assertFails(() => session.prepare({X: [50000000, N, I]}), 'OUT_OF_MEMORY', /./);
  assertClose(session.run({X: part(0, 2)}).Y_h, expected.Y_h, {rtol: 0, atol: 0});
});

test('after an input that there was no memory for, the next one has room of its own', async () => {
  const session = await olstm.load(makeModel([node('ReduceMax', ['x'], ['y'])], {x: ['a', 'b']}, {y: [1, 1]}, {}, 13));
  const small = {data: Float32Array.of(1, 5, 2, 4), dims: [2, 2]};
  session.run({x: small});
  assertFails(() => session.prepare({x: [20000, 26843]}), 'OUT_OF_MEMORY', /^no memory for 2147440000 bytes$/);
  assert.deepEqual([...session.run({x: small}).y.data], [5]);
  const {used} = session.memory;
  session.prepare({x: [2, 2]});
  assert.equal(session.memory.used, used);
});

test('after a run whose input there was no memory for, nothing is written to memory that was given back', async () => {
  const session = await olstm.load(open, {stateful: true});
  const filled = (length, value) => ({dims: [length, N, I], data: new Float32Array(length * N * I).fill(value)});
  session.run({X: filled(200, 0.1)});
  assertFails(() => session.prepare({X: [35000000, N, I]}), 'OUT_OF_MEMORY', /^no memory for 840000000 bytes$/);
  const others = Array.from({length: 8}, () => session.createContext());
  const first = others.map((context) => context.run({X: filled(200, 0.3)}));
  const second = session.createContext();
  second.run({X: filled(200, 0.3)});
  const expected = second.run({X: filled(200, 0.3)});
  const results = session.run({X: filled(200, 1e30)});
  assert.deepEqual(others.map((context) => context.run({X: filled(200, 0.3)})), others.map(() => expected));
  assert.equal(first.length, 8);
  assert.ok(results.Y);
});
