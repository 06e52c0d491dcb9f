// The page: a model, how its inputs are fed, and what it gives.
import {compile, load} from './olstm/olstm.js';
import {Plot, Slots} from './plot.js';
import {readTable} from './table.js';
import {countOf, Stepper} from './stepper.js';

const find = (id) => document.getElementById(id);
const cell = (row, content) => {
  const made = row.insertCell();
  made.append(content);
  return content;
};
const field = (className, value) => Object.assign(document.createElement('input'), {className, value});
const choice = (options, value) => {
  const made = document.createElement('select');
  for (const text of options) made.add(new Option(text, text));
  made.value = value;
  return made;
};

let model;
let externalData = {};
let info;
let rows = [];
let feeding = null;
let audio = null;

const say = (text, isWrong = false) => {
  find('message').textContent = text;
  find('message').className = isWrong ? 'wrong' : '';
};
const attempt = (run) => async (...values) => {
  try {
    await run(...values);
  } catch (error) {
    stop();
    say(error.message, true);
  }
};

// ---------------------------------------------------------------- what the model's inputs are

const STREAM = 'stream';
const CONSTANT = 'constant';
const STATE = 'output ';

/// The output that gives an input its next value, as its name says, or its shape where all of that is known; undefined for none.
const nextOf = ({name, dims, type}, outputs) => {
  const fits = outputs.filter((output) => output.type === type && (!dims || !output.dims || output.dims.length === dims.length));
  const names = [`${name}N`, `${name}n`, `${name}_n`, `${name}_out`, `${name}_next`, `next_${name}`];
  const named = fits.find((output) => names.includes(output.name));
  if (named || !(dims?.length > 2) || dims.some((dim) => dim < 0)) return named;
  return fits.find((output) => output.dims?.every((dim, d) => dim === dims[d]));
};

/// Guesses how inputs are fed: states by outputs, whole numbers by constants, the first of the others by the stream.
const guess = ({inputs, outputs}) => {
  let hasStream = false;
  return inputs.map((input) => {
    const isFloat = input.type.startsWith('float');
    if (hasStream || !isFloat) {
      const next = isFloat && nextOf(input, outputs);
      if (next) return STATE + next.name;
    }
    if (hasStream || (!isFloat && inputs.length > 1)) return CONSTANT;
    hasStream = true;
    return STREAM;
  });
};

/// Open dimensions: the batch is 1; a step of audio has 512 samples, of anything else one time step.
const guessDims = ({dims}, isStream) =>
  (dims ?? []).map((dim, d) => dim >= 0 ? dim : isStream && d > 0 && d === dims.length - 1 ? 512 : 1);

/// Silero's models of version 5 have 64 samples before each 512.
const isSilero = ({inputs}) => ['input', 'state', 'sr'].every((name) => inputs.some((input) => input.name === name));

const show = () => {
  const roles = guess(info);
  find('inputs').replaceChildren();
  find('outputs').replaceChildren();
  rows = info.inputs.map((input, index) => {
    const row = find('inputs').insertRow();
    cell(row, input.name);
    cell(row, input.type);
    const isStream = roles[index] === STREAM;
    const dims = isStream && isSilero(info) ? [1, 576] : guessDims(input, isStream);
    const shape = cell(row, field('shape', dims.join()));
    const role = cell(row, choice([STREAM, CONSTANT, ...info.outputs.map(({name}) => STATE + name)], roles[index]));
    const value = cell(row, field('value', input.name === 'sr' ? 16000 : 0));
    const update = () => {
      shape.disabled = role.value.startsWith(STATE);
      value.hidden = role.value !== CONSTANT;
    };
    role.onchange = update;
    update();
    return {input, shape, role, value};
  });
  for (const {name, type, dims, dimNames} of info.outputs) {
    const row = find('outputs').insertRow();
    cell(row, name);
    cell(row, type);
    cell(row, dims ? `[${dims.map((dim, d) => dim < 0 ? dimNames[d] ?? '?' : dim)}]` : '?');
  }
  find('overlap').value = isSilero(info) ? 64 : 0;
  find('stateful').checked = !roles.some((role) => role.startsWith(STATE));
  find('setup').hidden = find('running').hidden = false;
};

find('model').onchange = attempt(async ({target}) => {
  stop();
  const files = [...target.files];
  const file = files.find(({name}) => name.endsWith('.onnx')) ?? files[0];
  if (!file) return;
  model = await file.arrayBuffer();
  externalData = Object.fromEntries(await Promise.all(
    files.filter((other) => other !== file).map(async (other) => [other.name, await other.arrayBuffer()])));
  const start = performance.now();
  info = await load(model, {externalData});
  say(`${file.name}: loaded in ${(performance.now() - start).toFixed(1)} ms`);
  show();
});

// ---------------------------------------------------------------- running

/// What the page says: {options, inputs, overlap} for a session and a Stepper.
const setup = () => {
  const bindings = {};
  const inputs = [];
  for (const {input, shape, role, value} of rows) {
    if (role.value.startsWith(STATE)) {
      bindings[role.value.slice(STATE.length)] = input.name;
      continue;
    }
    const dims = shape.value.split(',').filter((dim) => dim.trim()).map(Number);
    inputs.push({name: input.name, type: input.type, dims, value: role.value === STREAM ? undefined : Number(value.value)});
  }
  if (inputs.filter(({value}) => value === undefined).length !== 1) throw new Error('one input must be fed by the stream');
  return {options: {stateful: find('stateful').checked, bindings, externalData}, inputs, overlap: Number(find('overlap').value)};
};

/// Outputs that are states are drawn as slots.
const makeViews = ({bindings}) => {
  find('plots').replaceChildren();
  find('slots').replaceChildren();
  const plots = new Map(info.outputs.filter(({name}) => !(name in bindings)).map(({name}) => [name, new Plot(find('plots'), name)]));
  const slots = new Slots(find('slots'));
  let latest = null;
  let isAsked = false;
  return (results, state, steps) => {
    for (const name in results) plots.get(name)?.add(results[name]);
    latest = {state, steps};
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      plots.forEach((plot) => plot.draw());
      slots.draw(typeof latest.state === 'function' ? latest.state() : latest.state);
      find('steps').textContent = `${latest.steps} steps`;
    });
  };
};

const showPlan = (session) => {
  find('plan').replaceChildren();
  for (const {node, opType, kernel, fusedFrom, isView} of session.plan().steps) {
    if (isView) continue;
    const row = find('plan').insertRow();
    for (const text of [opType, node, kernel, fusedFrom]) cell(row, text);
  }
};

/// Feeds numbers that next(count) gives, until it gives none or the user stops.
const feed = async (next) => {
  stop();
  const {options, inputs, overlap} = setup();
  const session = await load(model, options);
  const stepper = new Stepper(session, inputs, overlap);
  const view = makeViews(options);
  const count = countOf(stepper.stream.dims) - overlap;
  if (!(count > 0)) throw new Error('a step has no numbers of its own: its overlap is too large');
  showPlan(session);
  const own = feeding = {reset: () => stepper.reset()};
  while (feeding === own) {
    const numbers = next(count);
    if (numbers.length === 0) break;
    stepper.push(numbers, (results) => view(results, () => stepper.state(), stepper.steps + 1));
    await new Promise(requestAnimationFrame);
  }
};

const stop = () => {
  feeding = null;
  audio?.close();
  audio = null;
};

find('csv').onchange = attempt(async ({target}) => {
  const text = await target.files[0].text();
  target.value = '';
  const numbers = readTable(text);
  let at = 0;
  await feed((count) => numbers.slice(at, at += count));
});

find('noise').onclick = attempt(() => feed((count) => Float32Array.from({length: count}, () => 2 * Math.random() - 1)));

find('microphone').onclick = attempt(async () => {
  stop();
  const {options, inputs, overlap} = setup();
  const rate = inputs.find(({name}) => name === 'sr')?.value ?? 16000;
  const media = await navigator.mediaDevices.getUserMedia({audio: true});
  audio = new AudioContext({sampleRate: rate});
  await audio.audioWorklet.addModule('worklet.js');
  const view = makeViews(options);
  const processor = new AudioWorkletNode(audio, 'olstm-demo', {
    numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit',
    processorOptions: {module: await compile(), model, options, inputs, overlap}});
  processor.port.onmessage = ({data}) => data.error ? say(data.error, true) : view(data.results, data.state, data.steps);
  processor.onprocessorerror = () => say('the model failed on the audio thread: try it with a CSV first', true);
  audio.createMediaStreamSource(media).connect(processor);
  feeding = {reset: () => processor.port.postMessage('reset')};
});

find('stop').onclick = stop;
find('reset').onclick = attempt(() => feeding?.reset());
