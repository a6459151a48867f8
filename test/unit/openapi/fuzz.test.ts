import { expect, it } from 'vitest';
import { ROUTES } from '../../../functions/api/routes.ts';
import { fuzz } from '../../openapi/fuzz.ts';

it('2,000 requests made of the document are answered as it says, none with a 500', async () => {
  const { seen } = await fuzz(2_000, 20261129);
  // Not refused at the door alone: every operation has been reached, most of them with success: no keys, no webhooks are there.
  for (const { name } of ROUTES)
    expect([...seen.keys()].some((key) => key.startsWith(`${name} `))).toBe(true);
  const succeeded = ROUTES.filter(({ name }) => [...seen.keys()].some((key) => key.startsWith(`${name} 2`)));
  expect(succeeded.length).toBeGreaterThan(ROUTES.length - 15);
}, 120_000);
