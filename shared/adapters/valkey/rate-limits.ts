/** Rate limits on Valkey: rate-limit.lua as a typed step, all buckets of one owner in one slot. */
import * as z from 'zod';
import type { RateBucket, RateLimits, RateStand } from '../../ports/rate-limit.ts';
import type { Valkey } from './client.ts';
import rateLimit from './rate-limit.lua';
import { chunks, defineScript } from './script.ts';

interface Input {
  readonly owner: string;
  readonly buckets: readonly RateBucket[];
  readonly now: number;
}

const count = z.coerce.number().int().min(0);

const script = defineScript<Input, Awaited<ReturnType<RateLimits['take']>>>({
  name: 'rate-limit',
  source: [rateLimit],
  keys: ({ owner, buckets }) => buckets.map(({ name }) => `requests:{${owner}}:${name}`),
  args: ({ buckets, now }) => [
    String(now),
    ...buckets.flatMap(({ perMinute, burst }) => [String(perMinute), String(burst)]),
  ],
  reply: () =>
    z.tuple([z.enum(['taken', 'over'])], count).transform(([outcome, ...figures]) => ({
      taken: outcome === 'taken',
      stands: chunks(figures, 3).map(
        ([remaining = 0, fullInMs = 0, nextInMs = 0]): RateStand => ({ remaining, fullInMs, nextInMs }),
      ),
    })),
});

export const createRateLimits = (valkey: Valkey): RateLimits => ({
  take: (owner, buckets, now) => script.run(valkey, { owner, buckets, now }),
});
