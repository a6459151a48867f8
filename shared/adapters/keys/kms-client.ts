/** KMS with short timeouts and few tries: a slow service is an error and not a hang. */
import { KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms';
import type { SealContext } from '../../ports/keys.ts';

export interface KmsOptions {
  readonly keyArn: string;
  /** Null or absent: the SDK's own way. */
  readonly endpoint?: string | null;
  readonly client?: KMSClient;
}

export function kmsClient({ client, endpoint, keyArn }: KmsOptions): KMSClient {
  if (client !== undefined) return client;
  const region = keyArn.split(':')[3];
  const config: KMSClientConfig = {
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
  };
  if (region !== undefined) config.region = region;
  if (endpoint) config.endpoint = endpoint;
  return new KMSClient(config);
}

/** Bound to the ciphertext, and shown in the audit trail of each use: ids, no secrets. */
export const encryptionContext = ({ walletId, userId }: SealContext): Record<string, string> => ({
  wallet_id: walletId,
  user_id: userId,
});

export const errorName = (error: unknown): string => (error instanceof Error ? error.name : 'unknown');
