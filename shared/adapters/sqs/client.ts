/** The SQS client: short timeouts, few tries, and the endpoint that was configured. */
import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';

export interface SqsClientOptions {
  /** Null or absent: the SDK's own way (environment, region). */
  readonly endpoint?: string | null;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly connectionTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  /** Tries in all, the first included. */
  readonly maxAttempts?: number;
}

export function createSqsClient(options: SqsClientOptions = {}): SQSClient {
  const config: SQSClientConfig = {
    maxAttempts: options.maxAttempts ?? 3,
    // Otherwise the client follows the host in the queue's URL, past the endpoint it was given.
    useQueueUrlAsEndpoint: false,
    requestHandler: {
      connectionTimeout: options.connectionTimeoutMs ?? 1000,
      requestTimeout: options.requestTimeoutMs ?? 3000,
      // Without it the SDK only logs a slow request and goes on waiting.
      throwOnRequestTimeout: true,
    },
  };
  if (options.endpoint) config.endpoint = options.endpoint;
  if (options.region) config.region = options.region;
  if (options.credentials) config.credentials = options.credentials;
  return new SQSClient(config);
}
