/** The tables (design section 14). Deleting anything else loses no money; this stack is the record. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import {
  type Attribute,
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';
import { makeWalletKey } from './wallet-key.ts';

type KeyType = 'S' | 'N';
/** Partition key, then sort key; a type after the colon, S when none is given. */
type KeyPair = readonly [partition: string, sort: string];

interface TableShape {
  readonly key: KeyPair;
  readonly indexes: Readonly<Record<string, KeyPair>>;
  /**
   * Indexes of which only the keys are read. They are not written again with each change of an item, and looking at all of one costs
   * a tenth. All others hold the whole item.
   */
  readonly keysOnly?: readonly string[];
  /** Attribute with the epoch second after which an item may be deleted. */
  readonly timeToLive?: string;
  /** Changes are read by functions/publish, which compares an item with what it was. */
  readonly stream?: true;
}

/** Sparse: only items that are live carry `live_symbol`, only items that owe something carry `due_at`. */
const LIVE: KeyPair = ['live_symbol', 'pk'];
const DUE: KeyPair = ['due_shard', 'due_at:N'];

/** Every table by its name in the code; `orders` is ORDERS_TABLE for the functions. */
export const TABLE_SHAPES = {
  orders: {
    key: ['pk', 'sk'],
    indexes: {
      by_user: ['user_id', 'sort'],
      by_wallet: ['wallet_id', 'sort'],
      by_position: ['position_id', 'sort'],
      live: LIVE,
      live_by_wallet: ['live_wallet', 'pk'],
      due: DUE,
    },
    keysOnly: ['live', 'due'],
    stream: true,
  },
  positions: {
    key: ['pk', 'sk'],
    indexes: {
      by_user: ['user_id', 'sort'],
      by_wallet: ['wallet_id', 'sort'],
      by_flow: ['flow_id', 'sort'],
      live: LIVE,
      live_by_wallet: ['live_wallet', 'pk'],
      due: DUE,
    },
    keysOnly: ['live', 'due'],
    stream: true,
  },
  /** `by_environment` is sparse too: wallets with usable keys, for the user-data stream. */
  wallets: {
    key: ['pk', 'sk'],
    indexes: { by_user: ['user_id', 'sort'], by_environment: ['live_environment', 'pk'], due: DUE },
    keysOnly: ['due'],
    // Statements of reconciliation.
    timeToLive: 'expires_at',
  },
  /** Programs that act for users, with their limits and what they have used. */
  clients: { key: ['pk', 'sk'], indexes: { by_user: ['user_id', 'sort'] } },
  /** Who changed what, and with which result. */
  audit: { key: ['pk', 'sk'], indexes: {}, timeToLive: 'expires_at' },
  /** Trading rules, one row per symbol of an environment. */
  symbols: { key: ['pk', 'sk'], indexes: {} },
  /** The demo venue's own book: its balances and its orders. */
  demoVenue: { key: ['pk', 'sk'], indexes: { live: LIVE } },
  /** One row per symbol and minute. */
  priceTape: { key: ['pk', 'sk:N'], indexes: {}, timeToLive: 'expires_at' },
  /** What users are told: the last hour, numbered per user. */
  events: { key: ['pk', 'sk'], indexes: {}, timeToLive: 'expires_at' },
  /** Open WebSocket connections. */
  connections: { key: ['pk', 'sk'], indexes: {}, timeToLive: 'expires_at' },
  /** Webhooks and their deliveries. */
  webhooks: { key: ['pk', 'sk'], indexes: {}, timeToLive: 'expires_at' },
} as const satisfies Record<string, TableShape>;

export type TableName = keyof typeof TABLE_SHAPES;

export const holdsKeysOnly = ({ keysOnly = [] }: TableShape, index: string): boolean =>
  keysOnly.includes(index);

export type Tables = Readonly<Record<TableName, Table>>;

export const TABLE_NAMES = Object.keys(TABLE_SHAPES) as readonly TableName[];

const CONSTRUCT_ID: Record<TableName, string> = {
  orders: 'Orders',
  positions: 'Positions',
  wallets: 'Wallets',
  symbols: 'Symbols',
  demoVenue: 'DemoVenue',
  priceTape: 'PriceTape',
  clients: 'Clients',
  audit: 'Audit',
  events: 'Events',
  connections: 'Connections',
  webhooks: 'Webhooks',
};

export interface DataStackProps extends StackProps {
  readonly settings: Settings;
}

export class DataStack extends Stack {
  readonly tables: Tables;
  /** Seals the keys of exchange accounts; lives and goes with the tables that hold what it sealed. */
  readonly walletKey: Key;

  constructor(scope: Construct, id: string, { settings, ...props }: DataStackProps) {
    super(scope, id, { ...props, terminationProtection: settings.deletionProtection });
    const make = (name: TableName) => makeTable(this, CONSTRUCT_ID[name], TABLE_SHAPES[name], settings);
    this.walletKey = makeWalletKey(this, settings);
    this.tables = {
      orders: make('orders'),
      positions: make('positions'),
      wallets: make('wallets'),
      demoVenue: make('demoVenue'),
      priceTape: make('priceTape'),
      symbols: make('symbols'),
      clients: make('clients'),
      audit: make('audit'),
      events: make('events'),
      connections: make('connections'),
      webhooks: make('webhooks'),
    };
  }
}

function makeTable(scope: Construct, id: string, shape: TableShape, settings: Settings): Table {
  const table = new Table(scope, id, {
    partitionKey: attribute(shape.key[0]),
    sortKey: attribute(shape.key[1]),
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: settings.pointInTimeRecovery },
    deletionProtection: settings.deletionProtection,
    removalPolicy: settings.removalPolicy,
    ...(shape.timeToLive === undefined ? {} : { timeToLiveAttribute: shape.timeToLive }),
    ...(shape.stream === undefined ? {} : { stream: StreamViewType.NEW_AND_OLD_IMAGES }),
  });
  for (const [indexName, [partition, sort]] of Object.entries(shape.indexes)) {
    table.addGlobalSecondaryIndex({
      indexName,
      partitionKey: attribute(partition),
      sortKey: attribute(sort),
      projectionType: holdsKeysOnly(shape, indexName) ? ProjectionType.KEYS_ONLY : ProjectionType.ALL,
    });
  }
  return table;
}

function attribute(declaration: string): Attribute {
  const [name = '', type = 'S'] = declaration.split(':') as [string?, KeyType?];
  return { name, type: type === 'N' ? AttributeType.NUMBER : AttributeType.STRING };
}
