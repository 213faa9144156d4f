// Keeps one job fresh while it lives: news from the stream go straight into the cache.
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { reach } from '@/client/reach';
import { jobQuery, jobsQuery, modelsQuery } from '@/client/queries';
import { heard, toldBy, type Told } from './liveJob';
import { jobLogQuery } from './log';

const AGAIN_AFTER_MS = 3_000;
const LOG_AT_MOST_EVERY_MS = 1_000;

export function useJobStream(jobId: string, alive: boolean) {
  const queryClient = useQueryClient();
  useEffect(() => {
    if (!alive) return;
    return listen(jobId, queryClient);
  }, [jobId, alive, queryClient]);
}

/** Opens the stream, again whenever it breaks. Returns how to stop. */
function listen(jobId: string, queryClient: QueryClient): () => void {
  let source: EventSource | null = null;
  let again: ReturnType<typeof setTimeout> | undefined;
  const log = seldom(() =>
    queryClient.invalidateQueries({ queryKey: jobLogQuery(jobId).queryKey }),
  );
  const readAnew = () => queryClient.invalidateQueries({ queryKey: jobQuery(jobId).queryKey });
  const take = (told: Told | null) => {
    if (told === null) return;
    reach.found();
    queryClient.setQueryData(jobQuery(jobId).queryKey, (known) => heard(known, told));
  };

  const open = () => {
    source = new EventSource(`/api/job/${encodeURIComponent(jobId)}/events`);
    source.addEventListener('job', (event) => take(toldBy('job', textOf(event))));
    source.addEventListener('epoch', (event) => take(toldBy('epoch', textOf(event))));
    source.addEventListener('log', log.soon);
    source.addEventListener('end', () => {
      source?.close();
      void readAnew();
      void queryClient.invalidateQueries({ queryKey: jobsQuery.queryKey, exact: true });
      void queryClient.invalidateQueries({ queryKey: modelsQuery.queryKey, exact: true });
    });
    source.onerror = () => {
      // A broken line mends itself; a refused one (signed out, server restarting) does not.
      if (source?.readyState !== EventSource.CLOSED) return;
      void readAnew();
      again = setTimeout(open, AGAIN_AFTER_MS);
    };
  };

  open();
  return () => {
    source?.close();
    clearTimeout(again);
    log.stop();
  };
}

function textOf(event: Event): string {
  const { data } = event as MessageEvent<unknown>;
  return typeof data === 'string' ? data : '';
}

/** Does something soon, but not more often than once a second however often it is asked. */
function seldom(act: () => unknown) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    soon: () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        act();
      }, LOG_AT_MOST_EVERY_MS);
    },
    stop: () => clearTimeout(timer),
  };
}
