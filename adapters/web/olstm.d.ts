/** Runs ONNX models with recurrent layers. See README.md. */
export type Status = 'INVALID_ARGUMENT' | 'INVALID_MODEL' | 'UNSUPPORTED' | 'SHAPE_MISMATCH' | 'DTYPE_MISMATCH' | 'NOT_FOUND'
  | 'OUT_OF_MEMORY' | 'LIMIT_EXCEEDED' | 'WRONG_STATE' | 'IO_ERROR' | 'BACKEND_ERROR' | 'INVALID_VALUE';
export class OlstmError extends Error {
  readonly status: Status;
}
