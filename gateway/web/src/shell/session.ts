// Who is signed in, and what the gateway allows them.

import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { answered, api, done } from "@/api/client";
import type { Session } from "@/api/model";
import { Problem } from "@/api/problem";

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return await answered(api.GET("/session", { signal }));
    } catch (error) {
      if (error instanceof Problem && error.status === 401) {
        return null;
      }
      throw error;
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
  refetchOnWindowFocus: false,
  refetchOnReconnect: false,
});

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) {
    throw new Error("A page was shown outside of a session.");
  }
  return session;
}

/** Whether the signed-in user may do this. Decides what is shown; the gateway decides what is done. */
export function useMay(): (permission: string) => boolean {
  const { permissions } = useSession();
  return (permission) => permissions.some((allowed) => allowed === permission);
}

export function useSignIn(onSignedIn: (session: Session) => void) {
  return useMutation({
    mutationFn: (body: { email: string; password: string }) => answered(api.POST("/session", { body })),
    onSuccess: onSignedIn,
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => done(api.DELETE("/session")),
    onSettled: () => {
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
      client.setQueryData(sessionQuery.queryKey, null);
    },
  });
}
