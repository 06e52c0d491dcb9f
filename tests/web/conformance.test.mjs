// ONNX's node tests: the same ones pass as natively, and none is wrong.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {assertClose, olstm, readTensorProto, root} from './fixture.mjs';

const folder = process.env.OLSTM_NODE_TESTS ?? '/usr/share/libonnx-testdata/data/node';
const version = execFileSync('bash', ['-c', `. ${root}/tests/conformance/onnx_version.sh && onnx_version`]).toString().trim();
const list = path.join(root, `tests/conformance/expected_passes_onnx_${version}.txt`);
const wrong = new Set((process.env.OLSTM_WRONG_NODE_TESTS ?? '').split(' '));

const tensors = (set, kind) => fs.readdirSync(set).filter((name) => name.startsWith(`${kind}_`))
  .sort((a, b) => parseInt(a.slice(kind.length + 1)) - parseInt(b.slice(kind.length + 1)))
  .map((name) => readTensorProto(fs.readFileSync(path.join(set, name))));

/// Whether a model draws random numbers, for which there is no expected result.
const draws = (name) => /Bernoulli|Random|Multinomial/.test(fs.readFileSync(path.join(folder, name, 'model.onnx'), 'latin1'));

/// undefined when the case passes, or why it cannot be run. Throws when a result is wrong.
const run = async (name) => {
  try {
    const session = await olstm.load(path.join(folder, name, 'model.onnx'), {maxWork: 2 ** 36});
    for (const set of fs.readdirSync(path.join(folder, name)).filter((file) => file.startsWith('test_data_set_'))) {
      const inputs = tensors(path.join(folder, name, set), 'input');
      const outputs = tensors(path.join(folder, name, set), 'output');
      if ([...inputs, ...outputs].includes(undefined)) return 'a dtype without typed arrays';
      const results = session.run(Object.fromEntries(session.inputs.map(({name: input, type}, index) =>
        [input, type === 'bfloat16' && inputs[index].type === 'uint16' ? {...inputs[index], type} : inputs[index]])));
      session.outputs.slice(0, outputs.length).forEach((info, index) => {
        const actual = results[info.name];
        // NumPy has no bfloat16: the suite keeps its bits in uint16 tensors.
        const type = actual.type === 'bfloat16' && outputs[index].type === 'uint16' ? 'bfloat16' : outputs[index].type;
        assertClose(actual, {...outputs[index], type}, {rtol: 1e-3, atol: 1e-7});
      });
    }
    session.close();
  } catch (error) {
    if (error instanceof olstm.OlstmError) return error.message;
    throw error;
  }
  return undefined;
};

test('the node tests that pass natively pass', {skip: !fs.existsSync(folder) && `there is no ${folder}`}, async () => {
  const expected = new Set(fs.existsSync(list) ? fs.readFileSync(list, 'utf8').split('\n').filter((line) => /^test_/.test(line)) : []);
  const lost = [];
  let passed = 0;
  for (const name of fs.readdirSync(folder).filter((file) => fs.existsSync(path.join(folder, file, 'model.onnx')))) {
    let reason;
    try {
      reason = await run(name);
    } catch (error) {
      if (wrong.has(name) || draws(name)) continue;
      lost.push(`${name} is wrong: ${error.message}`);
      continue;
    }
    if (!reason) passed++;
    else if (expected.has(name)) lost.push(`${name}: ${reason}`);
  }
  console.log(`${passed} passed, ${expected.size} were expected`);
  assert.deepEqual(lost, []);
});
