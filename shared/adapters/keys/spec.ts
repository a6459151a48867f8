/** `KEY_CIPHER`: `kms:<key arn>` in the cloud, `file:<path of key file>` on a laptop. */
export type KeyCipherSpec =
  | { readonly kind: 'kms'; readonly keyArn: string }
  | { readonly kind: 'file'; readonly path: string };

const KMS_ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/;

/** @throws Error that says what is expected; a specification holds no secret, and is still not echoed */
export function parseKeyCipherSpec(spec: string): KeyCipherSpec {
  const [kind, rest] = [spec.slice(0, spec.indexOf(':')), spec.slice(spec.indexOf(':') + 1)];
  if (kind === 'file' && rest !== '') return { kind, path: rest };
  if (kind === 'kms' && KMS_ARN.test(rest)) return { kind, keyArn: rest };
  throw new Error('KEY_CIPHER must be kms:<arn of a key> or file:<path of a key file>');
}
