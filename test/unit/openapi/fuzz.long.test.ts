import { expect, it } from 'vitest';
import { fuzz, sharesOf } from '../../openapi/fuzz.ts';

it('20,000 requests made of the document are answered as it says, none with a 5xx', async () => {
  const tally = await fuzz(20_000, 7);
  expect([...tally.seen.values()].reduce((a, b) => a + b, 0)).toBe(20_000);
  const shares = sharesOf(tally);
  console.log(
    shares.map(({ operation, all, share }) => `${operation} ${share.toFixed(2)} of ${all}`).join(', '),
  );
  for (const { operation, share } of shares) expect(share, operation).toBeGreaterThan(0.15);
}, 900_000);
