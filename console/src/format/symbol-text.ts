/** The two assets of a symbol as the API writes it: `BTC/USDT`. */

export const baseOf = ({ symbol }: { readonly symbol: string }): string => symbol.split('/')[0] ?? '';

export const quoteOf = ({ symbol }: { readonly symbol: string }): string => symbol.split('/')[1] ?? '';
