/**
 * Resolves CloudFormation's intrinsic functions to the values they have on the laptop.
 *
 * Pure: what is known of the outside (ports) is passed in. An intrinsic, resource type or attribute that is
 * not known here is an error that names it: a value that the system needs is never guessed.
 */
import type { Assembly, Stack, TemplateResource } from './assembly.ts';
import { physicalName } from './names.ts';

export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';

/** Where the stand-ins for the managed services listen. */
export interface LocalAddresses {
  /** e.g. http://127.0.0.1:4566, without a slash at the end. */
  readonly sqsEndpoint: string;
  readonly cacheHost: string;
  readonly cachePort: number;
  /** The address of the HTTP API itself, e.g. http://127.0.0.1:8787. */
  readonly apiEndpoint: string;
}

export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

export interface Resolver {
  /** Resolves any value found in `stack`'s template. AWS::NoValue becomes undefined; in lists and maps it vanishes. */
  resolve(stack: Stack, value: unknown): unknown;
}

type Attributes = Readonly<Record<string, string>>;
interface Known {
  readonly ref: string;
  readonly attributes: Attributes;
}

export const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;

/** What Ref and Fn::GetAtt give for one resource; undefined when its type has no meaning on the laptop. */
function known(
  stack: Stack,
  id: string,
  resource: TemplateResource,
  local: LocalAddresses,
): Known | undefined {
  const name = physicalName(stack, id, resource);
  switch (resource.Type) {
    case 'AWS::DynamoDB::Table':
    case 'AWS::DynamoDB::GlobalTable':
      return {
        ref: name,
        attributes: {
          Arn: arn('dynamodb', `table/${name}`),
          StreamArn: arn('dynamodb', `table/${name}/stream/local`),
        },
      };
    case 'AWS::SQS::Queue': {
      const url = `${local.sqsEndpoint}/${ACCOUNT}/${name}`;
      return { ref: url, attributes: { Arn: arn('sqs', name), QueueName: name, QueueUrl: url } };
    }
    case 'AWS::Lambda::Function':
      return { ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } };
    case 'AWS::ElastiCache::ServerlessCache':
      return {
        ref: name,
        attributes: {
          ARN: arn('elasticache', `serverlesscache:${name}`),
          'Endpoint.Address': local.cacheHost,
          'Endpoint.Port': String(local.cachePort),
          'ReaderEndpoint.Address': local.cacheHost,
          'ReaderEndpoint.Port': String(local.cachePort),
        },
      };
    case 'AWS::KMS::Key':
      return { ref: name, attributes: { Arn: arn('kms', `key/${name}`), KeyId: name } };
    case 'AWS::Events::Rule':
      return { ref: name, attributes: { Arn: arn('events', `rule/${name}`) } };
    case 'AWS::ApiGatewayV2::Api':
      return {
        ref: name,
        attributes: {
          ApiId: name,
          ApiEndpoint:
            resource.Properties?.['ProtocolType'] === 'WEBSOCKET'
              ? local.apiEndpoint.replace(/^http/, 'ws')
              : local.apiEndpoint,
        },
      };
    case 'AWS::ApiGatewayV2::Integration':
    case 'AWS::ApiGatewayV2::Authorizer':
    case 'AWS::ApiGatewayV2::Stage':
    case 'AWS::ECS::TaskDefinition':
    case 'AWS::ECS::Cluster':
    case 'AWS::Logs::LogGroup':
    case 'AWS::IAM::Role':
      return { ref: name, attributes: { Arn: `${arn('local', name)}` } };
    case 'AWS::Cognito::UserPool':
      return {
        ref: name,
        attributes: {
          Arn: arn('cognito-idp', `userpool/${name}`),
          UserPoolId: name,
          ProviderName: `${local.apiEndpoint}/local-issuer`,
          ProviderURL: `${local.apiEndpoint}/local-issuer`,
        },
      };
    case 'AWS::Cognito::UserPoolClient':
      return { ref: name, attributes: { ClientId: name, Name: name } };
    default:
      return undefined;
  }
}

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Region': REGION,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Builds the resolver of one assembly; exports of all its stacks can be imported. */
export function createResolver(assembly: Assembly, local: LocalAddresses): Resolver {
  const resolving = new Set<string>();
  let exported: Map<string, { stack: Stack; value: unknown }> | undefined;

  function exportsByName(): Map<string, { stack: Stack; value: unknown }> {
    if (exported) return exported;
    exported = new Map();
    for (const stack of assembly.stacks) {
      for (const output of Object.values(stack.template.Outputs ?? {})) {
        if (!output.Export) continue;
        exported.set(String(resolve(stack, output.Export.Name)), { stack, value: output.Value });
      }
    }
    return exported;
  }

  function resolve(stack: Stack, value: unknown): unknown {
    if (Array.isArray(value))
      return value.map((item) => resolve(stack, item)).filter((item) => item !== undefined);
    if (!isRecord(value)) return value;
    const keys = Object.keys(value);
    const only = keys[0];
    if (keys.length === 1 && only !== undefined && (only === 'Ref' || only.startsWith('Fn::'))) {
      return call(stack, only, value[only]);
    }
    const entries = Object.entries(value).map(([key, item]) => [key, resolve(stack, item)] as const);
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
  }

  function call(stack: Stack, name: string, argument: unknown): unknown {
    switch (name) {
      case 'Ref':
        return ref(stack, text(argument, name));
      case 'Fn::GetAtt':
        return getAtt(stack, argument);
      case 'Fn::ImportValue':
        return importValue(text(resolve(stack, argument), name));
      case 'Fn::Join':
        return join(stack, argument);
      case 'Fn::Sub':
        return substitute(stack, argument);
      case 'Fn::Select':
        return select(stack, argument);
      case 'Fn::Split': {
        const [separator, source] = pair(argument, name);
        return text(resolve(stack, source), name).split(text(separator, name));
      }
      case 'Fn::GetAZs':
        return [`${REGION}a`, `${REGION}b`];
      default:
        throw new TemplateError(
          `${stack.name}: the intrinsic ${name} is not known to the laptop's template reader`,
        );
    }
  }

  function ref(stack: Stack, id: string): unknown {
    if (id === 'AWS::NoValue') return undefined;
    if (id === 'AWS::StackName') return stack.name;
    if (id === 'AWS::StackId') return arn('cloudformation', `stack/${stack.name}/local`);
    const pseudo = PSEUDO[id];
    if (pseudo !== undefined) return pseudo;
    const parameter = stack.template.Parameters?.[id];
    if (parameter) {
      if (parameter.Default === undefined)
        throw new TemplateError(`${stack.name}: parameter ${id} has no default`);
      return parameter.Default;
    }
    return lookup(stack, id).ref;
  }

  function getAtt(stack: Stack, argument: unknown): string {
    const parts = typeof argument === 'string' ? argument.split('.') : argument;
    if (!Array.isArray(parts) || parts.length < 2)
      throw new TemplateError(`${stack.name}: malformed Fn::GetAtt`);
    const [id, ...path] = parts.map((part) => text(resolve(stack, part), 'Fn::GetAtt'));
    const attribute = path.join('.');
    const found = lookup(stack, id ?? '').attributes[attribute];
    if (found === undefined) {
      throw new TemplateError(`${stack.name}: attribute ${attribute} of ${id} is not known on the laptop`);
    }
    return found;
  }

  function lookup(stack: Stack, id: string): Known {
    const resource = stack.template.Resources[id];
    if (!resource) throw new TemplateError(`${stack.name}: no resource or parameter ${id}`);
    const values = known(stack, id, resource, local);
    if (!values) {
      throw new TemplateError(`${stack.name}: ${id} is a ${resource.Type}, which has no value on the laptop`);
    }
    return values;
  }

  function importValue(name: string): unknown {
    const found = exportsByName().get(name);
    if (!found) throw new TemplateError(`nothing exports ${name}`);
    if (resolving.has(name)) throw new TemplateError(`the exports form a circle at ${name}`);
    resolving.add(name);
    try {
      return resolve(found.stack, found.value);
    } finally {
      resolving.delete(name);
    }
  }

  function join(stack: Stack, argument: unknown): string {
    const [separator, parts] = pair(argument, 'Fn::Join');
    const items = resolve(stack, parts);
    if (!Array.isArray(items))
      throw new TemplateError(`${stack.name}: Fn::Join over something that is no list`);
    return items.map((item) => text(item, 'Fn::Join')).join(text(separator, 'Fn::Join'));
  }

  function substitute(stack: Stack, argument: unknown): string {
    const [pattern, variables] = Array.isArray(argument) ? argument : [argument, {}];
    const own = isRecord(variables) ? variables : {};
    return text(pattern, 'Fn::Sub').replace(/\$\{(!?)([^}]+)\}/g, (_all, literal: string, raw: string) => {
      if (literal) return `\${${raw}}`;
      const name = raw.trim();
      if (name in own) return text(resolve(stack, own[name]), 'Fn::Sub');
      const isAttribute = name.includes('.') && !name.includes('::');
      return text(isAttribute ? getAtt(stack, name) : ref(stack, name), 'Fn::Sub');
    });
  }

  function select(stack: Stack, argument: unknown): unknown {
    const [index, list] = pair(argument, 'Fn::Select');
    const items = resolve(stack, list);
    const position = Number(resolve(stack, index));
    if (!Array.isArray(items) || !(position in items)) {
      throw new TemplateError(`${stack.name}: Fn::Select finds no item ${position}`);
    }
    return items[position];
  }

  return { resolve };
}

function text(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TemplateError(`${where}: expected text, found ${JSON.stringify(value)}`);
}

function pair(value: unknown, where: string): [unknown, unknown] {
  if (!Array.isArray(value) || value.length !== 2)
    throw new TemplateError(`${where}: expected two arguments`);
  return [value[0], value[1]];
}
