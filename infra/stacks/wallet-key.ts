/** The key that seals the keys of exchange accounts (design sections 3, 13). */
import { Duration } from 'aws-cdk-lib';
import { AccountRootPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';

/**
 * What the account's own policies may give anybody of this key; nothing else can be had of it, by whatever policy. No grants,
 * no encrypting anew for another key, no data keys: all of them are ways around the two who seal and open.
 */
const ACTIONS = [
  ...['Encrypt', 'Decrypt', 'DescribeKey'],
  ...['GetKeyPolicy', 'ListKeyPolicies', 'PutKeyPolicy', 'UpdateKeyDescription'],
  ...['EnableKey', 'DisableKey', 'ScheduleKeyDeletion', 'CancelKeyDeletion'],
  ...[
    'EnableKeyRotation',
    'DisableKeyRotation',
    'GetKeyRotationStatus',
    'ListKeyRotations',
    'RotateKeyOnDemand',
  ],
  ...['TagResource', 'UntagResource', 'ListResourceTags'],
].map((action) => `kms:${action}`);

/** The shortest time AWS takes: a sandbox's key is paid for until it is gone. */
const SANDBOX_WINDOW = Duration.days(7);
const WINDOW = Duration.days(30);

export function makeWalletKey(scope: Construct, { stage, deletionProtection, removalPolicy }: Settings): Key {
  return new Key(scope, 'WalletKey', {
    description: `Moniqo ${stage}: keys of exchange accounts`,
    enableKeyRotation: true,
    removalPolicy,
    pendingWindow: deletionProtection ? WINDOW : SANDBOX_WINDOW,
    // Who may open and who may seal is said by their roles (grants.ts); a key's policy names itself by a star.
    policy: new PolicyDocument({
      statements: [
        new PolicyStatement({
          sid: 'WhatTheAccountMayGive',
          principals: [new AccountRootPrincipal()],
          actions: ACTIONS,
          resources: ['*'],
        }),
      ],
    }),
  });
}
