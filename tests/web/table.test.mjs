// Tables that the demo page is fed with.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {readTable} from '../../docs/demo/table.js';

test('a table is its numbers, row by row', () => {
  assert.deepEqual(readTable('a,b\n1,2\r\n\n3,-4e-1\n'), [1, 2, 3, -0.4]);
  assert.deepEqual(readTable('1,2\n3,4'), [1, 2, 3, 4]);
  assert.deepEqual(readTable('date;x;y\n2026-01-01;1,5;2\n2026-01-02;"3";4'), [1.5, 2, 3, 4]);
  assert.deepEqual(readTable('1\t2\t\n3\t4\t'), [1, 2, 3, 4]);
});

test('what is no number is named by its line and column', () => {
  assert.throws(() => readTable('a,b,c\n1,2,3\n4,,6'), {message: "line 3, column 2 is '', expected a number"});
  assert.throws(() => readTable('1,2,3\n4,5'), {message: "line 2, column 3 is '', expected a number"});
  assert.throws(() => readTable('1,2\n3,n/a'), {message: "line 2, column 2 is 'n/a', expected a number"});
  assert.throws(() => readTable('1\nInfinity'), {message: "line 2, column 1 is 'Infinity', expected a number"});
  assert.throws(() => readTable('hello\nworld'), {message: "the table has no numbers: line 2, column 1 is 'world'"});
  assert.throws(() => readTable(''), {message: "the table has no numbers: line 1, column 1 is ''"});
});
