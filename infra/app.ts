/**
 * The CDK app's entry (cdk.json): bundles the functions and builds the console's page, then declares the stacks. With `-c nag=on` the AWS Solutions rules are
 * looked at, too, and a finding that is not accepted (stacks/accepted.ts) fails the synthesis.
 */
import { Validations } from 'aws-cdk-lib';
import { bundle } from './bundle/bundle.ts';
import { ensureConsole } from './console/ensure.ts';
import { buildApp } from './stacks/build-app.ts';
import type { ContextName } from './stacks/context-names.ts';

await Promise.all([bundle(), ensureConsole()]);
const app = buildApp();
if (app.node.tryGetContext('nag' satisfies ContextName) === 'on') {
  const { AwsSolutionsChecks } = await import('cdk-nag');
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
}
app.synth();
