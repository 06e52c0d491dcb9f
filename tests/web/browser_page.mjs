// What browser.test.mjs checks in a page; it gets a list of {name, error}.
import {compile, load, OlstmError} from '/package/olstm.js';

const modelUrl = '/data/keras_lstm/model.onnx';
const x = Float32Array.from({length: 30}, (_, i) => Math.sin(i));
const results = [];

const check = async (name, run) => {
  try {
    await run();
    results.push({name, error: null});
  } catch (error) {
    results.push({name, error: `${error.stack ?? error}`});
  }
};
const equal = (actual, expected) => {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${a}, expected ${b}`);
};
const within = (promise, what) => Promise.race([
  promise, new Promise((_, reject) => setTimeout(() => reject(new Error(`${what} does not answer`)), 20000))]);

const model = await (await fetch(modelUrl)).arrayBuffer();
let expected;

await check('a page loads a model by its URL, and runs it', async () => {
  const session = await load(modelUrl, {stateful: true});
  const first = session.run({lstm_input: x}).dense;
  equal(first.dims, [1, 1]);
  expected = [first.data[0], session.run({lstm_input: x}).dense.data[0]];
  if (!(Math.abs(expected[0]) > 0) || expected[0] === expected[1]) throw new Error(`results are ${expected}`);
});

await check('a page loads a File', async () => {
  const session = await load(new File([model], 'model.onnx'), {stateful: true});
  equal([session.run({lstm_input: x}).dense.data[0], session.run({lstm_input: x}).dense.data[0]], expected);
});

await check('a page hears what is wrong', async () => {
  for (const [source, status] of [['/data/no.onnx', 'IO_ERROR'], [new Uint8Array(9), 'INVALID_MODEL']]) {
    const error = await load(source).then(() => null, (reason) => reason);
    equal([error instanceof OlstmError, error?.status], [true, status]);
  }
});

await check('the policy forbids eval', async () => {
  let message = '';
  try {
    (0, eval)('1');
  } catch (error) {
    message = error.name;
  }
  equal(message, 'EvalError');
});

await check('a Worker computes the same', async () => {
  const worker = new Worker('browser_worker.mjs', {type: 'module'});
  const answer = new Promise((resolve, reject) => {
    worker.onmessage = ({data}) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
  });
  worker.postMessage({module: await compile(), model, x});
  equal(await within(answer, 'the Worker'), [expected, expected]);
  worker.terminate();
});

await check('an AudioWorklet computes the same, without fetch or clock', async () => {
  const audio = new OfflineAudioContext(1, 256, 48000);
  await audio.audioWorklet.addModule('browser_worklet.mjs');
  const worklet = new AudioWorkletNode(audio, 'olstm-test', {processorOptions: {module: await compile(), model, x}});
  worklet.connect(audio.destination);
  const answer = new Promise((resolve, reject) => {
    worklet.port.onmessage = ({data}) => data.error ? reject(new Error(data.error)) : resolve(data);
    worklet.onprocessorerror = () => reject(new Error('the processor failed'));
  });
  await audio.startRendering();
  const {values, lacks, memory} = await within(answer, 'the AudioWorklet');
  equal(values, expected);
  equal(memory[0], memory[1]);
  equal(lacks.includes('fetch'), true);
});

await check('the demo page is there', async () => {
  const {checkDemo} = await import('/tests/browser_demo.mjs');
  await checkDemo(within);
});

await fetch('/results', {method: 'POST', body: JSON.stringify(results)});
