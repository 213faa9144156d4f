import { act, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { epochPoint, job } from '@/lib/testing/records';
import { answerWith, renderPage } from '@/lib/testing/renderPage';
import { JobPage } from './JobPage';
import { JobsPage } from './JobsPage';

/** The stream as the browser gives it; a test speaks in the server's place. */
class Stream extends EventTarget {
  static readonly CLOSED = 2;
  static last: Stream | null = null;
  readyState = 1;
  onerror: (() => void) | null = null;

  constructor(readonly url: string) {
    super();
    Stream.last = this;
  }

  close() {
    this.readyState = Stream.CLOSED;
  }

  say(type: string, data: unknown) {
    act(() => {
      this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data) }));
    });
  }
}

beforeEach(() => {
  Stream.last = null;
  vi.stubGlobal('EventSource', Stream);
});

const open = (more: object = {}) => {
  const asked = answerWith({
    'GET /api/job/a1b2c3d4': { ...job, ...more },
    'GET /api/job/a1b2c3d4/log': 'Epoch 14/30 loss 0.7\n',
    'POST /api/job/a1b2c3d4/cancel': { ...job, cancel_requested: true },
  });
  renderPage(JobPage, '/jobs/$id', '/jobs/a1b2c3d4');
  return asked;
};

describe('the page of a running job', () => {
  it('shows progress, message, time left and the log', async () => {
    open();
    expect(await screen.findByText('45 %')).toBeVisible();
    expect(screen.getAllByText('Epoch 15/30')[0]).toBeVisible();
    expect(screen.getByText('about 3 min 10 s left')).toBeVisible();
    expect(await screen.findByText(/Epoch 14\/30 loss 0.7/)).toBeVisible();
  });

  it('follows the stream: progress and curve', async () => {
    open();
    await screen.findByText('45 %');
    const { history: _, ...bare } = { ...job, progress: 52, message: 'Epoch 16/30' };
    Stream.last?.say('job', bare);
    Stream.last?.say('epoch', epochPoint(15, { val_balanced_accuracy: 0.612 }));
    expect(await screen.findByText('52 %')).toBeVisible();
    expect((await screen.findAllByText('61.2 %'))[0]).toBeInTheDocument();
  });

  it('tells the progress to those who listen', async () => {
    open();
    await screen.findByText('45 %');
    const said = screen.getAllByRole('status').find(({ textContent }) => textContent !== '');
    expect(said).toHaveTextContent('Epoch 15/30');
    expect(said).toHaveAttribute('aria-live', 'polite');
  });

  it('is cancelled only after it was asked once', async () => {
    const asked = open();
    await userEvent.click(await screen.findByRole('button', { name: 'Cancel' }));
    expect(asked.some(({ method }) => method === 'POST')).toBe(false);
    await userEvent.click(await screen.findByRole('button', { name: 'Cancel training' }));
    expect(await screen.findByRole('button', { name: 'Cancelling…' })).toBeDisabled();
  });
});

describe('what a run warned of', () => {
  const loud = 'RANDOM START, as asked for: this model learns from nothing.';

  it('stands on its page as one clear notice, a random start in its own place', async () => {
    const halved = 'Memory ran out with 32 images at a time; going on with 16.';
    const copies = 'Near-copies under different lesions: 4.';
    open({ weights_sentence: loud, warnings: [loud, halved, copies] });
    expect(await screen.findByText('2 things to know about this run')).toBeVisible();
    expect(screen.getByText(halved)).toBeVisible();
    expect(screen.getByText(copies)).toBeVisible();
    expect(screen.getAllByText(loud)).toHaveLength(1);
  });

  it('comes with the stream while the run goes on', async () => {
    open();
    await screen.findByText('45 %');
    expect(screen.queryByText(/to know about this run/)).toBeNull();
    const { history: _, ...bare } = { ...job, warnings: ['Memory ran out.'] };
    Stream.last?.say('job', bare);
    expect(await screen.findByText('1 thing to know about this run')).toBeVisible();
  });
});

describe('the page of a job that is over', () => {
  it('says in a sentence why it failed, and opens no stream', async () => {
    open({ status: 'failed', message: 'Out of memory. Reduce the batch size (16 or 8).' });
    expect(await screen.findByText(/Reduce the batch size/)).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Cancel' })).toBeNull();
    expect(Stream.last).toBeNull();
  });

  it('leads to the model', async () => {
    open({ status: 'completed', model_name: 'derma_x', completed_at: '2025-12-03T18:20:05Z' });
    const link = await screen.findByRole('link', { name: 'See the model and its test' });
    expect(link).toHaveAttribute('href', '/models/derma_x');
    expect(screen.getByText(/took 20 min/)).toBeVisible();
  });
});

describe('the list of jobs', () => {
  it('says when it is empty', async () => {
    answerWith({ 'GET /api/jobs': { jobs: [] } });
    renderPage(JobsPage, '/jobs');
    expect(await screen.findByText('No training runs yet')).toBeVisible();
  });

  it('shows the place in the queue', async () => {
    const waiting = { ...job, job_id: 'b2', status: 'queued', queue_position: 2 };
    answerWith({ 'GET /api/jobs': { jobs: [waiting, job] } });
    renderPage(JobsPage, '/jobs');
    expect(await screen.findByText('Number 2 in the queue')).toBeVisible();
    expect(screen.getByText('Running')).toBeVisible();
  });
});

describe('what can be asked of a job', () => {
  const choices = [
    { name: 'stop', possible: true, sentence: 'Training ends after the present step.' },
    { name: 'cancel', possible: true, sentence: 'No model is kept.' },
    { name: 'resume', possible: false, sentence: 'It cannot be resumed: it has no checkpoint.' },
    { name: 'retry', possible: true, sentence: 'It starts again from the beginning.' },
  ];
  const at = '2025-12-03T18:00:00Z';
  const changes = [
    { at, who: 'Ada', before: null, after: 'queued', why: 'Asked for.', token: 0 },
    { at, who: 'server lab', before: 'queued', after: 'running', why: 'Started.', token: 1 },
    { at, who: 'Ada', before: 'running', after: 'running', why: 'Asked to stop.', token: 1 },
  ];
  const openJob = (more: object) => {
    const shown = { ...job, choices, ...more };
    const asked = answerWith({
      'GET /api/job/a1b2c3d4': shown,
      'GET /api/job/a1b2c3d4/log': '',
      'GET /api/job/a1b2c3d4/history': { changes },
      'POST /api/job/a1b2c3d4/stop': { ...shown, stop_requested: true },
      'POST /api/job/a1b2c3d4/retry': { ...shown, status: 'queued', message: 'Starting again.' },
      'POST /api/job/a1b2c3d4/priority': { ...shown, priority: 'high' },
    });
    renderPage(JobPage, '/jobs/$id', '/jobs/a1b2c3d4');
    return asked;
  };
  const posted = (asked: Request[]) =>
    asked.filter(({ method }) => method === 'POST').map(({ url }) => new URL(url).pathname);

  it('is to stop early, after one sentence that says what it does', async () => {
    const asked = openJob({});
    await userEvent.click(await screen.findByRole('button', { name: 'Stop early' }));
    expect(await screen.findByText('Training ends after the present step.')).toBeVisible();
    expect(posted(asked)).toEqual([]);
    await userEvent.click(screen.getByRole('button', { name: 'Stop and keep the best' }));
    expect(await screen.findByRole('button', { name: 'Stopping early…' })).toBeDisabled();
    expect(posted(asked)).toEqual(['/api/job/a1b2c3d4/stop']);
  });

  it('is to take it up again, and what is not possible says why', async () => {
    const asked = openJob({ status: 'failed', message: 'Training crashed 3 times.' });
    expect(await screen.findByRole('button', { name: 'Resume' })).toBeDisabled();
    expect(screen.getByText('It cannot be resumed: it has no checkpoint.')).toBeVisible();
    await userEvent.click(screen.getByRole('button', { name: 'Retry' }));
    expect((await screen.findAllByText('Starting again.'))[0]).toBeVisible();
    expect(posted(asked)).toEqual(['/api/job/a1b2c3d4/retry']);
  });

  it('is an earlier turn while it waits', async () => {
    const asked = openJob({ status: 'queued', queue_position: 3 });
    await userEvent.click(await screen.findByRole('radio', { name: 'High' }));
    expect(await screen.findByRole('radio', { name: 'High' })).toBeChecked();
    expect(posted(asked)).toEqual(['/api/job/a1b2c3d4/priority']);
  });

  it('stands in its history with when, who and why', async () => {
    openJob({});
    expect(await screen.findByText('Asked for.', { exact: false })).toBeVisible();
    expect(screen.getByText('still running')).toBeVisible();
    expect(screen.getByText('server lab')).toBeVisible();
  });

  it('is said of a run that was stopped early', async () => {
    const message = 'Stopped early after epoch 5 of 30, as asked.';
    openJob({ status: 'completed', stopped_after: 5, message, model_name: 'derma_x' });
    expect(await screen.findByText(message)).toBeVisible();
  });
});
