import { describe, expect, it } from 'vitest';
import type { JobDetail } from '@/client/records';
import { epochPoint, job } from '@/lib/testing/records';
import { heard, toldBy } from './liveJob';

const withEpochs = (...epochs: number[]): JobDetail => ({
  ...job,
  history: epochs.map((epoch) => epochPoint(epoch)),
});

const epochsOf = (known: JobDetail | undefined) => known?.history?.map(({ epoch }) => epoch);

describe('a job that lives', () => {
  it('keeps its curve when news come without one', () => {
    const { history: _, ...bare } = { ...job, progress: 50 };
    const next = heard(withEpochs(1, 2), { type: 'job', job: bare });
    expect(next?.progress).toBe(50);
    expect(epochsOf(next)).toEqual([1, 2]);
  });

  it('grows by each epoch', () => {
    const next = heard(withEpochs(1, 2), { type: 'epoch', point: epochPoint(3) });
    expect(epochsOf(next)).toEqual([1, 2, 3]);
  });

  it('counts no epoch twice when the stream begins anew', () => {
    const next = [1, 2, 3].reduce<JobDetail | undefined>(
      (known, epoch) => heard(known, { type: 'epoch', point: epochPoint(epoch) }),
      withEpochs(1, 2),
    );
    expect(epochsOf(next)).toEqual([1, 2, 3]);
  });

  it('takes the newer figures of an epoch that was run again', () => {
    const again = epochPoint(1, { loss: 0.123 });
    expect(heard(withEpochs(1, 2), { type: 'epoch', point: again })?.history?.[0]?.loss).toBe(
      0.123,
    );
  });

  it('does not change what it was: the page sees a new job or the same one', () => {
    const before = withEpochs(1);
    heard(before, { type: 'epoch', point: epochPoint(2) });
    expect(epochsOf(before)).toEqual([1]);
  });
});

describe('an event', () => {
  it('that is not what was agreed is let go', () => {
    expect(toldBy('job', '{"job_id": ')).toBeNull();
    expect(toldBy('epoch', '3')).toBeNull();
  });
});
