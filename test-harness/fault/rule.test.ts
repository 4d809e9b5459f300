import { describe, expect, it } from 'vitest';
import { httpAnswer, Rulebook } from './rule.ts';

describe('the rules of a proxy', () => {
  it('decide in their order, as often as they may', () => {
    const rules = new Rulebook();
    rules.add({ match: /^POST/, delay: 5, times: 1 });
    rules.add({ match: /^(GET|POST)/g, lose: 'answer' });
    const take = (text: string) => rules.take(Buffer.from(text));
    expect(take('POST /a')).toHaveProperty('delay');
    expect(take('POST /a')).toHaveProperty('lose');
    expect(take('GET /a')).toHaveProperty('lose');
    expect(take('DELETE /a')).toBeUndefined();
    rules.clear();
    expect(take('GET /a')).toBeUndefined();
  });

  it('answer in HTTP', () => {
    expect(httpAnswer(503, { error: 'später' })).toBe(
      'HTTP/1.1 503 Status 503\r\ncontent-type: application/json\r\ncontent-length: 19\r\n\r\n{"error":"später"}',
    );
    expect(httpAnswer(200, 'ok', { connection: 'close' })).toContain('connection: close\r\n\r\nok');
  });
});
