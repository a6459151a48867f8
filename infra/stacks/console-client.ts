/**
 * By which people sign in to the console: a page in a browser, which keeps no secret (RFC 8252, RFC 9700): authorization code
 * with PKCE, tokens that last for minutes, refresh tokens that are exchanged at each use and can be revoked.
 */
import { Duration } from 'aws-cdk-lib';
import type { CfnUserPoolClient, OAuthSettings, UserPool, UserPoolClient } from 'aws-cdk-lib/aws-cognito';
import { REDIRECT_PATH } from '../console/config.ts';

/** It may do everything, as the console does: whoever finds a token has it for so long. */
const ACCESS_TOKEN = Duration.minutes(15);
/** A working day, then one signs in anew. */
const REFRESH_TOKEN = Duration.hours(12);
/** Two tabs may refresh at the same moment. */
const BOTH_ARE_TAKEN = Duration.seconds(30);

export function addConsoleClient(
  pool: UserPool,
  origin: string,
  oAuth: (callbackUrls: string[]) => OAuthSettings,
): UserPoolClient {
  const address = `${origin}${REDIRECT_PATH}`;
  const client = pool.addClient('ConsoleClient', {
    generateSecret: false,
    oAuth: { ...oAuth([address]), logoutUrls: [address] },
    accessTokenValidity: ACCESS_TOKEN,
    refreshTokenValidity: REFRESH_TOKEN,
    refreshTokenRotationGracePeriod: BOTH_ARE_TAKEN,
    enableTokenRevocation: true,
    preventUserExistenceErrors: true,
  });
  // Said by name: by itself Cognito would add refreshing without rotation, which it then refuses beside it. People sign in on
  // Cognito's own page, which needs none of these.
  (client.node.defaultChild as CfnUserPoolClient).explicitAuthFlows = ['ALLOW_USER_SRP_AUTH'];
  return client;
}
