// Runs a model with a module that came by message, and with one of its own.
import {load, loadSync} from '/package/olstm.js';

onmessage = async ({data: {module, model, x}}) => {
  const run = (session) => [0, 1].map(() => session.run({lstm_input: x}).dense.data[0]);
  postMessage([run(loadSync(model, {wasm: module, stateful: true})), run(await load(model, {stateful: true}))]);
};
