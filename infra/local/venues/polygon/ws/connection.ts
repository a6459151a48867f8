/** One WebSocket: what it holds, what waits for it, how it ends. It knows nothing of keys and markets. */
import { type RawData, WebSocket } from 'ws';
import type { Facts, Faults } from '../faults/faults.ts';
import type { CutFault, FrameFault, Stage } from '../faults/rules.ts';
import type { Cluster } from '../market/symbols.ts';
import type { SocketSettings } from './settings.ts';
import { MAX_CONNECTIONS } from './statuses.ts';
import { Holdings } from './topics.ts';

export const CLOSE_POLICY = 1008;
const CLOSE_UNCLEAN = 1006;

export interface ConnectionEvents {
  readonly onText: (text: string) => void;
  /** `isClean`: with a closing handshake. */
  readonly onClose: (isClean: boolean) => void;
}

export interface ConnectionOptions {
  readonly id: number;
  readonly cluster: Cluster;
  readonly socket: WebSocket;
  readonly settings: SocketSettings;
  readonly faults: Faults;
}

export class Connection {
  readonly id: number;
  readonly holdings = new Holdings();
  readonly connectedAt = Date.now();
  /** Set by `auth_success`. */
  account: string | null = null;
  sentMessages = 0;
  sentFrames = 0;
  private readonly options: ConnectionOptions;
  private readonly socket: WebSocket;
  private pending: string[] = [];
  private pendingBytes = 0;
  private mute = false;
  private ending = false;
  private slowSince: number | null = null;

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.options = options;
    this.id = options.id;
    this.socket = options.socket;
    this.socket.on('message', (data: RawData, isBinary: boolean) => {
      if (this.mute || this.ending) return;
      // What is not text is nonsense like any other.
      events.onText(isBinary || !Buffer.isBuffer(data) ? '' : data.toString('utf8'));
    });
    // A broken frame or connection; `close` follows.
    this.socket.on('error', () => this.socket.terminate());
    this.socket.on('close', (code) => events.onClose(code !== CLOSE_UNCLEAN));
  }

  get isReceiving(): boolean {
    return !this.mute && !this.ending && this.socket.readyState === WebSocket.OPEN;
  }

  private facts(stage?: Stage): Facts {
    const { cluster } = this.options;
    return { cluster, connection: this.id, ...(stage === undefined ? {} : { stage }) };
  }

  holds(channel: string, symbol: string): boolean {
    return this.isReceiving && this.holdings.holds(channel, symbol);
  }

  /** Into the next frame. */
  queue(text: string): void {
    this.pending.push(text);
    this.pendingBytes += text.length + 1;
  }

  get waitingBytes(): number {
    return this.pendingBytes;
  }

  /** Sends what waits, as frames of at most `maxBytes`. */
  flush(maxBytes = this.options.settings.maxFrameBytes): void {
    if (this.pending.length === 0) return;
    if (!this.isReceiving) {
      this.pending = [];
      this.pendingBytes = 0;
      return;
    }
    if (this.isBehind()) return;
    const texts = this.pending;
    const isOneFrame = this.pendingBytes < maxBytes;
    this.pending = [];
    this.pendingBytes = 0;
    if (isOneFrame) this.send(texts, 'data');
    else for (const part of parts(texts, maxBytes)) this.send(part, 'data');
  }

  /** A slow reader: its data wait, and if it does not catch up, it is cut without a close frame. */
  private isBehind(): boolean {
    const { bufferBytes, slowGraceMs } = this.options.settings;
    const { bufferedAmount } = this.socket;
    if (bufferedAmount <= bufferBytes) {
      this.slowSince = null;
      return false;
    }
    this.slowSince ??= Date.now();
    if (Date.now() - this.slowSince >= slowGraceMs || this.pendingBytes > bufferBytes) {
      this.options.faults.note('slow_consumer_cut', null, {
        ...this.facts(),
        detail: `${bufferedAmount} bytes behind`,
      });
      this.destroy();
    }
    return true;
  }

  status(...texts: readonly string[]): void {
    if (texts.length > 0) this.send(texts, 'status');
  }

  private send(texts: readonly string[], channel: 'status' | 'data'): void {
    if (!this.isReceiving) return;
    const { faults } = this.options;
    if (channel === 'data' && this.isCutAt('frame', texts)) return;
    let bare = false;
    for (const fault of faults.strike('frame', { ...this.facts(), channel })) {
      if (fault.kind === 'bare_object') bare = true;
      else this.sendMalformed(fault.variant, texts);
    }
    this.sentMessages += texts.length;
    this.sentFrames += bare ? texts.length : 1;
    if (bare) for (const text of texts) this.socket.send(text);
    else this.socket.send(`[${texts.join(',')}]`);
  }

  private sendMalformed(variant: Malformed, texts: readonly string[]): void {
    const whole = `[${texts.join(',')}]`;
    const frames: Readonly<Record<Malformed, string | Buffer>> = {
      truncated: whole.slice(0, Math.ceil(whole.length / 2)),
      text: 'upstream connect error or disconnect/reset before headers',
      empty: '',
      null: 'null',
      binary: Buffer.from([0x00, 0x01, 0xfe, 0xff]),
    };
    this.socket.send(frames[variant]);
  }

  /** Whether a fault ends (or deafens) the connection at this stage. */
  isCutAt(stage: Stage, texts: readonly string[] = []): boolean {
    const [fault] = this.options.faults.strike('cut', this.facts(stage));
    if (fault === undefined) return false;
    this.cut(fault, texts);
    return true;
  }

  cut(fault: CutFault, texts: readonly string[] = []): void {
    switch (fault.kind) {
      case 'drop':
        if (fault.midFrame) this.dropMidFrame(texts);
        else this.destroy();
        return;
      case 'close':
        this.close(fault.code, fault.reason);
        return;
      case 'half_open':
        this.mute = true;
        // Its own side of the protocol is mute too: a client's ping stays without its pong.
        this.socket.pause();
        return;
      case 'max_connections':
        this.evict(fault.status);
        return;
      case 'slow_consumer':
        this.mute = true;
        this.options.faults.later(fault.ms, () => this.destroy());
    }
  }

  /** A frame's header that promises more than comes. */
  private dropMidFrame(texts: readonly string[]): void {
    const payload = Buffer.from(`[${texts.join(',') || '{"ev":"status"}'}]`);
    const header = Buffer.alloc(TEXT_HEADER);
    header[0] = FIN_TEXT;
    header[1] = LENGTH_64;
    header.writeBigUInt64BE(BigInt(payload.length + 1), 2);
    this.ending = true;
    // The raw stream below: `ws` itself sends whole frames only.
    const raw = (this.socket as unknown as { readonly _socket: NodeJS.WritableStream })._socket;
    raw.write(Buffer.concat([header, payload]), () => this.socket.terminate());
  }

  evict(withStatus: boolean): void {
    if (withStatus) this.status(MAX_CONNECTIONS);
    this.close(CLOSE_POLICY);
  }

  close(code: number, reason = ''): void {
    // Half open: not even the goodbye arrives.
    if (this.mute) return;
    this.ending = true;
    this.socket.close(code, reason);
  }

  /** Says a last thing, then TCP ends without a close frame. */
  endWith(text: string): void {
    if (!this.isReceiving) return;
    this.ending = true;
    this.socket.send(`[${text}]`, () => this.socket.terminate());
  }

  ping(): void {
    if (this.isReceiving) this.socket.ping();
  }

  destroy(): void {
    this.ending = true;
    this.socket.terminate();
  }
}

type Malformed = Extract<FrameFault, { kind: 'malformed' }>['variant'];

const TEXT_HEADER = 10;
const FIN_TEXT = 0x81;
const LENGTH_64 = 127;

function* parts(texts: readonly string[], maxBytes: number): Generator<readonly string[]> {
  let part: string[] = [];
  let bytes = 0;
  for (const text of texts) {
    if (bytes + text.length + 1 > maxBytes && part.length > 0) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(text);
    bytes += text.length + 1;
  }
  if (part.length > 0) yield part;
}
