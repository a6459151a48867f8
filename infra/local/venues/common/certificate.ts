/** A self-signed certificate for 127.0.0.1 and localhost, made at start and kept nowhere. */
import { generate } from 'selfsigned';

export interface Certificate {
  /** PEM */
  readonly key: string;
  /** PEM: what a client must be told to trust. */
  readonly cert: string;
}

export async function selfSigned(): Promise<Certificate> {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { key: made.private, cert: made.cert };
}
