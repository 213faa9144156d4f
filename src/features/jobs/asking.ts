// What can be asked of a job, and how it is asked. The answer goes into the cache at once.
import { useQueryClient } from '@tanstack/react-query';
import { answerOf, client } from '@/client/client';
import { jobQuery, jobsQuery } from '@/client/queries';
import type { JobChoice, JobDetail, PriorityName } from '@/client/records';

export type Wish = JobChoice['name'];

/** The server's word on one wish; undefined in lists, which carry none. */
export function choiceOf(job: JobDetail, name: Wish): JobChoice | undefined {
  return job.choices?.find((each) => each.name === name);
}

const SEND = {
  stop: '/api/job/{job_id}/stop',
  cancel: '/api/job/{job_id}/cancel',
  resume: '/api/job/{job_id}/resume',
  retry: '/api/job/{job_id}/retry',
} as const;

/** Functions that ask the server and show what it answered. */
export function useAsking(jobId: string) {
  const queryClient = useQueryClient();
  const params = { path: { job_id: jobId } };
  const show = (job: JobDetail) => {
    queryClient.setQueryData(jobQuery(jobId).queryKey, job);
    void queryClient.invalidateQueries({ queryKey: jobsQuery.queryKey, exact: true });
  };
  return {
    ask: async (wish: Wish) => show(await answerOf(client.POST(SEND[wish], { params }))),
    setPriority: async (priority: PriorityName) =>
      show(
        await answerOf(client.POST('/api/job/{job_id}/priority', { params, body: { priority } })),
      ),
  };
}
