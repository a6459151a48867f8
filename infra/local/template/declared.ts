/** What a template declares, in the words of the laptop runner. Times are in the unit their name says. */

export interface DeclaredIndex {
  readonly name: string;
  readonly keys: readonly DeclaredKey[];
  readonly projection: { readonly type: string; readonly attributes: readonly string[] };
}

export interface DeclaredKey {
  readonly attribute: string;
  readonly role: 'HASH' | 'RANGE';
}

export interface DeclaredTable {
  readonly name: string;
  readonly shortName: string;
  readonly attributeTypes: Readonly<Record<string, 'S' | 'N' | 'B'>>;
  readonly keys: readonly DeclaredKey[];
  readonly indexes: readonly DeclaredIndex[];
  readonly ttlAttribute: string | undefined;
  readonly streamView: string | undefined;
}

export interface DeclaredQueue {
  readonly name: string;
  readonly shortName: string;
  readonly arn: string;
  readonly url: string;
  /** As the SQS API takes them. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly deadLetterArn: string | undefined;
}

export interface DeclaredFunction {
  readonly name: string;
  readonly shortName: string;
  readonly arn: string;
  /** Folder of the bundle, from the asset the template names. */
  readonly codeDirectory: string;
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly allowsRecursion: boolean;
  readonly asynchronous: DeclaredAsync;
}

/** What becomes of an asynchronous invocation (a rule's) that fails. */
export interface DeclaredAsync {
  readonly retries: number;
  readonly maxAgeSeconds: number;
  /** Gets a record of the failed invocation. */
  readonly onFailureArn: string | undefined;
  /** Gets the event itself. */
  readonly deadLetterArn: string | undefined;
}

export interface DeclaredQueueSource {
  readonly functionName: string;
  readonly queueArn: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly reportsItemFailures: boolean;
  readonly maxConcurrency: number | undefined;
}

/** A function that reads a table's changes. */
export interface DeclaredStreamSource {
  readonly functionName: string;
  readonly tableName: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly from: 'TRIM_HORIZON' | 'LATEST';
  readonly reportsItemFailures: boolean;
  readonly bisects: boolean;
  /** -1: until the records are over. */
  readonly retries: number;
  /** -1: as long as the stream keeps them. */
  readonly maxAgeSeconds: number;
  /** Gets told where in the stream lies what was given up. */
  readonly onFailureArn: string | undefined;
}

/** A WebSocket API: its three kinds of messages, each a function's. */
export interface DeclaredSocketApi {
  readonly id: string;
  readonly stage: string;
  /** By route key: `$connect`, `$disconnect`, `$default`. */
  readonly routes: Readonly<Record<string, string>>;
}

export interface DeclaredRoute {
  /** e.g. "POST /api/v1/orders", or "$default". */
  readonly key: string;
  readonly functionName: string;
  readonly timeoutMs: number;
  readonly authorizer: DeclaredAuthorizer | undefined;
}

export interface DeclaredAuthorizer {
  readonly audience: readonly string[];
  readonly scopes: readonly string[];
}

export interface DeclaredCors {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly credentials: boolean;
  readonly maxAgeSeconds: number | undefined;
}

export interface DeclaredApi {
  readonly id: string;
  readonly routes: readonly DeclaredRoute[];
  readonly cors: DeclaredCors | undefined;
}

export interface DeclaredTarget {
  readonly arn: string;
  /** Fixed input as JSON text; otherwise the scheduled event itself. */
  readonly input: string | undefined;
  readonly messageGroupId: string | undefined;
}

export interface DeclaredRule {
  readonly name: string;
  readonly arn: string;
  readonly everyMinutes: number;
  readonly targets: readonly DeclaredTarget[];
}

export interface DeclaredContainer {
  readonly shortName: string;
  readonly directory: string;
  readonly dockerFile: string;
  readonly command: readonly string[] | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** Names of secrets the container expects in its environment. */
  readonly secrets: readonly string[];
  readonly count: number;
}

export interface DeclaredSystem {
  readonly tables: readonly DeclaredTable[];
  readonly queues: readonly DeclaredQueue[];
  /** Only functions that a route, a queue or a rule calls. */
  readonly functions: readonly DeclaredFunction[];
  readonly queueSources: readonly DeclaredQueueSource[];
  readonly streamSources: readonly DeclaredStreamSource[];
  readonly api: DeclaredApi | undefined;
  readonly socketApi: DeclaredSocketApi | undefined;
  readonly rules: readonly DeclaredRule[];
  readonly containers: readonly DeclaredContainer[];
  /** Resource types that are declared, would do something on AWS, and are not run here. */
  readonly notRun: readonly string[];
}
