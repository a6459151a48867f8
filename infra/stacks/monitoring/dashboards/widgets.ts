/** Widgets as all dashboards have them. CloudWatch's grid is 24 wide. */

import { Duration } from 'aws-cdk-lib';
import {
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  SingleValueWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { Stage } from '../../settings.ts';

const HEIGHT = 6;
const TITLE_HEIGHT = 1;
const FULL_WIDTH = 24;

/** Three stand in a row. */
export const graph = (title: string, left: readonly IMetric[], right: readonly IMetric[] = []): IWidget =>
  new GraphWidget({
    title,
    left: [...left],
    ...(right.length > 0 && { right: [...right] }),
    leftYAxis: { min: 0 },
    width: FULL_WIDTH / 3,
    height: HEIGHT,
  });

/** What may be below zero. */
export const signed = (title: string, left: readonly IMetric[]): IWidget =>
  new GraphWidget({ title, left: [...left], width: FULL_WIDTH / 3, height: HEIGHT });

export const figure = (title: string, metric: IMetric, width: number): IWidget =>
  new SingleValueWidget({ title, metrics: [metric], width, height: 4, sparkline: true });

export const heading = (markdown: string, height = TITLE_HEIGHT): IWidget =>
  new TextWidget({ markdown, width: FULL_WIDTH, height });

export type Rows = readonly (readonly IWidget[])[];

export interface Board {
  /** `monitor-health`: the end of its name in CloudWatch. */
  readonly name: string;
  readonly rows: Rows;
}

const idOf = (name: string): string =>
  name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

export const addDashboard = (scope: Construct, stage: Stage, { name, rows }: Board): Dashboard =>
  new Dashboard(scope, idOf(name), {
    dashboardName: `moniqo-${stage}-${name}`,
    defaultInterval: Duration.hours(3),
    widgets: rows.map((row) => [...row]),
  });
