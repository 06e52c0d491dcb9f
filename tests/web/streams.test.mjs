// Streams: rows of a table that are computed together, and each gives what a context of its own would.
import assert from 'node:assert/strict';
import path from 'node:path';
import {test} from 'node:test';
import v8 from 'node:v8';
import vm from 'node:vm';
import {pathToFileURL} from 'node:url';
import {assertFails, lstmModel, olstm, packageFolder} from './fixture.mjs';

const {createStreams} = await import(pathToFileURL(path.join(packageFolder, 'streams.js')));
const [I, H] = [3, 5];
const {bytes} = lstmModel('T', 'N', I, H, 1);
const load = () => olstm.load(bytes, {stateful: true});
/// Steps of one stream: `length` time steps that differ from those of other seeds.
const step = (seed, length = 2) => ({dims: [length, 1, I], data: Float32Array.from({length: length * I}, (_, i) => Math.sin(seed * 31 + i))});
/// The same steps of several streams, as rows of one batch.
const rows = (steps) => {
  const [length] = steps[0].dims;
  const data = new Float32Array(length * steps.length * I);
  steps.forEach((each, row) => {
    for (let t = 0; t < length; t++) data.set(each.data.slice(t * I, (t + 1) * I), (t * steps.length + row) * I);
  });
  return {dims: [length, steps.length, I], data};
};
/// Row `row` of Y [T,1,N,H].
const rowOf = ({dims: [length, , count], data}, row) => {
  const part = new Float32Array(length * H);
  for (let t = 0; t < length; t++) part.set(data.slice((t * count + row) * H, (t * count + row + 1) * H), t * H);
  return part;
};

test('streams that run together give, bit for bit, what contexts give', async () => {
  const session = await load();
  const streams = createStreams(session, {capacity: 8});
  assert.deepEqual(streams.info.batchAxes, {X: 1, Y: 2, Y_h: 1, Y_c: 1});
  assert.equal(streams.info.reason, '');
  const [open, contexts] = [[], []];
  for (let i = 0; i < 5; i++) {
    open.push(streams.open());
    contexts.push(session.createContext());
  }
  for (const [round, members] of [[0, 1, 2, 3, 4], [3, 1], [4, 0, 2], [2]].entries()) {
    const steps = members.map((member) => step(10 * round + member));
    const {Y} = streams.run(members.map((member) => open[member]), {X: rows(steps)});
    members.forEach((member, row) => {
      assert.deepEqual(rowOf(Y, row), contexts[member].run({X: steps[row]}).Y.data);
    });
  }
});

test('streams bring tensors of their own, of different lengths', async () => {
  const session = await load();
  const streams = createStreams(session);
  const [a, b] = [streams.open(), streams.open()];
  const [first, second] = streams.runEach([[b, {X: step(1, 3)}], [a, {X: step(2, 1)}]]);
  const context = session.createContext();
  assert.deepEqual(first, context.run({X: step(1, 3)}));
  const fresh = session.createContext();
  assert.deepEqual(second, fresh.run({X: step(2, 1)}));
  // One stream runs as a context does, and fills results again.
  const results = b.run({X: step(3)});
  assert.deepEqual(results, context.run({X: step(3)}));
  const {data} = results.Y;
  b.run({X: step(4)}, results);
  assert.equal(results.Y.data, data);
  assert.deepEqual(results, context.run({X: step(4)}));
  assert.deepEqual(streams.runEach([]), []);
});

test('a stream has the state of a context', async () => {
  const session = await load();
  const streams = createStreams(session, {capacity: 3});
  const a = streams.open();
  a.run({X: step(1)});
  const names = a.state.list().map(({name}) => name);
  assert.deepEqual(a.state.list().map(({type, dims, isSet}) => [type, dims, isSet]), Array(2).fill(['float32', [1, 1, H], true]));
  const b = a.clone();
  const context = session.createContext();
  context.state.load(a.state.save());
  const next = a.run({X: step(2)});
  assert.deepEqual(b.run({X: step(2)}), next);
  assert.deepEqual(context.run({X: step(2)}), next);
  b.state.set(names[0], new Float32Array(H).fill(0.5));
  assert.deepEqual(b.state.get(names[0]).data, new Float32Array(H).fill(0.5));
  assert.deepEqual(a.state.get(names[0]).data, next.Y_h.data);
  a.state.load(context.state.save());
  a.state.reset(names[1]);
  assert.deepEqual(a.state.list().map(({isSet}) => isSet), [true, false]);
  a.state.reset();
  const fresh = session.createContext();
  assert.deepEqual(a.run({X: step(5)}), fresh.run({X: step(5)}));
  assertFails(() => a.state.get('no'), 'NOT_FOUND', /'no'/);
});

test('what is wrong is refused, and no stream has changed', async () => {
  const session = await load();
  const streams = createStreams(session, {capacity: 2, largestBatch: 2, stepCapacity: 3});
  const [a, b] = [streams.open(), streams.open()];
  a.run({X: step(1)});
  const before = a.state.save();
  assertFails(() => streams.open(), 'LIMIT_EXCEEDED', /2/);
  assertFails(() => a.clone(), 'LIMIT_EXCEEDED', /2/);
  assertFails(() => streams.run([a, a], {X: rows([step(1), step(2)])}), 'INVALID_ARGUMENT', /./);
  assertFails(() => streams.run([a, b], {X: step(1)}), 'SHAPE_MISMATCH', /'X'/);
  assertFails(() => streams.run([a], {}), 'NOT_FOUND', /^missing input 'X'$/);
  const others = createStreams(session);
  for (const stream of [others.open(), null, session]) {
    assertFails(() => streams.run([stream], {X: step(1)}), 'INVALID_ARGUMENT', /^a stream is '.*', expected one that these streams opened$/);
    assertFails(() => streams.runEach([[stream, {X: step(1)}]]), 'INVALID_ARGUMENT', /^a stream is '.*', expected one that these streams opened$/);
  }
  assert.deepEqual(a.state.save(), before);
  b.close();
  b.close();
  assert.equal(streams.info.openCount, 1);
  for (const use of [() => b.run({X: step(1)}), () => b.state.list(), () => b.clone(), () => streams.run([b], {X: step(1)})]) {
    assertFails(use, 'WRONG_STATE', /^this stream is closed$/);
  }
  streams.open();
  streams.close();
  streams.close();
  for (const use of [() => a.run({X: step(1)}), () => streams.open(), () => streams.info, () => streams.runEach([])]) {
    assertFails(use, 'WRONG_STATE', /^these streams are closed$/);
  }
  a.close();
  assertFails(() => createStreams(session, {size: 1}), 'INVALID_ARGUMENT', /^unknown option 'size', expected capacity,largestBatch,stepCapacity,batchAxes$/);
  assertFails(() => createStreams(session, {capacity: -1}), 'INVALID_ARGUMENT', /^capacity is '-1'/);
  assertFails(() => createStreams(session, {capacity: 0}), 'INVALID_ARGUMENT', /capacity/);
  assertFails(() => createStreams(session, {batchAxes: {no: 1}}), 'NOT_FOUND', /'no'/);
  for (const batchAxes of [{X: 'a'}, {X: 1.5}, null, new Map()]) {
    assertFails(() => createStreams(session, {batchAxes}), 'INVALID_ARGUMENT', /^batchAxes.* is '.*', expected/);
  }
  for (const other of [null, undefined, {}, 5]) assertFails(() => createStreams(other), 'INVALID_ARGUMENT', /^the session is/);
  for (const list of [null, undefined, 5]) {
    assertFails(() => others.run(list, {X: step(1)}), 'INVALID_ARGUMENT', /^streams is '.*', expected an array$/);
    assertFails(() => others.runEach(list), 'INVALID_ARGUMENT', /^steps is '.*', expected an array$/);
    assertFails(() => others.runEach([list]), 'INVALID_ARGUMENT', /^a step is '.*', expected an array$/);
  }
  const closing = others.open();
  assertFails(() => closing.run({get X() { closing.close(); return step(1); }}), 'WRONG_STATE', /^this stream is closed$/);
  assert.equal(createStreams(session, {capacity: undefined}).info.capacity, 1024);
  const stateless = await olstm.load(bytes);
  assertFails(() => createStreams(stateless), 'WRONG_STATE', /state/);
  const fixed = await olstm.load(lstmModel(2, 2, I, H, 1).bytes, {stateful: true});
  assertFails(() => createStreams(fixed), 'UNSUPPORTED', /'X'/);
  session.close();
  assertFails(() => createStreams(session), 'WRONG_STATE', /^this session is closed$/);
});

test('batch axes can be named', async () => {
  const session = await load();
  const streams = createStreams(session, {batchAxes: {X: 1, Y: 2}});
  assert.equal(streams.info.batchAxes.Y, 2);
  assertFails(() => createStreams(session, {batchAxes: {X: 7}}), 'INVALID_ARGUMENT', /7/);
});

test('steps that were prepared allocate nothing', async () => {
  const session = await load();
  const streams = createStreams(session, {capacity: 100, largestBatch: 16});
  streams.prepare({X: [2, 1, I]});
  const open = Array.from({length: 40}, () => streams.open());
  const input = rows(open.map((_, i) => step(i)));
  const results = streams.run(open, {X: input});
  const each = open.map((stream, i) => [stream, {X: step(i)}, {}]);
  streams.runEach(each);
  const before = session.memory;
  for (let i = 0; i < 20; i++) {
    streams.run(open, {X: input}, results);
    streams.runEach(each);
  }
  assert.deepEqual(session.memory, before);
  assert.ok(streams.info.streamBytes >= 8 * H);
});

test('streams and tables that are closed or forgotten are given back', async () => {
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc');
  const session = await load();
  // What the session itself keeps of streams: plans.
  const use = () => {
    const streams = createStreams(session);
    streams.open().run({X: step(1)});
    streams.close();
    return session.memory.used;
  };
  assert.equal(use(), use());
  const kept = createStreams(session);
  const both = session.memory.used;
  (() => {
    for (let i = 0; i < 10; i++) kept.open();
    for (let i = 0; i < 5; i++) createStreams(session).open();
  })();
  assert.equal(kept.info.openCount, 10);
  for (let i = 0; i < 50 && (kept.info.openCount || session.memory.used > both); i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    gc();
  }
  assert.equal(kept.info.openCount, 0);
  assert.equal(session.memory.used, both);
});
