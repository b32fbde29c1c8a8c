from kill_and_resume import kill_and_resume

CELL = '[[cells]]\noptimizer = "{0}"\nproblem = "quadratic[kappa={1}]"\niterations = {2}\n\n'


def test_killed_runs_resume_to_the_same_bytes(tmp_path):
    cells = [
        (name, kappa, 20_000 + i) for i in range(6) for name, kappa in (("gradient_descent", 100), ("nesterov", 9))
    ]
    suite = tmp_path / "mine.toml"
    suite.write_text("".join(CELL.format(*cell) for cell in cells))
    assert kill_and_resume(str(suite), 4, tmp_path)
