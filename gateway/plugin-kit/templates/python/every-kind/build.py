"""Makes the component, `component.wasm`. The tool for it is installed beside the project, once."""

import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
TOOLS = FOLDER / ".outreach" / "python"


def tool() -> Path:
    programs = TOOLS / ("Scripts" if sys.platform == "win32" else "bin")
    if not any(programs.glob("componentize-py*")):
        venv.create(TOOLS, with_pip=True, clear=True)
        needed = ["--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--requirement", str(FOLDER / "requirements.txt")]
        subprocess.run([programs / "python", "-m", "pip", "install", *needed], check=True)
    return programs / "componentize-py"


def main() -> int:
    world = (FOLDER / "wit" / "world.wit").read_text(encoding="utf-8")
    # A world that asks nothing of the gateway gets nothing of WASI either.
    stub = [] if "import wasi:" in world else ["--stub-wasi"]
    paths = ["--python-path", ".", "--python-path", "outreach-plugin-sdk"]
    command = [tool(), "--quiet", "--wit-path", "wit", "--world", "plugin", "componentize", "component", *paths, *stub, "--output", "component.wasm"]
    return subprocess.run(command, cwd=FOLDER, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
