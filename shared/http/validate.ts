/**
 * Checks what came in against a zod schema and tells everything that is wrong at once, by field name
 * (design section 17). Schemas are strict: a field that is not known is refused and named.
 */
import * as z from 'zod';
import { type Decimal, parseDecimal } from '../domain/money/decimal.ts';
import { type Complaint, HTTP_ERRORS, type HttpErrorCode, ProblemError } from './errors.ts';

/**
 * Parses `value`, or refuses with every complaint. `schema`: made with the first request that needs it.
 * @throws ProblemError with the code of the first complaint
 */
export function validate<T>(schema: () => z.ZodType<T>, value: unknown): T {
  const parsed = schema().safeParse(value ?? {}, { reportInput: true });
  if (parsed.success) return parsed.data;
  const [first, ...rest] = parsed.error.issues.flatMap(complaints);
  if (first === undefined) throw new Error('a schema refused without a reason');
  throw new ProblemError(HTTP_ERRORS[first.code], [first, ...rest]);
}

interface CodedComplaint extends Complaint {
  readonly code: HttpErrorCode;
}

const complaint = (code: HttpErrorCode, field: string | null, detail: string): CodedComplaint => ({
  code,
  field,
  detail,
  nextAction: HTTP_ERRORS[code].nextAction,
});

const fieldName = (path: readonly PropertyKey[]): string | null =>
  path.length === 0 ? null : path.map(String).join('.');

const isHttpErrorCode = (code: unknown): code is HttpErrorCode =>
  typeof code === 'string' && Object.hasOwn(HTTP_ERRORS, code);

/** Of bodies told apart by one field, such as `type`: it is missing, or says none of the known words. */
function unionComplaint(issue: z.core.$ZodIssueInvalidUnion, field: string | null): CodedComplaint {
  const { discriminator, input } = issue;
  const called = field ?? 'The body';
  if (discriminator === undefined) return complaint('invalid_field', field, `${called}: ${issue.message}.`);
  if (typeof input === 'object' && input !== null && !(discriminator in input)) {
    return complaint('missing_field', field, `${called} is required.`);
  }
  const words = 'options' in issue ? (issue.options ?? []) : [];
  return complaint('invalid_field', field, `${called} must be one of: ${words.join(', ')}.`);
}

const UNITS: Readonly<Record<string, string>> = { string: ' characters', array: ' items' };

/** What our own readers say ("must be ..."), and bounds of a size or a length in the same words. */
function detailOf(issue: z.core.$ZodIssue, called: string): string {
  if (/^(must|has) /.test(issue.message)) return `${called} ${issue.message}.`;
  if (issue.code !== 'too_small' && issue.code !== 'too_big') return `${called}: ${issue.message}.`;
  const unit = UNITS[issue.origin] ?? '';
  const verb = unit === '' ? 'must be' : 'must have';
  if (issue.code === 'too_small') {
    return `${called} ${verb} ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unit}.`;
  }
  return `${called} ${verb} ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unit}.`;
}

function complaints(issue: z.core.$ZodIssue): readonly CodedComplaint[] {
  const field = fieldName(issue.path);
  const called = field ?? 'The body';
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const name = fieldName([...issue.path, key]) ?? key;
        return complaint('unknown_field', name.slice(0, 100), `${name.slice(0, 100)} is not known here.`);
      });
    case 'invalid_type':
      if (issue.input === undefined) return [complaint('missing_field', field, `${called} is required.`)];
      if (typeof issue.input === 'number' && issue.expected === 'string') {
        return [complaint('number_not_text', field, `${called} is a number; send it as a string.`)];
      }
      return [complaint('invalid_field', field, `${called} must be of type ${issue.expected}.`)];
    case 'invalid_value':
      if (issue.input === undefined) return [complaint('missing_field', field, `${called} is required.`)];
      return [complaint('invalid_field', field, `${called} must be one of: ${issue.values.join(', ')}.`)];
    case 'invalid_union':
      return [unionComplaint(issue, field)];
    case 'custom': {
      const code: unknown = issue.params?.['code'];
      return [
        complaint(isHttpErrorCode(code) ? code : 'invalid_field', field, `${called} ${issue.message}.`),
      ];
    }
    default:
      return [complaint('invalid_field', field, detailOf(issue, called))];
  }
}

const TOO_FINE = /^-?\d{1,30}\.\d{19,}$/;

/** How the API's document shows fields whose text is read (`meta`): its readers write the text. */
const DECIMAL_TEXT = String.raw`^-?\d{1,30}(\.\d{1,18})?$`;
const NOT_NEGATIVE_TEXT = String.raw`^\d{1,30}(\.\d{1,18})?$`;
const POSITIVE_TEXT = String.raw`^(?!0+(\.0+)?$)\d{1,30}(\.\d{1,18})?$`;

/** Decimal text: at most 30 digits before and 18 after the point, no exponent; becomes an exact `Decimal`. */
const decimalText = z.string().transform((text, context): Decimal => {
  const value = parseDecimal(text);
  if (value !== null) return value;
  if (TOO_FINE.test(text)) {
    context.addIssue({
      code: 'custom',
      message: 'has more than 18 decimals',
      params: { code: 'over_precise' },
    });
    return z.NEVER;
  }
  context.addIssue({
    code: 'custom',
    message: 'must be decimal text with at most 30 digits before and 18 after the point, without exponent',
  });
  return z.NEVER;
});

export const decimalField = decimalText.meta({ format: 'decimal', pattern: DECIMAL_TEXT });

/** Decimal text above zero. */
export const positiveField = decimalText
  .superRefine((value, context) => {
    if (value.gt(0)) return;
    context.addIssue({
      code: 'custom',
      message: 'must be greater than zero',
      params: { code: 'not_positive' },
    });
  })
  .meta({ format: 'decimal', pattern: POSITIVE_TEXT });

/** Decimal text, zero or more. */
export const notNegativeField = decimalText
  .superRefine((value, context) => {
    if (value.gte(0)) return;
    context.addIssue({ code: 'custom', message: 'must not be negative', params: { code: 'not_positive' } });
  })
  .meta({ format: 'decimal', pattern: NOT_NEGATIVE_TEXT });

/** Query text that is a whole number within bounds. */
export const countField = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, `must be a whole number from ${least} to ${most}`)
    .transform((text) => Number.parseInt(text, 10)) // not money: a count
    .refine((count) => count >= least && count <= most, `must be from ${least} to ${most}`)
    .meta({ type: 'integer', minimum: least, maximum: most });

/** Query text that is one of the words, or several with commas between. */
export const wordsField = <const W extends readonly string[]>(words: W) =>
  z
    .string()
    .transform((text) => text.split(',').map((word) => word.trim()))
    .pipe(z.array(z.enum(words)).min(1).max(words.length))
    .meta({ type: 'array', items: { type: 'string', enum: [...words] }, minItems: 1 });
