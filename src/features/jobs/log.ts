// The last lines that the training program printed.
import { queryOptions } from '@tanstack/react-query';
import { answerOf, client } from '@/client/client';

const LINES = 2_000;

/**
 * The end of the log as text. The stream only says that there is more; reading the end anew keeps
 * it whole after a lost connection, without a line lost or doubled.
 */
export const jobLogQuery = (jobId: string) =>
  queryOptions({
    queryKey: ['jobs', jobId, 'log'],
    queryFn: async ({ signal }) => {
      const reading = client.GET('/api/job/{job_id}/log', {
        params: { path: { job_id: jobId }, query: { tail: LINES } },
        parseAs: 'text',
        signal,
      });
      // An empty log comes as no data at all.
      const text: unknown = await answerOf(reading);
      return typeof text === 'string' ? text : '';
    },
  });
