// A session and where its inputs come from: constants, and one stream of numbers that is cut into steps. Runs in pages and in
// AudioWorklets.

const Kinds = {
  float32: Float32Array, float64: Float64Array, int8: Int8Array, int16: Int16Array, int32: Int32Array, int64: BigInt64Array,
  uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, uint64: BigUint64Array, bool: Uint8Array};

export const countOf = (dims) => dims.reduce((count, dim) => count * dim, 1);

/// A tensor of one value.
export const filled = (type, dims, value) => {
  const Kind = Kinds[type];
  if (!Kind) throw new Error(`this page feeds no ${type}`);
  return {type, dims, data: new Kind(countOf(dims)).fill(Kind.name.startsWith('Big') ? BigInt(Math.trunc(value)) : value)};
};

export class Stepper {
  /// inputs: [{name, type, dims, value}]; the one whose value is undefined is the stream. overlap: numbers of a step that the next
  /// one has, too.
  constructor(session, inputs, overlap) {
    this.session = session;
    this.overlap = overlap;
    this.feeds = {};
    this.results = {};
    this.steps = 0;
    for (const {name, type, dims, value} of inputs) {
      this.feeds[name] = filled(type, dims, value ?? 0);
      if (value === undefined) this.stream = this.feeds[name];
    }
    this.position = overlap;
    session.prepare(this.feeds);
  }

  /// Takes numbers; calls use(results) for each step that they complete.
  push(numbers, use) {
    const {data} = this.stream;
    for (let i = 0; i < numbers.length; i++) {
      data[this.position++] = typeof data[0] === 'bigint' ? BigInt(Math.trunc(numbers[i])) : numbers[i];
      if (this.position < data.length) continue;
      use(this.session.run(this.feeds, this.results));
      this.steps++;
      data.copyWithin(0, data.length - this.overlap);
      this.position = this.overlap;
    }
  }

  /// Back to the beginning.
  reset() {
    this.stream.data.fill(typeof this.stream.data[0] === 'bigint' ? 0n : 0);
    this.position = this.overlap;
    this.session.state.reset();
  }

  /// [{name, dims, data}] of the slots that have a value.
  state() {
    return this.session.state.list().filter(({isSet}) => isSet).map(({name}) => ({name, ...this.session.state.get(name)}));
  }
}
