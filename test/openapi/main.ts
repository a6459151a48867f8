/** `npm run openapi`: writes docs/openapi.json and docs/errors.md. */
import { writeFileSync } from 'node:fs';
import { DOCUMENT_FILE, documentText, ERRORS_FILE, errorsText } from './files.ts';

const document = await documentText();
writeFileSync(DOCUMENT_FILE, document);
writeFileSync(ERRORS_FILE, errorsText());
console.log(`${DOCUMENT_FILE}: ${document.length} characters; ${ERRORS_FILE}`);
