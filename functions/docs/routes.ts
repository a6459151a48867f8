/** The routes that answer the API's document: open, and no work of the API function. */
export const DOCS_ROUTES = [
  { method: 'GET', path: '/api/v1/openapi.json', name: 'getDocument' },
  { method: 'GET', path: '/docs', name: 'readDocument' },
] as const;
