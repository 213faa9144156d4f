import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { model } from '@/lib/testing/records';
import { report } from '@/lib/testing/report';
import { answerWith, renderPage, type Answers } from '@/lib/testing/renderPage';
import { ModelPage } from './ModelPage';
import { ModelsPage } from './ModelsPage';

beforeEach(() => {
  URL.createObjectURL = () => 'blob:picture';
  URL.revokeObjectURL = () => undefined;
});

const path = `/api/models/${model.name}`;

const open = (more: object = {}, answers: Answers = {}) => {
  answerWith({ [`GET ${path}`]: { ...model, ...more }, ...answers });
  renderPage(ModelPage, '/models/$name', `/models/${model.name}`);
};

describe('the page of a model', () => {
  it('says first what must be read before the figures', async () => {
    open();
    const [note] = await screen.findAllByRole('note');
    expect(note).toHaveTextContent(model.first_line);
  });

  it('sets every headline figure beside the baseline', async () => {
    open();
    const test = await screen.findByRole('region', { name: 'Test' });
    for (const text of ['70.7 %', 'baseline 50.0 %', '0.947', 'baseline 0.500']) {
      expect(within(test).getByText(text)).toBeVisible();
    }
  });

  it('shows the confusion matrix as counts with the share of their row', async () => {
    open();
    const row = await screen.findByRole('row', { name: /^mel 43/ });
    expect(
      within(row)
        .getAllByRole('cell')
        .map((cell) => cell.textContent),
    ).toEqual(['4339 %', '6861 %']);
  });

  it('stands without any metadata', async () => {
    open({ metadata: {} });
    expect(await screen.findByText('70.7 %')).toBeVisible();
    expect(screen.queryByText('Confusion matrix')).toBeNull();
  });

  it('says that a model from before has no report, and offers no comparison', async () => {
    open();
    expect(await screen.findByText(/This model has no report/)).toBeVisible();
    expect(screen.queryByRole('link', { name: 'Compare' })).toBeNull();
  });

  it('sets intervals, the threshold, calibration and groups beside the figures', async () => {
    open({ report, report_url: `${path}/report` });
    expect(await screen.findByText('95 %: 66.0–75.0 %')).toBeVisible();
    const test = screen.getByRole('region', { name: 'Test' });
    expect(test).toHaveTextContent('without pictures 31.0 % (27.0–35.0 %)');
    expect(screen.getByText(/is 0.397 above that of a model that sees only age/)).toBeVisible();
    const mel = screen.getByRole('row', { name: /^mel 111 57/ });
    expect(within(mel).getByText('0.500–0.720')).toBeVisible();
    const threshold = screen.getByRole('region', { name: 'Not to miss a malignant lesion' });
    expect(within(threshold).getByText('0.210')).toBeVisible();
    expect(within(threshold).getByText('87.0 %')).toBeVisible();
    expect(screen.getByText('0.031')).toBeVisible();
    expect(screen.getByRole('row', { name: /^0–29 small/ })).toHaveTextContent('93 %');
    expect(screen.getByRole('link', { name: 'Compare' })).toBeVisible();
  });

  it('shows the whole report in a frame that may run nothing, when asked', async () => {
    open({ report, report_url: `${path}/report` });
    await userEvent.click(await screen.findByRole('button', { name: 'Show it here' }));
    const frame = screen.getByTitle(`Report of ${model.name}`);
    expect(frame).toHaveAttribute('sandbox', '');
    expect(frame).toHaveAttribute('src', `${path}/report`);
  });

  it('offers the files', async () => {
    open();
    const link = await screen.findByRole('link', { name: /Keras model/ });
    expect(link).toHaveAttribute('href', `${path}/files/h5`);
  });
});

it('leads to asking the model about images', async () => {
  open();
  const link = await screen.findByRole('link', { name: 'Ask about images' });
  expect(link).toHaveAttribute('href', `/predict?model=${model.name}`);
});

describe('the list of models', () => {
  it('says when it is empty', async () => {
    answerWith({ 'GET /api/models': { models: [] } });
    renderPage(ModelsPage, '/models');
    expect(await screen.findByText('No trained models yet')).toBeVisible();
  });

  it('sets the figures beside the baseline and marks drawn samples', async () => {
    answerWith({ 'GET /api/models': { models: [{ ...model, is_sample: true }] } });
    renderPage(ModelsPage, '/models');
    const row = await screen.findByRole('row', { name: /MobileNetV2 on HAM10000/ });
    expect(row).toHaveTextContent('70.7 %baseline 50.0 %');
    expect(within(row).getByText('drawn sample')).toBeVisible();
  });
});
