// A job as the page knows it, grown from what the stream tells. Pure: the cache holds the result.
import type { EpochPoint, JobDetail } from '@/client/records';

export type Told = { type: 'job'; job: JobDetail } | { type: 'epoch'; point: EpochPoint };

/** The job after one more piece of news. An epoch that comes before its job is let go. */
export function heard(known: JobDetail | undefined, told: Told): JobDetail | undefined {
  if (told.type === 'job') {
    // The stream sends the job without its curve; what is known of the curve stays.
    const history = told.job.history?.length ? told.job.history : (known?.history ?? []);
    return { ...told.job, history };
  }
  return known && { ...known, history: withEpoch(known.history ?? [], told.point) };
}

/** One point per epoch, in order; an epoch that was run again replaces its first point. */
function withEpoch(history: EpochPoint[], point: EpochPoint): EpochPoint[] {
  const last = history.at(-1);
  if (last === undefined || point.epoch > last.epoch) return [...history, point];
  return [...history.filter((each) => each.epoch !== point.epoch), point].sort(
    (one, other) => one.epoch - other.epoch,
  );
}

/** The news in an event's data; null when it is not what was agreed. */
export function toldBy(type: 'job' | 'epoch', data: string): Told | null {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value !== 'object' || value === null) return null;
    return type === 'job'
      ? { type, job: value as JobDetail }
      : { type, point: value as EpochPoint };
  } catch {
    return null;
  }
}
