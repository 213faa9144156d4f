import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { dataset } from '@/lib/testing/records';
import { answerWith, refusing, renderPage } from '@/lib/testing/renderPage';
import { DatasetPage } from './DatasetPage';
import { DatasetsPage } from './DatasetsPage';

describe('the datasets page', () => {
  it('without a dataset offers the sample set and says that it is drawn', async () => {
    answerWith({ 'GET /api/datasets': { datasets: [] } });
    renderPage(DatasetsPage, '/datasets');
    expect(await screen.findByText('No datasets yet')).toBeVisible();
    expect(screen.getByText(/drawn, not photographed/)).toBeVisible();
    expect(screen.getByRole('heading', { name: 'Upload Dataset' })).toBeVisible();
  });

  it('draws the sample set and opens it', async () => {
    answerWith({
      'GET /api/datasets': { datasets: [] },
      'POST /api/sample-dataset': {
        dataset_name: 'Sample',
        message: 'Drawn',
        images_added: 240,
        files_unchanged: 0,
        summary: dataset,
      },
    });
    const { router } = renderPage(DatasetsPage, '/datasets');
    await userEvent.click(await screen.findByRole('button', { name: 'Draw the sample set' }));
    expect(await screen.findByText('page /datasets/$name')).toBeVisible();
    expect(router.state.location.pathname).toBe('/datasets/Sample');
  });

  it('lists datasets with their counts, and marks drawn ones', async () => {
    const sample = { ...dataset, name: 'sample', is_sample: true };
    answerWith({ 'GET /api/datasets': { datasets: [dataset, sample] } });
    renderPage(DatasetsPage, '/datasets');
    expect(await screen.findByText('HAM10000')).toBeVisible();
    expect(screen.getAllByText('10,015 images of 7,470 lesions, 2 classes')).toHaveLength(2);
    expect(screen.getAllByText('drawn sample')).toHaveLength(1);
  });

  it("shows the server's sentence when the list is refused, and can try again", async () => {
    answerWith({ 'GET /api/datasets': refusing(507, 'The disk is full.') });
    renderPage(DatasetsPage, '/datasets');
    expect(await screen.findByRole('alert')).toHaveTextContent('The disk is full.');
    answerWith({ 'GET /api/datasets': { datasets: [dataset] } });
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('HAM10000')).toBeVisible();
  });
});

describe('the page of a dataset', () => {
  const open = (more: object) => {
    const asked = answerWith({
      'GET /api/datasets/HAM10000': { ...dataset, ...more },
      'DELETE /api/datasets/HAM10000': { message: 'Deleted' },
    });
    return { asked, ...renderPage(DatasetPage, '/datasets/$name', '/datasets/HAM10000') };
  };

  it('names every problem with file and row', async () => {
    open({});
    await userEvent.click(
      await screen.findByRole('button', { name: /Rows whose image is missing/ }),
    );
    expect(await screen.findByText('metadata.csv, row 17')).toBeInTheDocument();
    expect(screen.getByText('The image is missing.')).toBeInTheDocument();
  });

  it('says which layout was recognised and why, and names the columns that leak', async () => {
    open({
      layout: 'isic_2020',
      layout_reason: "The table 'train.csv' has the columns of ISIC 2020.",
      notes: ['The set has an official split.'],
      leaking_columns: ['diagnosis', 'target'],
    });
    expect(await screen.findByText('ISIC 2020.')).toBeVisible();
    expect(screen.getByText(/'train.csv' has the columns of ISIC 2020/)).toBeVisible();
    expect(screen.getByText('The set has an official split.')).toBeVisible();
    expect(screen.getByText(/give the diagnosis away and are never learnt from/)).toBeVisible();
    expect(screen.getByText('target')).toBeVisible();
  });

  it('says why it cannot be trained on, and does not offer to', async () => {
    open({ trainable: false, not_trainable_because: 'No image has a diagnosis.' });
    expect(await screen.findByText('No image has a diagnosis.')).toBeVisible();
    expect(screen.queryByRole('link', { name: 'Train on this dataset' })).toBeNull();
  });

  it('deletes only after it was asked once', async () => {
    const { asked } = open({});
    await userEvent.click(await screen.findByRole('button', { name: 'Delete' }));
    expect(await screen.findByText('Delete HAM10000?')).toBeInTheDocument();
    expect(asked.some(({ method }) => method === 'DELETE')).toBe(false);
    await userEvent.click(screen.getByRole('button', { name: 'Delete dataset' }));
    expect(await screen.findByText('page /datasets')).toBeVisible();
    expect(asked.filter(({ method }) => method === 'DELETE')).toHaveLength(1);
  });
});

// Menus in jsdom are slow on a busy machine: these wait for a state, however long it takes.
const PATIENCE_MS = 60_000;
const SOON = { timeout: PATIENCE_MS };

describe('the columns of a table that was not understood', { timeout: PATIENCE_MS }, () => {
  const table = {
    path: 'Liste.csv',
    columns: [
      { name: 'Bild', samples: ['foto0', 'foto1', 'foto2'] },
      { name: 'Befund', samples: ['Nävus', 'Melanom'] },
      { name: 'Text', samples: [] },
    ],
    roles: { image: 'Bild', label: null },
    by_hand: false,
    understood: false,
  };
  const open = (more: object, put: unknown) => {
    const asked = answerWith({
      'GET /api/datasets/HAM10000': { ...dataset, ...more },
      'GET /api/datasets/HAM10000/tables': { tables: [table] },
      'PUT /api/datasets/HAM10000/columns': put,
    });
    renderPage(DatasetPage, '/datasets/$name', '/datasets/HAM10000');
    return asked;
  };
  const bare = {
    trainable: false,
    layout: 'unlabelled',
    not_trainable_because: 'The images have no labels.',
  };

  it('are shown with their values and the guess, and what is chosen is sent', async () => {
    const asked = open(bare, { ...dataset, layout: 'mapped', updated_at: '2025-12-04T18:00:00Z' });
    expect(await screen.findByText('foto0 · foto1 · foto2', {}, SOON)).toBeVisible();
    expect(screen.getByRole('combobox', { name: 'Meaning of Bild' })).toHaveValue('Image');
    const read = screen.getByRole('button', { name: 'Read the dataset by these columns' });
    expect(read).toBeDisabled();
    await userEvent.click(screen.getByRole('combobox', { name: 'Meaning of Befund' }));
    await userEvent.click(await screen.findByRole('option', { name: 'Diagnosis' }, SOON));
    await userEvent.click(read);
    expect(await screen.findByText('Table with columns chosen by hand.', {}, SOON)).toBeVisible();
    const sent = asked.find(({ method }) => method === 'PUT');
    expect(await sent?.json()).toEqual({
      table: 'Liste.csv',
      roles: { image: 'Bild', label: 'Befund' },
    });
  });

  it('are kept as chosen when the server refuses, with its sentence', async () => {
    open(bare, refusing(409, 'The dataset is used by the training job a1b2c3d4.'));
    await userEvent.click(await screen.findByRole('combobox', { name: 'Meaning of Befund' }, SOON));
    await userEvent.click(await screen.findByRole('option', { name: 'Diagnosis' }, SOON));
    await userEvent.click(screen.getByRole('button', { name: /Read the dataset/ }));
    expect(await screen.findByText(/used by the training job/, {}, SOON)).toBeVisible();
    expect(screen.getByRole('combobox', { name: 'Meaning of Befund' })).toHaveValue('Diagnosis');
  });

  it('stay out of the way where the dataset was understood', async () => {
    open({}, {});
    await userEvent.click(await screen.findByRole('button', { name: 'Choose columns' }, SOON));
    expect(screen.getByText('Befund')).toBeVisible();
    await userEvent.click(screen.getByRole('button', { name: 'Leave it as it is' }));
    expect(screen.queryByText('Befund')).toBeNull();
  });
});
