/** The CDK app's entry (cdk.json): bundles the functions, then declares the stacks. */
import { bundle } from './bundle/bundle.ts';
import { buildApp } from './stacks/build-app.ts';

await bundle();
buildApp().synth();
