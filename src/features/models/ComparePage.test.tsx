import { configure, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { model } from '@/lib/testing/records';
import { comparison } from '@/lib/testing/report';
import { answerWith, refusing, renderPage, type Answers } from '@/lib/testing/renderPage';
import { ComparePage } from './ComparePage';

// The list of models comes first, the comparison after it.
configure({ asyncUtilTimeout: 5_000 });

const models = [
  { ...model, name: 'one', has_report: true },
  { ...model, name: 'two', architecture: 'ResNet50', has_report: true },
  { ...model, name: 'old', architecture: 'DenseNet169', has_report: false },
];

const open = (search = '', answers: Answers = {}) => {
  const asked = answerWith({
    'GET /api/models': { models },
    'GET /api/compare-models': comparison,
    ...answers,
  });
  return { asked, ...renderPage(ComparePage, '/compare', `/compare${search}`) };
};

const onlyA = `?a=${encodeURIComponent('["one"]')}`;
const both = `${onlyA}&b=${encodeURIComponent('["two"]')}`;

describe('comparing two models', () => {
  it('says that there is nothing to compare before two models have a report', async () => {
    open('', { 'GET /api/models': { models: models.slice(1) } });
    expect(await screen.findByText('Nothing to compare yet')).toBeVisible();
  });

  it('asks the server for what the address names and shows its sentence first', async () => {
    const { asked } = open(both);
    const note = await screen.findByRole('note');
    expect(note).toHaveTextContent(comparison.sentence);
    const question = asked.find((request) => request.url.includes('compare-models'));
    expect(new URL(question?.url ?? '').search).toBe('?a=one&b=two');
  });

  it('sets figures, differences with intervals, and what differs side by side', async () => {
    open(both);
    const row = await screen.findByRole('row', { name: /^Accuracy/ });
    expect(row).toHaveTextContent('0.8000.700+0.100+0.080 to +0.120');
    expect(screen.getByText(/p = 0.020/)).toBeVisible();
    expect(screen.getByText(/12 lesions; they do not count/)).toBeVisible();
    const settings = screen.getByRole('table', { name: 'Settings that differ' });
    expect(within(settings).getByRole('row', { name: 'Fine tune epochs 8 0' })).toBeVisible();
  });

  it('compares as soon as both sides are chosen, and keeps the choice in the address', async () => {
    const { router } = open(onlyA);
    await userEvent.click(await screen.findByRole('combobox', { name: 'Model B' }));
    await userEvent.click(await screen.findByRole('option', { name: /ResNet50/ }));
    expect(await screen.findByRole('note')).toBeVisible();
    expect(router.state.location.search).toMatchObject({ b: ['two'] });
  });

  it("shows the server's refusal in its words", async () => {
    open(both, {
      'GET /api/compare-models': refusing(422, 'There is no lesion that both were tested on.'),
    });
    expect(await screen.findByRole('alert')).toHaveTextContent('There is no lesion');
  });
});
