// Renders a real page as the program does: theme, cache and router, the server answered by a table.
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
} from '@tanstack/react-router';
import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { vi } from 'vitest';
import { theme } from '@/lib/theme';

/** What the server answers: by "METHOD /path", a body, or a status with a body. */
export type Answers = Record<string, unknown>;

class Status {
  constructor(
    readonly code: number,
    readonly body: unknown,
  ) {}
}

export function refusing(code: number, detail: string, where: Record<string, string> = {}) {
  return new Status(code, { detail, code: 'invalid_input', where });
}

/** Answers every request from the table; what is not in it is a 404. Returns the requests. */
export function answerWith(answers: Answers): Request[] {
  const asked: Request[] = [];
  vi.stubGlobal('fetch', (request: Request) => {
    asked.push(request.clone());
    const key = `${request.method} ${new URL(request.url).pathname}`;
    const answer = answers[key] ?? refusing(404, `There is nothing at ${key}.`);
    const [code, body] = answer instanceof Status ? [answer.code, answer.body] : [200, answer];
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return Promise.resolve(
      new Response(text, { status: code, headers: { 'content-type': 'application/json' } }),
    );
  });
  return asked;
}

/** Shows `Page` at `path` under the route `pattern`; links to other pages lead to empty ones. */
export function renderPage(Page: () => ReactNode, pattern: string, path = pattern) {
  const root = createRootRoute({ component: Outlet });
  const routes = [
    '/datasets',
    '/datasets/$name',
    '/datasets/$name/images',
    '/train',
    '/jobs',
    '/jobs/$id',
    '/models',
    '/models/$name',
    '/compare',
    '/predict',
  ];
  const router = createRouter({
    routeTree: root.addChildren(
      routes.map((each) =>
        createRoute({
          getParentRoute: () => root,
          path: each,
          component: each === pattern ? Page : () => <p>{`page ${each}`}</p>,
        }),
      ),
    ),
    history: createMemoryHistory({ initialEntries: [path] }),
  });
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <MantineProvider theme={theme} env="test">
      <QueryClientProvider client={queryClient}>
        {/* A small tree with the addresses of the real one. */}
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { router };
}
