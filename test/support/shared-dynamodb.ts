/** Starts one DynamoDB Local for all test files of a run: each start takes seconds of a core, and a cold one is slow. */
import type { TestProject } from 'vitest/node';
import { dynamoDbMissing, startDynamoDb } from './dynamodb.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The shared DynamoDB Local; empty where Java is missing. */
    dynamoDb: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const db = dynamoDbMissing === null ? await startDynamoDb() : null;
  project.provide('dynamoDb', db?.endpoint ?? '');
  return async () => {
    await db?.stop();
  };
}
