// The package in Node: as elsewhere, and models may be read from paths.
import {readFile} from 'node:fs/promises';
import {internals} from './olstm.js';

internals._fetch = (source) =>
  /^(https?|data|blob):/.test(source) ? fetch(source) : readFile(/^file:/.test(source) ? new URL(source) : source);

export * from './olstm.js';
