// The look of the console: deep teal, warm neutrals, hairlines instead of shadows, a serif for titles.

import {
  ActionIcon,
  Alert,
  Button,
  createTheme,
  Drawer,
  type MantineColorsTuple,
  Modal,
  PasswordInput,
  Select,
  Tabs,
  Textarea,
  TextInput,
} from "@mantine/core";

const lagoon: MantineColorsTuple = [
  "#eaf5f3",
  "#d3e9e5",
  "#a9d5cd",
  "#7bbfb4",
  "#52a79a",
  "#318d80",
  "#1f766b",
  "#0f5f56",
  "#0b4b44",
  "#083832",
];

const gray: MantineColorsTuple = [
  "#fbfaf7",
  "#f5f3ee",
  "#eae6df",
  "#ddd8cf",
  "#c3bcb1",
  "#98918a",
  "#6f6962",
  "#534e48",
  "#37332f",
  "#211e1b",
];

const dark: MantineColorsTuple = [
  "#ece8e1",
  "#d0cbc3",
  "#aca69d",
  "#837d76",
  "#4b4742",
  "#3a3733",
  "#2b2926",
  "#1b1a18",
  "#161513",
  "#100f0e",
];

const field = { styles: { label: { marginBottom: 4 } } };

export const theme = createTheme({
  primaryColor: "lagoon",
  primaryShade: { light: 7, dark: 6 },
  colors: { lagoon, gray, dark },
  white: "#ffffff",
  black: "#211e1b",
  fontFamily: '"Figtree Variable", system-ui, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace',
  headings: {
    fontFamily: '"Newsreader Variable", Georgia, serif',
    fontWeight: "500",
    sizes: {
      h1: { fontSize: "2rem", lineHeight: "1.15" },
      h2: { fontSize: "1.25rem", lineHeight: "1.3" },
      h3: { fontSize: "1rem", lineHeight: "1.4" },
    },
  },
  fontSizes: { xs: "0.8125rem", sm: "0.875rem", md: "0.9375rem", lg: "1.0625rem", xl: "1.25rem" },
  defaultRadius: "md",
  radius: { xs: "3px", sm: "5px", md: "8px", lg: "12px", xl: "20px" },
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  components: {
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", color: "gray", size: "lg" } }),
    Alert: Alert.extend({ defaultProps: { variant: "light" } }),
    Button: Button.extend({ styles: { label: { fontWeight: 600 } } }),
    Drawer: Drawer.extend({ defaultProps: { position: "right", size: "lg", shadow: "none" } }),
    Modal: Modal.extend({
      defaultProps: { centered: true, shadow: "none", overlayProps: { backgroundOpacity: 0.45 } },
    }),
    PasswordInput: PasswordInput.extend(field),
    Select: Select.extend({ ...field, defaultProps: { allowDeselect: false, checkIconPosition: "right" } }),
    Tabs: Tabs.extend({ defaultProps: { keepMounted: false } }),
    Textarea: Textarea.extend(field),
    TextInput: TextInput.extend(field),
  },
});
