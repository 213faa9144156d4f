import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { dataset, options } from '@/lib/testing/records';
import { answerWith, refusing, renderPage, type Answers } from '@/lib/testing/renderPage';
import { StartTrainingPage } from './StartTrainingPage';

const open = (answers: Answers = {}) => {
  const asked = answerWith({
    'GET /api/datasets': { datasets: [dataset] },
    'GET /api/training-options': options,
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
    const sent = asked.find(({ method }) => method === 'POST');
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
    expect(asked.some(({ method }) => method === 'POST')).toBe(false);
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
