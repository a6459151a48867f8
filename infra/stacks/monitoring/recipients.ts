/** Who is told of alarms: the context's `alarm-email`, `alarm-webhook`, and each with `-critical` behind it. */
import { z } from 'zod';
import type { ContextName } from '../context-names.ts';

/** E-mail addresses and https addresses; SNS asks each once whether it wants to be told. */
export interface Recipients {
  readonly emails: readonly string[];
  readonly webhooks: readonly string[];
}

export interface AlarmRecipients {
  /** Told of everything. */
  readonly all: Recipients;
  /** Told of what is critical, and of nothing else: whoever may be woken. */
  readonly critical: Recipients;
}

export const NOBODY: AlarmRecipients = {
  all: { emails: [], webhooks: [] },
  critical: { emails: [], webhooks: [] },
};

const isEmail = (text: string): boolean => z.email().safeParse(text).success;

/** SNS takes a port and a path, and asks nobody for a certificate of his own making. */
function isWebhook(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return protocol === 'https:' && username === '' && password === '' && hash === '';
}

function listOf(name: string, value: unknown, isGood: (text: string) => boolean, like: string): string[] {
  if (value === undefined || value === '') return [];
  const items = typeof value === 'string' ? value.split(',').map((item) => item.trim()) : [];
  const wrong = items.find((item) => !isGood(item));
  if (items.length === 0 || wrong !== undefined) {
    throw new Error(`${name} ${JSON.stringify(wrong ?? value)}: use ${like}, several with commas between`);
  }
  return [...new Set(items)];
}

/**
 * @throws Error when an address is none that can be told; or is named for everything and for what is critical, which would
 * tell it the same twice
 */
export function parseRecipients(context: (name: ContextName) => unknown): AlarmRecipients {
  const emails = (name: ContextName) =>
    listOf(name, context(name), isEmail, 'an address like ops@example.com');
  const webhooks = (name: ContextName) =>
    listOf(name, context(name), isWebhook, 'an https address like https://hooks.example.com/alarms');
  const recipients = {
    all: { emails: emails('alarm-email'), webhooks: webhooks('alarm-webhook') },
    critical: { emails: emails('alarm-email-critical'), webhooks: webhooks('alarm-webhook-critical') },
  };
  for (const kind of ['emails', 'webhooks'] as const) {
    const twice = recipients.critical[kind].find((one) => recipients.all[kind].includes(one));
    if (twice !== undefined)
      throw new Error(`${twice} is told of every alarm already: leave it out of the critical ones`);
  }
  return recipients;
}
