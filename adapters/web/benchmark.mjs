// usage: node benchmark.mjs --onnxruntime FOLDER [--olstm FOLDER] [--seconds S] [--shapes FILE] [MODEL_FOLDER]...
// Times olstm's npm package and onnxruntime-web, one thread each, both warm, in turns; smallest times of several rounds. Runs of
// more than a millisecond are timed by the processor time that they take, which other programs disturb less.
// FOLDER of --onnxruntime: where `npm install onnxruntime-web` was called. --shapes: lines of T N I H D, an LSTM layer each
// (tools/shapes/lstm.txt). MODEL_FOLDER: model.onnx and test_data_set_0, as ONNX's node tests have them.
import fs from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {lstmModel, readTensorProto} from './onnx_files.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const options = {olstm: path.resolve(here, '../../build/wasm/npm/olstm'), seconds: '1'};
const folders = [];
for (let i = 2; i < process.argv.length; i++) {
  const word = process.argv[i];
  if (word.startsWith('--')) options[word.slice(2)] = process.argv[++i];
  else folders.push(word);
}
if (!options.onnxruntime || (!options.shapes && folders.length === 0)) {
  console.error('usage: node benchmark.mjs --onnxruntime FOLDER [--olstm FOLDER] [--seconds S] [--shapes FILE] [MODEL_FOLDER]...');
  process.exit(2);
}
const require = createRequire(path.resolve(options.onnxruntime, 'package.json'));
const ort = await import(pathToFileURL(require.resolve('onnxruntime-web')));
const olstm = await import(pathToFileURL(path.join(options.olstm, 'node.js')));
ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'fatal';

const shapes = options.shapes ? fs.readFileSync(options.shapes, 'utf8').split('\n').filter((line) => /^\d/.test(line)) : [];
const jobs = [
  ...shapes.map((line) => {
    const [T, N, I, H, D] = line.split(' ').map(Number);
    return {name: `LSTM ${line}`, ...lstmModel(T, N, I, H, D)};
  }),
  ...folders.map((folder) => {
    const set = path.join(folder, 'test_data_set_0');
    const count = fs.readdirSync(set).filter((file) => file.startsWith('input_')).length;
    const inputs = Array.from({length: count}, (_, index) => readTensorProto(fs.readFileSync(path.join(set, `input_${index}.pb`))));
    return {name: path.basename(path.resolve(folder)), bytes: fs.readFileSync(path.join(folder, 'model.onnx')), inputs};
  })];

const now = () => performance.now();

const cpu = () => {
  const {user, system} = process.cpuUsage();
  return (user + system) / 1000;
};

// The smallest time of a run in microseconds, of as many as fit in `seconds`.
const smallest = async (run, seconds) => {
  const best = [Infinity, Infinity];
  const end = now() + seconds * 1000;
  do {
    const start = [now(), cpu()];
    const result = run();
    if (result instanceof Promise) await result;
    best[0] = Math.min(best[0], now() - start[0]);
    best[1] = Math.min(best[1], cpu() - start[1]);
  } while (now() < end);
  return 1000 * (best[0] < 1 ? best[0] : Math.min(...best));
};

const differs = (ours, theirs) => {
  let most = 0;
  for (const name in ours) {
    const [a, b] = [ours[name].data, theirs[name].data];
    if (!/float(32|64)/.test(ours[name].type)) continue;
    for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]) / (1e-3 + Math.abs(b[i])));
  }
  return most;
};

let sum = 0, measured = 0, worst = 0;
console.log('| model | olstm µs | onnxruntime-web µs | ratio | first, olstm ms | first, onnxruntime-web ms |\n| --- | --- | --- | --- | --- | --- |');
for (const {name, bytes, inputs} of jobs) {
  let ours, theirs, first = [];
  const feeds = {}, ortFeeds = {};
  try {
    let start = now();
    ours = await olstm.load(bytes, {maxWork: 2 ** 40});
    ours.inputs.forEach((info, index) => {
      const {type, dims, data} = inputs[index];
      feeds[info.name] = {type, dims, data};
      ortFeeds[info.name] = new ort.Tensor(type, data, dims);
    });
    const result = ours.run(feeds);
    first.push(now() - start);
    start = now();
    theirs = await ort.InferenceSession.create(bytes, {executionProviders: ['wasm'], graphOptimizationLevel: 'all'});
    const expected = await theirs.run(ortFeeds);
    first.push(now() - start);
    const difference = differs(result, expected);
    if (difference > 0.1) console.log(`| ${name}: results differ by ${difference} |`);
    const best = [Infinity, Infinity];
    for (let round = 0; round < 5; round++) {
      best[0] = Math.min(best[0], await smallest(() => ours.run(feeds), options.seconds / 10));
      best[1] = Math.min(best[1], await smallest(() => theirs.run(ortFeeds), options.seconds / 10));
    }
    const ratio = best[0] / best[1];
    sum += Math.log(ratio);
    measured++;
    worst = Math.max(worst, ratio);
    console.log(`| ${name} | ${best[0].toFixed(1)} | ${best[1].toFixed(1)} | ${ratio.toFixed(2)} | ${first.map((ms) => ms.toFixed(1)).join(' | ')} |`);
  } catch (error) {
    console.log(`| ${name} | ${String(error.message).split('\n')[0]} |`);
  }
  ours?.close();
  await theirs?.release();
}
console.log(`\ngeometric mean ${Math.exp(sum / measured).toFixed(3)}, largest ${worst.toFixed(2)}, of ${measured}`);
