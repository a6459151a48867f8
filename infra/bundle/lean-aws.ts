/** What a bundle leaves out of the AWS SDK. */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';
import { absent, inPackages } from './absent.ts';

/** Answers that are streams of events, as none of DynamoDB, SQS and KMS gives. The SDK loads them when one comes. */
const withoutEventStreams = absent(
  'aws-without-event-streams',
  '@smithy/core/dist-es/submodules/event-streams/index.js',
  'event streams are',
);

/** SHA-256 in JavaScript, for a runtime without node:crypto. */
const withoutSha256InJs = absent(
  'aws-without-sha256-in-js',
  '@smithy/core/dist-es/submodules/checksum/sha256/Sha256Js.js',
  'SHA-256 without node:crypto is',
);

/** What DynamoDB told about endpoints, which only AWS_ENABLE_ENDPOINT_DISCOVERY asks for: its client makes the cache anyhow. */
const withoutEndpointCache: Plugin = {
  name: 'aws-without-endpoint-cache',
  setup({ onLoad }) {
    const methods = ['getEndpoint', 'get', 'set', 'delete', 'has', 'clear'];
    onLoad({ filter: inPackages('@aws-sdk/endpoint-cache/dist-es/EndpointCache.js') }, () => ({
      contents:
        "const absent = () => { throw new Error('endpoint discovery is not in this bundle'); };" +
        `export class EndpointCache { ${methods.map((method) => `${method}() { absent(); }`).join(' ')} }`,
      loader: 'js',
    }));
  },
};

/**
 * The error classes that a client keeps: those whose kind our code asks for with `instanceof`, so whose fields are read,
 * and those that tell the SDK by a field of the class that it may try again.
 * Any other error comes as the client's own exception with the same name, message and status, which is all that is
 * looked at, by us and by the SDK's retries. To ask for a class that is left out does not build.
 */
export const KEPT_ERRORS: Readonly<Record<string, readonly string[]>> = {
  'client-dynamodb': [
    'ConditionalCheckFailedException',
    'ReplicatedWriteConflictException',
    'TransactionCanceledException',
    'TransactionConflictException',
  ],
  'client-sqs': [],
  'client-kms': [],
};

/** Cuts the classes out of a client's models/errors.js. Throws where the file is not what it was. */
export function withoutErrorClasses(source: string, kept: readonly string[]): string {
  const left = source.replaceAll(
    /^export class (\w+) extends __BaseException \{\n[\s\S]*?^\}\n/gm,
    (text, name) => {
      if (!kept.includes(name) && text.includes('$retryable'))
        throw new Error(`${name} says that it may be tried again: it is to be kept`);
      return kept.includes(name) ? text : '';
    },
  );
  const names = [...left.matchAll(/^export class (\w+)/gm)].map(([, name = '']) => name);
  if (names.toSorted().join() !== kept.toSorted().join())
    throw new Error(`of the error classes ${names.join(', ')} would be left, not ${kept.join(', ')}`);
  return left;
}

/** Cuts the shapes of errors out of a client's schemas_0.js. Throws where the file is not what it was. */
export function withoutErrorSchemas(source: string, kept: readonly string[]): string {
  const gone: string[] = [];
  const shape =
    /^export var (\w+)\$ = \[-3, n0, (?:(?!^\];).)*^\];\nn0_registry\.registerError\(\1\$, \1\);\n/gms;
  const cut = source.replaceAll(shape, (text, name) => {
    if (kept.includes(name)) return text;
    gone.push(name);
    return '';
  });
  const left = cut.replace(/^import \{[^}]*\} from "\.\.\/models\/errors";\n/m, () =>
    kept.length === 0 ? '' : `import { ${kept.join(', ')} } from "../models/errors";\n`,
  );
  const registered = [...left.matchAll(/^n0_registry\.registerError\((\w+)\$/gm)].map(
    ([, name = '']) => name,
  );
  if (gone.length === 0 || registered.toSorted().join() !== kept.toSorted().join())
    throw new Error(`of the errors ${registered.join(', ')} would be left, not ${kept.join(', ')}`);
  const needed = gone.filter((name) => new RegExp(String.raw`\b${name}\b(?!")`).test(left));
  if (needed.length > 0) throw new Error(`${needed.join(', ')} is used by another shape`);
  return left;
}

const withoutErrors: readonly Plugin[] = Object.entries(KEPT_ERRORS).map(([client, kept]) => ({
  name: `aws-${client}-without-errors`,
  setup({ onLoad }) {
    const cut = (path: string, how: typeof withoutErrorClasses): void =>
      onLoad({ filter: inPackages(`@aws-sdk/${client}/dist-es/${path}`) }, async (file) => ({
        contents: how(await readFile(file.path, 'utf8'), kept),
        loader: 'js',
      }));
    cut('models/errors.js', withoutErrorClasses);
    cut('schemas/schemas_0.js', withoutErrorSchemas);
  },
}));

export const AWS_PLUGINS: readonly Plugin[] = [
  withoutEventStreams,
  withoutSha256InJs,
  withoutEndpointCache,
  ...withoutErrors,
];
