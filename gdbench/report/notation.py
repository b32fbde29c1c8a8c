"""Formulas as people read them: Greek letters, subscripts and signs in place of the words that code spells out."""

from __future__ import annotations

import re

GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "Delta": "Δ",
    "eps": "ε",
    "eta": "η",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "rho": "ρ",
    "sigma": "σ",
    "theta": "θ",
    "xi": "ξ",
}
_SUBSCRIPTS = str.maketrans("0123456789+-()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_SUPERSCRIPTS = str.maketrans("0123456789+-()abcdeghijklmnopt", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵃᵇᶜᵈᵉᵍʰⁱʲᵏˡᵐⁿᵒᵖᵗ")
_SIGNS = (
    *(("<=", "≤"), (">=", "≥"), ("||", "‖"), (" - ", " − "), (" -> ", " → "), ("f*", "f⋆"), ("x*", "x⋆")),
    *((" R2", " R²"), ("(R2", "(R²"), ("= infinity", "= ∞")),
)
#: Not inside selectors such as gradient_descent[alpha=1/L], nor inside names.
_WORD = re.compile(rf"(?<![\w\[,])(sqrt )?({'|'.join(GREEK)})(?![A-Za-z0-9=])")
_LOWERED = re.compile(r"(?<=[A-Za-zα-ω)])_(\{[^{}]*\}|[0-9]+|[a-z]+)(?![\w])")
_RAISED = re.compile(r"\^(\{[^{}]*\}|-?[0-9a-z]+(?![\w.]))")
_TIMES = re.compile(r"(?<=\d) x (?=[\w.])|(?<=[a-z]) x (?=\d)")


def symbols(text: str) -> str:
    """`f(x_k) - f* <= L R^2/(2 k)` becomes `f(xₖ) − f⋆ ≤ L R²/(2 k)`; what has no sign of its own stays as it is."""
    for words, sign in _SIGNS:
        text = text.replace(words, sign)
    text = _WORD.sub(lambda found: ("√" if found[1] else "") + GREEK[found[2]], text)
    text = _LOWERED.sub(lambda found: _shifted(found, _SUBSCRIPTS), text)
    text = _RAISED.sub(lambda found: _shifted(found, _SUPERSCRIPTS), text)
    return re.sub(r"\bsqrt( (?=\w+\b)|(?=\())", "√", _TIMES.sub(" × ", text))


def _shifted(found: re.Match[str], signs: dict[int, int]) -> str:
    inner = found[1].strip("{}").replace(" ", "")
    return inner.translate(signs) if all(ord(one) in signs for one in inner) else found[0]


def power_of_ten(exponent: int) -> str:
    """10⁻³ for -3."""
    return f"10{str(exponent).translate(_SUPERSCRIPTS)}"


def number(value: float, digits: int = 4) -> str:
    """A number in so many digits, with a power of ten where that is shorter."""
    shown = f"{value:.{digits}g}"
    mantissa, found, exponent = shown.partition("e")
    return f"{mantissa} × {power_of_ten(int(exponent))}" if found else shown
