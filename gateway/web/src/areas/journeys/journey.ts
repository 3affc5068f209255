// The questions about journeys, and the one command: whether people enter and advance.

import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api, asked, done } from "@/api/client";

export type JourneyCommand = "live" | "paused" | "stopped";

interface Paged {
  offset: number;
  limit: number;
}

export const journeysQuery = (page: Paged) =>
  queryOptions({
    queryKey: ["journeys", "list", page],
    queryFn: ({ signal }) => answered(api.GET("/journeys", { params: { query: asked(page) }, signal })),
  });

export const journeyQuery = (id: string) =>
  queryOptions({
    queryKey: ["journeys", id],
    queryFn: ({ signal }) => answered(api.GET("/journeys/{id}", { params: { path: { id } }, signal })),
  });

export const runsQuery = (id: string, search: Paged) =>
  queryOptions({
    queryKey: ["journeys", id, "runs", search],
    queryFn: ({ signal }) =>
      answered(api.GET("/journeys/{id}/runs", { params: { path: { id }, query: asked(search) }, signal })),
  });

export function useJourneyCommand(id: string, onDone: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (status: JourneyCommand) =>
      done(api.PUT("/journeys/{id}/status", { params: { path: { id } }, body: { status } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["journeys"] });
      void client.invalidateQueries({ queryKey: ["overview"] });
      onDone();
    },
  });
}
