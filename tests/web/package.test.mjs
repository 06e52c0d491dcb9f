// What is packed: files, sizes, a stranger's project.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import zlib from 'node:zlib';
import {data, packageFolder, root} from './fixture.mjs';

const brotli = (name) => zlib.brotliCompressSync(fs.readFileSync(path.join(packageFolder, name)), {
  params: {[zlib.constants.BROTLI_PARAM_QUALITY]: 11, [zlib.constants.BROTLI_PARAM_LGWIN]: 24}}).length;
const find = (program) => {
  const found = (process.env.PATH ?? '').split(':').map((folder) => path.join(folder, program)).find((file) => fs.existsSync(file));
  return found ?? null;
};

test('stays small on the wire', () => {
  // Debian 12's compiler needs 260,000, Debian 13's 273,000.
  assert.ok(brotli('olstm.wasm') <= 275000, `olstm.wasm takes ${brotli('olstm.wasm')} bytes`);
  const isMinified = fs.readFileSync(path.join(packageFolder, 'olstm.js'), 'utf8').split('\n').length < 20;
  if (isMinified) assert.ok(brotli('olstm.js') <= 5120, `olstm.js takes ${brotli('olstm.js')} bytes`);
  if (isMinified) assert.ok(brotli('streams.js') <= 1200, `streams.js takes ${brotli('streams.js')} bytes`);
});

test('asks its host for a clock and for random bytes, and for files that there are none of', async () => {
  const module = await WebAssembly.compile(fs.readFileSync(path.join(packageFolder, 'olstm.wasm')));
  const names = WebAssembly.Module.imports(module).map(({name}) => name);
  const known = /^(clock_time_get|olstm_random|emscripten_notify_memory_growth|environ_(sizes_)?get|fd_\w+|__syscall_\w+|__call_sighandler|proc_exit)$/;
  assert.deepEqual(names.filter((name) => !known.test(name)), []);
  assert.ok(names.includes('olstm_random'), 'random bytes come from elsewhere');
});

test('is packed, installed and used by a stranger', {skip: !find('npm') && 'there is no npm'}, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'olstm-npm-'));
  try {
    const npm = (...words) => execFileSync('npm', words, {cwd: folder, stdio: ['ignore', 'pipe', 'pipe']}).toString();
    const tarball = npm('pack', '--silent', packageFolder).trim();
    const packed = execFileSync('tar', ['-tzf', tarball], {cwd: folder}).toString().trim().split('\n').sort();
    assert.deepEqual(packed, ['LICENSE', 'LICENSE.protobuf-c', 'README.md', 'node.js', 'olstm.d.ts', 'olstm.js', 'olstm.wasm', 'package.json', 'streams.d.ts', 'streams.js']
      .map((name) => `package/${name}`));
    fs.writeFileSync(path.join(folder, 'package.json'), '{"private": true}');
    npm('install', '--offline', '--no-audit', '--no-fund', `./${tarball}`);
    fs.writeFileSync(path.join(folder, 'use.mjs'), `
      import {load} from 'olstm';
      import {createStreams} from 'olstm/streams';
      const session = await load(${JSON.stringify(data('keras_lstm', 'model.onnx'))});
      console.log(session.run({lstm_input: new Float32Array(30)}).dense.dims.join());
      const kept = await load(${JSON.stringify(data('keras_lstm', 'model.onnx'))}, {stateful: true});
      console.log(createStreams(kept).open().run({lstm_input: new Float32Array(30)}).dense.dims.join());`);
    assert.equal(execFileSync(process.execPath, ['use.mjs'], {cwd: folder}).toString(), '1,1\n1,1\n');
  } finally {
    fs.rmSync(folder, {recursive: true});
  }
});

test('is bundled for browsers, and for Node', {skip: !find('esbuild') && 'there is no esbuild'}, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'olstm-bundle-'));
  try {
    fs.mkdirSync(path.join(folder, 'node_modules'));
    fs.cpSync(packageFolder, path.join(folder, 'node_modules/olstm'), {recursive: true});
    fs.copyFileSync(path.join(packageFolder, 'olstm.wasm'), path.join(folder, 'olstm.wasm'));
    fs.writeFileSync(path.join(folder, 'use.js'), `
      import {load} from 'olstm';
      const session = await load(${JSON.stringify(data('keras_lstm', 'model.onnx'))});
      console.log(session.run({lstm_input: new Float32Array(30)}).dense.dims.join());`);
    const bundle = (...words) => execFileSync('esbuild', ['--bundle', '--format=esm', '--log-level=error', ...words, 'use.js'], {cwd: folder});
    bundle('--outfile=browser.mjs');
    assert.doesNotMatch(fs.readFileSync(path.join(folder, 'browser.mjs'), 'utf8'), /["']node:/);
    bundle('--platform=node', '--outfile=node.mjs');
    assert.equal(execFileSync(process.execPath, ['node.mjs'], {cwd: folder}).toString(), '1,1\n');
  } finally {
    fs.rmSync(folder, {recursive: true});
  }
});

const version = find('tsc') && execFileSync('tsc', ['--version']).toString();
test('has types', {skip: !version && 'there is no tsc'}, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'olstm-types-'));
  try {
    fs.mkdirSync(path.join(folder, 'node_modules'));
    fs.symlinkSync(packageFolder, path.join(folder, 'node_modules/olstm'));
    fs.copyFileSync(path.join(root, 'tests/web/types.ts'), path.join(folder, 'types.ts'));
    fs.writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}');
    const options = ['--strict', '--noEmit', '--module', 'nodenext', '--moduleResolution', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom', 'types.ts'];
    // Of projects without the DOM's types, nothing else is asked for.
    fs.writeFileSync(path.join(folder, 'plain.ts'), `
      import {compile, load} from 'olstm';
      const session = await load('model.onnx', {wasm: await compile()});
      session.run({x: new Float32Array(3)}).y!.data;`);
    const plain = options.map((word) => word === 'es2022,dom' ? 'es2022' : word === 'types.ts' ? 'plain.ts' : word);
    for (const words of [options, plain]) {
      try {
        execFileSync('tsc', words, {cwd: folder});
      } catch (error) {
        assert.fail(error.stdout.toString());
      }
    }
  } finally {
    fs.rmSync(folder, {recursive: true});
  }
});
