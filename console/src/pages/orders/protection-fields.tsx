/** How the position that the order opens is protected: stop, targets, trailing stop, break-even. */
import { CheckField, SelectField, TextField } from '../../ui/field.tsx';
import { type Draft, newRung } from './draft.ts';

export interface ProtectionFieldsProps {
  readonly draft: Draft;
  readonly errors: ReadonlyMap<string, string>;
  readonly quote: string | null;
}

const MOST_RUNGS = 20;

export function ProtectionFields({ draft, errors, quote }: ProtectionFieldsProps) {
  const error = (name: string): string | null => errors.get(`protection.${name}`) ?? null;
  const unit = quote === null ? {} : { unit: quote };
  const trailing = draft.trailing.value;
  return (
    <div class="stack">
      <div class="orders-fields">
        <TextField
          label="Stop loss"
          name="protection.stop_loss"
          kind="decimal"
          value={draft.stop_loss}
          error={error('stop_loss')}
          {...unit}
        />
        <SelectField
          label="Trailing stop"
          name="trailing"
          value={draft.trailing}
          error={error('trailing_stop')}
          options={[
            { value: '', label: 'None' },
            { value: 'percent', label: 'By percent' },
            { value: 'amount', label: `By ${quote ?? 'an amount'}` },
          ]}
        />
        {trailing !== '' && (
          <>
            <TextField
              label="Trailing distance"
              name={`protection.trailing_stop.distance_${trailing}`}
              kind="decimal"
              value={draft.trailing_distance}
              error={error(`trailing_stop.distance_${trailing}`)}
              {...(trailing === 'percent' ? { unit: '%' } : unit)}
            />
            <TextField
              label="Trails from (empty: at once)"
              name="protection.trailing_stop.activation_price"
              kind="decimal"
              value={draft.trailing_activation}
              error={error('trailing_stop.activation_price')}
              {...unit}
            />
          </>
        )}
      </div>
      <Rungs draft={draft} errors={errors} quote={quote} />
      <CheckField
        label="Break-even: the stop goes to the entry once there is a profit"
        name="break_even"
        value={draft.break_even}
      />
      {draft.break_even.value && (
        <div class="orders-fields">
          <TextField
            label="From a profit of"
            name="protection.break_even.activation_profit_percent"
            kind="decimal"
            unit="%"
            value={draft.break_even_profit}
            error={error('break_even.activation_profit_percent')}
          />
          <TextField
            label="Beyond the entry by (empty: 0)"
            name="protection.break_even.offset_percent"
            kind="decimal"
            unit="%"
            value={draft.break_even_offset}
            error={error('break_even.offset_percent')}
          />
        </div>
      )}
      <div class="orders-fields">
        <SelectField
          label="Levels are compared with"
          name="protection.trigger_price"
          value={draft.trigger_price}
          error={error('trigger_price')}
          options={[
            { value: '', label: 'As by default' },
            { value: 'bid_ask', label: 'Bid or ask: what selling or buying would bring' },
            { value: 'last', label: 'Last trade' },
            { value: 'mid', label: 'Middle of bid and ask' },
          ]}
        />
        <SelectField
          label="Rests at the venue as well"
          name="protection.resident"
          value={draft.resident}
          error={error('resident')}
          options={[
            { value: '', label: 'As the wallet says' },
            { value: 'none', label: 'No' },
            { value: 'stop', label: 'The stop' },
            { value: 'oco', label: 'Stop and target' },
          ]}
        />
      </div>
    </div>
  );
}

function Rungs({ draft, errors, quote }: ProtectionFieldsProps) {
  const rungs = draft.rungs.value;
  // Fields are named as they are sent: rungs of which nothing is typed are not.
  let sent = 0;
  return (
    <fieldset class="orders-rungs">
      <legend>Take profit</legend>
      {errors.has('protection.take_profits') && (
        <p class="field-error">{errors.get('protection.take_profits')}</p>
      )}
      {rungs.map((rung, index) => {
        const isTyped = `${rung.price.value}${rung.share.value}`.trim() !== '';
        const name = `protection.take_profits.${isTyped ? sent++ : `empty-${index}`}`;
        return (
          <div key={rung.id} class="orders-rung">
            <TextField
              label={`Target ${index + 1}`}
              name={`${name}.price`}
              kind="decimal"
              value={rung.price}
              error={errors.get(`${name}.price`) ?? null}
              {...(quote === null ? {} : { unit: quote })}
            />
            <TextField
              label="Share"
              name={`${name}.share`}
              kind="decimal"
              unit="%"
              value={rung.share}
              placeholder={rungs.length === 1 ? '100' : ''}
              error={errors.get(`${name}.share`) ?? null}
            />
            <button
              type="button"
              class="button button-quiet"
              aria-label={`Remove target ${index + 1}`}
              disabled={rungs.length === 1}
              onClick={() => {
                draft.rungs.value = rungs.filter(({ id }) => id !== rung.id);
              }}
            >
              ✕
            </button>
          </div>
        );
      })}
      <button
        type="button"
        class="button"
        disabled={rungs.length >= MOST_RUNGS}
        onClick={() => {
          draft.rungs.value = [...rungs, newRung()];
        }}
      >
        Another target
      </button>
    </fieldset>
  );
}
