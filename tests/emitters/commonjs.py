"""Makes the CommonJS form of the Node emitter: ``python -m tests.emitters.commonjs`` writes it anew."""

import re

from tests.paths import EXAMPLES

NODE = EXAMPLES / "node"


def to_commonjs(module: str) -> str:
    """The text of a module in the other module system: its imports and exports, and nothing else, are changed."""
    names = re.findall(r"^export (?:async )?(?:function|const) (\w+)", module, re.MULTILINE)
    for block in re.findall(r"^export const \{([^}]+)\}", module, re.MULTILINE):
        names += re.findall(r"\w+", block)
    text = re.sub(r"^import (\{.+\}) from (.+);$", r"const \1 = require(\2);", module, flags=re.MULTILINE)
    text = re.sub(r"^export ", "", text, flags=re.MULTILINE).replace("import.meta.url", "__filename")
    # One by one, so that modules that import it find each by its name.
    exports = "".join(f"exports.{name} = {name};\n" for name in names)
    return f'"use strict";\n\n{text.replace("perf-trace.mjs", "perf-trace.cjs")}\n{exports}'


if __name__ == "__main__":
    (NODE / "perf-trace.cjs").write_text(to_commonjs((NODE / "perf-trace.mjs").read_text("utf-8")), "utf-8")
