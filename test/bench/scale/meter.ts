/** What is asked of the tables, in DynamoDB's own units: the same on a busy machine as on an idle one. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';

export interface Metered {
  readonly calls: number;
  /** Capacity units, reads and writes together. */
  readonly units: number;
}

const Capacity = z.object({ CapacityUnits: z.number() });
const Answer = z.object({ ConsumedCapacity: z.union([Capacity, z.array(Capacity)]).optional() });

export interface Meter {
  /** What has been asked since the last time. */
  take(): Metered;
}

/** Counts everything that goes by this client from now on. */
export function meterOf(client: DynamoDBClient): Meter {
  let [calls, units] = [0, 0];
  client.middlewareStack.add(
    (next) => async (args) => {
      const input = { ...args.input, ReturnConsumedCapacity: 'TOTAL' };
      const answer = await next({ ...args, input: input as typeof args.input });
      const { ConsumedCapacity: consumed = [] } = Answer.parse(answer.output);
      calls += 1;
      for (const { CapacityUnits } of [consumed].flat()) units += CapacityUnits;
      return answer;
    },
    { step: 'initialize', name: 'meter' },
  );
  return {
    take: () => {
      const taken = { calls, units };
      [calls, units] = [0, 0];
      return taken;
    },
  };
}
