/**
 * Reads a text file (or its gzip) line by line without holding more than one block of it.
 *
 * The consumer's pace is the reader's pace: nothing is read ahead of what was asked for but one block.
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';

export interface NumberedLine {
  /** The first line of a file is 1. */
  readonly number: number;
  readonly text: string;
}

/** No line of a price file is longer; without the bound a file without line ends would fill the memory. */
const MAX_LINE = 64 * 1024;

/** The lines of each block. Throws what the file system or the decompression throws, and on an endless line. */
export async function* readLineBlocks(file: string): AsyncGenerator<readonly NumberedLine[], void> {
  const source = createReadStream(file);
  const zipped = file.endsWith('.gz');
  const text = zipped ? source.pipe(createGunzip()) : source;
  if (zipped) source.on('error', (error) => text.destroy(error));
  text.setEncoding('utf8');
  let number = 0;
  let rest = '';
  try {
    for await (const block of text as AsyncIterable<string>) {
      const parts = (rest + block).split('\n');
      rest = parts.pop() ?? '';
      if (rest.length > MAX_LINE)
        throw new Error(`line ${number + parts.length + 1} is longer than ${MAX_LINE}`);
      if (parts.length > 0) yield parts.map((line) => ({ number: ++number, text: withoutReturn(line) }));
    }
    if (rest !== '') yield [{ number: ++number, text: withoutReturn(rest) }];
  } finally {
    source.destroy();
    text.destroy();
  }
}

const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);
