// The questions and commands about users.

import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api, asked, done } from "@/api/client";
import type { components } from "@/api/schema";

type NewUser = components["schemas"]["UserInput"];
type UserChange = components["schemas"]["UserChangeInput"];

export const roles = ["administrator", "coordinator", "clinician", "operator", "auditor"];

export const usersQuery = (page: { offset: number; limit: number }) =>
  queryOptions({
    queryKey: ["users", page],
    queryFn: ({ signal }) => answered(api.GET("/users", { params: { query: asked(page) }, signal })),
  });

export function useAddUser(onAdded: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewUser) => done(api.POST("/users", { body })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["users"] });
      onAdded();
    },
  });
}

export function useChangeUser(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: UserChange) => done(api.PUT("/users/{id}", { params: { path: { id } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["users"] }),
  });
}
