import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { newRouter } from "@/router";
import { Console } from "@/shell/console";
import { newQueryClient } from "@/shell/query-client";

/** Opens the whole console at an address. */
export function open(address: string) {
  const router = newRouter(createMemoryHistory({ initialEntries: [address] }));
  render(
    <Console queryClient={newQueryClient()}>
      <RouterProvider router={router} />
    </Console>,
  );
  return { user: userEvent.setup(), router };
}
