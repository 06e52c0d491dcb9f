// Runs a model on the audio thread: made in the constructor, run in process().
import {loadSync} from '/package/olstm.js';

registerProcessor('olstm-test', class extends AudioWorkletProcessor {
  constructor({processorOptions: {module, model, x}}) {
    super();
    try {
      this.session = loadSync(model, {wasm: module, stateful: true, dims: {N: 1}});
      this.x = x;
      this.values = [];
      this.memory = [this.session.memory];
    } catch (error) {
      this.port.postMessage({error: `${error.stack}`});
    }
  }

  process() {
    if (!this.session) return false;
    this.values.push(this.session.run({lstm_input: this.x}).dense.data[0]);
    if (this.values.length < 2) return true;
    this.memory.push(this.session.memory);
    const lacks = ['fetch', 'performance', 'TextDecoder', 'crypto', 'setTimeout'].filter((name) => !(name in globalThis));
    this.port.postMessage({values: this.values, memory: this.memory, lacks});
    return false;
  }
});
