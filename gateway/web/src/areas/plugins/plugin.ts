// The questions about one plugin: what it did, and the traces of its last calls.

import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "@/api/client";

export const pluginQuery = (name: string) =>
  queryOptions({
    queryKey: ["plugins", name],
    queryFn: ({ signal }) => answered(api.GET("/plugins/{name}", { params: { path: { name } }, signal })),
  });

export const pluginCallsQuery = (name: string) =>
  queryOptions({
    queryKey: ["plugins", name, "calls"],
    queryFn: ({ signal }) => answered(api.GET("/plugins/{name}/calls", { params: { path: { name } }, signal })),
  });
