import { screen, waitFor, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import { at, gateway, page, patient, problem, session, signedIn } from "@/testing/gateway";
import { open } from "@/testing/open";

test("who is not signed in sees the sign-in page, and then the page that was asked for", async () => {
  gateway.use(
    http.get(at("/session"), () => problem(401, "Sign in")),
    http.post(at("/session"), () => HttpResponse.json(session())),
    http.get(at("/patients"), () => page([patient])),
  );
  const { user } = open("/patients");
  await user.type(await screen.findByLabelText("Email"), "ana@hospital.example");
  await user.type(screen.getByLabelText("Password"), "correct horse");
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByRole("link", { name: "Ruth Abernathy" })).toBeInTheDocument();
});

test("a wrong password is said, and the email stays", async () => {
  gateway.use(
    http.get(at("/session"), () => problem(401, "Sign in")),
    http.post(at("/session"), () => problem(401, "Email or password is not right")),
  );
  const { user } = open("/");
  await user.type(await screen.findByLabelText("Email"), "ana@hospital.example");
  await user.type(screen.getByLabelText("Password"), "wrong");
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("Email or password is not right");
  expect(screen.getByLabelText("Email")).toHaveValue("ana@hospital.example");
});

test("what was typed is kept when the session ends, and can be sent after signing in again", async () => {
  let alive = true;
  const recorded: unknown[] = [];
  signedIn();
  gateway.use(
    http.get(at("/patients/pat_1"), () => HttpResponse.json(patient)),
    http.get(at("/patients/pat_1/consents"), () => HttpResponse.json({ items: [] })),
    http.get(at("/subscription-lists"), () => page([])),
    http.post(at("/patients/pat_1/consents"), async ({ request }) => {
      if (!alive) {
        return problem(401, "The session has ended");
      }
      recorded.push(await request.json());
      return HttpResponse.json({ id: "con_1" }, { status: 201 });
    }),
    http.post(at("/session"), () => {
      alive = true;
      return HttpResponse.json(session());
    }),
  );
  const { user } = open("/patients/pat_1?tab=consent");
  await user.click(await screen.findByRole("button", { name: "Record opt-out" }));
  await user.type(await screen.findByLabelText("How they told you"), "By phone");
  alive = false;
  await user.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Record opt-out" }));

  const again = await screen.findByRole("dialog", { name: "Your session has ended" });
  await user.type(within(again).getByLabelText("Password"), "correct horse");
  await user.click(within(again).getByRole("button", { name: "Sign in" }));
  await waitFor(() => expect(screen.queryByRole("dialog", { name: "Your session has ended" })).not.toBeInTheDocument());

  expect(screen.getByLabelText("How they told you")).toHaveValue("By phone");
  await user.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Record opt-out" }));
  await waitFor(() => expect(recorded).toHaveLength(1));
  expect(recorded[0]).toMatchObject({ decision: "deny", note: "By phone" });
});

test("the rail shows only what the permissions allow", async () => {
  signedIn(["read-audit"]);
  gateway.use(http.get(at("/audit"), () => page([])));
  open("/audit");
  const rail = await screen.findByRole("navigation", { name: "Areas" });
  expect(within(rail).getByRole("link", { name: "Audit" })).toBeInTheDocument();
  expect(within(rail).queryByRole("link", { name: "Patients" })).not.toBeInTheDocument();
  expect(within(rail).queryByRole("link", { name: "Users" })).not.toBeInTheDocument();
});
