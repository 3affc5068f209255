// The questions about messages.

import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "@/api/client";

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
    queryFn: ({ signal }) => answered(api.GET("/api/v1/messages", { params: { query: search }, signal })),
  });

export const messageQuery = (id: string) =>
  queryOptions({
    queryKey: ["messages", id],
    queryFn: ({ signal }) => answered(api.GET("/api/v1/messages/{id}", { params: { path: { id } }, signal })),
  });
