import { describe, expect, it } from 'vitest';
import { model } from '@/lib/testing/records';
import { isOrder, shownModels } from './modelOrder';

const headline = model.headline;
const older = { ...model, name: 'older', created_at: '2025-01-01T00:00:00Z' };
const blind = { ...model, name: 'blind', headline: { ...headline, macro_auc: null } };
const other = { ...model, name: 'other', dataset_name: 'sample' };
const names = (models: { name: string }[]) => models.map(({ name }) => name);

describe('the list of models', () => {
  it('puts the newest first', () => {
    expect(names(shownModels([older, model], 'newest', undefined))).toEqual([model.name, 'older']);
  });

  it('puts a model without the figure last', () => {
    expect(names(shownModels([blind, model], 'macro_auc', undefined))).toEqual([
      model.name,
      'blind',
    ]);
  });

  it('shows those of one dataset only', () => {
    expect(names(shownModels([model, other], 'newest', 'sample'))).toEqual(['other']);
  });

  it('takes no order from the address that it does not know', () => {
    expect([isOrder('accuracy'), isOrder('beauty'), isOrder(undefined)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
