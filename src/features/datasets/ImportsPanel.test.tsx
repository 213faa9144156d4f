import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it } from 'vitest';
import { importing, unfinished } from '@/lib/testing/records';
import { answerWith, renderPage } from '@/lib/testing/renderPage';
import { DatasetsPage } from './DatasetsPage';
import { stepPercent, stepWords } from './imports';
import { upload } from './upload';

afterEach(() => upload.clear());

const failed = {
  ...importing,
  state: 'failed',
  progress: null,
  refusal: { detail: 'The archive is damaged.', code: 'unusable_dataset', where: {} },
  ended_at: '2025-12-03T12:40:00Z',
};

function open(imports: object[], uploads: object[] = []) {
  const asked = answerWith({
    'GET /api/datasets': { datasets: [] },
    'GET /api/uploads': { uploads },
    'GET /api/imports': { imports },
    [`POST /api/imports/${importing.id}/cancel`]: { ...importing, state: 'cancelled' },
    [`POST /api/uploads/${unfinished.id}/import`]: importing,
    [`DELETE /api/uploads/${unfinished.id}`]: { message: 'Discarded' },
    [`DELETE /api/imports/${importing.id}`]: { message: 'Dismissed' },
  });
  renderPage(DatasetsPage, '/datasets');
  return asked;
}

const sent = (asked: Request[], method: string) =>
  asked.filter((each) => each.method === method).map(({ url }) => new URL(url).pathname);

describe('the list of imports', () => {
  it('shows what is under way, and its upload only once', async () => {
    open([importing], [{ ...unfinished, phase: 'being_read' }]);
    const line = /Checking images: 2,500 of 10,015, about 1 min 30 s left/;
    expect(await screen.findByText(line)).toBeVisible();
    expect(screen.queryByText('Unfinished uploads')).toBeNull();
  });

  it('cancels only after it was asked once', async () => {
    const asked = open([importing]);
    await userEvent.click(await screen.findByRole('button', { name: /^Cancel the import of/ }));
    expect(sent(asked, 'POST')).toEqual([]);
    await userEvent.click(await screen.findByRole('button', { name: 'Cancel the import' }));
    await waitFor(() => {
      expect(sent(asked, 'POST')).toEqual([`/api/imports/${importing.id}/cancel`]);
    });
  });

  it('shows why one failed, and tries again or discards', async () => {
    const asked = open([failed]);
    expect(await screen.findByText('The archive is damaged.')).toBeVisible();
    await userEvent.click(screen.getByRole('button', { name: 'Import HAM10000 again' }));
    await waitFor(() => {
      expect(sent(asked, 'POST')).toEqual([`/api/uploads/${unfinished.id}/import`]);
    });
    await userEvent.click(screen.getByRole('button', { name: 'Discard' }));
    await userEvent.click(await screen.findByRole('button', { name: 'Discard upload' }));
    await waitFor(() => {
      expect(sent(asked, 'DELETE')).toEqual([
        `/api/uploads/${unfinished.id}`,
        `/api/imports/${importing.id}`,
      ]);
    });
  });

  it('leaves out what is done or was cancelled', async () => {
    open(
      [
        { ...importing, state: 'cancelled' },
        { ...importing, state: 'done' },
      ],
      [unfinished],
    );
    expect(await screen.findByText('Unfinished uploads')).toBeVisible();
    expect(screen.queryByText('Imports')).toBeNull();
  });
});

describe('the words of a step', () => {
  it('claims no total and no time that was not measured', () => {
    const step = { step: 'unpacking', done: 7, total: null, seconds_left: null } as const;
    expect(stepWords(step)).toBe('Unpacking files: 7');
    expect(stepPercent(step)).toBeNull();
    expect(stepWords(null)).toBe('Getting ready');
  });
});
