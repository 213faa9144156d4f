import { configure, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import type { DatasetFacts, FactImage } from '@/client/records';
import { dataset } from '@/lib/testing/records';
import { answerWith, refusing, renderPage } from '@/lib/testing/renderPage';
import { DatasetPage } from '../DatasetPage';

// a whole page with a drawer is slow to find one's way in on a busy machine
configure({ asyncUtilTimeout: 20_000 });
vi.setConfig({ testTimeout: 60_000 });

const FACTS = '/api/datasets/HAM10000/facts';

const facts: DatasetFacts = {
  dataset_name: 'HAM10000',
  version: 1,
  state: 'done',
  why: null,
  images: 10015,
  not_measured: 0,
  compared: true,
  sharpness: { median: 13, low: 0.9, high: 194 },
  brightness: { median: 0.61, low: 0.35, high: 0.87 },
  facts: [
    { kind: 'unsharp', groups: 0, images: 0 },
    { kind: 'dark', groups: 50, images: 50 },
    { kind: 'copies', groups: 1, images: 2 },
    { kind: 'lesions_labelled_apart', groups: 1, images: 3 },
  ],
  leaking_columns: [
    {
      column: 'dx_type',
      values: [{ value: 'histo', images: 5340, labels: [{ label: 'nv', images: 2493 }] }],
      different: 4,
      guessed: 0.74,
      commonest: 0.67,
    },
  ],
};

const image = (id: string, more: Partial<FactImage> = {}): FactImage => ({
  image_id: id,
  label: 'nv',
  lesion_id: `HAM_${id}`,
  width: 600,
  height: 450,
  sharpness: 12,
  brightness: 0.2,
  clipped: 0,
  ...more,
});

function open(more: Record<string, unknown> = {}) {
  const asked = answerWith({
    'GET /api/datasets/HAM10000': dataset,
    'GET /api/datasets/HAM10000/versions': history(1, 0),
    [`GET ${FACTS}`]: facts,
    [`GET ${FACTS}/images`]: { total: 50, offset: 0, groups: [{ images: [image('ISIC_7')] }] },
    ...more,
  });
  renderPage(DatasetPage, '/datasets/$name', '/datasets/HAM10000');
  return asked;
}

const history = (current: number, left_out: number) => {
  const version = (number: number) => ({
    number,
    created_at: '2025-12-03T18:00:00Z',
    reason: number === 1 ? 'Files were uploaded.' : '1 image left out.',
    by: number === 1 ? null : 'Ada',
    parent: number === 1 ? null : number - 1,
    sha256: 'ab',
    images: 10015 - left_out,
    left_out: number === 1 ? 0 : left_out,
    relabelled: 0,
    classes: { nv: 8902, mel: 1113 },
    current: number === current,
  });
  return { current, versions: [version(2), version(1)] };
};

const posted = (asked: Request[]) => asked.filter(({ method }) => method === 'POST');

const asks = (asked: Request[]) =>
  asked.map(({ url }) => new URL(url)).filter(({ pathname }) => pathname === `${FACTS}/images`);

describe('the facts of a dataset', () => {
  it('opens the images behind a number, with class, lesion and what was measured', async () => {
    const asked = open();
    await userEvent.click(await screen.findByRole('button', { name: /^Dark.*50 images/ }));
    const drawer = await screen.findByRole('dialog', { name: /^Dark/ });
    const shown = await within(drawer).findByRole('img', { name: 'ISIC_7' });
    expect(shown.getAttribute('src')).toContain('/HAM10000/thumbnail?image_id=ISIC_7');
    expect(within(drawer).getByText('nv')).toBeInTheDocument();
    expect(within(drawer).getByText('HAM_ISIC_7')).toBeInTheDocument();
    expect(within(drawer).getByText('brightness 20 %')).toBeInTheDocument();
    expect(asks(asked)[0]?.searchParams.get('kind')).toBe('dark');
    await userEvent.click(within(drawer).getByRole('button', { name: 'Close' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  });

  it('asks for more images only when it is told to', async () => {
    const asked = open();
    await userEvent.click(await screen.findByRole('button', { name: /^Dark/ }));
    await userEvent.click(await screen.findByRole('button', { name: 'Show more (1 of 50 shown)' }));
    await waitFor(() =>
      expect(asks(asked).map(({ searchParams }) => searchParams.get('offset'))).toEqual(['0', '1']),
    );
  });

  it('shows images that belong together side by side', async () => {
    const pair = [image('ISIC_1'), image('ISIC_2', { label: 'mel' })];
    open({ [`GET ${FACTS}/images`]: { total: 1, offset: 0, groups: [{ images: pair }] } });
    await userEvent.click(await screen.findByRole('button', { name: /^Same lesion.*1 lesion/ }));
    const drawer = await screen.findByRole('dialog');
    const [groups] = await within(drawer).findAllByRole('list');
    expect(within(groups as HTMLElement).getAllByRole('img')).toHaveLength(2);
    expect(within(drawer).getByText('mel')).toBeInTheDocument();
    expect(within(drawer).queryByRole('button', { name: /Show more/ })).toBeNull();
  });

  it('offers nothing to open where nothing was found', async () => {
    open();
    expect(await screen.findByText('Unsharp')).toBeVisible();
    expect(screen.getByText('none')).toBeVisible();
    expect(screen.queryByRole('button', { name: /^Unsharp/ })).toBeNull();
  });

  it.each([
    ['a class', /^8,902 images .* of nv: show them/, { label: 'nv' }],
    ['a size', /^10,015 of 600 × 450 pixels: show them/, { width: '600', height: '450' }],
    ['a value', /^histo.*5,340 images/, { column: 'dx_type', value: 'histo' }],
  ])('opens the images of %s', async (_, name, wanted) => {
    const asked = open();
    await userEvent.click(await screen.findByRole('button', { name }));
    await screen.findByRole('img', { name: 'ISIC_7' });
    expect(Object.fromEntries(asks(asked)[0]?.searchParams ?? [])).toMatchObject(wanted);
  });

  it('says that a dataset was not looked at, and has it looked at', async () => {
    const known = facts.facts.filter(({ kind }) => kind === 'copies');
    const asked = open({
      [`GET ${FACTS}`]: { ...facts, state: 'not_yet', facts: known },
      [`POST ${FACTS}`]: { ...facts, state: 'looking', facts: known },
    });
    await userEvent.click(await screen.findByRole('button', { name: 'Look at the images now' }));
    expect(await screen.findByText(/^Looking at 10,015 images/)).toBeVisible();
    expect(asked.filter(({ method }) => method === 'POST')).toHaveLength(1);
    expect(screen.getByRole('button', { name: /^Same file/ })).toBeVisible();
  });

  it('leaves out the images that are chosen, as one new version', async () => {
    const groups = [{ images: [image('ISIC_7')] }, { images: [image('ISIC_8')] }];
    const asked = open({
      [`GET ${FACTS}/images`]: { total: 2, offset: 0, groups },
      'POST /api/datasets/HAM10000/versions': history(2, 2),
    });
    await userEvent.click(await screen.findByRole('button', { name: /^Dark/ }));
    await userEvent.click(await screen.findByRole('checkbox', { name: 'Choose ISIC_7' }));
    await userEvent.click(screen.getByRole('checkbox', { name: 'Choose ISIC_8' }));
    expect(screen.getByText('2 images chosen')).toBeInTheDocument();
    await userEvent.click(screen.getByRole('button', { name: 'Leave out' }));
    const done = '2 images left out; this is version 2 of the dataset.';
    expect(await screen.findByText(done)).toBeInTheDocument();
    expect(await posted(asked)[0]?.json()).toMatchObject({ exclude: ['ISIC_7', 'ISIC_8'] });
    expect(screen.queryByRole('button', { name: 'Leave out' })).toBeNull();
  });

  it('keeps the choice when a change is refused, and says why', async () => {
    open({ 'POST /api/datasets/HAM10000/versions': refusing(409, 'A job reads it.') });
    await userEvent.click(await screen.findByRole('button', { name: /^Dark/ }));
    await userEvent.click(await screen.findByRole('checkbox', { name: 'Choose ISIC_7' }));
    await userEvent.click(screen.getByRole('button', { name: 'Leave out' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('A job reads it.');
    expect(screen.getByText('1 image chosen')).toBeInTheDocument();
  });

  it('shows what is left out, and takes it back in', async () => {
    const asked = open({
      'GET /api/datasets/HAM10000/versions': history(2, 1),
      'POST /api/datasets/HAM10000/versions': history(2, 0),
    });
    await userEvent.click(await screen.findByRole('button', { name: 'See what is left out' }));
    await userEvent.click(await screen.findByRole('checkbox', { name: 'Choose ISIC_7' }));
    await userEvent.click(screen.getByRole('button', { name: 'Take back in' }));
    await waitFor(() => expect(posted(asked)).toHaveLength(1));
    expect(await posted(asked)[0]?.json()).toMatchObject({ include: ['ISIC_7'] });
    expect(asks(asked)[0]?.searchParams.get('kind')).toBe('left_out');
  });

  it('lists the versions with who and why, and restores one after it was asked once', async () => {
    const restore = '/api/datasets/HAM10000/versions/1/restore';
    const asked = open({
      'GET /api/datasets/HAM10000/versions': history(2, 1),
      [`POST ${restore}`]: history(1, 1),
    });
    expect(await screen.findByText('1 image left out.')).toBeVisible();
    expect(screen.getByText(/by Ada · 10,014 images of 2 classes, 1 left out/)).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Restore version 2' })).toBeNull();
    await userEvent.click(screen.getByRole('button', { name: 'Restore version 1' }));
    expect(posted(asked)).toEqual([]);
    const dialog = await screen.findByRole('dialog', { name: 'Go back to version 1?' });
    await userEvent.click(within(dialog).getByRole('button', { name: 'Restore version 1' }));
    await waitFor(() => expect(posted(asked)).toHaveLength(1));
    expect(new URL(posted(asked)[0]?.url ?? '').pathname).toBe(restore);
  });

  it('says why looking failed', async () => {
    open({ [`GET ${FACTS}`]: { ...facts, state: 'failed', why: 'It took too long.', facts: [] } });
    expect(await screen.findByText('It took too long.')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Try again' })).toBeVisible();
  });

  it('keeps the rest of the page when the facts cannot be had', async () => {
    open({ [`GET ${FACTS}`]: refusing(409, 'There are no facts.') });
    expect(await screen.findByRole('alert')).toHaveTextContent('There are no facts.');
    expect(screen.getByRole('heading', { name: 'Classes' })).toBeVisible();
  });
});
