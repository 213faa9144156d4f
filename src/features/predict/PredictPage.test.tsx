import { fireEvent, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { model } from '@/lib/testing/records';
import { answerWith, refusing, renderPage } from '@/lib/testing/renderPage';
import { PredictPage } from './PredictPage';

const other = { ...model, name: 'another_model' };
const prediction = {
  model_name: model.name,
  probabilities: [
    { label: 'mel', probability: 0.7312 },
    { label: 'nv', probability: 0.2 },
    { label: 'bkl', probability: 0.05 },
    { label: 'df', probability: 0.0188 },
    { label: 'vasc', probability: 0 },
  ],
  malignancy: {
    score: 0.7312,
    threshold: 0.21,
    suspicious: true,
    classes: ['mel'],
    sensitivity: 0.93,
    specificity: 0.7,
  },
  notice: 'Research software: not a medical device.',
  milliseconds: 12,
};
const image = (name: string) => new File(['x'], name, { type: 'image/jpeg' });

function open(answers: Record<string, unknown> = {}, search = '') {
  const asked = answerWith({
    'GET /api/models': { models: [model, other] },
    [`POST /api/models/${model.name}/predict`]: prediction,
    [`POST /api/models/${other.name}/predict`]: refusing(422, 'This is not a readable image.'),
    ...answers,
  });
  renderPage(PredictPage, '/predict', `/predict${search}`);
  return asked;
}

describe('asking a model', () => {
  it('says that there is none when there is none', async () => {
    open({ 'GET /api/models': { models: [] } });
    expect(await screen.findByText('There is no model to ask yet')).toBeVisible();
    expect(screen.queryByText('Choose images')).toBeNull();
  });

  it('shows the classes, what the threshold says, and that this is research software', async () => {
    open();
    await userEvent.upload(await screen.findByLabelText('Choose images'), image('one.jpg'));
    const shown = within(await screen.findByLabelText('The answer for one.jpg'));
    expect(await shown.findByText('Above the threshold')).toBeVisible();
    expect(shown.getByText('73.1 %')).toBeVisible();
    expect(shown.getByText('One more class')).toBeVisible();
    expect(screen.getByText(/not a medical device/)).toBeVisible();
  });

  it('takes several images, chosen and pasted, and counts their answers', async () => {
    const asked = open();
    const field = await screen.findByLabelText('Choose images');
    await userEvent.upload(field, [image('one.jpg'), image('two.jpg'), image('three.jpg')]);
    fireEvent.paste(window, { clipboardData: { files: [image('pasted.jpg')] } });
    expect(await screen.findByText('4 images answered')).toBeVisible();
    expect(asked.filter(({ method }) => method === 'POST')).toHaveLength(4);
    await userEvent.click(screen.getByRole('button', { name: 'Clear' }));
    expect(screen.queryByText('one.jpg')).toBeNull();
  });

  it('asks the model of the address, and shows a refusal in the words of the server', async () => {
    open({}, `?model=${other.name}`);
    await userEvent.upload(await screen.findByLabelText('Choose images'), image('one.jpg'));
    expect(await screen.findByRole('alert')).toHaveTextContent('This is not a readable image.');
    expect(screen.getByRole('button', { name: 'Save as CSV' })).toBeDisabled();
  });
});
