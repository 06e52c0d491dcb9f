/**
 * Streams of a session: sequences that are alive at once, each with its own state, computed together and kept apart. What a stream
 * gives is, bit for bit, what a context of its own would give, whatever company it runs in.
 */
import type {Context, Feeds, Results, Session} from './olstm.js';

export interface StreamsOptions {
  /** Most streams that are open at once; rows for them are allocated at once. Default 1024. */
  capacity?: number;
  /** Most rows that are computed at once; runs of more streams are cut into several. Default 64. */
  largestBatch?: number;
  /** Kinds of steps (sets of shapes) whose plans are kept. Default 16. */
  stepCapacity?: number;
  /** Batch axes that are not to be searched for, by input and output: -1 for an input that all streams of a run share. */
  batchAxes?: Record<string, number>;
}

/** One sequence. Works as a context with a batch of 1, whose saved state it takes, too. */
export interface Stream extends Pick<Context, 'run' | 'state'> {
  /** A second stream with the same state. */
  clone(): Stream;
  /** Makes its place free; otherwise that is done when it is garbage. */
  close(): void;
}

/** A table of streams. */
export interface Streams {
  /** Opens a stream in its initial state. LIMIT_EXCEEDED: the table is full. */
  open(): Stream;
  /**
   * Runs the model once for each of these streams, each given once. Inputs and outputs have as many rows along their batch axis: row i
   * is that of streams[i]. What fails changes no stream. `results` as in Context.run.
   */
  run(streams: readonly Stream[], feeds: Feeds, results?: Results): Results;
  /** The same with tensors of each stream's own, whose batch is 1; numbers of time steps may differ. */
  runEach(steps: readonly (readonly [stream: Stream, feeds: Feeds, results?: Results])[]): Results[];
  /** Plans for a kind of step, so that runs of it allocate nothing: shapes as one stream gives them. */
  prepare(shapes?: Parameters<Context['prepare']>[0]): void;
  readonly info: {
    capacity: number;
    openCount: number;
    /** 1 where rows cannot be computed together; `reason` says why then, and is "" otherwise. */
    largestBatch: number;
    reason: string;
    /** Bytes for each stream, and for plans and all else. */
    streamBytes: number;
    sharedBytes: number;
    /** Of inputs and outputs, by name; -1 for an input that all streams of a run share. */
    batchAxes: Record<string, number>;
  };
  /** Closes all streams and gives their memory back; otherwise that is done when it and they are garbage. */
  close(): void;
}

/**
 * Makes a table for streams of a session with state (options `stateful` or `bindings`). Checks that no node mixes rows of a batch:
 * UNSUPPORTED names the input whose batch is fixed, or the node that does.
 */
export function createStreams(session: Session, options?: StreamsOptions): Streams;
