// In which order models are listed, and which of them.
import type { ModelListed } from '@/client/records';

export const ORDERS = [
  { value: 'newest', label: 'Newest first' },
  { value: 'balanced_accuracy', label: 'Balanced accuracy' },
  { value: 'accuracy', label: 'Accuracy' },
  { value: 'macro_f1', label: 'Macro F1' },
  { value: 'macro_auc', label: 'Macro AUC' },
] as const;

export type Order = (typeof ORDERS)[number]['value'];

export function isOrder(value: unknown): value is Order {
  return ORDERS.some((order) => order.value === value);
}

/** Best or newest first, of one dataset or of all. */
export function shownModels(
  models: ModelListed[],
  order: Order,
  dataset: string | undefined,
): ModelListed[] {
  const chosen = models.filter((model) => dataset === undefined || model.dataset_name === dataset);
  return chosen.sort((one, other) =>
    order === 'newest'
      ? Date.parse(other.created_at) - Date.parse(one.created_at)
      : (other.headline[order] ?? -1) - (one.headline[order] ?? -1),
  );
}
