// The questions about segments.

import { queryOptions } from "@tanstack/react-query";
import { answered, api, asked } from "@/api/client";

interface Paged {
  offset: number;
  limit: number;
}

export const segmentsQuery = (page: Paged) =>
  queryOptions({
    queryKey: ["segments", "list", page],
    queryFn: ({ signal }) => answered(api.GET("/segments", { params: { query: asked(page) }, signal })),
  });

export const segmentQuery = (id: string) =>
  queryOptions({
    queryKey: ["segments", id],
    queryFn: ({ signal }) => answered(api.GET("/segments/{id}", { params: { path: { id } }, signal })),
  });

export const membersQuery = (id: string, page: Paged) =>
  queryOptions({
    queryKey: ["segments", id, "members", page],
    queryFn: ({ signal }) =>
      answered(api.GET("/segments/{id}/members", { params: { path: { id }, query: asked(page) }, signal })),
  });
