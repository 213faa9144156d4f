import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it } from 'vitest';
import { unfinished } from '@/lib/testing/records';
import { answerWith, renderPage } from '@/lib/testing/renderPage';
import { DatasetsPage } from './DatasetsPage';
import { upload } from './upload';

afterEach(() => upload.clear());

function open(uploads: object[]) {
  const asked = answerWith({
    'GET /api/datasets': { datasets: [] },
    'GET /api/uploads': { uploads },
    [`DELETE /api/uploads/${unfinished.id}`]: { message: 'Discarded' },
  });
  renderPage(DatasetsPage, '/datasets');
  return asked;
}

describe('the list of unfinished uploads', () => {
  it('is not there when there is none', async () => {
    open([]);
    expect(await screen.findByText('No datasets yet')).toBeVisible();
    expect(screen.queryByText('Unfinished uploads')).toBeNull();
  });

  it('tells what has arrived and until when it is kept', async () => {
    open([unfinished]);
    expect(await screen.findByText(/1\.2 GB of 5\.3 GB, 2 of 10 files/)).toBeVisible();
    expect(screen.getByText(/kept until 10 Dec 2025/)).toBeVisible();
  });

  it('asks for the same files to go on, and refuses others by name', async () => {
    open([unfinished]);
    await userEvent.click(await screen.findByRole('button', { name: /^Go on with the upload/ }));
    expect(await screen.findByText(/Going on with an upload of HAM10000 from/)).toBeVisible();
    expect(screen.getByText(/Choose the same 10 files again/)).toBeVisible();
    answerWith({
      'GET /api/uploads': { uploads: [unfinished] },
      [`GET /api/uploads/${unfinished.id}`]: { ...unfinished, announced: [] },
    });
    await userEvent.upload(screen.getByLabelText('Choose files'), new File(['x'], 'other.jpg'));
    expect(await screen.findByRole('alert')).toHaveTextContent('These are not the files');
    await userEvent.click(screen.getByRole('button', { name: 'Not now' }));
    expect(screen.queryByText(/Going on with an upload/)).toBeNull();
  });

  it('discards only after it was asked once', async () => {
    const asked = open([unfinished]);
    await userEvent.click(await screen.findByRole('button', { name: 'Discard' }));
    expect(asked.some(({ method }) => method === 'DELETE')).toBe(false);
    await userEvent.click(await screen.findByRole('button', { name: 'Discard upload' }));
    await waitFor(() => {
      expect(asked.filter(({ method }) => method === 'DELETE')).toHaveLength(1);
    });
  });

  it('says that the same files go on where they stopped', async () => {
    const file = new File(['12345678'], 'HAM10000.zip');
    open([{ ...unfinished, files: 1, bytes: 8, bytes_arrived: 5 }]);
    await screen.findByText('Unfinished uploads');
    await userEvent.upload(screen.getByLabelText('Choose files'), file);
    expect(await screen.findByText(/5 bytes of 8 bytes are here/)).toBeVisible();
    await userEvent.clear(screen.getByLabelText('Dataset name'));
    await userEvent.type(screen.getByLabelText('Dataset name'), 'another');
    expect(screen.queryByText(/Going on with an upload/)).toBeNull();
  });
});
