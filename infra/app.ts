/**
 * The CDK app's entry (cdk.json): bundles the functions, then declares the stacks. With `-c nag=on` the AWS Solutions rules are
 * looked at, too, and a finding that is not accepted (stacks/accepted.ts) fails the synthesis.
 */
import { Validations } from 'aws-cdk-lib';
import { bundle } from './bundle/bundle.ts';
import { buildApp } from './stacks/build-app.ts';
import type { ContextName } from './stacks/context-names.ts';

await bundle();
const app = buildApp();
if (app.node.tryGetContext('nag' satisfies ContextName) === 'on') {
  const { AwsSolutionsChecks } = await import('cdk-nag');
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
}
app.synth();
