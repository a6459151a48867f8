/**
 * The laptop's stand-in for Cognito's app clients that get tokens by client credentials (RFC 6749 section 4.4): ids, secrets,
 * the scopes they may ask for. In memory: a restart forgets them, and a client of the same id can be made again.
 *
 * As with Cognito a client has at most two secrets, so that one can be exchanged for another without a gap.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { SCOPES } from '../../../shared/http/scopes.ts';

export const MOST_SECRETS = 2;
export const CLIENT_TOKEN_SECONDS = 60 * 60;
const ADMIN = 'admin';

interface Secret {
  readonly secretId: string;
  readonly value: string;
}

interface MachineClient {
  readonly scopes: readonly string[];
  readonly secrets: readonly Secret[];
}

export interface NewSecret {
  readonly clientId: string;
  readonly secretId: string;
  /** Told once. */
  readonly secret: string;
}

/** `invalid_client`: no such client, or none of its secrets. `invalid_scope`: it may not ask for it. */
export type GrantError = 'invalid_client' | 'invalid_scope';

/** What a caller asked for and cannot have. */
export class MachineClientError extends Error {
  override readonly name = 'MachineClientError';
}

const lastPart = (scope: string): string => scope.split('/').at(-1) ?? scope;

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

export class MachineClients {
  readonly #clients = new Map<string, MachineClient>();

  has(clientId: string): boolean {
    return this.#clients.has(clientId);
  }

  /** @throws MachineClientError when the id is taken */
  create(clientId = randomBytes(13).toString('hex')): NewSecret {
    if (this.#clients.has(clientId)) throw new MachineClientError(`there is a client ${clientId} already`);
    const scopes = SCOPES.filter((scope) => scope !== ADMIN);
    this.#clients.set(clientId, { scopes, secrets: [] });
    return this.addSecret(clientId);
  }

  /** @throws MachineClientError when there is no such client, or it has two */
  addSecret(clientId: string): NewSecret {
    const client = this.#get(clientId);
    if (client.secrets.length >= MOST_SECRETS) {
      throw new MachineClientError(`a client has at most ${MOST_SECRETS} secrets: delete one first`);
    }
    const made = { secretId: randomBytes(8).toString('hex'), value: randomBytes(32).toString('base64url') };
    this.#clients.set(clientId, { ...client, secrets: [...client.secrets, made] });
    return { clientId, secretId: made.secretId, secret: made.value };
  }

  /** @throws MachineClientError when there is no such secret, or it is the last one */
  deleteSecret(clientId: string, secretId: string): void {
    const client = this.#get(clientId);
    const secrets = client.secrets.filter((secret) => secret.secretId !== secretId);
    if (secrets.length === client.secrets.length) throw new MachineClientError('there is no such secret');
    if (secrets.length === 0) throw new MachineClientError('the last secret stays: add another one first');
    this.#clients.set(clientId, { ...client, secrets });
  }

  /** The scopes that a token may have: those that are asked for, else all. */
  grant(clientId: string, secret: string, asked: string | null): string | GrantError {
    const client = this.#clients.get(clientId);
    if (client === undefined || !client.secrets.some(({ value }) => isSame(value, secret)))
      return 'invalid_client';
    const wanted = asked === null || asked === '' ? client.scopes : asked.split(' ');
    return wanted.every((scope) => client.scopes.includes(lastPart(scope)))
      ? wanted.join(' ')
      : 'invalid_scope';
  }

  #get(clientId: string): MachineClient {
    const client = this.#clients.get(clientId);
    if (client === undefined) throw new MachineClientError(`there is no client ${clientId}`);
    return client;
  }
}
