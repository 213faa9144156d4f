// What the page reads from the server, by name, so that every feature shares one cache.
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answerOf, client } from './client';
import type { DatasetListed, JobDetail } from './records';

/** How often to ask again where nothing streams and something still moves. */
const LOOK_EVERY_MS = 3_000;
const IMPORT_LOOK_MS = 1_000;

/** The server is looking through the images; the figures come when it is done. */
const isBeingRead = (dataset: DatasetListed) => dataset.being_read;

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => answerOf(client.GET('/api/session', { signal })),
  staleTime: 60_000,
});

export const datasetsQuery = queryOptions({
  queryKey: ['datasets'],
  queryFn: async ({ signal }) => (await answerOf(client.GET('/api/datasets', { signal }))).datasets,
  refetchInterval: ({ state }) => (state.data?.some(isBeingRead) ? LOOK_EVERY_MS : false),
});

export const datasetQuery = (name: string) =>
  queryOptions({
    queryKey: ['datasets', name],
    queryFn: ({ signal }) =>
      answerOf(client.GET('/api/datasets/{name}', { params: { path: { name } }, signal })),
    refetchInterval: ({ state }) => (state.data && isBeingRead(state.data) ? LOOK_EVERY_MS : false),
  });

/** The tables of a dataset as it was at `updatedAt`. */
export const tablesQuery = (name: string, updatedAt: string) =>
  queryOptions({
    queryKey: ['datasets', name, 'tables', updatedAt],
    queryFn: async ({ signal }) => {
      const params = { path: { name } };
      return (await answerOf(client.GET('/api/datasets/{name}/tables', { params, signal }))).tables;
    },
    staleTime: Infinity,
  });

/** Uploads that were begun and are not part of a dataset yet. */
export const uploadsQuery = queryOptions({
  queryKey: ['uploads'],
  queryFn: async ({ signal }) => (await answerOf(client.GET('/api/uploads', { signal }))).uploads,
  refetchInterval: ({ state }) =>
    state.data?.some(({ phase }) => phase === 'being_read') ? LOOK_EVERY_MS : false,
});

/** Imports of uploads that are whole; asked again while one is under way. */
export const importsQuery = queryOptions({
  queryKey: ['imports'],
  queryFn: async ({ signal }) => (await answerOf(client.GET('/api/imports', { signal }))).imports,
  refetchInterval: ({ state }) =>
    state.data?.some((each) => each.state === 'waiting' || each.state === 'running')
      ? IMPORT_LOOK_MS
      : false,
});

export const trainingOptionsQuery = queryOptions({
  queryKey: ['training-options'],
  queryFn: ({ signal }) => answerOf(client.GET('/api/training-options', { signal })),
  staleTime: 30_000,
});

export const presetsQuery = queryOptions({
  queryKey: ['presets'],
  queryFn: async ({ signal }) => (await answerOf(client.GET('/api/presets', { signal }))).presets,
  staleTime: Infinity,
});

export const jobsQuery = queryOptions({
  queryKey: ['jobs'],
  queryFn: async ({ signal }) => (await answerOf(client.GET('/api/jobs', { signal }))).jobs,
  // The list has no stream of its own; it asks again while anything in it still moves.
  refetchInterval: ({ state }) =>
    state.data?.some((job) => job.status === 'queued' || job.status === 'running')
      ? LOOK_EVERY_MS
      : false,
});

export const jobQuery = (jobId: string) =>
  queryOptions({
    queryKey: ['jobs', jobId],
    queryFn: ({ signal }) =>
      answerOf(client.GET('/api/job/{job_id}', { params: { path: { job_id: jobId } }, signal })),
  });

/** Read anew whenever something of the job has changed that stands in its history. */
export const jobHistoryQuery = (job: JobDetail) =>
  queryOptions({
    queryKey: [
      'jobs',
      job.job_id,
      'history',
      [job.status, job.attempt, job.priority, job.stop_requested, job.cancel_requested],
    ],
    queryFn: async ({ signal }) => {
      const params = { path: { job_id: job.job_id } };
      const url = '/api/job/{job_id}/history';
      return (await answerOf(client.GET(url, { params, signal }))).changes;
    },
    placeholderData: keepPreviousData,
  });

export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: async ({ signal }) => (await answerOf(client.GET('/api/models', { signal }))).models,
});

export const modelQuery = (name: string) =>
  queryOptions({
    queryKey: ['models', name],
    queryFn: ({ signal }) =>
      answerOf(client.GET('/api/models/{name}', { params: { path: { name } }, signal })),
  });

export const comparisonQuery = (a: string[], b: string[]) =>
  queryOptions({
    queryKey: ['comparison', a, b],
    queryFn: ({ signal }) =>
      answerOf(client.GET('/api/compare-models', { params: { query: { a, b } }, signal })),
    enabled: a.length > 0 && b.length > 0,
    staleTime: Infinity,
  });
