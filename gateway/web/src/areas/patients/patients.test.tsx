import { screen, waitFor } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import { speak } from "@/locales/i18n";
import { at, gateway, page, patient, problem, signedIn } from "@/testing/gateway";
import { open } from "@/testing/open";

test("the search and the page of the list live in the URL and are answered by the server", async () => {
  const asked: string[] = [];
  signedIn();
  gateway.use(
    http.get(at("/patients"), ({ request }) => {
      asked.push(new URL(request.url).search);
      return page([patient], 120);
    }),
  );
  const { user, router } = open("/patients?offset=50");
  expect(await screen.findByText("51–100 of 120")).toBeInTheDocument();
  expect(asked).toEqual(["?offset=50&limit=50"]);
  await user.type(screen.getByRole("searchbox", { name: "Search by name" }), "ruth");
  await waitFor(() => expect(asked.at(-1)).toBe("?q=ruth&offset=0&limit=50"));
  expect(router.state.location.search).toEqual({ q: "ruth" });
});

test("a list says why a person can't be reached", async () => {
  signedIn();
  gateway.use(http.get(at("/patients"), () => page([patient])));
  open("/patients");
  expect(await screen.findByText("Can't be reached")).toBeInTheDocument();
  expect(screen.getByText("The person asked not to be written to.")).toBeInTheDocument();
});

test("a problem shows its title and request id, and can be tried again", async () => {
  let broken = true;
  signedIn();
  gateway.use(
    http.get(at("/patients"), () =>
      broken ? problem(403, "Not allowed to read patients", "req_77") : page([patient]),
    ),
  );
  const { user } = open("/patients");
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent("Not allowed to read patients");
  expect(alert).toHaveTextContent("req_77");
  broken = false;
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("link", { name: "Ruth Abernathy" })).toBeInTheDocument();
});

test("a fact that was entered in error is struck through and named as such", async () => {
  const fact = {
    resource_type: "Condition",
    fhir_id: "c1",
    kind: "condition",
    text: "Asthma",
    codes: [],
    start: "2001",
    flags: ["in-error"],
  };
  signedIn();
  gateway.use(
    http.get(at("/patients/pat_1"), () => HttpResponse.json(patient)),
    http.get(at("/patients/pat_1/facts"), () => HttpResponse.json({ items: [fact] })),
  );
  open("/patients/pat_1?tab=clinical");
  expect((await screen.findByText("Asthma")).tagName).toBe("S");
  expect(screen.getByText("Entered in error")).toBeInTheDocument();
});

test("who may not record consent is not offered to", async () => {
  signedIn(["read-patients"]);
  gateway.use(
    http.get(at("/patients/pat_1"), () => HttpResponse.json(patient)),
    http.get(at("/patients/pat_1/consents"), () => HttpResponse.json({ items: [] })),
  );
  open("/patients/pat_1?tab=consent");
  expect(await screen.findByText("No decision is recorded.")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Record opt-out" })).not.toBeInTheDocument();
});

test("the console speaks Spanish, names of languages included", async () => {
  signedIn();
  gateway.use(http.get(at("/patients"), () => page([patient])));
  await speak("es");
  open("/patients");
  expect(await screen.findByRole("heading", { name: "Pacientes", level: 1 })).toBeInTheDocument();
  expect(await screen.findByText("inglés")).toBeInTheDocument();
});
