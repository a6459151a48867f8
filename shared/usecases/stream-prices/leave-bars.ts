/** Puts bars that only this writer may have into the cache: once since that was emptied, else nothing is written. */
import type { BarBook } from './bar-book.ts';
import type { SymbolContext } from './symbol-context.ts';

/**
 * One that has only what others left knows nothing that is not there, as long as anything is: to leave it would have the
 * index built again, and take from who builds it now.
 */
export async function leaveBars(
  symbol: string,
  book: BarBook,
  { ports, writer }: SymbolContext,
): Promise<void> {
  const { held } = book;
  if (held === 'none') return;
  if (await ports.cache.areBarsLeft(symbol, held === 'own' ? writer.token : null)) return;
  await ports.cache.writeBars(symbol, book.bars(), writer.token);
}
