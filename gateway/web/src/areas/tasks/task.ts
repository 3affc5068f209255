// The questions and commands about tasks.

import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api, asked } from "@/api/client";
import type { components } from "@/api/schema";

type NewTask = components["schemas"]["TaskInput"];
type TaskEnd = components["schemas"]["TaskEndInput"];

interface TaskSearch {
  status?: string;
  assignee?: string;
  patient?: string;
  offset: number;
  limit: number;
}

export const kinds = ["call", "check-contact", "book", "review", "other"];
export const statuses = ["open", "done", "cancelled"];
export const owners = ["me", "nobody"];
/** The roles that work on tasks. */
export const taskRoles = ["coordinator", "clinician", "administrator"];

export const tasksQuery = (search: TaskSearch) =>
  queryOptions({
    queryKey: ["tasks", "list", search],
    queryFn: ({ signal }) => answered(api.GET("/tasks", { params: { query: asked(search) }, signal })),
  });

/** Commands change lists of tasks, and what a patient's timeline tells. */
function useRefresh() {
  const client = useQueryClient();
  return () => {
    void client.invalidateQueries({ queryKey: ["tasks"] });
    void client.invalidateQueries({ queryKey: ["patients"] });
  };
}

export function useAddTask(onAdded: () => void) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (body: NewTask) => answered(api.POST("/tasks", { body }) as never),
    onSuccess: () => {
      refresh();
      onAdded();
    },
  });
}

export function useAssignTask(id: string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (assignee: string | null) =>
      answered(api.PUT("/tasks/{id}/assignee", { params: { path: { id } }, body: { assignee } })),
    onSettled: refresh,
  });
}

export function useEndTask(id: string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (status: string) =>
      answered(api.PUT("/tasks/{id}/status", { params: { path: { id } }, body: { status } as TaskEnd })),
    onSettled: refresh,
  });
}
