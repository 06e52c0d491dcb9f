// Streams of a session: sequences that are alive at once, each with its own state, computed together. What each function does is
// told in streams.d.ts.
import {internals} from './olstm.js';

const {
  _Owner: Owner, _State: State, _Tensors: Tensors, _checkNames: checkNames, _numberOption: numberOption,
  _wrong: wrong} = internals;

const checkList = (value, what) => Array.isArray(value) ? value : wrong(what, value, 'an array');

// One row of a table.
class Stream extends Owner {
  constructor(streams, verb, ...from) {
    const {_wasm: wasm, _held: table} = streams;
    const values = [...streams._own(), ...from];
    super(streams._core, 'this stream is', [], () => {
      wasm._call(`streams_${verb}`, ...values, wasm._out);
      return new BigInt64Array(wasm._memory.buffer, wasm._out, 1)[0];
    // What is forgotten together goes in any order: the table may be gone.
    }, (handle) => { if (table._address) wasm._call('streams_close', table._address, handle); });
    this._streams = streams;
  }

  get state() { return new State(this._wasm, 'streams', this); }
  _own() { return [...this._streams._own(), ...super._own()]; }
  run(feeds, results) { return this._streams.runEach([[this, feeds, results]])[0]; }
  clone() { return new Stream(this._streams, 'clone', super._own()[0]); }
}

// Options, where olstm_streams_options has them.
const STREAMS_OPTIONS = {capacity: 4, largestBatch: 8, stepCapacity: 20};

class Streams extends Owner {
  constructor(core, options) {
    const wasm = core._wasm;
    checkNames(options, 'option', [...Object.keys(STREAMS_OPTIONS), 'batchAxes'], 'INVALID_ARGUMENT');
    const numbers = Object.keys(STREAMS_OPTIONS).map((name) => [name, numberOption(options, name)]);
    const {batchAxes = {}} = options;
    checkNames(batchAxes, 'batchAxe', [...core._inputs, ...core._outputs].map(({name}) => name), 'NOT_FOUND');
    const axes = Object.entries(batchAxes);
    for (const [name, axis] of axes) if (axis !== (axis | 0)) wrong(`batchAxes.${name}`, axis, 'whole numbers');
    const tensors = [new Tensors(core)];
    super(core, 'these streams are', tensors, () => wasm._with((copy) => {
      const at = copy(new Uint8Array(32));
      wasm._exports.olstm_streams_options_init_sized(at, 32);
      for (const [name, value] of numbers) if (value >= 0) wasm._setInt(at + STREAMS_OPTIONS[name], Math.min(value, 2 ** 32 - 1));
      wasm._setInt(at + 24, axes.length);
      wasm._setInt(at + 28, copy(Int32Array.from(axes.flatMap(([name, axis]) => [copy(name), axis]))));
      wasm._call('streams_create', core._session, at, wasm._out);
      return wasm._pointer(wasm._out);
    }), wasm._exports.olstm_streams_destroy);
    this._tensors = tensors;
  }

  open() { return new Stream(this, 'open'); }
  prepare(shapes = {}) { this._tensors[0]._prepare(shapes, 'streams_prepare', this); }
  _handleOf(stream) {
    return stream?._streams === this ? stream._own()[1] : wrong('a stream', stream, 'one that these streams opened');
  }

  run(streams, feeds, results = {}) {
    const [tensors] = this._tensors;
    const handles = () => checkList(streams, 'streams').map(this._handleOf, this);
    return tensors._run(feeds, results, 'streams_run', () => [...this._own(), tensors._list(handles()), streams.length]);
  }

  runEach(steps) {
    const read = checkList(steps, 'steps').map((step, index) => {
      const [stream, feeds, results = {}] = checkList(step, 'a step');
      const tensors = this._tensors[index] ??= new Tensors(this._core);
      return [stream, results, tensors, ...tensors._take(feeds, results)];
    });
    const own = this._own();
    const list = read.flatMap(([stream, , tensors, inputs]) => {
      const handle = this._handleOf(stream);
      tensors._fill(inputs);
      return [handle, BigInt(tensors._address) + (BigInt(tensors._outputsAt) << 32n)];
    });
    this._wasm._call('streams_run_each', ...own, this._tensors[0]._list(list), read.length);
    return read.map(([, results, tensors, , kept]) => tensors._write(results, kept));
  }

  get info() {
    const {_wasm: wasm, _core: core} = this;
    const own = this._own();
    const at = wasm._out;
    wasm._exports.olstm_streams_get_info_sized(...own, at, 28);
    const [capacity, openCount, largestBatch, , streamBytes, sharedBytes] = [4, 8, 12, 16, 20, 24].map((offset) => wasm._pointer(at + offset));
    const axes = (kind, infos) => infos.map(({name}, index) => [name, wasm._exports[`olstm_streams_${kind}_axis`](...own, index)]);
    return {
      capacity, openCount, largestBatch, reason: wasm._text(at + 16), streamBytes, sharedBytes,
      batchAxes: Object.fromEntries([...axes('input', core._inputs), ...axes('output', core._outputs)])};
  }
}

export const createStreams = (session, options = {}) => {
  if (!session?._own) wrong('the session', session, 'one of load');
  session._own();
  return new Streams(session._core, options);
};
