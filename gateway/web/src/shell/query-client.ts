// How the console asks: a passing failure is tried once more, anything else is shown at once.

import { QueryClient } from "@tanstack/react-query";
import { Problem } from "@/api/problem";

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) => failures < 1 && error instanceof Problem && error.isPassing,
        retryDelay: 800,
      },
      mutations: { retry: false },
    },
  });
}
