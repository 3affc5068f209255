import { Alert, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Session } from "@/api/model";
import { asProblem } from "@/api/problem";
import { useProblemTitle } from "@/design/states";
import { LanguageChoice } from "./preferences";
import { useSignIn } from "./session";
import classes from "./sign-in.module.css";

interface SignInProps {
  /** Who was signed in until now. */
  email?: string;
  onSignedIn: (session: Session) => void;
}

export function SignInForm({ email: known, onSignedIn }: SignInProps) {
  const { t } = useTranslation();
  const problemTitle = useProblemTitle();
  const [email, setEmail] = useState(known ?? "");
  const [password, setPassword] = useState("");
  const signIn = useSignIn(onSignedIn);

  function submit(event: FormEvent) {
    event.preventDefault();
    signIn.mutate({ email: email.trim(), password });
  }

  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        {signIn.isError ? (
          <Alert color="red" role="alert" title={problemTitle(signIn.error)}>
            {asProblem(signIn.error).detail}
          </Alert>
        ) : null}
        <TextInput
          label={t("session.email")}
          type="email"
          name="email"
          autoComplete="username"
          required
          withAsterisk={false}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label={t("session.password")}
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          data-autofocus={known ? true : undefined}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": t("session.show_password"), tabIndex: 0 }}
        />
        <Button type="submit" fullWidth loading={signIn.isPending} disabled={email.trim() === "" || password === ""}>
          {t("session.sign_in")}
        </Button>
      </Stack>
    </form>
  );
}

export function SignInPage({ onSignedIn }: SignInProps) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${t("session.sign_in")} · Outreach Gateway`;
  }, [t]);
  return (
    <div className={classes.split}>
      <div className={classes.cover}>
        <img src="/mark.svg" alt="" width={44} height={44} />
        <p className={classes.motto}>{t("session.motto")}</p>
        <svg className={classes.waves} viewBox="0 0 600 300" fill="none" aria-hidden="true" preserveAspectRatio="none">
          {[0, 1, 2, 3, 4, 5, 6].map((wave) => (
            <path
              key={wave}
              d={`M-20 ${270 - wave * 22}C130 ${270 - wave * 22} 130 ${60 + wave * 26} 300 ${60 + wave * 26}S470 ${270 - wave * 22} 620 ${270 - wave * 22}`}
              stroke="currentColor"
              strokeOpacity={0.1 + wave * 0.07}
            />
          ))}
        </svg>
      </div>
      <main className={classes.panel}>
        <div className={classes.form}>
          <h1 className={classes.title}>Outreach Gateway</h1>
          <p className={classes.lead}>{t("session.lead")}</p>
          <SignInForm onSignedIn={onSignedIn} />
        </div>
        <LanguageChoice />
      </main>
    </div>
  );
}
