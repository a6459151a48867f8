/** Placeholder while the use cases are being written; it refuses to pretend. */
export const handler = (): Promise<never> => Promise.reject(new Error('not written yet'));
