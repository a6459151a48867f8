/** The bill as text, as a document, and as the tables of docs/cost.md. */
import type { Decimal } from '../../shared/domain/money/decimal.ts';
import { table } from '../local/demo/table.ts';
import type { Bill } from './bill.ts';
import type { Measured } from './measured.ts';
import type { Naive } from './naive.ts';
import { PRICES_AS_OF, REGION } from './prices.ts';

export interface Reckoned {
  readonly bill: Bill;
  readonly naive: Naive;
}

const GROUPED = /\B(?=(\d{3})+(?!\d))/g;
/** Cents, with commas. */
export const usd = (amount: Decimal): string => {
  const [whole = '', cents = ''] = amount.toFixed(2).split('.');
  return `${whole.replace(GROUPED, ',')}.${cents}`;
};

const loadText = ({ load }: Bill): string =>
  `${load.users} users, ${load.symbols} symbols, ${load.positions} positions, ${load.ordersPerDay} orders a day, ` +
  `${load.exchangeWallets} wallets at an exchange, ${load.viewers} viewers; templates of ${load.stage}`;

export function costText(reckoned: readonly Reckoned[], measured: Measured): string {
  const parts = reckoned.map(({ bill, naive }) =>
    [
      `${bill.load.name}: ${loadText(bill)}`,
      '',
      table(
        ['line', 'USD/month', 'arithmetic'],
        [
          ...bill.lines.map(({ name, usd: amount, arithmetic }) => [name, usd(amount), arithmetic]),
          ['all', usd(bill.total), ''],
          ['without metrics, alarms, dashboards', usd(bill.withoutExtras), ''],
          ['the naive design', usd(naive.total), 'each position read and written each second'],
        ],
        ['USD/month'],
      ),
    ].join('\n'),
  );
  return `\n${parts.join('\n\n')}\n\n${sourceLine(measured)}\n`;
}

const sourceLine = ({ measured_at, machine }: Measured): string =>
  `Prices: ${REGION}, as of ${PRICES_AS_OF}, no free tier but CloudWatch's and Lambda's own for good. Counts: ${measured_at.slice(0, 10)}, ${machine.cpu}.`;

export const costJson = (reckoned: readonly Reckoned[], measured: Measured): string =>
  `${JSON.stringify(
    {
      region: REGION,
      prices_as_of: PRICES_AS_OF,
      measured_at: measured.measured_at,
      bills: reckoned.map(({ bill, naive }) => ({
        ...bill.load,
        lines: bill.lines.map((line) => ({ ...line, usd: line.usd.toFixed(6) })),
        total: bill.total.toFixed(2),
        without_cloudwatch_extras: bill.withoutExtras.toFixed(2),
        naive: {
          lines: naive.lines.map((line) => ({ ...line, usd: line.usd.toFixed(6) })),
          total: naive.total.toFixed(2),
        },
      })),
    },
    null,
    2,
  )}\n`;

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** The part of docs/cost.md between its marks. */
export function costMarkdown(reckoned: readonly Reckoned[], measured: Measured): string {
  const summary = [
    row(['', ...reckoned.map(({ bill }) => bill.load.name)]),
    row(['---', ...reckoned.map(() => '---:')]),
    row(['This design', ...reckoned.map(({ bill }) => `**${usd(bill.total)}**`)]),
    row(['Without metrics, alarms, dashboards', ...reckoned.map(({ bill }) => usd(bill.withoutExtras))]),
    row(['The naive design', ...reckoned.map(({ naive }) => usd(naive.total))]),
  ];
  const details = reckoned.flatMap(({ bill, naive }) => [
    `### ${bill.load.name.charAt(0).toUpperCase()}${bill.load.name.slice(1)}`,
    '',
    `${loadText(bill)}.`,
    '',
    row(['Line', 'USD', 'How it comes out']),
    row(['---', '---:', '---']),
    ...bill.lines.map(({ name, usd: amount, arithmetic }) => row([name, usd(amount), arithmetic])),
    row(['**All**', `**${usd(bill.total)}**`, '']),
    ...(bill.load.positions === 0
      ? []
      : naive.lines.map(({ name, usd: amount, arithmetic }) =>
          row([`Naive: ${name}`, usd(amount), arithmetic]),
        )),
    '',
  ]);
  return [sourceLine(measured), '', ...summary, '', ...details].join('\n');
}

/** What one operation takes, as it was measured. */
export function operationsMarkdown({ operations }: Measured): string {
  const shown = (value: number): string => value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
  return [
    row([
      'Operation',
      'Write units',
      'Read units',
      'SQS sends',
      'Invocations',
      'ms',
      'Valkey',
      'Script ms',
      'Log bytes',
    ]),
    row(['---', ...Array.from({ length: 8 }, () => '---:')]),
    ...Object.entries(operations).map(([name, { dynamodb, sqs, lambda, valkey, logs }]) => {
      const functions = Object.values(lambda);
      const sumOf = (pick: (one: { invocations: number; cpu_ms: number }) => number): number =>
        functions.reduce((all, one) => all + pick(one), 0);
      return row([
        `\`${name}\``,
        ...[dynamodb.write_units, dynamodb.read_units, sqs.send_calls].map(shown),
        shown(sumOf(({ invocations }) => invocations)),
        shown(sumOf(({ cpu_ms }) => cpu_ms)),
        ...[valkey.commands, valkey.script_ms, logs.bytes].map(shown),
      ]);
    }),
  ].join('\n');
}

/** @throws Error when the document lacks the marks */
export function between(document: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}: made by npm run cost -- --docs -->`, `<!-- end of ${name} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/cost.md has no part ${name}`);
  return `${document.slice(0, from + begin.length)}\n${text}\n${document.slice(to)}`;
}
