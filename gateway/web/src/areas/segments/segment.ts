// The questions about segments.

import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "@/api/client";

interface Paged {
  offset: number;
  limit: number;
}

export const segmentsQuery = (page: Paged) =>
  queryOptions({
    queryKey: ["segments", "list", page],
    queryFn: ({ signal }) => answered(api.GET("/api/v1/segments", { params: { query: page }, signal })),
  });

export const segmentQuery = (id: string) =>
  queryOptions({
    queryKey: ["segments", id],
    queryFn: ({ signal }) => answered(api.GET("/api/v1/segments/{id}", { params: { path: { id } }, signal })),
  });

export const membersQuery = (id: string, page: Paged) =>
  queryOptions({
    queryKey: ["segments", id, "members", page],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/v1/segments/{id}/members", { params: { path: { id }, query: page }, signal })),
  });
