/** The names resources have on the laptop: the template's own where it gives one, else derived and stable. */
import type { Stack, TemplateResource } from './assembly.ts';

const NAME_PROPERTY: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::DynamoDB::GlobalTable': 'TableName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Events::Rule': 'Name',
};

/** CloudFormation would add a random suffix to a name it makes; here it is stable, so that `--data` finds its tables. */
export function physicalName(stack: Stack, id: string, resource: TemplateResource): string {
  const property = NAME_PROPERTY[resource.Type];
  const given = property === undefined ? undefined : resource.Properties?.[property];
  if (typeof given === 'string') return given;
  const made = `${stack.name}-${id}`.slice(0, 75).replace(/[^A-Za-z0-9_-]/g, '-');
  const isFifo = resource.Type === 'AWS::SQS::Queue' && resource.Properties?.['FifoQueue'] === true;
  return isFifo ? `${made}.fifo` : made;
}

/** Construct ids that say what a thing is, not which one. */
const GENERIC = new Set([
  'Resource',
  'Default',
  'Queue',
  'Function',
  'Fn',
  'Handler',
  'Table',
  'Worker',
  'Service',
]);

const kebab = (id: string): string =>
  id
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .toLowerCase();

/**
 * The short name a person uses for a resource ("evaluate"), from its construct path without the stack and
 * without words such as Queue or Function; else from its logical id without the hash.
 */
export function shortName(id: string, resource: TemplateResource): string {
  const path = resource.Metadata?.['aws:cdk:path'];
  if (typeof path === 'string') {
    const own = path.split('/').slice(1);
    const telling = own.filter((part) => !GENERIC.has(part));
    if (telling.length > 0) return telling.map(kebab).join('-');
  }
  const bare = id.replace(/[0-9A-F]{8}$/, '');
  const telling = bare.replace(/(Queue|Function|Table|Service)$/, '');
  return kebab(telling === '' ? bare : telling);
}
