// The composition of the page: theme, server cache, addresses. Pages are fetched when they are opened.
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  RouterProvider,
} from '@tanstack/react-router';
import { Refusal } from '@/client/refusal';
import { NotFoundPage } from '@/components/NotFoundPage';
import { PageError } from '@/components/PageError';
import { Shell } from '@/components/Shell';
import { Loading } from '@/components/states';
import { AccountMenu } from '@/features/account/AccountMenu';
import { Door } from '@/features/account/Door';
import { soughtOf } from '@/features/datasets/images/sought';
import { isOrder, type Order } from '@/features/models/modelOrder';
import { oneOf, textOf, textsOf } from '@/lib/search';
import { theme } from '@/lib/theme';

const rootRoute = createRootRoute({
  component: () => (
    <Door>
      <Shell accountMenu={<AccountMenu />}>
        <Outlet />
      </Shell>
    </Door>
  ),
});

const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/datasets', replace: true });
  },
});

const datasetsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/datasets',
  component: lazyRouteComponent(() => import('@/features/datasets/DatasetsPage'), 'DatasetsPage'),
});

const datasetRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/datasets/$name',
  component: lazyRouteComponent(() => import('@/features/datasets/DatasetPage'), 'DatasetPage'),
});

const imagesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/datasets/$name/images',
  validateSearch: soughtOf,
  component: lazyRouteComponent(
    () => import('@/features/datasets/images/ImagesPage'),
    'ImagesPage',
  ),
});

const trainRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/train',
  validateSearch: (search): { dataset?: string } => ({ dataset: textOf(search.dataset) }),
  component: lazyRouteComponent(
    () => import('@/features/jobs/StartTrainingPage'),
    'StartTrainingPage',
  ),
});

const jobsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/jobs',
  validateSearch: (search): { show?: 'open' | 'over' } => ({
    show: oneOf(['open', 'over'] as const, search.show),
  }),
  component: lazyRouteComponent(() => import('@/features/jobs/JobsPage'), 'JobsPage'),
});

const jobRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/jobs/$id',
  component: lazyRouteComponent(() => import('@/features/jobs/JobPage'), 'JobPage'),
});

const modelsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/models',
  validateSearch: (search): { sort?: Order; dataset?: string } => ({
    sort: isOrder(search.sort) ? search.sort : undefined,
    dataset: textOf(search.dataset),
  }),
  component: lazyRouteComponent(() => import('@/features/models/ModelsPage'), 'ModelsPage'),
});

const compareRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/compare',
  validateSearch: (search): { a?: string[]; b?: string[] } => ({
    a: textsOf(search.a),
    b: textsOf(search.b),
  }),
  component: lazyRouteComponent(() => import('@/features/models/ComparePage'), 'ComparePage'),
});

const modelRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/models/$name',
  component: lazyRouteComponent(() => import('@/features/models/ModelPage'), 'ModelPage'),
});

const predictRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/predict',
  validateSearch: (search): { model?: string } => ({ model: textOf(search.model) }),
  component: lazyRouteComponent(() => import('@/features/predict/PredictPage'), 'PredictPage'),
});

const router = createRouter({
  routeTree: rootRoute.addChildren([
    homeRoute,
    datasetsRoute,
    datasetRoute,
    imagesRoute,
    trainRoute,
    jobsRoute,
    jobRoute,
    modelsRoute,
    modelRoute,
    compareRoute,
    predictRoute,
  ]),
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Loading label="Opening the page" lines={5} />,
  defaultErrorComponent: PageError,
  defaultNotFoundComponent: NotFoundPage,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
  interface HistoryState {
    /** What the upload that led here brought, in the server's words. */
    uploaded?: string;
  }
}

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // A refusal stays a refusal; a server that is away is asked again by the banner.
      retry: (failures, error) => !(error instanceof Refusal) && failures < 1,
      retryDelay: 400,
    },
  },
});

export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
