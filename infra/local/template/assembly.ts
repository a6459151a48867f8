/**
 * Reads a synthesised cloud assembly (cdk.out): its stacks' templates and the assets they name.
 *
 * Always true: what is returned comes from the files CloudFormation would be given; nothing is added.
 */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>> | undefined;
  readonly Metadata?: Readonly<Record<string, unknown>> | undefined;
}

export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>> | undefined;
  readonly Outputs?:
    | Readonly<
        Record<string, { readonly Value?: unknown; readonly Export?: { readonly Name: unknown } | undefined }>
      >
    | undefined;
}

export interface DockerAsset {
  readonly directory: string;
  readonly dockerFile: string;
}

export interface Stack {
  readonly name: string;
  readonly template: Template;
}

export interface Assembly {
  readonly stacks: readonly Stack[];
  /** Asset id (content hash) to the folder or file that would be uploaded. */
  readonly files: ReadonlyMap<string, string>;
  readonly images: ReadonlyMap<string, DockerAsset>;
}

const manifestSchema = z.looseObject({
  artifacts: z.record(
    z.string(),
    z.looseObject({ type: z.string(), properties: z.looseObject({}).optional() }),
  ),
});

const stackPropertiesSchema = z.looseObject({ templateFile: z.string(), stackName: z.string().optional() });
const filePropertiesSchema = z.looseObject({ file: z.string() });
const nestedPropertiesSchema = z.looseObject({ directoryName: z.string() });

const assetManifestSchema = z.looseObject({
  files: z
    .record(z.string(), z.looseObject({ source: z.looseObject({ path: z.string().optional() }) }))
    .default({}),
  dockerImages: z
    .record(
      z.string(),
      z.looseObject({
        source: z.looseObject({ directory: z.string().optional(), dockerFile: z.string().optional() }),
      }),
    )
    .default({}),
});

const templateSchema = z.looseObject({
  Resources: z
    .record(
      z.string(),
      z.looseObject({
        Type: z.string(),
        Properties: z.record(z.string(), z.unknown()).optional(),
        Metadata: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .default({}),
  Parameters: z.record(z.string(), z.looseObject({ Default: z.unknown() })).optional(),
  Outputs: z
    .record(
      z.string(),
      z.looseObject({ Value: z.unknown(), Export: z.looseObject({ Name: z.unknown() }).optional() }),
    )
    .optional(),
});

const readJson = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, 'utf8'));

/**
 * Loads the assembly in `directory`, with nested assemblies (CDK stages).
 * @throws when a file is missing or has not the shape the CDK writes.
 */
export async function loadAssembly(directory: string): Promise<Assembly> {
  const stacks: Stack[] = [];
  const files = new Map<string, string>();
  const images = new Map<string, DockerAsset>();
  await collect(resolve(directory), stacks, files, images);
  return { stacks, files, images };
}

async function collect(
  directory: string,
  stacks: Stack[],
  files: Map<string, string>,
  images: Map<string, DockerAsset>,
): Promise<void> {
  const manifest = manifestSchema.parse(await readJson(join(directory, 'manifest.json')));
  for (const [id, artifact] of Object.entries(manifest.artifacts)) {
    if (artifact.type === 'aws:cloudformation:stack') {
      const { templateFile, stackName } = stackPropertiesSchema.parse(artifact.properties);
      const template = templateSchema.parse(await readJson(join(directory, templateFile)));
      stacks.push({ name: stackName ?? id, template });
    } else if (artifact.type === 'cdk:asset-manifest') {
      const { file } = filePropertiesSchema.parse(artifact.properties);
      await collectAssets(join(directory, file), files, images);
    } else if (artifact.type === 'cdk:cloud-assembly') {
      const { directoryName } = nestedPropertiesSchema.parse(artifact.properties);
      await collect(join(directory, directoryName), stacks, files, images);
    }
  }
}

async function collectAssets(
  manifestFile: string,
  files: Map<string, string>,
  images: Map<string, DockerAsset>,
): Promise<void> {
  const manifest = assetManifestSchema.parse(await readJson(manifestFile));
  const base = dirname(manifestFile);
  for (const [id, { source }] of Object.entries(manifest.files)) {
    if (source.path !== undefined) files.set(id, resolve(base, source.path));
  }
  for (const [id, { source }] of Object.entries(manifest.dockerImages)) {
    if (source.directory === undefined) continue;
    images.set(id, {
      directory: resolve(base, source.directory),
      dockerFile: source.dockerFile ?? 'Dockerfile',
    });
  }
}

/** The id of an asset from the object key the template names: its base name without the extension. */
export const assetIdOfKey = (key: string): string => basename(key).replace(/\.[a-z]+$/, '');
