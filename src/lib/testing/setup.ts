// What jsdom lacks and every component test needs.
import '@testing-library/jest-dom/vitest';
import { cleanup } from '@testing-library/react';
import { afterEach, vi } from 'vitest';

afterEach(cleanup);

vi.stubGlobal('matchMedia', (query: string): Partial<MediaQueryList> => ({
  matches: false,
  media: query,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
}));

class NoResizes implements ResizeObserver {
  observe() {
    // jsdom lays nothing out, so nothing ever changes its size.
  }
  unobserve() {
    // see observe
  }
  disconnect() {
    // see observe
  }
}

vi.stubGlobal('ResizeObserver', NoResizes);
window.scrollTo = () => undefined;
Element.prototype.scrollIntoView = () => undefined;
