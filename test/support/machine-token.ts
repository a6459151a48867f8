/** A machine client at the laptop's issuer, and a token of it. */
const asJson = { 'content-type': 'application/json' };

/** `api`: where the laptop system answers; without an id the issuer chooses one. */
export async function machineClient(
  api: string,
  clientId?: string,
): Promise<{ readonly id: string; readonly token: string }> {
  const issuer = `${api}/local-issuer`;
  const body = JSON.stringify(clientId === undefined ? {} : { client_id: clientId });
  const made = await fetch(`${issuer}/clients`, { method: 'POST', headers: asJson, body });
  const { client_id: id = '', client_secret: secret = '' } = (await made.json()) as Record<string, string>;
  const granted = await fetch(`${issuer}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token: token = '' } = (await granted.json()) as Record<string, string>;
  return { id, token };
}

export const machineToken = async (api: string, clientId: string): Promise<string> =>
  (await machineClient(api, clientId)).token;
