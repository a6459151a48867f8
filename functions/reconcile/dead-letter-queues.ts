/** The queues of dead letters, as the template names them: `submit=URL,exits=URL,...`. */

/** @throws Error that says which part is wrong */
export function parseDeadLetterQueues(text: string | undefined): Readonly<Record<string, string>> {
  if (text === undefined || text === '') throw new Error('DEAD_LETTER_QUEUES: submit=URL,... is expected');
  const pairs = text.split(',').map((part) => {
    const [, name, url] = /^([a-z]+)=(https?:\/\/\S+)$/.exec(part) ?? [];
    if (name === undefined || url === undefined)
      throw new Error(`DEAD_LETTER_QUEUES: ${JSON.stringify(part)} is not NAME=URL`);
    return [name, url] as const;
  });
  const urls = Object.fromEntries(pairs);
  if (Object.keys(urls).length < pairs.length) throw new Error('DEAD_LETTER_QUEUES: a queue is there twice');
  return urls;
}
