/** `npm run bot -- --token TOKEN`: the example bot, against a system that `npm start` has started. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createClient } from '../../../shared/client/client.ts';
import { runBot } from './bot.ts';

const { values } = parseArgs({
  options: {
    api: { type: 'string', default: 'http://127.0.0.1:8787' },
    token: { type: 'string', default: process.env['TOKEN'] ?? '' },
    symbol: { type: 'string', default: 'BTC/USDT' },
    spend: { type: 'string', default: '500' },
    'trailing-percent': { type: 'string', default: '0.5' },
    seconds: { type: 'string', default: '60' },
  },
});
if (values.token === '') {
  console.error('Give the token that npm start printed: --token TOKEN, or TOKEN in the environment.');
  process.exit(1);
}

const plan = {
  symbol: values.symbol,
  spend: values.spend,
  trailingPercent: values['trailing-percent'],
  seconds: Number.parseInt(values.seconds, 10),
};
await runBot(createClient({ api: values.api, token: values.token }), plan, console.log, async (ms) => {
  await sleep(ms);
});
