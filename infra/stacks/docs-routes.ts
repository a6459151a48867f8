/** The API's document and its page: open, answered by a function of their own that reaches nothing. */
import { type HttpApi, HttpMethod, HttpNoneAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { DOCS_ROUTES } from '../../functions/docs/routes.ts';
import { type Platform, ServiceFunction } from './service-function.ts';

export function addDocs(scope: Construct, api: HttpApi, platform: Platform): LambdaFunction {
  const { fn } = new ServiceFunction(scope, 'Docs', {
    name: 'docs',
    platform,
    memoryMb: 256,
    inVpc: false,
    environment: {},
  });
  const integration = new HttpLambdaIntegration('DocsIntegration', fn, { scopePermissionToRoute: false });
  for (const { method, path } of DOCS_ROUTES) {
    const authorizer = new HttpNoneAuthorizer();
    api.addRoutes({ path, methods: [HttpMethod[method]], integration, authorizer });
  }
  return fn;
}
