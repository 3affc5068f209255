// The questions about sources, and the one command: sync now.

import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api, asked, done } from "@/api/client";
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
  queryFn: ({ signal }) => answered(api.GET("/sources", { signal })),
  refetchInterval: (query) => (query.state.data?.items.some(isRunning) ? whileRunningMilliseconds : false),
});

export const syncRunsQuery = (id: string, page: Paged) =>
  queryOptions({
    queryKey: ["sources", id, "runs", page],
    queryFn: ({ signal }) =>
      answered(api.GET("/sources/{id}/runs", { params: { path: { id }, query: asked(page) }, signal })),
    refetchInterval: (query) =>
      query.state.data?.items.some((run) => run.status === "running") ? whileRunningMilliseconds : false,
  });

export const quarantineQuery = (source: string, page: Paged) =>
  queryOptions({
    queryKey: ["sources", source, "quarantine", page],
    queryFn: ({ signal }) =>
      answered(api.GET("/quarantine", { params: { query: asked({ source, status: "open", ...page }) }, signal })),
  });

export const quarantineReasonsQuery = (source: string) =>
  queryOptions({
    queryKey: ["sources", source, "quarantine-reasons"],
    queryFn: ({ signal }) => answered(api.GET("/quarantine-reasons", { params: { query: asked({ source }) }, signal })),
  });

export const quarantinedQuery = (id: string) =>
  queryOptions({
    queryKey: ["quarantine", id],
    queryFn: ({ signal }) => answered(api.GET("/quarantine/{id}", { params: { path: { id } }, signal })),
  });

/** Reads what is open because of a reason again, or puts it aside. */
export function useSettle(source: string) {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: ["sources"] });
  const replay = useMutation({
    mutationFn: (reason: string) => answered(api.POST("/quarantine/replay", { body: { source, reason, id: null } })),
    onSuccess,
  });
  const dismiss = useMutation({
    mutationFn: (reason: string) => answered(api.POST("/quarantine/dismiss", { body: { source, reason, id: null } })),
    onSuccess,
  });
  return { replay, dismiss };
}

export const writeBacksQuery = (search: Paged & { source: string; status?: string }) =>
  queryOptions({
    queryKey: ["sources", search.source, "write-backs", search],
    queryFn: ({ signal }) => answered(api.GET("/write-backs", { params: { query: asked(search) }, signal })),
  });

/** Tries one that was given up again, or all of the source. */
export function useRetryWriteBacks(source: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (object: string | null) => answered(api.POST("/write-back-retries", { body: { source, object } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["sources", source, "write-backs"] }),
  });
}

export function useSyncNow(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => done(api.POST("/sources/{id}/sync", { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["sources"] }),
  });
}
