/**
 * The CloudFront function in front of the console's files: every page is the one file. The rule is `isPage` (headers.ts), in
 * the words that CloudFront's runtime knows; a test holds both to the same answers.
 */
export const PAGE_FUNCTION = `function handler(event) {
  var request = event.request;
  if (request.uri.split('/').pop().indexOf('.') === -1) request.uri = '/index.html';
  return request;
}
`;
