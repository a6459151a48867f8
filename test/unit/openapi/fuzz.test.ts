import { expect, it } from 'vitest';
import { ROUTES } from '../../../functions/api/routes.ts';
import { fuzz, sharesOf } from '../../openapi/fuzz.ts';

it('2,000 requests made of the document are answered as it says, none with a 5xx', async () => {
  const tally = await fuzz(2_000, 20261129);
  const keys = [...tally.seen.keys()];
  // Not refused at the door alone: every operation has been reached, and all but those of exchange accounts with success.
  for (const { name } of ROUTES)
    expect(
      keys.some((key) => key.startsWith(`${name} `)),
      name,
    ).toBe(true);
  const never = ROUTES.filter(({ name }) => !keys.some((key) => key.startsWith(`${name} 2`)));
  expect(never.map(({ name }) => name)).toEqual(['deleteWallet', 'testWallet', 'rotateKeys']);
  const shares = sharesOf(tally);
  console.log(
    shares.map(({ operation, all, share }) => `${operation} ${share.toFixed(2)} of ${all}`).join(', '),
  );
  for (const { operation, all, share } of shares) {
    expect(all, operation).toBeGreaterThan(50);
    expect(share, `${operation}: share of ${all} that succeeded`).toBeGreaterThan(0.15);
  }
}, 120_000);
