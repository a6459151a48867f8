/** The DynamoDB client: short timeouts and few tries, so that a slow table is an error and not a hang. */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

export interface DynamoClientOptions {
  /** Null or absent: the SDK's own way (environment, region). */
  readonly endpoint?: string | null;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly connectionTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  /** Tries in all, the first included. */
  readonly maxAttempts?: number;
}

export function createDynamoClient(options: DynamoClientOptions = {}): DynamoDBClient {
  const config: DynamoDBClientConfig = {
    maxAttempts: options.maxAttempts ?? 3,
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
  const client = new DynamoDBClient(config);
  // It copies every request and answer for a log that is not written: nearly half of our own work in reading positions.
  client.middlewareStack.remove('loggerMiddleware');
  return client;
}
