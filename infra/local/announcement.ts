/** What `npm start` says on stdout once everything runs: for people, or one line of JSON. */
import type { DeployedBinance } from '../stacks/settings.ts';
import type { CommandLine } from './options.ts';
import { SIMULATOR_WALLET } from './simulator-wallet.ts';
import type { RunningSystem } from './system.ts';

const REAL_TITLE: Readonly<Record<DeployedBinance, string>> = {
  binance: 'production, REAL MONEY',
  binance_testnet: "Binance's testnet",
  binance_demo: "Binance's demo mode",
};

/** `walletId`: the simulator's, null where there is none. `ms`: how long the start took. */
export function announcement(
  running: Pick<RunningSystem, 'console' | 'api' | 'push' | 'token' | 'simulator' | 'polygon'>,
  options: CommandLine,
  walletId: string | null,
  ms: number,
): string {
  const { console: page, api, push, token, simulator, polygon } = running;
  if (options.json) {
    const more = simulator && {
      simulator: { rest_url: simulator.restUrl, control_url: simulator.controlUrl, wallet_id: walletId },
    };
    const made = polygon && {
      polygon_simulator: {
        ws_url: polygon.wsUrl,
        rest_url: polygon.restUrl,
        control_url: polygon.controlUrl,
      },
    };
    return `${JSON.stringify({
      ready: true,
      ...(page !== null && { console: page }),
      ...{ api, push, token, ...more, ...made },
    })}\n`;
  }
  return `
${page === null ? '' : `Console: ${page}\n\n`}Moniqo is running (started in ${(ms / 1000).toFixed(1)} s). Ctrl-C stops it.

  API      ${api}/api/v1
  events   ${push ?? 'none'} (docs/push.md)
  feed     ${options.feed ?? 'synthetic'}${polygonLine(running)}
  binance  ${exchangeLine(running, options, walletId)}
  user     demo-user, token for everything, valid for 24 h (docs/authorization.md: tokens for less):
  TOKEN=${token}

Try:
  curl -s ${api}/api/v1/health/services
  curl -s -H "Authorization: Bearer $TOKEN" ${api}/api/v1/prices
  curl -s -X POST -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -d '{"name":"my wallet","type":"demo","starting_balances":{"USDT":"10000"}}' ${api}/api/v1/wallets
${addKeysLines(api, options)}
A token for another user:
  curl -s -X POST -H 'Content-Type: application/json' -d '{"sub":"somebody"}' ${api}/local-issuer/token

`;
}

function polygonLine({ polygon }: Pick<RunningSystem, 'polygon'>): string {
  if (polygon === null) return '';
  return `
  polygon  simulator at ${polygon.wsUrl}: there is no POLYGON_API_KEY, its prices are made up
  control  ${polygon.controlUrl}/control: its prices and faults (docs/polygon-simulator.md)`;
}

function exchangeLine(
  { simulator }: Pick<RunningSystem, 'simulator'>,
  { exchange }: CommandLine,
  walletId: string | null,
): string {
  if (exchange === undefined) return 'none';
  if (exchange !== 'simulator') return REAL_TITLE[exchange];
  return `simulator at ${simulator?.restUrl}, wallet "${SIMULATOR_WALLET}": ${walletId ?? 'not made, see above'}
  control  ${simulator?.controlUrl}/control: its prices, balances and faults (docs/binance-simulator.md)`;
}

/** From a file, because what stands on a command line is seen by others and kept by the shell. */
function addKeysLines(api: string, { exchange }: CommandLine): string {
  if (exchange === undefined || exchange === 'simulator') return '';
  return `
Add your keys (a file that only you can read; "private_key" with the PEM instead for Ed25519 and RSA):
  (umask 077; cat > wallet.json)      {"name":"mine","type":"binance","api_key":"...","secret_key":"..."}
  curl -s -X POST -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -H 'Idempotency-Key: my-wallet' -d @wallet.json ${api}/api/v1/wallets
`;
}
