/** Shared by the template readers: finding resources and taking their resolved properties. */
import type { z } from 'zod';
import type { Assembly, Stack, TemplateResource } from './assembly.ts';
import { type Resolver, TemplateError } from './intrinsics.ts';

export interface Found {
  readonly stack: Stack;
  readonly id: string;
  readonly resource: TemplateResource;
}

export interface Cursor {
  readonly assembly: Assembly;
  readonly resolver: Resolver;
}

/** Every resource of the given types, over all stacks, in the templates' order. */
export function find(assembly: Assembly, ...types: readonly string[]): readonly Found[] {
  return assembly.stacks.flatMap((stack) =>
    Object.entries(stack.template.Resources)
      .filter(([, resource]) => types.includes(resource.Type))
      .map(([id, resource]) => ({ stack, id, resource })),
  );
}

/**
 * Resolves the properties that `schema` names, and only those, then checks them.
 * @throws TemplateError naming the resource when one is malformed or cannot be resolved
 */
export function properties<Shape extends z.ZodRawShape>(
  cursor: Cursor,
  found: Found,
  schema: z.ZodObject<Shape>,
): z.infer<z.ZodObject<Shape>> {
  const raw = found.resource.Properties ?? {};
  const wanted: Record<string, unknown> = {};
  for (const key of Object.keys(schema.shape)) {
    if (raw[key] !== undefined) wanted[key] = cursor.resolver.resolve(found.stack, raw[key]);
  }
  const parsed = schema.safeParse(wanted);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue ? `${issue.path.join('.')}: ${issue.message}` : 'malformed';
  throw new TemplateError(`${found.stack.name}: ${found.id} (${found.resource.Type}) ${where}`);
}

/** Ref of a found resource. */
export const refOf = (cursor: Cursor, found: Found): string =>
  String(cursor.resolver.resolve(found.stack, { Ref: found.id }));

/** Fn::GetAtt of a found resource. */
export const attributeOf = (cursor: Cursor, found: Found, attribute: string): string =>
  String(cursor.resolver.resolve(found.stack, { 'Fn::GetAtt': [found.id, attribute] }));
