/** The long-running services (ECS on Fargate) of a template. */
import { z } from 'zod';
import { type Cursor, find, properties, refOf } from './cursor.ts';
import type { DeclaredContainer } from './declared.ts';
import { TemplateError } from './intrinsics.ts';

const serviceSchema = z.object({
  TaskDefinition: z.string(),
  DesiredCount: z.coerce.number().int().min(0).default(1),
});

const taskSchema = z.object({
  ContainerDefinitions: z.array(
    z.object({
      Name: z.string(),
      Image: z.string(),
      Command: z.array(z.string()).optional(),
      EntryPoint: z.array(z.string()).optional(),
      Environment: z.array(z.object({ Name: z.string(), Value: z.coerce.string() })).default([]),
      Secrets: z.array(z.object({ Name: z.string() })).default([]),
    }),
  ),
});

/** Logging is not run on the laptop; its options may name resources that have no value here. */
const stripLogging = (definitions: unknown): unknown =>
  Array.isArray(definitions)
    ? definitions.map((definition: Record<string, unknown>) => {
        const { LogConfiguration: _logging, ...rest } = definition;
        // A secret's address has no meaning here: its value comes from the environment of `npm start`.
        const secrets = Array.isArray(rest['Secrets'])
          ? rest['Secrets'].map((secret: Record<string, unknown>) => ({ Name: secret['Name'] }))
          : undefined;
        return secrets ? { ...rest, Secrets: secrets } : rest;
      })
    : definitions;

/** Each service's containers. @throws when an image is no asset of this assembly */
export const readContainers = (cursor: Cursor): readonly DeclaredContainer[] =>
  find(cursor.assembly, 'AWS::ECS::Service').flatMap((found) => {
    const service = properties(cursor, found, serviceSchema);
    const task = find(cursor.assembly, 'AWS::ECS::TaskDefinition').find(
      (candidate) => refOf(cursor, candidate) === service.TaskDefinition,
    );
    if (!task)
      throw new TemplateError(`${found.stack.name}: ${found.id} names no task definition that is declared`);
    const bare = {
      ...task,
      resource: {
        ...task.resource,
        Properties: {
          ContainerDefinitions: stripLogging(task.resource.Properties?.['ContainerDefinitions']),
        },
      },
    };
    const { ContainerDefinitions } = properties(cursor, bare, taskSchema);
    return ContainerDefinitions.map((container) => {
      const image = [...cursor.assembly.images].find(([id]) => container.Image.includes(id))?.[1];
      if (!image)
        throw new TemplateError(`${found.stack.name}: the image of ${found.id} is no asset of this assembly`);
      const command = [...(container.EntryPoint ?? []), ...(container.Command ?? [])];
      return {
        shortName: container.Name,
        directory: image.directory,
        dockerFile: image.dockerFile,
        command: command.length > 0 ? command : undefined,
        environment: Object.fromEntries(container.Environment.map(({ Name, Value }) => [Name, Value])),
        secrets: container.Secrets.map(({ Name }) => Name),
        count: service.DesiredCount,
      };
    });
  });
