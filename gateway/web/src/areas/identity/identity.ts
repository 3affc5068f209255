// The questions about which records are one person's, and the decisions.

import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api, asked, done } from "@/api/client";
import type { NewIdentityDecision } from "@/api/model";

interface Paged {
  offset?: number;
  limit?: number;
}

export const personQuery = (id: string) =>
  queryOptions({
    queryKey: ["patients", id, "person"],
    queryFn: ({ signal }) => answered(api.GET("/patients/{id}/person", { params: { path: { id } }, signal })),
  });

export const questionsQuery = (page: Paged) =>
  queryOptions({
    queryKey: ["identity", "questions", page],
    queryFn: ({ signal }) => answered(api.GET("/identity-questions", { params: { query: asked(page) }, signal })),
  });

export const decisionsQuery = (page: Paged) =>
  queryOptions({
    queryKey: ["identity", "decisions", page],
    queryFn: ({ signal }) => answered(api.GET("/identity-decisions", { params: { query: asked(page) }, signal })),
  });

/** Says that records are one person's or are not, or takes that back. Whoever is written to may change with it. */
export function useDecide() {
  const client = useQueryClient();
  const onSuccess = () => {
    void client.invalidateQueries({ queryKey: ["identity"] });
    void client.invalidateQueries({ queryKey: ["patients"] });
    void client.invalidateQueries({ queryKey: ["messages"] });
  };
  const decide = useMutation({
    mutationFn: (body: NewIdentityDecision) => answered(api.POST("/identity-decisions", { body })),
    onSuccess,
  });
  const takeBack = useMutation({
    mutationFn: ({ one, other }: { one: string; other: string }) =>
      done(api.DELETE("/identity-decisions/{id}/{other}", { params: { path: { id: one, other } } })),
    onSuccess,
  });
  return { decide, takeBack };
}
