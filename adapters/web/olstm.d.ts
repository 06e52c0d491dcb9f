/**
 * Runs ONNX models with LSTM, GRU and RNN layers, and keeps their state: in Node, pages, Workers and AudioWorklets.
 *
 * A session is a model made ready to run, in a WebAssembly memory of its own. Calls are synchronous and run on the caller's thread.
 */

/** What went wrong, as olstm's C library has it. */
export type Status =
  | 'INVALID_ARGUMENT' | 'INVALID_MODEL' | 'UNSUPPORTED' | 'SHAPE_MISMATCH' | 'DTYPE_MISMATCH' | 'NOT_FOUND' | 'OUT_OF_MEMORY'
  | 'LIMIT_EXCEEDED' | 'WRONG_STATE' | 'IO_ERROR' | 'BACKEND_ERROR' | 'NEEDS_DATA' | 'INVALID_VALUE' | 'QUEUE_FULL' | 'CANCELLED';

/** What all functions throw, but for what the JavaScript engine itself runs out of. `message` names the node, input or option, what was expected and what came. */
export class OlstmError extends Error {
  constructor(status: Status, message: string, options?: {cause?: unknown});
  readonly status: Status;
  /** The number of the status in C. */
  readonly code: number;
  /** What was thrown by fetch, by the file system or by the compiler of WebAssembly. */
  readonly cause?: unknown;
}

export type Type =
  | 'float32' | 'float64' | 'float16' | 'bfloat16' | 'bool'
  | 'int8' | 'int16' | 'int32' | 'int64' | 'uint8' | 'uint16' | 'uint32' | 'uint64';

/** float16 and bfloat16 are their bits in a Uint16Array, bool is 0 or 1 in a Uint8Array. */
export type TensorData =
  | Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | BigInt64Array | Uint8Array | Uint8ClampedArray
  | Uint16Array | Uint32Array | BigUint64Array;

/** A tensor: its elements, row-major, without gaps. Tensors of onnxruntime-web are taken, too. */
export interface Tensor {
  type: Type;
  dims: number[];
  data: TensorData;
}

/**
 * What is taken for a tensor. Without `dims`: the shape of the run before, if it has as many elements, else the shape that the
 * model states, where at most one dimension is open. Without `type`: the type of the input if the array holds it, else the array's
 * own. A number stands for one element, which the type must hold.
 */
export type TensorLike =
  | TensorData | number | bigint | {data: TensorData; dims?: readonly number[]; type?: Type | string};

/** An input or output of a model. */
export interface ValueInfo {
  readonly name: string;
  readonly type: Type | 'undefined';
  /** -1 where a dimension is open; null where the model does not say. */
  readonly dims: readonly number[] | null;
  /** Names of symbolic dimensions, null for the others. */
  readonly dimNames: readonly (string | null)[] | null;
}

/** Bytes, or where to get them: a URL, in Node also a path; a Blob (File) or a Response. */
export type Bytes = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;
export type Source = Bytes | string | UrlLike | BlobLike;
/** A URL. */
export interface UrlLike {readonly href: string; readonly searchParams: object}
/** A Blob, File or Response. */
export interface BlobLike {arrayBuffer(): Promise<ArrayBuffer>}
/** A WebAssembly.Module: declared here, since not all projects have the DOM's types. */
export type WasmModule = object;

export interface Options {
  /** olstm.wasm: by default the file beside this module. Compile it once (`compile`) to hand it to Workers and AudioWorklets. */
  wasm?: Source | WasmModule;
  /** Values of the inputs' symbolic dimensions, by name. The session is prepared for them. */
  dims?: Record<string, number>;
  /** Recurrent nodes that keep their state from run to run (as Keras' stateful=True): true or "all", or their names. */
  stateful?: boolean | string | readonly string[];
  /** Outputs that feed inputs in the next run: {output: input}. */
  bindings?: Record<string, string> | readonly (readonly [output: string, input: string])[];
  /** Inputs with initializers that runs are given; the others keep their initializers. */
  givenInputs?: string | readonly string[];
  /** Files of external data, by the location that the model names. */
  externalData?: Record<string, Source>;
  /** For recurrent layers: "auto" (default), "native", "reference" or "fastest". */
  kernel?: 'auto' | 'native' | 'reference' | 'fastest';
  /** Of weights of recurrent layers and products. Default "f32". */
  precision?: 'f32' | 'bf16' | 'int8';
  /** Where random operators without a seed of their own begin in every run; without it they draw anew each time. */
  seed?: number;
  /** Whether an initial state with a batch of 1 serves every row of a larger batch. Default false. */
  broadcastState?: boolean;
  /** Whether node patterns become faster operators. Default true. */
  fuse?: boolean;
  /** Whether plans with a step that may allocate while it runs are refused. Default false. */
  realTime?: boolean;
  /** Plans (sets of input shapes) kept. Default 16. */
  planCacheCapacity?: number;
  /** Limits of a run, in bytes and in units of work; of loading a model; see docs/security.md. Defaults as in C. */
  maxMemory?: number;
  maxWork?: number;
  maxModelMemory?: number;
  maxNodes?: number;
  maxDepth?: number;
  maxExternalBytes?: number;
}

/** A state slot. */
export interface SlotInfo {
  /** "NODE/h" and "NODE/c" of stateful nodes, the input's name of bindings. */
  name: string;
  type: Type | 'undefined';
  /** [directions, batch, units] of nodes; -1 or null for what is not known before the first run. */
  dims: number[] | null;
  /** Whether it holds a value: false before the first run or set, and after reset. */
  isSet: boolean;
}

/** The state slots of a context. What fails changes nothing. */
export interface State {
  list(): SlotInfo[];
  /** A copy of the slot's value: of the one that it will start from, where that is known, if it is not set. */
  get(name: string): Tensor;
  /** Copies a value into the slot. [batch, units] is taken for [1, batch, units]. */
  set(name: string, value: TensorLike): void;
  /** Back to the initial state: one slot, or all. */
  reset(name?: string): void;
  /** All slots as bytes, and back: in any context of the same model, also in C and Python. */
  save(): Uint8Array;
  load(bytes: Bytes): void;
}

/** One step of a plan. */
export interface Step {
  node: string;
  opType: string;
  /** "" where the operator has one kernel only. */
  kernel: string;
  reason: string;
  /** "" or what was made of which nodes. */
  fusedFrom: string;
  /** Shares its input's memory, and costs nothing. */
  isView: boolean;
  /** Its shapes are known only while running: it may allocate. */
  isDynamic: boolean;
}

export interface Plan {
  steps: Step[];
  foldedCount: number;
  constantBytes: number;
  workspaceBytes: number;
  hasDynamicPart: boolean;
  /** Units of work of a run: what maxWork counts. */
  work: number;
}

export type Feeds = Record<string, TensorLike>;
export type Results = Record<string, Tensor>;

/** One stream of runs: state and workspace of its own. */
export interface Context {
  readonly state: State;
  /**
   * Runs the model once. Outputs are copies; where `results` has a tensor of the same type and shape (what an earlier run returned),
   * its array, which must be of that type and size, is filled again. After the first run with the same shapes, or prepare, nothing is allocated in WebAssembly's memory.
   */
  run(feeds: Feeds, results?: Results): Results;
  /** Plans for these input shapes, so that runs with them allocate nothing. Inputs whose shape the model states may be left out. */
  prepare(shapes?: Record<string, readonly number[] | {dims?: readonly number[]; type?: Type}>): void;
  /** Row `row` of the batch back to the initial state, in every slot. */
  resetRow(row: number): void;
  /** The plan of the last run or prepare. */
  plan(): Plan;
  /** A second context with the same state. */
  clone(): Context;
  /** Gives its memory back; otherwise that is done when it is garbage. */
  close(): void;
}

/** A model made ready to run, and one context, which its own functions use. */
export interface Session extends Omit<Context, 'clone'> {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Another stream. Thousands may share a session. */
  createContext(): Context;
  /** Bytes of WebAssembly's memory; bytes in use in it; how often memory was allocated in it so far. */
  readonly memory: {bytes: number; used: number; allocations: number};
  /** Closes the session's own context. The memory goes when its other contexts are closed or forgotten, too. */
  close(): void;
}

/** Loads a model. */
export function load(model: Source, options?: Options): Promise<Session>;

/**
 * The same without waiting: where there is no fetch and no await, as in an AudioWorklet's constructor, in Workers, in Node. Pages
 * may compile no large module without waiting: use load there.
 */
export function loadSync(
  model: Bytes, options: Omit<Options, 'wasm' | 'externalData'> & {wasm: Bytes | WasmModule; externalData?: Record<string, Bytes>}): Session;

/** Compiles olstm.wasm, by default the file beside this module: once for all sessions, Workers and AudioWorklets. */
export function compile(wasm?: Source | WasmModule): Promise<WasmModule>;
