import { describe, expect, it } from 'vitest';
import type { MessageFault } from '../../../../infra/local/venues/polygon/faults/rules.ts';
import { spoil, spoilAll } from '../../../../infra/local/venues/polygon/faults/spoil.ts';
import { Holdings, readTopic } from '../../../../infra/local/venues/polygon/ws/topics.ts';

const TRADE =
  '{"ev":"XT","pair":"BTC-USD","p":60000.5,"t":1790000000120,"s":0.5,"c":[2],"i":"9","x":1,"r":1790000000165}';
const FAIR = '{"ev":"FMV","fmv":60000.5,"sym":"X:BTC-USD","t":1790000000120000000}';
const QUOTE =
  '{"ev":"Q","sym":"AAPL","bx":12,"bp":220.01,"bs":1,"ax":12,"ap":220.05,"as":2,"c":1,"t":1790000000120,"q":5,"z":3}';

const texts = (text: string, fault: MessageFault): readonly string[] =>
  spoil(text, fault).map((made) => made.text);

describe('a spoiled message', () => {
  it('keeps the text of a number as it was given', () => {
    expect(texts(TRADE, { kind: 'set_number', field: 's', text: '4.5e-05' })).toEqual([
      TRADE.replace('0.5,"c"', '4.5e-05,"c"'),
    ]);
  });

  it.each([
    ['ms', '1790000000120'],
    ['us', '1790000000120000'],
    ['ns', '1790000000120000000'],
  ] as const)('tells its time in %s with exact digits', (unit, digits) => {
    for (const text of [TRADE, FAIR]) {
      expect(texts(text, { kind: 'time_unit', unit })[0]).toContain(`"t":${digits}`);
    }
  });

  it('scales prices and nothing else', () => {
    expect(JSON.parse(texts(TRADE, { kind: 'outlier', percent: -50 })[0] ?? '')).toEqual({
      ...JSON.parse(TRADE),
      p: 30000.25,
    });
    expect(JSON.parse(texts(QUOTE, { kind: 'outlier', percent: 10 })[0] ?? '')).toEqual({
      ...JSON.parse(QUOTE),
      bp: 242.01,
      ap: 242.06,
    });
  });

  it('takes several faults one after the other, and adds up their delays', () => {
    const made = spoilAll(TRADE, [
      { kind: 'duplicate', count: 1, afterMs: 100 },
      { kind: 'delay_message', ms: 50 },
      { kind: 'unknown_ev' },
    ]);
    expect(made.map(({ afterMs }) => afterMs)).toEqual([50, 50, 150, 150]);
    expect(made.filter(({ text }) => text === TRADE)).toHaveLength(2);
  });
});

describe('a topic', () => {
  it.each([
    ['stocks', 'T.BRK.B', { channel: 'T', symbol: 'BRK.B' }],
    ['forex', 'C.EUR-USD', { channel: 'C', symbol: 'EUR/USD' }],
    ['forex', 'FMV.C:EURUSD', { channel: 'FMV', symbol: 'EUR/USD' }],
    ['crypto', 'FMV.X:BTC-USD', { channel: 'FMV', symbol: 'BTC-USD' }],
    ['crypto', 'XT.*', { channel: 'XT', symbol: '*' }],
    ['crypto', 'XAM.BTC-USD', null],
    ['crypto', 'XT', null],
    ['crypto', 'XT.', null],
    ['crypto', '', null],
    ['forex', 'XT.BTC-USD', null],
  ] as const)('%s %s', (cluster, text, topic) => {
    expect(readTopic(cluster, text)).toEqual(topic === null ? null : { ...topic, text });
  });

  it('of all and of one are held and given up apart', () => {
    const holdings = new Holdings();
    const [all, one] = [readTopic('crypto', 'XT.*'), readTopic('crypto', 'XT.BTC-USD')];
    if (all === null || one === null) throw new Error('these are topics');
    expect(holdings.remove(all)).toBe(false);
    holdings.add(all);
    expect([holdings.has(one), holdings.holds('XT', 'BTC-USD')]).toEqual([false, true]);
    holdings.add(one);
    expect(holdings.remove(all)).toBe(true);
    expect([holdings.holds('XT', 'ETH-USD'), holdings.holds('XT', 'BTC-USD'), holdings.list()]).toEqual([
      false,
      true,
      ['XT.BTC-USD'],
    ]);
  });
});
