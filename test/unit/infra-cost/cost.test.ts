/** `npm run cost`: the bill follows from the templates and the counts, to the cent. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bill, billOf, countsOf, usedBy } from '../../../infra/cost/bill.ts';
import { type Inventory, inventoryOf } from '../../../infra/cost/inventory.ts';
import { IDLE, type Load, parseCost, SIZES } from '../../../infra/cost/load.ts';
import { OPERATIONS, type OperationFigures, readMeasured } from '../../../infra/cost/measured.ts';
import { naiveOf } from '../../../infra/cost/naive.ts';
import { PRICES } from '../../../infra/cost/prices.ts';
import { between, usd } from '../../../infra/cost/print.ts';
import { Decimal, decimal, sum } from '../../../shared/domain/money/decimal.ts';
import { type Synthesised, synthesise } from '../infra/synthesised.ts';

let stacks: Readonly<Record<'sandbox' | 'prod', Synthesised>>;
let inventories: Readonly<Record<'sandbox' | 'prod', Inventory>>;
const measured = readMeasured();

const resourcesOf = ({ stacks: templates }: Synthesised): Parameters<typeof inventoryOf>[0] =>
  [...templates.values()].flatMap((template) =>
    Object.entries(
      template.toJSON()['Resources'] as Record<string, { Type: string; Properties?: object }>,
    ).map(
      ([id, { Type, Properties = {} }]) =>
        [id, { Type, Properties: Properties as Record<string, unknown> }] as const,
    ),
  );

beforeAll(() => {
  stacks = { sandbox: synthesise('sandbox'), prod: synthesise('prod') };
  inventories = {
    sandbox: inventoryOf(resourcesOf(stacks.sandbox)),
    prod: inventoryOf(resourcesOf(stacks.prod)),
  };
});
afterAll(() => {
  stacks.sandbox.remove();
  stacks.prod.remove();
});

const billFor = (load: Load): Bill => billOf(load, inventories[load.stage], measured);
const lineOf = (bill: Bill, name: string): Decimal =>
  bill.lines.find((line) => line.name === name)?.usd ?? new Decimal(0);

describe('what stands in the templates', () => {
  it('is the cheapest that is real in the sandbox', () => {
    expect(inventories.sandbox).toMatchObject({
      tasks: [{ cpu: 0.25, gb: 0.5, count: 1 }],
      natInstances: 1,
      natGateways: 0,
      endpointZones: 0,
      caches: 1,
      pointInTime: false,
    });
    // One of the NAT instance or its fixed address, one of the task.
    expect(inventories.sandbox.publicAddresses).toBeGreaterThanOrEqual(1);
    expect(inventories.sandbox.polledQueues).toBe(7);
  });

  it('is of two zones in prod', () => {
    expect(inventories.prod).toMatchObject({ natInstances: 0, natGateways: 2, pointInTime: true });
  });

  it('has the memory of every function that was measured', () => {
    const names = new Set(Object.values(measured.operations).flatMap(({ lambda }) => Object.keys(lambda)));
    expect(Object.keys(inventories.sandbox.functionGb)).toEqual(expect.arrayContaining([...names]));
    expect(inventories.sandbox.functionGb['evaluate']).toBe(1);
  });

  it('counts an address once that gives way to an elastic one', () => {
    const instance = [
      'Nat',
      { Type: 'AWS::EC2::Instance', Properties: { AssociatePublicIpAddress: true } },
    ] as const;
    const elastic = ['Address', { Type: 'AWS::EC2::EIP', Properties: {} }] as const;
    const given = ['Given', { Type: 'AWS::EC2::EIPAssociation', Properties: {} }] as const;
    expect(inventoryOf([instance]).publicAddresses).toBe(1);
    expect(inventoryOf([instance, elastic, given]).publicAddresses).toBe(1);
  });

  it('is refused where a type is neither known as billed nor as free', () => {
    const odd = ['New', { Type: 'AWS::RDS::DBInstance', Properties: {} }] as const;
    expect(() => inventoryOf([odd])).toThrow(
      'is this billed? Say so in infra/cost/inventory.ts: AWS::RDS::DBInstance',
    );
  });
});

describe('the bill', () => {
  it('of an idle sandbox is at most 45 USD a month, and less without CloudWatch’s extras', () => {
    const bill = billFor(IDLE);
    expect(bill.total.toNumber()).toBeLessThanOrEqual(45);
    expect(bill.withoutExtras.lessThan(bill.total)).toBe(true);
    expect(sum(bill.lines.map(({ usd: amount }) => amount)).equals(bill.total)).toBe(true);
    for (const { arithmetic } of bill.lines) expect(arithmetic).toMatch(/ x | \+ /);
  });

  it('has the figures that can be reckoned by hand', () => {
    const bill = billFor(IDLE);
    // 0.25 x 0.03238 x 730 + 0.5 x 0.00356 x 730
    expect(lineOf(bill, 'Fargate: the streamer').toFixed(4)).toBe('7.2088');
    expect(lineOf(bill, 'NAT instance').toFixed(2)).toBe('3.71');
    // 0.1 GB x 0.084 x 730
    expect(lineOf(bill, 'Valkey memory').toFixed(3)).toBe('6.132');
    expect(lineOf(bill, 'KMS key').toFixed(2)).toBe('1.00');
    // A million write units cost what the list says.
    const minutes = decimal('43800');
    const idleWrites = minutes.times(measured.operations.idle_minute.dynamodb.write_units);
    expect(
      lineOf(bill, 'DynamoDB writes').equals(idleWrites.times(PRICES.writeUnits.usd).dividedBy(1e6)),
    ).toBe(true);
  });

  it('grows with what is done, and its parts add up', () => {
    const totals = SIZES.map((load) => billFor(load).total.toNumber());
    expect(totals).toEqual(totals.toSorted((a, b) => a - b));
    const [, , small] = SIZES;
    if (small === undefined) throw new Error('there is no small size');
    const twice = billFor({ ...small, ordersPerDay: 2 * small.ordersPerDay });
    const once = billFor(small);
    const none = billFor({ ...small, ordersPerDay: 0 });
    const writes = (bill: Bill): Decimal => lineOf(bill, 'DynamoDB writes');
    const [second, first] = [writes(twice).minus(writes(once)), writes(once).minus(writes(none))];
    expect(first.greaterThan(1)).toBe(true);
    // Shares of a month have no end: the last of 20 digits may differ.
    expect(second.minus(first).abs().lessThan('1e-12')).toBe(true);
  });

  it('of a trade is an entry and an exit', () => {
    const load: Load = { ...IDLE, ordersPerDay: 2 };
    const { entry, stopped_out: out, exchange_round_trip: exchange } = countsOf(load, measured);
    expect([entry, out, exchange].map((count) => count.toFixed(4))).toEqual(['30.4167', '30.4167', '0.0000']);
  });

  it('counts a script by its time, and everything by its size', () => {
    const figures = (valkey: OperationFigures['valkey']): OperationFigures => ({
      measured: 1,
      dynamodb: { calls: 0, read_units: 0, write_units: 0, by_table: {} },
      sqs: { send_calls: 0, delivered: {} },
      lambda: {},
      valkey,
      logs: { bytes: 0, emf_lines: 0 },
    });
    const ecpu = (valkey: OperationFigures['valkey']): string => usedBy(figures(valkey), {}).ecpu.toFixed(2);
    // 5 plain commands, and a script of 90 us: 8.1 of 11.1 us each
    expect(ecpu({ commands: 6, script_calls: 1, script_ms: 0.09, kilobytes: 1 })).toBe('13.10');
    expect(ecpu({ commands: 6, script_calls: 1, script_ms: 0.001, kilobytes: 1 })).toBe('6.00');
    expect(ecpu({ commands: 6, script_calls: 1, script_ms: 0.001, kilobytes: 50 })).toBe('50.00');
  });
});

describe('the naive design', () => {
  it('writes each position each second', () => {
    const [, , small, large] = SIZES;
    if (small === undefined || large === undefined) throw new Error('sizes are missing');
    const writes = (load: Load): string => naiveOf(billFor(load)).lines[0]?.usd.toFixed(2) ?? '';
    expect([writes(small), writes(large)]).toEqual(['1642.50', '164250.00']);
    expect(naiveOf(billFor(large)).lines[1]?.usd.toFixed(2)).toBe('2463.75');
    expect(naiveOf(billFor(IDLE)).lines[0]?.usd.isZero()).toBe(true);
    expect(naiveOf(billFor(large)).total.greaterThan(billFor(large).total.times(10))).toBe(true);
  });
});

describe('the counts', () => {
  it('are there of every operation, with their date and machine', () => {
    expect(Object.keys(measured.operations).sort()).toEqual([...OPERATIONS].sort());
    expect(measured.machine.cpu).not.toBe('');
    expect(measured.operations.entry.dynamodb.write_units).toBeGreaterThan(0);
    expect(measured.idle_metrics.every((name) => measured.metrics.includes(name))).toBe(true);
  });
});

describe('the command line', () => {
  it('takes the four sizes, or one of your own', () => {
    expect(parseCost([])?.loads).toBe(SIZES);
    const own = ['--users', '10', '--symbols', '5', '--positions', '20', '--orders-per-day', '100'];
    expect(parseCost(own)?.loads).toMatchObject([
      { stage: 'prod', users: 10, exchangeWallets: 10, viewers: 1 },
    ]);
    expect(parseCost(['--help'])).toBeNull();
    expect(() => parseCost(['--users', '10'])).toThrow('--symbols is missing');
    expect(() => parseCost([...own, '--docs'])).toThrow('no size of your own');
    expect(() => parseCost([...own, '--stage', 'test'])).toThrow('sandbox or prod');
  });
});

describe('docs/cost.md', () => {
  it('says what the calculator says: npm run cost -- --docs', () => {
    const text = readFileSync('docs/cost.md', 'utf8');
    const told = /\| This design \| (.+) \|/.exec(text)?.[1]?.split(' | ') ?? [];
    expect(told).toHaveLength(SIZES.length);
    for (const [nth, load] of SIZES.entries()) {
      const [now, then] = [billFor(load).total, new Decimal((told[nth] ?? '').replace(/[*,]/g, ''))];
      // An alarm more needs no new document; anything that a reader would notice does.
      expect(now.minus(then).abs().dividedBy(now).toNumber(), `${load.name}: ${usd(now)}`).toBeLessThan(0.05);
    }
  });

  it('is made anew between its marks, and nowhere else', () => {
    const document = 'a\n<!-- x: made by npm run cost -- --docs -->\nold\n<!-- end of x -->\nb\n';
    expect(between(document, 'x', 'new')).toBe(document.replace('old', 'new'));
    expect(() => between(document, 'y', '')).toThrow('no part y');
  });
});
