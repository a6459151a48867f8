import { describe, expect, it } from 'vitest';
import { NOBODY, parseRecipients } from '../../../infra/stacks/monitoring/recipients.ts';

const parse = (context: Readonly<Record<string, unknown>>) => parseRecipients((name) => context[name]);

describe('who is told of alarms', () => {
  it('is nobody where nobody is named', () => {
    expect(parse({})).toEqual(NOBODY);
    expect(parse({ 'alarm-email': '', 'alarm-webhook-critical': '' })).toEqual(NOBODY);
  });

  it('is everybody who is named, once', () => {
    expect(
      parse({
        'alarm-email': 'a@example.com, b@example.com,a@example.com',
        'alarm-webhook': 'https://hooks.example.com/alarms?key=1',
        'alarm-email-critical': 'night@example.com',
        'alarm-webhook-critical': 'https://wake.example.com:8443/',
      }),
    ).toEqual({
      all: {
        emails: ['a@example.com', 'b@example.com'],
        webhooks: ['https://hooks.example.com/alarms?key=1'],
      },
      critical: { emails: ['night@example.com'], webhooks: ['https://wake.example.com:8443/'] },
    });
  });

  it.each([
    ['alarm-email', 'nobody', 'alarm-email "nobody": use an address like ops@example.com'],
    ['alarm-email', 'a@example.com,', 'alarm-email "": use an address'],
    ['alarm-email-critical', 7, 'alarm-email-critical 7: use an address'],
    ['alarm-webhook', 'http://hooks.example.com/', 'alarm-webhook "http://hooks.example.com/": use an https'],
    ['alarm-webhook', 'https://me:secret@hooks.example.com/', 'use an https address'],
    ['alarm-webhook', 'https://hooks.example.com/#part', 'use an https address'],
    [
      'alarm-webhook-critical',
      'hooks.example.com',
      'alarm-webhook-critical "hooks.example.com": use an https',
    ],
  ])('%s %j is refused in words that say what is wanted', (name, value, said) => {
    expect(() => parse({ [name]: value })).toThrow(said);
  });

  it('is told once: who is told of everything is not to be named for what is critical again', () => {
    const context = { 'alarm-email': 'a@example.com', 'alarm-email-critical': 'b@example.com,a@example.com' };
    expect(() => parse(context)).toThrow('a@example.com is told of every alarm already');
  });
});
