/** What the roles of the templates let each function and task ask of the tables, as text that can be compared with what is asked. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

const textsOf = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
};

/** The role that a function or a task definition has in its own stack. */
const roleOf = ({ Properties = {} }: Resource): string =>
  textsOf(Properties['Role'] ?? Properties['TaskRoleArn'])[0] ?? '';

/** Its name as the laptop's processes have it. */
function processOf({ Type, Properties = {} }: Resource): string | null {
  if (Type === 'AWS::Lambda::Function') {
    const { Variables = {} } = (Properties['Environment'] ?? {}) as { Variables?: Record<string, unknown> };
    const name = Variables['POWERTOOLS_SERVICE_NAME'];
    return typeof name === 'string' ? name : null;
  }
  if (Type !== 'AWS::ECS::TaskDefinition') return null;
  const [container] = Properties['ContainerDefinitions'] as [{ Name: string }];
  return container.Name;
}

/** `streamer Scan orders/index/live`; tables by their names in the code. */
export function allowedIn(assembly: string, tables: readonly string[]): ReadonlySet<string> {
  const allowed = new Set<string>();
  const files = readdirSync(assembly).filter((name) => name.endsWith('.template.json'));
  for (const file of files) {
    const { Resources } = JSON.parse(readFileSync(join(assembly, file), 'utf8')) as {
      Resources: Record<string, Resource>;
    };
    const policies = Object.values(Resources).filter(({ Type }) => Type === 'AWS::IAM::Policy');
    for (const resource of Object.values(Resources)) {
      const name = processOf(resource);
      if (name === null) continue;
      const role = roleOf(resource);
      const own = policies.filter(({ Properties = {} }) => textsOf(Properties['Roles']).includes(role));
      const statements = own.flatMap(
        ({ Properties = {} }) =>
          (Properties['PolicyDocument'] as { Statement: readonly Statement[] }).Statement,
      );
      for (const one of statements) for (const said of rightsOf(one, tables)) allowed.add(`${name} ${said}`);
    }
  }
  return allowed;
}

function rightsOf({ Effect, Action, Resource: on }: Statement, tables: readonly string[]): readonly string[] {
  if (Effect !== 'Allow') return [];
  const actions = [Action].flat().filter((action) => action.startsWith('dynamodb:'));
  return (Array.isArray(on) ? on : [on]).flatMap((resource: unknown) => {
    const text = textsOf(resource).join('');
    const index = /\/index\/(\w+)/.exec(text)?.[1];
    return tables
      .filter((table) => new RegExp(`GetAtt${table}[0-9A-F]{8}Arn`, 'i').test(text))
      .flatMap((table) =>
        actions.map(
          (action) =>
            `${action.slice('dynamodb:'.length)} ${table}${index === undefined ? '' : `/index/${index}`}`,
        ),
      );
  });
}
