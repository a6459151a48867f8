/** The part of the order form that protects the position which it opens (docs/positions.md). Pure. */
import type { OrderBody, ProtectionDraft } from './order-form.ts';
import { amountIn, type Complain, decimalWrong, fractionOf, withoutNothing } from './order-form.ts';

type Protection = NonNullable<OrderBody['protection']>;

/** Undefined where nothing is asked for: the position then has no levels. */
export function protectionOf(draft: ProtectionDraft, complain: Complain): Protection | undefined {
  const rungs = rungsOf(draft, complain);
  const protection: Protection = {
    ...withoutNothing({
      stop_loss: amountIn(complain, 'protection.stop_loss', draft.stop_loss, false),
      take_profits: rungs.length === 0 ? undefined : rungs,
      trailing_stop: trailingOf(draft, complain),
      break_even: breakEvenOf(draft, complain),
    }),
    ...(draft.trigger_price !== '' && { trigger_price: draft.trigger_price as 'last' }),
    ...(draft.resident !== '' && { resident: draft.resident as 'none' }),
  };
  return Object.keys(protection).length === 0 ? undefined : protection;
}

/** A rung of which nothing is typed is none. A single one without a share is the whole. */
function rungsOf({ rungs }: ProtectionDraft, complain: Complain): { price: string; share: string }[] {
  const isTyped = ({ price, share }: ProtectionDraft['rungs'][number]) => `${price}${share}`.trim() !== '';
  const only = rungs.filter(isTyped).length === 1;
  const name = (index: number) => `protection.take_profits.${index}`;
  const made: { price: string; share: string }[] = [];
  for (const rung of rungs.filter(isTyped)) {
    // Counted as they are sent, for so the API names them.
    const field = name(made.length);
    const price = amountIn(complain, `${field}.price`, rung.price, true);
    const isWhole = only && rung.share.trim() === '';
    const share = isWhole ? '100' : amountIn(complain, `${field}.share`, rung.share, true);
    made.push({ price: price ?? '', share: share === undefined ? '' : fractionOf(share) });
  }
  return made;
}

function trailingOf(draft: ProtectionDraft, complain: Complain): Protection['trailing_stop'] | undefined {
  if (draft.trailing === '') return undefined;
  const field = `distance_${draft.trailing}` as const;
  const distance = amountIn(complain, `protection.trailing_stop.${field}`, draft.trailing_distance, true);
  const activation = amountIn(
    complain,
    'protection.trailing_stop.activation_price',
    draft.trailing_activation,
    false,
  );
  return {
    ...(distance !== undefined && { [field]: distance }),
    ...(activation !== undefined && { activation_price: activation }),
  };
}

function breakEvenOf(draft: ProtectionDraft, complain: Complain): Protection['break_even'] | undefined {
  if (!draft.break_even) return undefined;
  const name = 'protection.break_even';
  const profit = amountIn(complain, `${name}.activation_profit_percent`, draft.break_even_profit, true);
  const offset = draft.break_even_offset.trim();
  // Zero is a good offset: the stop goes to the entry's own price.
  const wrong = offset === '' || /^0(\.0+)?$/.test(offset) ? null : decimalWrong(offset);
  if (wrong !== null) complain(`${name}.offset_percent`, wrong);
  return {
    ...(profit !== undefined && { activation_profit_percent: profit }),
    ...(offset !== '' && { offset_percent: offset }),
  };
}
