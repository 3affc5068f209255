// The routes of the console: one for each list, one for each record. Areas are loaded when they are opened.

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouterHistory,
} from "@tanstack/react-router";
import { listSearch } from "./design/list-search";
import { NotFound, PageProblem } from "./shell/page-problem";
import { Shell } from "./shell/shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: PageProblem });

const routes = root.addChildren([
  createRoute({
    getParentRoute: () => root,
    path: "/",
    component: lazyRouteComponent(() => import("./areas/overview/overview"), "OverviewPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/patients",
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import("./areas/patients/patients-page"), "PatientsPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/patients/$id",
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import("./areas/patients/patient-page"), "PatientPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/identity",
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import("./areas/identity/questions-page"), "QuestionsPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/accounts",
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import("./areas/accounts/accounts-page"), "AccountsPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/segments",
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import("./areas/segments/segments-page"), "SegmentsPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/segments/$id",
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import("./areas/segments/segment-page"), "SegmentPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/tasks",
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import("./areas/tasks/tasks-page"), "TasksPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/journeys",
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import("./areas/journeys/journeys-page"), "JourneysPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/journeys/$id",
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import("./areas/journeys/journey-page"), "JourneyPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/messages",
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import("./areas/messages/messages-page"), "MessagesPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/sources",
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import("./areas/sources/sources-page"), "SourcesPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/sources/$id",
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import("./areas/sources/source-page"), "SourcePage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/plugins",
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import("./areas/plugins/plugins-page"), "PluginsPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/plugins/$name",
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import("./areas/plugins/plugin-page"), "PluginPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/users",
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import("./areas/users/users-page"), "UsersPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/audit",
    validateSearch: listSearch,
    component: lazyRouteComponent(() => import("./areas/audit/audit-page"), "AuditPage"),
  }),
]);

export function newRouter(history?: RouterHistory) {
  return createRouter({ routeTree: routes, history, defaultPreload: "intent", defaultPendingMs: 200 });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof newRouter>;
  }
}
