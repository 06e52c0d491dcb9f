// Compiled with --strict, never run: what users write has types.
import {compile, load, loadSync, OlstmError, type Context, type Session, type Tensor} from 'olstm';
import {createStreams, type Stream} from 'olstm/streams';

const module_: WebAssembly.Module = await compile();
const session: Session = await load('model.onnx', {
  wasm: module_, stateful: true, bindings: {y_h: 'h'}, dims: {N: 1}, kernel: 'native', precision: 'int8', seed: 1, maxWork: 2 ** 30,
  externalData: {'weights.bin': new Uint8Array(4)}});
const results = session.run({x: new Float32Array(3), n: 5n, m: {data: new BigInt64Array(1), dims: [1], type: 'int64'}});
const y: Tensor = results.y!;
const context: Context = session.createContext();
context.run({x: {data: new Float32Array(3), dims: [1, 3]}}, results);
context.prepare({x: [1, 3], y: {dims: [1], type: 'int64'}});
const names: string[] = context.state.list().map((slot) => slot.name);
context.state.set('h', context.state.get('h'));
const blob: Uint8Array = context.state.save();
context.state.load(blob);
context.clone().close();
loadSync(new Uint8Array(3), {wasm: module_}).close();
const streams = createStreams(session, {capacity: 100, batchAxes: {x: 0}});
const callers: Stream[] = [streams.open(), streams.open()];
streams.prepare({x: [1, 3]});
streams.run(callers, {x: {data: new Float32Array(6), dims: [2, 3]}}, results).y!.dims;
streams.runEach(callers.map((caller) => [caller, {x: new Float32Array(3)}])).map(({y}) => y!.data);
callers[0]!.state.load(callers[1]!.clone().state.save());
if (streams.info.largestBatch === 1) console.log(streams.info.reason);
try {
  session.plan().steps.filter((step) => step.isDynamic);
} catch (error) {
  if (error instanceof OlstmError && error.status === 'WRONG_STATE') console.log(error.code, y.dims, names);
}

// @ts-expect-error: an unknown option
await load('model.onnx', {statefull: true});
// @ts-expect-error: lists of numbers are no tensors
session.run({x: [1, 2, 3]});
// @ts-expect-error: no such status
new OlstmError('WRONG', 'text');
// @ts-expect-error: streams have no plan of their own
callers[0]!.plan();
// @ts-expect-error: without waiting there is no URL
loadSync('model.onnx', {wasm: module_});
