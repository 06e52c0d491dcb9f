// The model on the audio thread: each block of the microphone goes into it, results go to the page.
import {loadSync} from './olstm/olstm.js';
import {Stepper} from './stepper.js';

registerProcessor('olstm-demo', class extends AudioWorkletProcessor {
  constructor({processorOptions: {module, model, options, inputs, overlap}}) {
    super();
    this.stepper = new Stepper(loadSync(model, {...options, wasm: module}), inputs, overlap);
    this.port.onmessage = () => this.stepper.reset();
  }

  process([[block]]) {
    if (!block) return true;
    try {
      this.stepper.push(block, (results) => this.port.postMessage({results, state: this.stepper.state(), steps: this.stepper.steps + 1}));
    } catch (error) {
      this.port.postMessage({error: error.message});
      return false;
    }
    return true;
  }
});
