/** The Lambda that answers the API's document and its page: no table, no queue, no VPC. The document lies beside it. */
import { readFileSync } from 'node:fs';
import { makeSite } from './site.ts';

const site = makeSite(readFileSync(new URL('openapi.json', import.meta.url), 'utf8'));

export const handler = async (event: { readonly routeKey: string }) => site(event);
