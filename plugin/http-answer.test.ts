import { expect, test } from 'vitest';
import { AnswerReader } from './http-answer.ts';

const answers = {
  'of known length': 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"a":"ü"}',
  'in chunks': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7;x=y\r\n{"a":"\xc3\r\n3\r\n\xbc"}\r\n0\r\n\r\n',
};

test.each(Object.entries(answers))('reads an answer %s, wherever it is cut', (how, text) => {
  const bytes = Buffer.from(text, how === 'in chunks' ? 'latin1' : 'utf8');
  for (let cut = 0; cut < bytes.length; cut++) {
    const reader = new AnswerReader();
    expect(reader.push(bytes.subarray(0, cut))).toBeUndefined();
    expect(reader.push(bytes.subarray(cut))).toEqual({ status: 200, text: '{"a":"ü"}', keepsOpen: true });
  }
});

test('takes 204 as an answer without a body', () => {
  expect(new AnswerReader().push(Buffer.from('HTTP/1.1 204 No Content\r\nDate: x\r\n\r\n'))).toEqual({
    status: 204,
    text: '',
    keepsOpen: true,
  });
});

test('takes a body without a length to the end of the connection, and no half of one with a length', () => {
  const reader = new AnswerReader();
  expect(reader.push(Buffer.from('HTTP/1.0 200 OK\r\n\r\n{"a"'))).toBeUndefined();
  expect(reader.push(Buffer.from(':1}'))).toBeUndefined();
  expect(reader.end()).toEqual({ status: 200, text: '{"a":1}', keepsOpen: false });
  const cut = new AnswerReader();
  cut.push(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{'));
  expect(cut.end()).toBeUndefined();
  expect(new AnswerReader().end()).toBeUndefined();
});

test('knows when the connection is to be closed', () => {
  const closing = new AnswerReader().push(Buffer.from('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'));
  expect(closing?.keepsOpen).toBe(false);
});

test.each([
  ['SSH-2.0-x\r\n', 'it is not HTTP'],
  ['HTTP/2 200 OK\r\n\r\n', 'it is not HTTP'],
  ['HTTP/1.1 okay\r\n\r\n', 'it is not HTTP'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n', 'its length cannot be told'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n', 'a chunk has no size'],
  ['HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', 'its length cannot be told'],
])('refuses %j', (text, problem) => {
  expect(() => new AnswerReader().push(Buffer.from(text))).toThrow(`read the answer: ${problem}`);
});

test('refuses an answer without end', () => {
  const reader = new AnswerReader();
  reader.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'));
  expect(() => reader.push(Buffer.alloc(5 * 1024 * 1024))).toThrow('more than');
});
