// The questions about sources, and the one command: sync now.

import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api, done } from "@/api/client";
import type { Source } from "@/api/model";

interface Paged {
  offset: number;
  limit: number;
}

const whileRunningMilliseconds = 2_000;

function isRunning(source: Source): boolean {
  return source.last_run?.status === "running";
}

/** Asked again by itself only while a sync is under way, so that an open page does not keep a session alive for ever. */
export const sourcesQuery = queryOptions({
  queryKey: ["sources", "list"],
  queryFn: ({ signal }) => answered(api.GET("/api/v1/sources", { signal })),
  refetchInterval: (query) => (query.state.data?.items.some(isRunning) ? whileRunningMilliseconds : false),
});

export const syncRunsQuery = (id: string, page: Paged) =>
  queryOptions({
    queryKey: ["sources", id, "runs", page],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/v1/sources/{id}/runs", { params: { path: { id }, query: page }, signal })),
    refetchInterval: (query) =>
      query.state.data?.items.some((run) => run.status === "running") ? whileRunningMilliseconds : false,
  });

export const quarantineQuery = (source: string, page: Paged) =>
  queryOptions({
    queryKey: ["sources", source, "quarantine", page],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/v1/quarantine", { params: { query: { source, ...page } }, signal })),
  });

export const quarantinedQuery = (id: string) =>
  queryOptions({
    queryKey: ["quarantine", id],
    queryFn: ({ signal }) => answered(api.GET("/api/v1/quarantine/{id}", { params: { path: { id } }, signal })),
  });

export function useSyncNow(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => done(api.POST("/api/v1/sources/{id}/sync", { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["sources"] }),
  });
}
