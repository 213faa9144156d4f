import { act, screen } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { answerOf, client } from '@/client/client';
import { reach } from '@/client/reach';
import { answerWith, renderPage } from '@/lib/testing/renderPage';
import { ServerAwayBanner } from './ServerAwayBanner';

afterEach(() => {
  vi.useRealTimers();
  reach.found();
});

describe('the banner', () => {
  it('comes when nobody answers and goes by itself when the server is back', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    renderPage(ServerAwayBanner, '/datasets');
    await act(() => answerOf(client.GET('/api/datasets')).catch(() => undefined));
    expect(await screen.findByText(/The server does not answer/)).toBeVisible();

    answerWith({ 'GET /api/health': { status: 'ok' } });
    await act(() => vi.advanceTimersByTimeAsync(3_000));
    expect(screen.queryByText(/The server does not answer/)).toBeNull();
  });
});
