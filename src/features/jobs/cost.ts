// What a training would cost: asked of the server, and in words.
import { queryOptions, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, client } from '@/client/client';
import type { MeasuredCost, TrainingForm } from '@/client/records';
import { formatBytes, formatDuration } from '@/lib/format';

const FRESH_MS = 60_000;

async function ask(body: TrainingForm, measure: boolean, signal?: AbortSignal) {
  const query = { measure };
  return (await answerOf(client.POST('/api/training-cost', { params: { query }, body, signal })))
    .cost;
}

/** What was measured before for this request; null = nothing. Starts no trial. */
export const costQuery = (body: TrainingForm) =>
  queryOptions({
    queryKey: ['training-cost', body],
    queryFn: ({ signal }) => ask(body, false, signal),
    enabled: body.dataset_name !== '',
    staleTime: FRESH_MS,
  });

export interface Measuring {
  /** Have these costs measured, one after the other: two at a time would disturb each other. */
  measure: (bodies: TrainingForm[]) => Promise<void>;
  /** The request whose trial is under way. */
  underWay: TrainingForm | null;
  error: unknown;
}

export function useMeasuring(): Measuring {
  const queryClient = useQueryClient();
  const [underWay, setUnderWay] = useState<TrainingForm | null>(null);
  const [error, setError] = useState<unknown>(null);
  const measure = async (bodies: TrainingForm[]) => {
    setError(null);
    try {
      for (const body of bodies) {
        setUnderWay(body);
        queryClient.setQueryData(costQuery(body).queryKey, await ask(body, true));
      }
    } catch (refusal) {
      setError(refusal);
    } finally {
      setUnderWay(null);
    }
  };
  return { measure, underWay, error };
}

export function isSame(one: TrainingForm | null, other: TrainingForm | null): boolean {
  return one !== null && JSON.stringify(one) === JSON.stringify(other);
}

/** Seconds, rounded to what an estimate can know: "45 s", "6 min", "2 h 10 min". */
export function roughly(seconds: number): string {
  const step =
    seconds < 60 ? 5 : seconds < 180 ? 10 : seconds < 600 ? 30 : seconds < 3600 ? 60 : 300;
  return formatDuration(Math.max(step, Math.round(seconds / step) * step));
}

/** "5 min to 8 min", or one of them when they round to the same. */
export function rangeOf({ low, high }: Pick<MeasuredCost, 'low' | 'high'>): string {
  const [from, to] = [roughly(low), roughly(high)];
  return from === to ? from : `${from} to ${to}`;
}

/** Where it was measured and what it held: "on CPU, 2 threads, with 1.1 GB of memory". */
export function placeOf(cost: MeasuredCost): string {
  const memory = [`${formatBytes(cost.memory_bytes)} of memory`];
  if (cost.gpu_memory_bytes !== null) {
    memory.push(`${formatBytes(cost.gpu_memory_bytes)} of the GPU's`);
  }
  return `On ${cost.device}; the trial held ${memory.join(' and ')}.`;
}
