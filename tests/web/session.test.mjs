// Sessions in Node: results, errors, state.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import {test} from 'node:test';
import {assertClose, assertFails, data, olstm, readNpy, readTensorProto} from './fixture.mjs';

const model = data('keras_lstm', 'model.onnx');
const proto = (name) => readTensorProto(fs.readFileSync(data('keras_lstm', 'test_data_set_0', name)));
const x = proto('input_0.pb');

test('computes what Keras computed', async () => {
  const session = await olstm.load(model);
  assert.deepEqual(session.inputs, [{name: 'lstm_input', type: 'float32', dims: [-1, 10, 3], dimNames: ['N', null, null]}]);
  assertClose(session.run({lstm_input: x}).dense, proto('output_0.pb'));
});

test('says in words of the C library what does not fit', async () => {
  const session = await olstm.load(fs.readFileSync(model));
  assertFails(() => session.run({lstm_input: {data: new Float64Array(30), dims: [1, 10, 3]}}), 'DTYPE_MISMATCH',
    /^input 'lstm_input' has dtype double, expected float$/);
  assertFails(() => session.run({lstm_input: {data: new Float32Array(30), dims: [3, 10]}}), 'SHAPE_MISMATCH', /^input 'lstm_input' has shape/);
  assertFails(() => session.run({}), 'NOT_FOUND', /^missing input 'lstm_input'/);
  await assertFails(olstm.load(new Uint8Array(7)), 'INVALID_MODEL', /./);
});

test('carries state from run to run, and gives it', async () => {
  const whole = (await olstm.load(model)).run({lstm_input: x});
  const session = await olstm.load(model, {stateful: true});
  session.run({lstm_input: x});
  const [h] = session.state.list();
  assert.equal(h.isSet, true);
  const saved = session.state.save();
  session.run({lstm_input: x});
  const second = session.state.get(h.name);
  session.state.load(saved);
  session.run({lstm_input: x});
  assert.deepEqual(session.state.get(h.name), second);
  session.state.reset();
  assert.deepEqual(session.run({lstm_input: x}), whole);
});
