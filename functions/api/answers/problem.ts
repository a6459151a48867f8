/** Refusals: RFC 9457 problem documents (shared/http/errors.ts). */
import * as z from 'zod';
import * as f from './fields.ts';
import { Signal } from './signals.ts';
import { KeyProblem, Wallet } from './wallets.ts';

const complaint = {
  code: f.text,
  detail: f.text,
  field: f.textOrNull,
  next_action: f.text,
};

export const Complaint = z.strictObject(complaint);

export const Problem = z.strictObject({
  type: f.text,
  title: f.text,
  status: f.whole,
  ...complaint,
  request_id: f.text,
  errors: z.array(Complaint).exactOptional(),
  facts: f.facts.exactOptional(),
  scopes_needed: z.array(f.text).exactOptional(),
  signal: Signal.exactOptional(),
  problem: KeyProblem.nullable().exactOptional(),
  wallet: Wallet.exactOptional(),
});

/** What API Gateway answers by itself: a token that is missing or bad, a path that nobody has, too many requests. */
export const GatewayMessage = z.strictObject({ message: f.text });
