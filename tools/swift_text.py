# SPDX-License-Identifier: Apache-2.0
"""As much of Swift's grammar as tools/lint-house needs: comments, strings, function bodies."""

import re


def blank(text):
    """Returns `text` with comments and the insides of strings blanked, and the comments apart.

    Line structure is kept, so that positions stay true. The second result is a list of
    (line number, comment text without its marker, is a doc comment).
    """
    out, comments = [], []
    i, line, n = 0, 1, len(text)

    def put(piece):
        nonlocal line
        out.append("".join(c if c == "\n" else " " for c in piece))
        line += piece.count("\n")

    while i < n:
        two = text[i:i + 2]
        if two == "//":
            end = text.find("\n", i)
            end = n if end < 0 else end
            piece = text[i:end]
            doc = piece.startswith("///")
            comments.append((line, piece.lstrip("/"), doc))
            put(piece)
            i = end
        elif two == "/*":
            depth, j = 1, i + 2
            while j < n and depth:
                if text[j:j + 2] == "/*":
                    depth, j = depth + 1, j + 2
                elif text[j:j + 2] == "*/":
                    depth, j = depth - 1, j + 2
                else:
                    j += 1
            comments.extend(
                (line + k, part, False) for k, part in enumerate(text[i:j].split("\n")))
            put(text[i:j])
            i = j
        elif text[i] == '"' or (text[i] == "#" and re.match(r'#+"', text[i:])):
            i = skip_string(text, i, put)
        else:
            out.append(text[i])
            line += text[i] == "\n"
            i += 1
    return "".join(out), comments


def skip_string(text, start, put):
    """Blanks one string literal (plain, multi-line, raw) and returns the position after it."""
    hashes = re.match(r"#*", text[start:]).group()
    i = start + len(hashes)
    quote = '"""' if text.startswith('"""', i) else '"'
    close, escape = quote + hashes, "\\" + hashes
    j, depth = i + len(quote), 0
    while j < len(text):
        if depth == 0 and text.startswith(close, j):
            j += len(close)
            break
        if depth == 0 and text.startswith(escape + "(", j):
            depth, j = 1, j + len(escape) + 1
        elif depth == 0 and text.startswith(escape, j):
            j += len(escape) + 1
        elif depth:
            depth += {"(": 1, ")": -1}.get(text[j], 0)
            j += 1
        elif quote == '"' and text[j] == "\n":
            break
        else:
            j += 1
    put(text[start:j])
    return j


FUNCTION = re.compile(
    r"\b(?:func\s+(?P<name>`?\w+`?|[-+*/%<>=!&|^~.]+)|(?P<init>init)\s*[?!]?\s*(?:<[^>{}]*>)?\s*\("
    r"|(?P<deinit>deinit)\b|(?P<subscript>subscript)\s*(?:<[^>{}]*>)?\s*\()")


def functions(code):
    """Yields (name, first line, line count, body) of every function body in blanked code."""
    for match in FUNCTION.finditer(code):
        before = code[:match.start()].rstrip()
        if match.group("init") and before.endswith((".", "self", "super")):
            continue
        brace = body_start(code, match.end())
        if brace is None:
            continue
        end = matching_brace(code, brace)
        name = (match.group("name") or match.group("init") or match.group("deinit")
                or match.group("subscript"))
        first = code.count("\n", 0, match.start()) + 1
        yield name, first, code.count("\n", match.start(), end) + 1, code[brace + 1:end]


def body_start(code, i):
    """The position of the `{` that opens the body of a declaration, or None without a body."""
    depth, seen_list = 0, code[i - 1] == "("
    depth = 1 if seen_list else 0
    while i < len(code):
        c = code[i]
        if c in "([":
            depth += 1
            seen_list = True
        elif c in ")]":
            depth -= 1
            if depth < 0:
                return None
        elif depth == 0 and c == "{":
            return i
        elif depth == 0 and c == "}":
            return None
        elif depth == 0 and c == "\n" and seen_list and next_declaration(code, i):
            return None
        i += 1
    return None


def next_declaration(code, i):
    """Whether the line after position `i` starts something new (a requirement without a body)."""
    rest = code[i:].lstrip()
    return not rest.startswith(("{", "->", "throws", "async", "where", "rethrows", "(", ")"))


def matching_brace(code, start):
    depth = 0
    for match in re.compile(r"[{}]").finditer(code, start):
        depth += 1 if match.group() == "{" else -1
        if depth == 0:
            return match.start()
    return len(code) - 1
