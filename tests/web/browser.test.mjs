// The package in Chromium: a page under a Content-Security-Policy, a Worker, an AudioWorklet, and the demo page.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {packageFolder, root} from './fixture.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome'];
const chromium = process.env.OLSTM_CHROMIUM ?? (process.env.PATH ?? '').split(':')
  .flatMap((folder) => names.map((name) => path.join(folder, name))).find((file) => fs.existsSync(file));
const folders = {
  package: packageFolder, tests: path.join(root, 'tests/web'), data: path.join(root, 'tests/data'), demo: path.join(root, 'docs/demo')};
const types = {'.js': 'text/javascript', '.mjs': 'text/javascript', '.html': 'text/html', '.css': 'text/css', '.wasm': 'application/wasm'};
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; frame-src 'self'";

/// The file of a request; the demo finds the package in its own folder.
const fileOf = (url) => {
  const {pathname} = new URL(url, 'http://localhost');
  const [, top, ...rest] = decodeURIComponent(pathname).split('/');
  if (top === 'demo' && rest[0] === 'olstm') return path.join(packageFolder, ...rest.slice(1));
  return folders[top] && path.join(folders[top], ...rest);
};

/// What the page reports: a list of {name, error}.
const results = (server) => new Promise((resolve) => {
  server.on('request', (request, response) => {
    if (request.method === 'POST') {
      const parts = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', () => {
        response.end();
        resolve(JSON.parse(Buffer.concat(parts).toString()));
      });
      return;
    }
    const file = fileOf(request.url);
    if (!file || !fs.existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {'content-type': types[path.extname(file)] ?? 'application/octet-stream', 'content-security-policy': policy});
    fs.createReadStream(file).pipe(response);
  });
});

test('works in a browser', {skip: !chromium && 'there is no chromium', timeout: 180000}, async (context) => {
  const server = http.createServer();
  const reported = results(server);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'olstm-chromium-'));
  const browser = spawn(chromium, [
    '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', `--user-data-dir=${profile}`,
    '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', '--autoplay-policy=no-user-gesture-required',
    `http://127.0.0.1:${server.address().port}/tests/browser_page.html`], {stdio: 'ignore'});
  try {
    const checks = await Promise.race([reported, new Promise((_, reject) => {
      browser.on('exit', (code) => reject(new Error(`chromium ended with ${code}`)));
      setTimeout(() => reject(new Error('the page reported nothing')), 150000).unref();
    })]);
    for (const {name, error} of checks) await context.test(name, () => assert.equal(error, null));
  } finally {
    browser.removeAllListeners('exit');
    const ended = new Promise((resolve) => browser.on('exit', resolve));
    browser.kill();
    await ended;
    server.close();
    server.closeAllConnections?.();
    fs.rmSync(profile, {recursive: true, force: true, maxRetries: 5});
  }
});
