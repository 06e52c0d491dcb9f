// Streams of a session: sequences that are alive at once, each with its own state, computed together. What each function does is
// told in streams.d.ts.
import {internals} from './olstm.js';

const {Owner, State, Tensors, checkOptions, fail, numberOption, times} = internals;

// One row of a table.
class Stream extends Owner {
  constructor(streams, verb, ...from) {
    const {_wasm: wasm, _held: table} = streams;
    wasm._call(`streams_${verb}`, ...streams._own(), ...from, wasm._out);
    const [handle] = new BigInt64Array(wasm._memory.buffer, wasm._out, 1);
    // What is forgotten together goes in any order: the table may be gone.
    super(streams._core, handle, 'this stream is', () => { if (table._address) wasm._call('streams_close', table._address, handle); });
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
  constructor(core, {batchAxes = {}, ...options}) {
    const wasm = core._wasm;
    checkOptions(options, Object.keys(STREAMS_OPTIONS).concat('batchAxes'));
    wasm._with((copy) => {
      const at = copy(new Uint8Array(32));
      wasm._exports.olstm_streams_options_init_sized(at, 32);
      for (const name in options) wasm._setInt(at + STREAMS_OPTIONS[name], Math.min(numberOption(options, name), 2 ** 32 - 1));
      const axes = Object.entries(batchAxes);
      wasm._setInt(at + 24, axes.length);
      wasm._setInt(at + 28, copy(Int32Array.from(axes.flatMap(([name, axis]) => [copy(name), axis]))));
      wasm._call('streams_create', core._session, at, wasm._out);
    });
    const address = wasm._pointer(wasm._out);
    const tensors = [new Tensors(core)];
    super(core, address, 'these streams are', () => {
      wasm._exports.olstm_streams_destroy(address);
      tensors.forEach((each) => each._releaseAll());
    });
    this._tensors = tensors;
  }

  open() { return new Stream(this, 'open'); }
  prepare(shapes = {}) { this._tensors[0]._prepare(shapes, 'streams_prepare', ...this._own()); }
  _handleOf(stream) {
    return stream?._streams === this ? stream._own()[1] : fail('INVALID_ARGUMENT', 'expected streams that these opened');
  }

  run(streams, feeds, results = {}) {
    const own = this._own();
    const [tensors] = this._tensors;
    return tensors._run(feeds, results, 'streams_run', ...own, tensors._list(streams.map(this._handleOf, this)), streams.length);
  }

  runEach(steps) {
    const own = this._own();
    const list = steps.flatMap(([stream, feeds], index) => {
      const handle = this._handleOf(stream);
      const tensors = this._tensors[index] ??= new Tensors(this._core);
      tensors._fill(feeds);
      return [handle, BigInt(tensors._address) + (BigInt(tensors._outputsAt) << 32n)];
    });
    this._wasm._call('streams_run_each', ...own, this._tensors[0]._list(list), steps.length);
    return steps.map(([, , results = {}], index) => this._tensors[index]._readAll(results));
  }

  get info() {
    const {_wasm: wasm, _core: core} = this;
    const own = this._own();
    const at = wasm._out;
    wasm._exports.olstm_streams_get_info_sized(...own, at, 28);
    const [capacity, openCount, largestBatch, , streamBytes, sharedBytes] = times(6, (index) => wasm._pointer(at + 4 + 4 * index));
    const axes = (kind, infos) => infos.map(({name}, index) => [name, wasm._exports[`olstm_streams_${kind}_axis`](...own, index)]);
    return {
      capacity, openCount, largestBatch, reason: wasm._text(at + 16), streamBytes, sharedBytes,
      batchAxes: Object.fromEntries([...axes('input', core._inputs), ...axes('output', core._outputs)])};
  }
}

export const createStreams = (session, options = {}) => {
  session._own();
  return new Streams(session._core, options);
};
