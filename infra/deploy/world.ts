/** The world that a deployment takes place in: this machine, its project, AWS. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { z } from 'zod';
import { bundle, PROJECT_ROOT } from '../bundle/bundle.ts';
import { makeAws } from './account.ts';
import type { DeployWorld } from './deploy.ts';
import { run } from './runner.ts';

const Installed = z.object({ version: z.string() });
const Project = z.object({ devDependencies: z.object({ 'aws-cdk': z.string() }) });

const CdkJson = z.object({ context: z.record(z.string(), z.unknown()) });
const CdkFile = z.object({ profile: z.string().optional() });

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

/** The project's file comes before the user's, as the CDK reads them. */
function cdkProfile(): string | null {
  for (const file of [join(PROJECT_ROOT, 'cdk.json'), join(homedir(), '.cdk.json')]) {
    const profile = existsSync(file) ? CdkFile.parse(readJson(file)).profile : undefined;
    if (profile !== undefined) return profile;
  }
  return null;
}

async function ask(question: string): Promise<string | null> {
  if (!process.stdin.isTTY) return null;
  const reading = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await reading.question(question)).trim();
  } finally {
    reading.close();
  }
}

export function thisWorld(): DeployWorld {
  const cdk = join(PROJECT_ROOT, 'node_modules', 'aws-cdk', 'package.json');
  mkdirSync(join(PROJECT_ROOT, '.moniqo'), { recursive: true });
  return {
    env: process.env,
    cdkProfile: cdkProfile(),
    now: () => Date.now(),
    run,
    aws: makeAws({ env: process.env }),
    bundle: () => bundle(),
    cdkVersion: existsSync(cdk) ? Installed.parse(readJson(cdk)).version : null,
    wantedCdkVersion: Project.parse(readJson(join(PROJECT_ROOT, 'package.json'))).devDependencies['aws-cdk'],
    say: (line) => void process.stdout.write(`${line}\n`),
    ask,
    context: CdkJson.parse(readJson(join(PROJECT_ROOT, 'cdk.json'))).context,
    root: PROJECT_ROOT,
    readOutputs: (file) => (existsSync(file) ? readJson(file) : null),
  };
}
