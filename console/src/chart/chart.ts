/**
 * The chart: lightweight-charts, given what the pure parts beside it have made. Loaded when a chart is first shown.
 *
 * Prices become numbers here, in `drawn`, to be drawn; texts on the axis are made of `snapped` prices.
 * The library's own logo brings an inline style, which the page's policy forbids: it is off, and the page names TradingView
 * with a link instead (chart/price-chart.tsx), as the licence wants it.
 */
import {
  CandlestickSeries,
  ColorType,
  CrosshairMode,
  createChart,
  createSeriesMarkers,
  type IPriceLine,
  type ITimeScaleApi,
  LineSeries,
  LineStyle,
  LineType,
  type SeriesMarker,
  TickMarkType,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import { figureText, placesOf } from '../format/decimal-text.ts';
import type { Candle, Point } from './bars.ts';
import type { LevelLine, Marker } from './markers.ts';
import { drawn, snapped } from './numbers.ts';

export type Look = 'candles' | 'line';

export interface Palette {
  readonly surface: string;
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly up: string;
  readonly down: string;
  readonly accent: string;
  readonly warn: string;
  readonly font: string;
}

export interface Scene {
  readonly points: readonly Point[];
  readonly stop: readonly { readonly time: number; readonly price: string | null }[];
  readonly markers: readonly Marker[];
  readonly lines: readonly LevelLine[];
  readonly look: Look;
}

export interface PriceChart {
  /** Draws what is new or different in it. */
  show(scene: Scene): void;
  colour(palette: Palette): void;
  /** Where a price is, in pixels from the top; null: nowhere yet. */
  yOf(price: string): number | null;
  /** The price on the tick at that height; null: there are no prices. */
  priceAt(y: number): string | null;
  /** All that there is, in sight. */
  fit(): void;
  remove(): void;
}

export interface ChartOptions {
  readonly tick: string;
  readonly palette: Palette;
  readonly withSeconds: boolean;
  /** Prices are drawn at other heights than before: what lies on top has to follow. */
  readonly onMoved: () => void;
}

const CLEAR = 'rgba(0, 0, 0, 0)';
/** Room for the texts of the last arrows. */
const RIGHT_PIXELS = 90;
/** Half of the words beside a mark, or of a time on the axis. */
const LEFT_PIXELS = 44;

/** In pixels: of few bars none becomes a wall. */
const WIDEST_BAR = 24;

const at = (time: number): UTCTimestamp => time as UTCTimestamp;

export function createPriceChart(element: HTMLElement, options: ChartOptions): PriceChart {
  const { tick, onMoved } = options;
  const places = placesOf(tick);
  const priceText = (price: number): string => figureText(snapped(price, tick), { least: places });
  const priceFormat = { type: 'custom', minMove: drawn(tick), formatter: priceText } as const;
  const chart = createChart(element, {
    autoSize: true,
    layout: { attributionLogo: false, fontSize: 12 },
    crosshair: { mode: CrosshairMode.Normal },
    rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.12, bottom: 0.12 } },
    timeScale: {
      borderVisible: false,
      timeVisible: true,
      secondsVisible: options.withSeconds,
      rightOffsetPixels: RIGHT_PIXELS,
      maxBarSpacing: WIDEST_BAR,
      tickMarkFormatter: (time: Time, type: TickMarkType) => tickText(time, type),
    },
    localization: { timeFormatter: (time: Time) => localTime(time, FULL) },
  });
  const candles = chart.addSeries(CandlestickSeries, { priceFormat, borderVisible: false });
  const line = chart.addSeries(LineSeries, { priceFormat, lineWidth: 2, visible: false });
  const stop = chart.addSeries(LineSeries, {
    priceFormat,
    ...{ lineType: LineType.WithSteps, lineWidth: 2, lineStyle: LineStyle.Solid },
    ...{ title: 'stop', priceLineVisible: false, crosshairMarkerVisible: false, lastValueVisible: true },
  });
  // Draws nothing: it is told whenever the scale has changed.
  candles.attachPrimitive({ updateAllViews: onMoved });
  const onCandles = createSeriesMarkers(candles, []);
  const onLine = createSeriesMarkers(line, []);
  let drawnLines = new Map<string, { readonly of: LevelLine; readonly line: IPriceLine }>();
  let shown: Scene | null = null;
  let palette = options.palette;

  /** As a line the candles are there without colour: they carry the levels and the scale. */
  const dress = (look: Look): void => {
    const isLine = look === 'line';
    const [rising, falling] = isLine ? [CLEAR, CLEAR] : [palette.up, palette.down];
    candles.applyOptions({
      ...{ upColor: rising, downColor: falling, wickUpColor: rising, wickDownColor: falling },
      ...{ lastValueVisible: !isLine, priceLineVisible: !isLine },
    });
    line.applyOptions({ visible: isLine });
  };

  const colour = (next: Palette): void => {
    palette = next;
    const { surface, text, grid, accent, warn, font } = palette;
    chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: surface }, textColor: text, fontFamily: font },
      grid: { vertLines: { color: grid }, horzLines: { color: grid } },
    });
    dress(shown?.look ?? 'candles');
    line.applyOptions({ color: accent });
    stop.applyOptions({ color: warn });
    for (const one of drawnLines.values()) one.line.applyOptions({ color: toneColour(one.of, palette) });
    if (shown !== null) mark(shown);
  };

  const mark = ({ markers, look }: Scene): void => {
    const all = markers.map((one) => markerOf(one, palette));
    onCandles.setMarkers(look === 'candles' ? all : []);
    onLine.setMarkers(look === 'line' ? all : []);
  };

  const level = (lines: readonly LevelLine[]): void => {
    const next = new Map<string, { readonly of: LevelLine; readonly line: IPriceLine }>();
    for (const of of lines) {
      const known = drawnLines.get(of.id);
      drawnLines.delete(of.id);
      if (known !== undefined) {
        if (known.of.price !== of.price) known.line.applyOptions({ price: drawn(of.price) });
        next.set(of.id, { of, line: known.line });
        continue;
      }
      const color = toneColour(of, palette);
      const made = candles.createPriceLine({
        ...{ price: drawn(of.price), title: of.title, color, lineWidth: of.tone === 'draft' ? 2 : 1 },
        ...{ lineStyle: of.tone === 'entry' ? LineStyle.Dotted : LineStyle.Dashed, axisLabelVisible: true },
      });
      next.set(of.id, { of, line: made });
    }
    for (const { line: gone } of drawnLines.values()) candles.removePriceLine(gone);
    drawnLines = next;
  };

  const show = (scene: Scene): void => {
    const before = shown;
    shown = scene;
    const step = changeOf(before, scene);
    if (step.kind === 'all') {
      candles.setData(scene.points.map(candleOf));
      line.setData(scene.points.map(closeOf));
    } else {
      for (const point of step.points) {
        candles.update(candleOf(point));
        line.update(closeOf(point));
      }
    }
    if (scene.stop !== before?.stop) {
      stop.setData(
        scene.stop.map(({ time, price }) => ({
          time: at(time),
          ...(price !== null && { value: drawn(price) }),
        })),
      );
    }
    if (scene.look !== before?.look) dress(scene.look);
    if (scene.markers !== before?.markers || scene.look !== before.look) mark(scene);
    level(scene.lines);
  };

  colour(palette);
  return {
    show,
    colour,
    yOf: (price) => candles.priceToCoordinate(drawn(price)),
    priceAt: (y) => {
      const price = candles.coordinateToPrice(y);
      return price === null ? null : snapped(price, tick);
    },
    fit: () => fitAll(chart.timeScale(), shown?.points.length ?? 0),
    remove: () => chart.remove(),
  };
}

/** All bars, with room for the words of a mark at the first one, unless few are wide enough to leave some. */
function fitAll(scale: ITimeScaleApi<Time>, count: number): void {
  const spacing = (scale.width() - LEFT_PIXELS - RIGHT_PIXELS) / Math.max(1, count);
  if (spacing <= 0 || spacing >= WIDEST_BAR) scale.fitContent();
  else scale.setVisibleLogicalRange({ from: -LEFT_PIXELS / spacing, to: count - 1 + RIGHT_PIXELS / spacing });
}

/** A price that has moved changes the last points only; what is before them is then not drawn anew. */
function changeOf(
  before: Scene | null,
  { points }: Scene,
): { readonly kind: 'all' } | { readonly kind: 'last'; readonly points: readonly Point[] } {
  const known = before?.points ?? [];
  const last = known.length - 1;
  const isGrown = last >= 0 && points.length >= known.length && points[last]?.time === known[last]?.time;
  if (!isGrown || points.slice(0, last).some((point, index) => point !== known[index]))
    return { kind: 'all' };
  return { kind: 'last', points: points.slice(last).filter((point) => point !== known[last]) };
}

const candleOf = ({ time, candle }: Point) =>
  candle === null ? { time: at(time) } : { time: at(time), ...numbersOf(candle) };

const numbersOf = ({ open, high, low, close }: Candle) => ({
  open: drawn(open),
  high: drawn(high),
  low: drawn(low),
  close: drawn(close),
});

const closeOf = ({ time, candle }: Point) =>
  candle === null ? { time: at(time) } : { time: at(time), value: drawn(candle.close) };

function markerOf({ time, price, side, role, text }: Marker, palette: Palette): SeriesMarker<Time> {
  const isBuy = side === 'buy';
  return {
    time: at(time),
    position: isBuy ? 'atPriceBottom' : 'atPriceTop',
    price: drawn(price),
    shape: isBuy ? 'arrowUp' : 'arrowDown',
    color: role === 'entry' ? palette.accent : palette.text,
    text,
  };
}

function toneColour({ tone }: LevelLine, palette: Palette): string {
  switch (tone) {
    case 'entry':
      return palette.accent;
    case 'target':
      return palette.up;
    case 'stop':
    case 'draft':
      return palette.warn;
    case 'liquidation':
      return palette.down;
    case 'exit':
      return palette.text;
  }
}

const FULL = new Intl.DateTimeFormat(undefined, {
  ...{ year: 'numeric', month: 'short', day: '2-digit' },
  ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false },
});
const TICKS: Readonly<Record<TickMarkType, Intl.DateTimeFormat>> = {
  [TickMarkType.Year]: new Intl.DateTimeFormat(undefined, { year: 'numeric' }),
  [TickMarkType.Month]: new Intl.DateTimeFormat(undefined, { month: 'short' }),
  [TickMarkType.DayOfMonth]: new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' }),
  [TickMarkType.Time]: new Intl.DateTimeFormat(undefined, {
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  }),
  [TickMarkType.TimeWithSeconds]: new Intl.DateTimeFormat(undefined, {
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false },
  }),
};

/** The user's time; the library knows UTC only. */
const localTime = (time: Time, format: Intl.DateTimeFormat): string =>
  typeof time === 'number' ? format.format(new Date(time * 1_000)) : String(time);

const tickText = (time: Time, type: TickMarkType): string => localTime(time, TICKS[type]);
