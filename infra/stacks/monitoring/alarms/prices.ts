/** Prices: whether they come, from whom, and whether they are of now. */
import { TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { parseLiveSources } from '../../../../shared/domain/prices/live-sources.ts';
import type { AlarmSet } from '../alarm-set.ts';
import { FIVE_MINUTES, type Own } from '../metrics.ts';
import { above, none } from './shapes.ts';

export function addPriceAlarms(alarms: AlarmSet, own: Own, feed: string): void {
  alarms.add('WebSocketDisconnected', {
    severity: 'critical',
    says: 'No price stream is connected: prices are stale and nothing triggers by price.',
    // While a deployment overlaps, one connected task of the two is enough.
    ...none(own('ws_connected', { statistic: 'Maximum' }), 1, TreatMissingData.BREACHING),
  });
  alarms.add('HighErrorRate', {
    severity: 'warning',
    says: 'More than 10 errors of the price stream within five minutes.',
    ...above(10, own('ws_errors_total', { statistic: 'Sum', period: FIVE_MINUTES })),
  });
  alarms.add('PricesStale', {
    severity: 'warning',
    // A pair whose book stands still for some four minutes rings as well, though its stops are as good as ever: meanwhile nobody is
    // shown a price, nothing can be valued or sold at the market of the demo venue, and whether its stream has died cannot be told.
    says: 'A symbol with a position or a resting order has had no price for more than a minute while its market is open.',
    ...above(0, own('prices_stale', { statistic: 'Maximum' }), 3),
  });
  addSourceAlarms(alarms, own, feed);
}

/** Of two sources each: the specification's alarm rings when neither is left, or one serves only a part. */
function addSourceAlarms(alarms: AlarmSet, own: Own, feed: string): void {
  for (const venue of pairOf(feed)) {
    alarms.add(`SourceDisconnected-${venue}`, {
      severity: 'warning',
      says: `${venue} brings no prices: the other source serves alone, and nothing checks it.`,
      ...none(own('ws_connected', { statistic: 'Maximum', venue }), 1, TreatMissingData.NOT_BREACHING),
    });
  }
}

/** The two sources; none where there are not two. */
export function pairOf(feed: string): readonly string[] {
  const sources = parseLiveSources(feed) ?? [];
  return sources.length < 2 ? [] : sources;
}
