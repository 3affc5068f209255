// The questions about messages.

import { queryOptions } from "@tanstack/react-query";
import { answered, api, asked } from "@/api/client";

interface MessageSearch {
  status?: string;
  journey?: string;
  patient?: string;
  offset: number;
  limit: number;
}

export const messagesQuery = (search: MessageSearch) =>
  queryOptions({
    queryKey: ["messages", "list", search],
    queryFn: ({ signal }) => answered(api.GET("/messages", { params: { query: asked(search) }, signal })),
  });

export const messageQuery = (id: string) =>
  queryOptions({
    queryKey: ["messages", id],
    queryFn: ({ signal }) => answered(api.GET("/messages/{id}", { params: { path: { id } }, signal })),
  });
