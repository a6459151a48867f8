/**
 * Alarms and dashboards (design section 18, docs/monitoring.md): what is looked at, not how it is drawn (alarms/, dashboards/).
 */
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { AlarmSet } from './alarm-set.ts';
import { addFunctionAlarms } from './alarms/functions.ts';
import { addOrderAlarms } from './alarms/orders.ts';
import { addPriceAlarms } from './alarms/prices.ts';
import { addQueueAlarms } from './alarms/queues.ts';
import { addStoreAlarms } from './alarms/stores.ts';
import { addStreamerAlarms } from './alarms/streamers.ts';
import { addWalletAlarms } from './alarms/wallets.ts';
import { costBoard } from './dashboards/cost.ts';
import { healthBoard } from './dashboards/health.ts';
import { latencyBoard, latencyRows } from './dashboards/latency.ts';
import { tradingBoard, tradingRows } from './dashboards/trading.ts';
import { addDashboard, type Board } from './dashboards/widgets.ts';
import { ownMetrics } from './metrics.ts';
import type { AlarmRecipients } from './recipients.ts';
import { makeTopics } from './topics.ts';
import type { Watched } from './watched.ts';

export interface MonitoringStackProps extends StackProps {
  readonly settings: Settings;
  readonly watched: Watched;
  readonly recipients: AlarmRecipients;
}

export class MonitoringStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { settings, watched, recipients, ...props }: MonitoringStackProps,
  ) {
    super(scope, id, props);
    const { stage, feed } = settings;
    const own = ownMetrics(stage);
    const topics = makeTopics(this, stage, recipients);
    const alarms = new AlarmSet(this, stage, topics);
    addPriceAlarms(alarms, own, feed);
    addOrderAlarms(alarms, own);
    addWalletAlarms(alarms, own, settings.binance !== null);
    addQueueAlarms(alarms, watched);
    addFunctionAlarms(alarms, own, watched);
    addStoreAlarms(alarms, watched);
    addStreamerAlarms(this, alarms, topics, watched);
    const boards: readonly Board[] =
      stage === 'prod'
        ? [tradingBoard(own), latencyBoard(own, watched)]
        : // Three dashboards cost nothing, and a fourth one 3 USD a month.
          [{ name: 'trading', rows: [...tradingRows(own), ...latencyRows(own, watched)] }];
    for (const board of [healthBoard(alarms, own, watched, feed), ...boards, costBoard(watched)])
      addDashboard(this, stage, board);
  }
}
