import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { cost, dataset, options, presets } from '@/lib/testing/records';
import { answerWith, refusing, renderPage, type Answers } from '@/lib/testing/renderPage';
import { StartTrainingPage } from './StartTrainingPage';

const open = (answers: Answers = {}) => {
  const asked = answerWith({
    'GET /api/datasets': { datasets: [dataset] },
    'GET /api/training-options': options,
    'GET /api/presets': { presets },
    'POST /api/training-cost': { cost: null },
    'POST /api/start-training': { job_id: 'a1b2c3d4', status: 'queued', message: '' },
    ...answers,
  });
  return { asked, ...renderPage(StartTrainingPage, '/train') };
};

describe('the Start Training page', () => {
  it("sends the document's form with its defaults and goes to the job", async () => {
    const { asked, router } = open();
    await userEvent.click(await screen.findByRole('button', { name: 'Start Training' }));
    expect(await screen.findByText('page /jobs/$id')).toBeVisible();
    expect(router.state.location.pathname).toBe('/jobs/a1b2c3d4');
    const sent = asked.find(({ url }) => url.endsWith('/api/start-training'));
    expect(await sent?.json()).toEqual({ ...options.defaults, dataset_name: 'HAM10000' });
  });

  it('says a random start before the start', async () => {
    open();
    expect(await screen.findByRole('note')).toHaveTextContent('RANDOM START');
  });

  it('refuses a wrong number beside its field and sends nothing', async () => {
    const { asked } = open();
    const epochs = await screen.findByLabelText('Epochs');
    await userEvent.clear(epochs);
    await userEvent.type(epochs, '5000');
    await userEvent.click(screen.getByRole('button', { name: 'Start Training' }));
    expect(screen.getByText('Epochs must be from 1 to 1000.')).toBeVisible();
    expect(asked.some(({ url }) => url.endsWith('/api/start-training'))).toBe(false);
  });

  it("shows the server's refusal in its words", async () => {
    open({ 'POST /api/start-training': refusing(422, 'The dataset has one class.') });
    await userEvent.click(await screen.findByRole('button', { name: 'Start Training' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('The dataset has one class.');
  });

  it('without a dataset says what to do first', async () => {
    open({ 'GET /api/datasets': { datasets: [] } });
    expect(await screen.findByText('No datasets yet')).toBeVisible();
    expect(screen.getByRole('link', { name: 'Go to the datasets' })).toBeVisible();
  });
});

describe('the presets on the Start Training page', () => {
  const sent = (asked: Request[]) => asked.find(({ url }) => url.endsWith('/api/start-training'));

  it('fill the form, which shows Custom when a field is changed', async () => {
    const { asked } = open();
    expect(await screen.findByRole('radio', { name: 'Standard' })).toBeChecked();
    await userEvent.click(screen.getByRole('radio', { name: 'Quick' }));
    expect(screen.getByLabelText('Epochs')).toHaveValue('8');
    expect(screen.queryByText('Custom')).toBeNull();
    await userEvent.type(screen.getByLabelText('Epochs'), '{Backspace}6');
    expect(screen.getByText('Custom')).toBeVisible();
    expect(screen.getByRole('radio', { name: 'Quick' })).not.toBeChecked();
    await userEvent.click(screen.getByRole('button', { name: 'Start Training' }));
    await screen.findByText('page /jobs/$id');
    expect(await sent(asked)?.json()).toMatchObject({
      architecture: 'MobileNetV2',
      epochs: 6,
      image_size: 128,
    });
  });

  it('say that no cost was measured, and start no trial by themselves', async () => {
    const { asked } = open();
    expect(await screen.findAllByText('not measured yet')).toHaveLength(3);
    const trials = asked.filter(({ url }) => url.includes('training-cost'));
    expect(trials.every(({ url }) => url.includes('measure=false'))).toBe(true);
  });

  it('show what a trial measured, where, and what it left out', async () => {
    open({ 'POST /api/training-cost': { cost } });
    expect(await screen.findByText('About 6 min')).toBeVisible();
    expect(screen.getAllByText('about 6 min')).toHaveLength(3);
    expect(screen.getByText(/5 min to 8 min.*On CPU, 2 threads.*1.1 GB/)).toBeVisible();
    await userEvent.click(screen.getByRole('button', { name: 'What takes how long' }));
    expect(screen.getByText('Fine-tuning the whole network (14,020 images)')).toBeVisible();
    expect(screen.getByText(/On top, not measured: testing/)).toBeVisible();
  });

  it('say so when the cost was measured beside a running training', async () => {
    open({ 'POST /api/training-cost': { cost: { ...cost, beside_running_jobs: 1 } } });
    expect(await screen.findByText(/Measured beside a running training/)).toBeVisible();
  });

  it("show the server's refusal of a trial in its words", async () => {
    open({ 'POST /api/training-cost': refusing(409, 'Another cost is being measured.') });
    await userEvent.click(await screen.findByRole('button', { name: 'Measure the cost' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('Another cost is being measured.');
  });
});
